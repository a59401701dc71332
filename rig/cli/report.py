"""``rig report``: the report of a recorded run, drawn again."""

from __future__ import annotations

from pathlib import Path

import click

from rig.cli.shared.output import echo
from rig.cli.shared.recorded import open_to_read
from rig.cli.shared.types import AnyPath
from rig.records import RECORDS


@click.command()
@click.argument("run", default="last")
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@click.option("--out", type=AnyPath(), default=None, help="Folder  [default: runs/report-<run>]")
def report(run: str, records: str, out: Path | None) -> None:
    """Draw the report of RUN (an id, its first letters, or "last") again, from its record alone."""
    from rig.run.finish import write_reports
    from rig.run.folder import claim

    with open_to_read(records) as store:
        recorded = store.run(run)
        folder = out or Path("runs") / f"report-{recorded.run_id[:8]}"
        claim(folder, recorded.run_id)
        for path in write_reports(recorded, folder):
            echo(path)
