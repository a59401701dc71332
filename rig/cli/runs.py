"""``rig runs`` and ``rig report``: what has been recorded, and its report drawn again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rig.cli.shared.output import echo
from rig.cli.shared.types import COUNT, AnyPath
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.records.listing import RunSummary
    from rig.records.store import RunStore

_RUNNING, _UNFINISHED = "RUNNING", "UNFINISHED"
_RECORDS = click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")


@click.command()
@_RECORDS
@click.option("--last", type=COUNT, default=20, show_default=True, help="How many, newest first.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list instead of a table.")
def runs(records: str, last: int, as_json: bool) -> None:
    """List the recorded runs, newest first."""
    from rig.reports.resumptions import resumed_text

    found = _recorded(records, last)
    outcomes = {run.run_id: _outcome(run, records) for run in found}
    if as_json:
        listing = [
            {
                "run_id": run.run_id,
                "kind": run.header.kind,
                "bench": run.header.bench_name,
                "started_utc": run.started_utc.isoformat(),
                "finished_utc": run.finished_utc.isoformat() if run.finished_utc else None,
                "outcome": outcomes[run.run_id],
                "exit_code": run.exit_code,
                "serial_numbers": list(run.serial_numbers),
                "counts": dict(run.counts),
                "programme": {what: list(numbers) for what, numbers in run.header.programme.items()},
                "partial": _was_partial(run, outcomes[run.run_id]),
                "simulated": run.header.simulated,
                "resumed": run.resumed,
                "judged_again": list(run.judged_again),
                "after_adjustment_of": run.header.after_adjustment_of,
            }
            for run in found
        ]
        echo(json.dumps(listing, indent=2))
        return
    from rig.records.verdicts import of_verdicts

    for run in found:
        counts = ", ".join(f"{count} {name}" for name, count in of_verdicts(run.counts).items())
        counts += f"  {resumed_text(run.resumed)}" if run.resumed else ""
        counts += "  partial" if _was_partial(run, outcomes[run.run_id]) else ""
        counts += f"  judged once more: {', '.join(run.judged_again)}" if run.judged_again else ""
        counts += (
            f"  after adjustment of {run.header.after_adjustment_of[:8]}" if run.header.after_adjustment_of else ""
        )
        counts += "  (simulated)" if run.header.simulated else ""
        began = f"{run.started_utc:%Y-%m-%d %H:%M:%S} UTC"
        echo(
            f"{run.run_id[:8]}  {began}  {run.header.kind:<8} {run.header.bench_name:<24} "
            f"{' '.join(run.serial_numbers):<12} {outcomes[run.run_id]:<12} {counts}"
        )
    if not found:
        echo(f"no runs in {records}")


def _was_partial(run: RunSummary, outcome: str) -> bool:
    """Whether a run that is over covered less than its suite."""
    from rig.reports.coverage import is_partial

    return outcome not in (_RUNNING, _UNFINISHED) and is_partial(run)


def _recorded(records: str, last: int) -> tuple[RunSummary, ...]:
    """Read the list, through SQLAlchemy only where that is needed: it takes longer to load than all the rest."""
    from rig.records.sqlite_file import list_file
    from rig.safety.guardian.journal import read_journal
    from rig.safety.state import state_path

    found = list_file(records, last, read_journal() if state_path().is_dir() else ())
    if found is None:
        with _open_to_read(records) as store:
            found = store.runs(last)
    return found


def _open_to_read(records: str) -> RunStore:
    """Open the records as they are, with the guardian's journal in this view of them; nothing is written anywhere."""
    from rig.records.store import RunStore
    from rig.safety.guardian.journal import read_journal
    from rig.safety.state import state_path

    store = RunStore.open_to_read(records)
    try:
        if store.takes_a_journal and state_path().is_dir():
            store.fold_journal(read_journal())
    except BaseException:
        store.close()
        raise
    return store


def _outcome(run: RunSummary, records: str) -> str:
    """How a run came out, or that it has not: a living process on this machine is still recording it.

    Of a run without an end on a server no more is known than that: its station may have sent no more yet.
    """
    if run.finished_utc is None and "://" in records and not records.startswith("sqlite"):
        return _UNFINISHED
    from rig.safety.state import run_in_progress, state_path

    is_running = run.finished_utc is None and state_path().is_dir() and run_in_progress(run.run_id)
    return _RUNNING if is_running else run.outcome


@click.command()
@click.argument("run", default="last")
@_RECORDS
@click.option("--out", type=AnyPath(), default=None, help="Folder  [default: runs/report-<run>]")
def report(run: str, records: str, out: Path | None) -> None:
    """Draw the report of RUN (an id, its first letters, or "last") again, from its record alone."""
    from rig.run.finish import write_reports
    from rig.run.folder import claim

    with _open_to_read(records) as store:
        recorded = store.run(run)
        folder = out or Path("runs") / f"report-{recorded.run_id[:8]}"
        claim(folder, recorded.run_id)
        for path in write_reports(recorded, folder):
            echo(path)
