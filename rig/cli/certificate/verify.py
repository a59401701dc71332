"""``rig certificate verify FILE``: tell a receiver what of a certificate belongs together, and what does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import AnyPath

if TYPE_CHECKING:
    from rig.reports.certificate.verify import Verified

_WORDS = {True: "yes", False: "NO", None: "-"}


@click.command("verify")
@click.argument("file", type=AnyPath())
@click.option("--records", default=None, metavar="URL|PATH", help="Compare with this database of runs, too.")
@click.option("--layout", type=AnyPath(), default=None, metavar="FILE.typ", help="The layout that it was made with.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_command(file: Path, records: str | None, layout: Path | None, as_json: bool) -> None:
    """Tell whether the PDF, its attachments and the raw data of FILE belong together.

    Exit code 1 if not, if the certificate was replaced, or if FILE is a draft.
    """
    from rig.records.store import RunStore
    from rig.reports.certificate.verify import verify

    if records is None:
        found = verify(file, None, layout)
    else:
        with RunStore.open_to_read(records) as store:
            found = verify(file, store, layout)
    if as_json:
        checks = [{"what": each.what, "holds": each.holds, "detail": each.detail} for each in found.checks]
        content = {"number": found.number, "serial_number": found.serial_number, "run": found.run_id}
        echo(
            json.dumps(
                content
                | {"belongs_together": found.belongs_together, "not_compared": list(found.not_compared)}
                | {"draft": found.is_draft, "replaced_by": found.replaced_by, "checks": checks},
                indent=2,
            )
        )
    else:
        kind = "draft, no certificate," if found.is_draft else f"certificate {found.number}"
        echo(f"{kind} of meter {found.serial_number}, run {found.run_id}")
        for each in found.checks:
            detail = f" ({each.detail})" if each.detail else ""
            absent = ": not checked, not on PATH" if each.holds is None and not each.detail else ""
            echo(f"  {_WORDS[each.holds]:<4} {each.what}{detail}{absent}")
        echo(_sentence(found, records))
        if found.is_draft:
            echo("it is a DRAFT and no certificate: it has no number and no effect")
        if found.replaced_by:
            echo(f"it is no longer in force: {found.replaced_by} replaces it")
    if found.replaced_by or found.is_draft or not found.belongs_together:
        raise click.exceptions.Exit(1)


def _sentence(found: Verified, records: str | None) -> str:
    if not found.belongs_together:
        return "NOT together: what is marked NO differs"
    compared = "" if records else "; it was not compared with the laboratory's records (--records)"
    left = found.not_compared
    if left:
        were = "were" if left != ("dcc.xml",) else "was"
        parts = f"the attachments belong together; {' and '.join(left)} {were} NOT compared"
    else:
        parts = "the parts belong together"
    return f"{parts}{compared}. This says nothing about who made them: only a signature could"
