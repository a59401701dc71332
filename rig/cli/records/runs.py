"""``rig runs``: find recorded runs, follow one unit over its attempts, and export results."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rig.cli.quality.options import Moment
from rig.cli.shared.output import echo
from rig.cli.shared.recorded import open_to_read, outcome_now, recorded, was_partial
from rig.cli.shared.types import COUNT, LINE, AnyPath
from rig.errors import UsageRefused
from rig.records import RECORDS

if TYPE_CHECKING:
    from rig.records.data import RunRecord
    from rig.records.listing import RunSummary
    from rig.records.store import RunStore

Command = TypeVar("Command", bound=Callable[..., Any])
_WHICH = {
    "serial_number": "Text on the label; 00123 is not 123.",
    "station": "",
    "position": "",
    "product": "",
    "lot": "",
    "kind": "eol, certify, regress ...",
    "outcome": "Of the run: PASS, FAIL, TERMINATED ...",
    "failure_class": "Of a unit: gain, phase, firmware ...",
}


def _choosing(command: Command) -> Command:
    """Give a command the options that say which runs are meant."""
    command = click.option("--until", "until_utc", type=Moment(), default=None, help="Runs begun before this time.")(
        command
    )
    since = "Runs begun from this time on: ISO 8601 (UTC), or 8h, 7d, 4w ago."
    command = click.option("--since", "since_utc", type=Moment(), default=None, help=since)(command)
    for name, says in reversed(_WHICH.items()):
        command = click.option(f"--{name.replace('_', '-')}", name, type=LINE, default="", help=says)(command)
    return command


@click.command()
@click.option("--records", default=RECORDS, show_default=True, metavar="URL|PATH")
@click.option(
    "--last", type=COUNT, default=None, help="How many, newest first.  [default: 20; all with --export, --wats]"
)
@_choosing
@click.option("--attempts", is_flag=True, help="List what became no run, or ended before a meter was known, and why.")
@click.option("--history", is_flag=True, help="Show each test of the unit that --serial-number names, oldest first.")
@click.option("--export", type=AnyPath(), default=None, help="Write the results: FILE.csv, .json or .parquet.")
@click.option("--spreadsheet", is_flag=True, help='With --export FILE.csv: text as ="00123", for a spreadsheet.')
@click.option("--wats", type=AnyPath(), default=None, help="Write a WATS report (WSJF) for each unit into this folder.")
@click.option("--wats-process", type=COUNT, default=10, show_default=True, help="Code of the process in WATS.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def runs(**given: Any) -> None:
    """Find recorded runs, newest first; follow one unit, or export results."""
    from rig.records.production.run_query import RunQuery

    query = RunQuery(**{field.name: given[field.name] for field in fields(RunQuery) if field.name in given})
    records, as_json = given["records"], given["as_json"]
    if given["history"]:
        if not query.serial_number:
            raise click.UsageError("--history needs --serial-number")
        _show_history(records, query.serial_number, as_json)
    elif given["attempts"]:
        _show_attempts(records, given["last"] or 20, as_json)
    elif given["export"] is not None or given["wats"] is not None:
        with open_to_read(records) as store:
            chosen = store.find_runs(query, given["last"])
            _export(store, chosen, given)
    else:
        newest = given["last"] or 20
        if query.is_open:
            found = recorded(records, newest)
        else:
            with open_to_read(records) as store:
                found = store.find_runs(query, newest)
        _show(found, records, as_json)


def _show(found: tuple[RunSummary, ...], records: str, as_json: bool) -> None:
    from rig.records.verdicts import of_verdicts
    from rig.reports.resumptions import resumed_text

    outcomes = {run.run_id: outcome_now(run, records) for run in found}
    on_hold = _on_hold({serial for run in found for serial in run.held}, records)
    if as_json:
        echo(json.dumps([_as_json(run, outcomes[run.run_id], on_hold) for run in found], indent=2))
        return
    for run in found:
        counts = ", ".join(f"{count} {name}" for name, count in of_verdicts(run.counts).items())
        counts += f"  {resumed_text(run.resumed)}" if run.resumed else ""
        counts += "  partial" if was_partial(run, outcomes[run.run_id]) else ""
        counts += f"  judged once more: {', '.join(run.judged_again)}" if run.judged_again else ""
        counts += (
            f"  after adjustment of {run.header.after_adjustment_of[:8]}" if run.header.after_adjustment_of else ""
        )
        held = [serial for serial in run.held if serial in on_hold]
        counts += f"  ON HOLD: {' '.join(held)}" if held else ""
        counts += "  (simulated)" if run.header.simulated else ""
        began = f"{run.started_utc:%Y-%m-%d %H:%M:%S} UTC"
        echo(
            f"{run.run_id[:8]}  {began}  {run.header.kind:<8} {run.header.bench_name:<24} "
            f"{' '.join(run.serial_numbers):<12} {outcomes[run.run_id]:<12} {counts}"
        )
    if not found:
        echo(f"no runs in {records}")


def _on_hold(held: set[str], records: str) -> set[str]:
    """Return which of the serial numbers that were put on hold are on hold now."""
    if not held:
        return set()
    from rig.quality.holds.open_holds import open_holds

    with open_to_read(records) as store:
        return {hold.serial_number for hold in open_holds(store, held)}


def _as_json(run: RunSummary, outcome: str, on_hold: set[str]) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "kind": run.header.kind,
        "bench": run.header.bench_name,
        "station": run.header.station,
        "product": run.header.product,
        "lot": run.header.lot,
        "started_utc": run.started_utc.isoformat(),
        "finished_utc": run.finished_utc.isoformat() if run.finished_utc else None,
        "outcome": outcome,
        "exit_code": run.exit_code,
        "serial_numbers": list(run.serial_numbers),
        "on_hold": [serial for serial in run.held if serial in on_hold],
        "counts": dict(run.counts),
        "programme": {what: list(numbers) for what, numbers in run.header.programme.items()},
        "partial": was_partial(run, outcome),
        "simulated": run.header.simulated,
        "resumed": run.resumed,
        "judged_again": list(run.judged_again),
        "after_adjustment_of": run.header.after_adjustment_of,
    }


def _show_history(records: str, serial_number: str, as_json: bool) -> None:
    from rig.records.plain_json import to_json
    from rig.records.production.selection import Selection

    with open_to_read(records) as store:
        tests = store.unit_tests(Selection(kind="", serial_number=serial_number))
    if as_json:
        echo(json.dumps([to_json(test) for test in tests], indent=2))
        return
    for number, test in enumerate(tests, 1):
        where = " ".join(word for word in (test.station, test.position, test.product, test.lot) if word)
        classes = f"  {', '.join(test.classes)}" if test.classes else ""
        mark = "  (simulated)" if test.simulated else ""
        began = f"{test.started_utc:%Y-%m-%d %H:%M:%S} UTC"
        echo(f"{number:>3}  {test.run_id[:8]}  {began}  {test.outcome:<12} {where}{classes}{mark}")
    if not tests:
        echo(f"no tests of {serial_number} in {records}")
    elif len(tests) > 1:
        chosen = f" --records {records}" if records != RECORDS else ""
        echo(f"compare the last two: rig compare {tests[-2].run_id[:8]} {tests[-1].run_id[:8]}{chosen}")


def _show_attempts(records: str, last: int, as_json: bool) -> None:
    from rig.records.plain_json import to_json

    with open_to_read(records) as store:
        attempts = store.attempts(last)
    if as_json:
        echo(json.dumps([to_json(each) for each in attempts], indent=2))
        return
    for each in attempts:
        run = each.run_id[:8] if each.run_id else "no run"
        who = " ".join(word for word in (each.station, each.product, each.operator) if word)
        scanned = f" scanned {each.scanned!r}" if each.scanned else ""
        echo(f"{run:<8}  {each.time_utc:%Y-%m-%d %H:%M:%S} UTC  {each.kind:<8} {who}{scanned}: {each.reason}")
    if not attempts:
        echo(f"no attempts without a run in {records}")


def _export(store: RunStore, chosen: tuple[RunSummary, ...], given: dict[str, Any]) -> None:
    from rig.reports.exporting.tables import WRITERS, write_csv
    from rig.reports.exporting.wats import write_wats

    def read() -> Iterator[RunRecord]:
        for summary in chosen:
            yield store.run(summary.run_id)

    path, folder = given["export"], given["wats"]
    if given["spreadsheet"] and (path is None or path.suffix != ".csv"):
        raise click.UsageError("--spreadsheet goes with --export FILE.csv")
    if path is not None and path.suffix not in WRITERS:
        raise click.UsageError(f"--export {path}: the name ends with none of {', '.join(WRITERS)}")
    try:
        if path is not None:
            rows = (
                write_csv(read(), path, for_spreadsheet=True)
                if given["spreadsheet"]
                else WRITERS[path.suffix](read(), path)
            )
            echo(f"{path}: {rows} rows of {len(chosen)} runs")
        if folder is not None:
            reports = write_wats(read(), Path(folder), process_code=given["wats_process"])
            echo(f"{folder}: {reports} reports of {len(chosen)} runs")
    except OSError as error:
        raise UsageRefused(f"{path or folder} cannot be written: {error.strerror or error}") from None
