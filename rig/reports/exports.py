"""Results for other programs: CSV with one row a result, JSON with the run around them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from rig.metrology.analysis.contributions import largest
from rig.records.data import FindingRecord, PointRecord, ResultRecord, RunRecord
from rig.records.plain_json import Json, to_json
from rig.reports._summary import Judged, all_results, total_counts

_RESULT_FIELDS = (
    "procedure", "instance", "quantity", "phase", "read_value", "expected_value", "unit", "error_pct",
    "expanded_uncertainty_pct", "k", "nu_eff", "n", "limit_pct", "guard_band_pct", "decision_rule", "outcome",
    "conformance_probability", "reason", "condition", "basis",
)  # fmt: skip
_POINT_FIELDS = ("voltage_v", "current_pct", "angle_deg", "phases", "frequency_hz", "waveform")
_CLIMATE_FIELDS = ("temperature_c", "humidity_pct", "pressure_hpa")
_LIMIT_FIELDS = ("standard", "edition", "table", "provenance", "checked_by", "checked_on")
_COLUMNS = (
    *("run_id", "serial_number", "point_number", "load_point", *_POINT_FIELDS, *_CLIMATE_FIELDS, *_RESULT_FIELDS),
    *(f"limit_{name}" for name in _LIMIT_FIELDS),
    *("limit_verified", "simulated", "cites", "largest_contribution"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(run: RunRecord, path: Path | str) -> None:
    """Write one row for each result and each finding, UTF-8, with a heading; numbers in full precision, QNAN empty.

    A finding's procedure is "finding"; its name, what was expected and what was found stand in ``quantity``,
    ``expected_value`` and ``read_value``. Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    with Path(path).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        rows = [*(_row(run, judged) for judged in all_results(run)), *(_finding_row(run, one) for one in run.findings)]
        for row in rows:
            row |= {"run_id": run.run_id, "simulated": "yes" if run.header.simulated else "no"}
            writer.writerow({name: _cell(value) for name, value in row.items()})


def write_json(run: RunRecord, path: Path | str) -> None:
    """Write the run and its results as one JSON object; QNAN is null. Raw readings stay in the database."""
    Path(path).write_text(json.dumps(as_json(run), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def as_json(run: RunRecord) -> dict[str, Json]:
    """Give what ``write_json`` writes."""
    whole = to_json(run)
    assert isinstance(whole, dict)
    whole["counts"] = to_json(total_counts(run))
    whole["points"] = [_point(point) for point in run.points]
    whole["set_aside"] = [
        {"purpose": each.purpose, "reason": each.reason, "point": _point(each.point)} for each in run.set_aside
    ]
    return whole


def _point(point: PointRecord) -> Json:
    plain = to_json(point)
    assert isinstance(plain, dict)
    plain["outcome"] = point.outcome
    del plain["reference_readings"], plain["meter_readings"], plain["measurement"]
    results = plain["results"]
    assert isinstance(results, list)
    for result, as_plain in zip(point.results, results, strict=True):
        assert isinstance(as_plain, dict)
        as_plain["largest_contribution"] = _largest(result)
    return plain


def _row(run: RunRecord, judged: Judged) -> dict[str, object]:
    point, result, limit = judged.point, judged.result, judged.result.limit
    row = {
        **_picked(point.load_point, _POINT_FIELDS),
        **_picked(point, _CLIMATE_FIELDS),
        **_picked(result, _RESULT_FIELDS),
        "serial_number": _serial_number(run, result.unit_number),
        "point_number": point.number,
        "load_point": point.label,
        "largest_contribution": found.name if (found := largest(result.components)) else "",
    }
    if limit is not None:
        row |= {f"limit_{name}": value for name, value in _picked(limit, _LIMIT_FIELDS).items()}
        row["limit_verified"] = "yes" if limit.is_verified else "no"
    return row


def _largest(result: ResultRecord) -> dict[str, Json] | None:
    found = largest(result.components)
    if found is None:
        return None
    return {
        "name": found.name,
        "cause": str(found.cause),
        "standard_uncertainty_pct": found.standard_pct,
        "share": found.share,
        "what_reduces_it": found.cause.remedy,
    }


def _finding_row(run: RunRecord, finding: FindingRecord) -> dict[str, object]:
    return {
        "serial_number": _serial_number(run, finding.unit_number or (1 if len(run.units) == 1 else None)),
        "procedure": "finding",
        "quantity": finding.name,
        "expected_value": finding.expected,
        "read_value": finding.found,
        "outcome": finding.outcome,
        "cites": finding.cites,
    }


def _serial_number(run: RunRecord, number: int | None) -> str:
    return run.units[number - 1].serial_number if number and number <= len(run.units) else ""


def _picked(thing: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(thing, name) for name in names}


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    if isinstance(value, float):
        plain = to_json(value)
        return "" if plain is None else repr(plain) if isinstance(plain, float) else plain
    return "" if value is None else value
