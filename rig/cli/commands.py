"""The group of all commands; each is imported when it is used."""

from __future__ import annotations

import click

_COMMANDS = {
    "bench": "rig.cli.bench.bench:bench",
    "bus": "rig.cli.bus.bus:bus",
    "certify": "rig.cli.suites:certify",
    "emulate": "rig.cli.emulate:emulate",
    "eol": "rig.cli.suites:eol",
    "hold": "rig.cli.hold:hold",
    "off": "rig.cli.off:off",
    "plan": "rig.cli.plan.plan:plan",
    "predict": "rig.cli.predict:predict",
    "regress": "rig.cli.suites:regress",
    "report": "rig.cli.runs:report",
    "restore": "rig.cli.restore:restore",
    "runs": "rig.cli.runs:runs",
    "snapshot": "rig.cli.snapshot:snapshot",
    "support-bundle": "rig.cli.support:support_bundle",
}


class _LazyGroup(click.Group):
    """Imports a subcommand only when it is used: ``rig off`` must not wait for plotting or databases."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module_name, attribute = _COMMANDS[cmd_name].split(":")
        module = __import__(module_name, fromlist=[attribute])
        command = getattr(module, attribute)
        assert isinstance(command, click.Command)
        return command


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        from rig.version import software_version

        click.echo(f"rig, version {software_version()}")
        context.exit()


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_show_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Test rig controller for the Leviton Series 4100 BACnet MS/TP energy meter."""
