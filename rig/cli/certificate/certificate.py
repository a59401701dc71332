"""``rig certificate``: the group; ``rig certificate RUN`` is ``rig certificate issue RUN``."""

from __future__ import annotations

import click

from rig.cli.certificate.issue import issue_command
from rig.cli.certificate.listing import list_command
from rig.cli.certificate.verify import verify_command


class _IssueByDefault(click.Group):
    """Takes what is no name of a command, such as a run's id or an option, as the arguments of ``issue``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["issue", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_IssueByDefault)
def certificate() -> None:
    """Issue, list and verify certificates. "rig certificate RUN ..." is "rig certificate issue RUN ..."."""


certificate.add_command(issue_command)
certificate.add_command(list_command)
certificate.add_command(verify_command)
