"""One row for each result and each finding of a unit, with all that says which unit, run and load point it is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from rig.records.data import LimitProvenance, PointRecord, ResultRecord, RunRecord, UnitRecord
from rig.records.units.outcomes import unit_outcome

TEXT, NUMBER, WHOLE, TIME, YES = "text", "number", "whole", "time", "yes"
"""Kinds of columns: text, a number, a whole number, an aware time, yes or no."""

_OF_RUN = {
    "run_id": TEXT, "kind": TEXT, "station": TEXT, "product": TEXT, "lot": TEXT, "operator": TEXT, "bench_name": TEXT,
    "software_version": TEXT, "retest_of": TEXT, "started_utc": TIME, "finished_utc": TIME, "run_outcome": TEXT,
    "simulated": YES,
}  # fmt: skip
_OF_UNIT = {
    "unit_number": WHOLE, "serial_number": TEXT, "position": TEXT, "device_instance": WHOLE, "model": TEXT,
    "firmware": TEXT, "unit_outcome": TEXT,
}  # fmt: skip
_OF_POINT = {
    "point_number": WHOLE, "load_point": TEXT, "voltage_v": NUMBER, "current_pct": NUMBER, "angle_deg": NUMBER,
    "phases": TEXT, "frequency_hz": NUMBER, "waveform": TEXT, "temperature_c": NUMBER, "humidity_pct": NUMBER,
    "pressure_hpa": NUMBER,
}  # fmt: skip
_OF_RESULT = {
    "procedure": TEXT, "quantity": TEXT, "instance": WHOLE, "phase": TEXT, "unit": TEXT, "read_value": NUMBER,
    "expected_value": NUMBER, "error_pct": NUMBER, "expanded_uncertainty_pct": NUMBER, "k": NUMBER, "nu_eff": NUMBER,
    "n": WHOLE, "limit_pct": NUMBER, "guard_band_pct": NUMBER, "decision_rule": TEXT, "conformance_probability": NUMBER,
    "outcome": TEXT, "failure_class": TEXT, "reason": TEXT, "condition": TEXT, "basis": TEXT,
}  # fmt: skip
_OF_FINDING = {"expected_text": TEXT, "found_text": TEXT, "cites": TEXT}

COLUMNS: dict[str, str] = {
    **_OF_RUN, **_OF_UNIT, **_OF_POINT, **_OF_RESULT, **_OF_FINDING,
    **{f"limit_{field.name}": TEXT for field in fields(LimitProvenance)},
}  # fmt: skip
"""All columns in their order, and the kind of each; a cell without a value is None, NaN is a number that is none."""

Cell = str | int | float | bool | datetime | None
Row = dict[str, Cell]


def rows_of(run: RunRecord) -> Iterator[Row]:
    """Return the rows of a run, each with every column; a unit of which nothing was judged has one row all the same.

    A row that is about the run and no certain unit of several has no serial number. A finding's procedure is "finding";
    its name is the quantity.
    """
    header = _picked(run.header, _OF_RUN) | {
        "run_id": run.run_id,
        "started_utc": run.started_utc,
        "finished_utc": run.finished_utc,
        "run_outcome": run.outcome,
    }
    units = {number: _unit(run, number, unit) for number, unit in enumerate(run.units, 1)}
    only = 1 if len(units) == 1 else None
    seen: set[int | None] = set()
    for number, row in _judged(run):
        number = number or only
        seen.add(number)
        yield _whole(header | units.get(number or 0, {}) | row)
    for number, unit in units.items():
        if number not in seen:
            yield _whole(header | unit)


def _judged(run: RunRecord) -> Iterator[tuple[int | None, dict[str, Any]]]:
    for point in run.points:
        for result in point.results:
            yield result.unit_number, _point(point) | _result(result)
    for finding in run.findings:
        values = {
            "procedure": "finding", "quantity": finding.name, "expected_text": finding.expected,
            "found_text": finding.found, "outcome": finding.outcome, "failure_class": finding.failure_class,
            "cites": finding.cites,
        }  # fmt: skip
        yield finding.unit_number, values


def _whole(row: dict[str, Any]) -> Row:
    return {name: row.get(name) for name in COLUMNS}


def _unit(run: RunRecord, number: int, unit: UnitRecord) -> dict[str, Any]:
    return _picked(unit, _OF_UNIT) | {"unit_number": number, "unit_outcome": str(unit_outcome(run, number))}


def _point(point: PointRecord) -> dict[str, Any]:
    return {
        **_picked(point.load_point, _OF_POINT),
        **_picked(point, _OF_POINT),
        "point_number": point.number,
        "load_point": point.label,
    }


def _result(result: ResultRecord) -> dict[str, Any]:
    limit = {}
    if result.limit is not None:
        limit = {f"limit_{field.name}": getattr(result.limit, field.name) for field in fields(LimitProvenance)}
    return _picked(result, _OF_RESULT) | limit


def _picked(thing: object, columns: dict[str, str]) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in columns if hasattr(thing, name)}
