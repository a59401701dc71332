"""What several recorded runs say of the same load points: errors, U, and E_n numbers against the first of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rig.errors import UsageRefused
from rig.metrology.analysis.e_n import e_n
from rig.records.data import ResultRecord, RunRecord
from rig.records.plain_json import Json

AGREES = 1.0
"""Magnitude of E_n up to which two values agree."""


class NothingToCompare(UsageRefused):
    """Runs share no result that could be compared (exit 11)."""

    def __init__(self, runs: Sequence[RunRecord], why: str) -> None:
        names = " and ".join(run.run_id[:8] for run in runs)
        super().__init__(f"runs {names} cannot be compared: {why}")


@dataclass(frozen=True, slots=True)
class Row:
    """One quantity at one load point: its result in each run, None where a run has none, and E_n of each.

    ``numbers``: E_n of each run against the first one, None for the first and where there is no number.
    """

    label: str
    procedure: str
    instance: int
    quantity: str
    phase: str
    condition: str
    results: tuple[ResultRecord | None, ...]
    numbers: tuple[float | None, ...]

    @property
    def agrees(self) -> bool:
        """Whether no run is further from the first than both U explain."""
        return all(number is None or abs(number) <= AGREES for number in self.numbers)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Runs, the rows that at least two of them share, and remarks on what the numbers mean."""

    runs: tuple[RunRecord, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]

    @property
    def different(self) -> tuple[Row, ...]:
        """Rows with an E_n above 1."""
        return tuple(row for row in self.rows if not row.agrees)

    @property
    def numbers(self) -> tuple[float, ...]:
        """Every E_n number there is."""
        return tuple(number for row in self.rows for number in row.numbers if number is not None)


def compare(runs: Sequence[RunRecord]) -> Comparison:
    """Compare each run with the first one; a quantity measured several times in a run counts as measured last.

    Load points are the same where all their nominal values are. Raises NothingToCompare for fewer than two runs, one
    run twice, and runs that share no result with an error and U.
    """
    if len(runs) < 2 or len({run.run_id for run in runs}) != len(runs):
        raise NothingToCompare(runs, "name two or more different runs")
    found = [_results(run) for run in runs]
    keys = [key for key in found[0] if any(key in others for others in found[1:])]
    if not keys:
        raise NothingToCompare(runs, "they have no load point and quantity with an error and U in common")
    rows = tuple(_row([results.get(key) for results in found]) for key in keys)
    return Comparison(tuple(runs), rows, tuple(_remarks(runs)))


def as_json(comparison: Comparison) -> dict[str, Json]:
    """Return a comparison as one JSON object."""
    runs: list[Json] = [
        {
            "run_id": run.run_id,
            "kind": run.header.kind,
            "bench": run.header.bench_name,
            "station": run.header.station,
            "started_utc": run.started_utc.isoformat(),
            "outcome": run.outcome,
            "simulated": run.header.simulated,
            "serial_numbers": [unit.serial_number for unit in run.units],
        }
        for run in comparison.runs
    ]
    rows: list[Json] = [
        {
            "load_point": row.label,
            "procedure": row.procedure,
            "instance": row.instance,
            "quantity": row.quantity,
            "phase": row.phase,
            "condition": row.condition,
            "error_pct": [None if each is None else each.error_pct for each in row.results],
            "expanded_uncertainty_pct": [
                None if each is None else each.expanded_uncertainty_pct for each in row.results
            ],
            "outcome": [None if each is None else each.outcome for each in row.results],
            "e_n": list(row.numbers),
        }
        for row in comparison.rows
    ]
    return {
        "runs": runs,
        "remarks": list(comparison.remarks),
        "rows": rows,
        "largest_e_n": max(comparison.numbers, key=abs, default=None),
        "different": len(comparison.different),
    }


def _results(run: RunRecord) -> dict[tuple[Any, ...], tuple[str, ResultRecord]]:
    return {
        (point.load_point, result.procedure, result.instance, result.condition): (point.label, result)
        for point in run.points
        for result in point.results
        if _is_number(result.error_pct) and _is_number(result.expanded_uncertainty_pct)
    }


def _row(found: Sequence[tuple[str, ResultRecord] | None]) -> Row:
    results = tuple(None if each is None else each[1] for each in found)
    first = results[0]
    assert first is not None, "keys are those of the first run"
    label = next(each[0] for each in found if each is not None)
    numbers = tuple(None if place == 0 or each is None else _number(each, first) for place, each in enumerate(results))
    return Row(label, first.procedure, first.instance, first.quantity, first.phase, first.condition, results, numbers)


def _number(result: ResultRecord, first: ResultRecord) -> float | None:
    assert result.error_pct is not None
    assert result.expanded_uncertainty_pct is not None
    assert first.error_pct is not None
    assert first.expanded_uncertainty_pct is not None
    return e_n(result.error_pct, result.expanded_uncertainty_pct, first.error_pct, first.expanded_uncertainty_pct)


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _remarks(runs: Sequence[RunRecord]) -> list[str]:
    remarks = []
    simulated = [run.run_id[:8] for run in runs if run.header.simulated]
    if simulated and len(simulated) < len(runs):
        remarks.append(f"simulated against real: {', '.join(simulated)} had an emulated meter, the others a real one")
    elif simulated:
        remarks.append("all runs are simulated")
    serials = {tuple(unit.serial_number for unit in run.units) for run in runs}
    if len(serials) > 1:
        remarks.append("different meters: E_n tells how much they differ, not whether a measurement is wrong")
    told = [
        {instrument.serial_number for instrument in run.instruments if instrument.role == "analyzer"} for run in runs
    ]
    analyzers = [each - {"", "0"} for each in told]
    if analyzers[0] and any(analyzers[0] & others for others in analyzers[1:]):
        remarks.append("one reference in both: its errors cancel, and E_n tells what changed only")
    elif any("" in each or "0" in each for each in told):
        remarks.append(
            "an analyzer told no serial number, so that it is not known whether one reference measured both"
            + ("; an emulated one has none" if simulated else "")
        )
    return remarks
