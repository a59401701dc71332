"""What the engineer's view shows of earlier runs, read from the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.errors import RigError
from rig.records import RECORDS
from rig.records.data import ResultRecord, RunRecord
from rig.records.listing import RunSummary
from rig.records.plain_json import to_json
from rig.records.store import RunStore
from rig.station.pages.drawings import error_bar, trend

_NEWEST_RUNS = 40
_RUNS_OF_A_TREND = 20
_MOST_TRENDS = 12


@dataclass(frozen=True)
class BusLine:
    """What the bus did in one run, in words; ``is_good``: nothing was lost or repeated."""

    run: str
    time: str
    text: str
    is_good: bool


@dataclass(frozen=True)
class History:
    """Earlier runs: the list, trends of errors as pictures with titles, and the bus. ``problem``: why it is empty."""

    runs: tuple[RunSummary, ...] = ()
    trends: tuple[tuple[str, str], ...] = ()
    bus: tuple[BusLine, ...] = ()
    problem: str = ""


def history(records: str) -> History:
    """Read what there is; a database that is not there yet or cannot be read is a ``problem`` in words."""
    where = records or RECORDS
    if "://" not in where and not Path(where).exists():
        return History(problem="There are no runs yet.")
    try:
        with RunStore.open_to_read(where) as store:
            runs = store.runs(_NEWEST_RUNS)
            recent = [store.run(each.run_id) for each in runs[:_RUNS_OF_A_TREND]]
    except RigError as error:
        return History(problem=str(error))
    recent.reverse()
    return History(runs, tuple(_trends(recent)), tuple(_bus_lines(reversed(recent))))


def _trends(runs: Iterable[RunRecord]) -> list[tuple[str, str]]:
    """Draw the errors of each quantity at each load point over the runs, those closest to their limits first."""
    series: dict[str, list[ResultRecord]] = {}
    for run in runs:
        for point in run.points:
            for result in point.results:
                if result.error_pct is not None and result.limit_pct:
                    title = f"{result.quantity.replace('_', ' ')} {result.phase} at {point.label}"
                    series.setdefault(title, []).append(result)
    ordered = sorted(series.items(), key=lambda each: -max(map(_share, each[1])))
    drawn = [
        (title, trend([one.error_pct for one in each], [one.limit_pct for one in each], title))
        for title, each in ordered
    ]
    return [(title, text) for title, text in drawn if text][:_MOST_TRENDS]


def _share(result: ResultRecord) -> float:
    return abs(result.error_pct or 0.0) / (result.limit_pct or 1.0)


def _bus_lines(runs: Iterable[RunRecord]) -> Iterable[BusLine]:
    for run in runs:
        for event in run.events:
            if event.kind == "bus":
                yield BusLine(run.run_id[:8], f"{run.started_utc:%Y-%m-%d %H:%M}", event.text, event.severity == "info")


def one_run(records: str, reference: str) -> tuple[RunRecord | None, list[tuple[Any, str]], str]:
    """Return a run, its results each with its picture, and why it cannot be shown."""
    try:
        with RunStore.open_to_read(records or RECORDS) as store:
            run = store.run(reference)
    except RigError as error:
        return None, [], str(error)
    rows = []
    for point in run.points:
        for result in point.results:
            data = to_json(result)
            rows.append(((point.label, result), error_bar(data) if isinstance(data, dict) else ""))
    return run, rows, ""
