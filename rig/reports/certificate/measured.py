"""What a certificate says of a run, as plain JSON: taken from the record alone, the same for the same record."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from meter_model.objects.points import OBJECTS
from rig.errors import UsageRefused
from rig.printable import printable_line
from rig.records.data import InstrumentRecord, LimitProvenance, PointRecord, ResultRecord, RunRecord
from rig.records.issued.judgements import JudgementRecord
from rig.records.plain_json import Json, stored_time, to_json
from rig.reports import _words
from rig.reports.certificate.raw_data import raw_data_of, sha256_of
from rig.reports.coverage import coverage_text, is_partial
from rig.reports.resumptions import Resumption, resumptions

_ANYWAY = "anyway"
_DESCRIPTIONS = {f"{point.kind}{point.instance}": point.description for point in OBJECTS}
_RUN_FIELDS = (
    "kind", "bench_name", "bench_file_sha256", "software_version", "git_sha", "operator", "station", "decision_rule",
    "retest_of", "simulated", "environment", "after_adjustment_of",
)  # fmt: skip

Facts = dict[str, Any]
"""JSON of one kind of thing, by the names of rig.records.data."""


class NoCertificate(UsageRefused):
    """A run of which no certificate can be made (exit 11); ``run_id`` is its id."""

    def __init__(self, run_id: str, why: str) -> None:
        super().__init__(f"no certificate of run {run_id[:8]}: {why}")
        self.run_id = run_id


def measured(run: RunRecord, unit_number: int, judgement: JudgementRecord | None = None) -> Facts:
    """Return what run and results of one unit say, as a later ``judgement`` judged them where one is given.

    Raises NoCertificate for a run that is not fit for one.
    """
    refuse_unfit(run, unit_number)
    if judgement is not None:
        run = judged_again(run, judgement)
    unit = run.units[unit_number - 1]
    raw = raw_data_of(run, unit_number)
    points = [point for point in run.points if point.results or point.stated_outcome or point.reference_readings]
    facts: Any = {  # JSON
        "run": _run(run, unit_number) | {"judged": None if judgement is None else _judged(judgement)},
        "unit": {"number": unit_number, "of": len(run.units), **_plain(unit)},
        "configuration": _side_by_side(run, unit_number),
        "registers": [
            {"name": value.name, "description": _DESCRIPTIONS.get(value.name, ""), "value": to_json(value.value)}
            for value in _of_unit(run.registers_before, unit_number, run)
        ],
        "instruments": [_instrument(instrument) for instrument in run.instruments],
        "environment": _environment(points),
        "points": [_point(point) for point in points],
        "results": [_result(point, result) for point in points for result in _of_unit(point.results, unit_number, run)],
        "findings": [_plain(finding) for finding in _of_unit(run.findings, unit_number, run)],
        "raw_data": {"sha256": sha256_of(raw), "lines": raw.count(b"\n")},
    }
    facts = _printable(facts)
    assert isinstance(facts, dict)
    return facts


def judged_again(run: RunRecord, judgement: JudgementRecord) -> RunRecord:
    """Return the run with the results of a later judgement; what that left out stays as the run judged it."""
    found: dict[int, dict[tuple[object, ...], ResultRecord]] = {}
    for each in judgement.results:
        found.setdefault(each.point_number, {})[_key(each.result)] = each.result
    points = tuple(
        replace(
            point,
            results=tuple(({_key(result): result for result in point.results} | found.get(point.number, {})).values()),
        )
        for point in run.points
    )
    return replace(run, points=points, header=replace(run.header, decision_rule=judgement.decision_rule))


def _key(result: ResultRecord) -> tuple[object, ...]:
    return (result.procedure, result.instance, result.quantity, result.condition, result.basis)


def _judged(judgement: JudgementRecord) -> Facts:
    plain = {name: value for name, value in _plain(judgement).items() if name != "results"}
    return plain | {"made_utc": stored_time(judgement.made_utc)}


def refuse_unfit(run: RunRecord, unit_number: int) -> None:
    """Raise NoCertificate where a run is none that a certificate can be made of."""
    if run.header.kind != "certify":
        raise NoCertificate(
            run.run_id, f"it was recorded as '{run.header.kind}'; certificates are made of 'rig certify'"
        )
    if not 1 <= unit_number <= len(run.units):
        count = len(run.units)
        raise NoCertificate(run.run_id, f"it has {count} meter{'s' if count != 1 else ''}, and no meter {unit_number}")
    if run.finished_utc is None:
        raise NoCertificate(run.run_id, f"it has not ended ({run.outcome}); measure again, or resume it")
    if not any(_of_unit(point.results, unit_number, run) for point in run.points):
        raise NoCertificate(run.run_id, "it has no results")


def _run(run: RunRecord, unit_number: int) -> Facts:
    header = _plain(run.header)
    return {
        "id": run.run_id,
        **{name: header[name] for name in _RUN_FIELDS},
        "started_utc": _words.time_text(run.started_utc),
        "finished_utc": _words.time_text(run.finished_utc),
        "first_day": run.started_utc.date().isoformat(),
        "last_day": (run.finished_utc or run.started_utc).date().isoformat(),
        "outcome": run.outcome,
        "coverage": coverage_text(run),
        "partial": is_partial(run),
        "set_aside": [
            {"label": each.point.label, "purpose": each.purpose, "reason": each.reason} for each in run.set_aside
        ],
        "interruptions": [_interruption(each) for each in resumptions(run)],
        "wiring_checks": [
            {
                "time_utc": _words.time_text(check.time_utc),
                "state": check.state,
                "text": check.text,
                "suspect": check.suspect,
                "proof": check.proof,
            }
            for check in _of_unit(run.wiring_checks, unit_number, run)
        ],
        "anyway": any(event.kind == _ANYWAY for event in run.events),
    }


def _interruption(resumption: Resumption) -> Facts:
    return _plain(resumption) | {
        "interrupted_utc": _words.time_text(resumption.interrupted_utc),
        "resumed_utc": _words.time_text(resumption.resumed_utc),
    }


def _side_by_side(run: RunRecord, unit_number: int) -> list[Facts]:
    before = {value.name: value.value for value in _of_unit(run.configuration_before, unit_number, run)}
    after = {value.name: value.value for value in _of_unit(run.configuration_after, unit_number, run)}
    return [
        {
            "name": name,
            "description": _DESCRIPTIONS.get(name, ""),
            "before": to_json(before.get(name)),
            "after": to_json(after.get(name)),
        }
        for name in dict.fromkeys((*before, *after))
    ]


def _instrument(instrument: InstrumentRecord) -> Facts:
    return {
        **_plain(instrument),
        "calibration": _words.calibration(instrument),
        "calibrated": _words.is_calibrated(instrument),
    }


def _environment(points: list[PointRecord]) -> Facts:
    def span(values: Iterable[float | None]) -> list[float] | None:
        known = [value for value in values if value is not None]
        return [min(known), max(known)] if known else None

    return {
        "temperature_c": span(point.temperature_c for point in points),
        "humidity_pct": span(point.humidity_pct for point in points),
        "pressure_hpa": span(point.pressure_hpa for point in points),
        "measured_at": sum(point.temperature_c is not None or point.pressure_hpa is not None for point in points),
        "points": len(points),
    }


def _point(point: PointRecord) -> Facts:
    load_point = point.load_point
    return {
        "number": point.number,
        "label": point.label,
        **_plain(load_point),
        "load": _words.load_title(point),
        "is_balanced": load_point.is_balanced,
        "started_utc": point.started_utc.isoformat(timespec="seconds"),
        "outcome": point.outcome,
        "reason": point.reason,
        "temperature_c": to_json(point.temperature_c),
        "humidity_pct": to_json(point.humidity_pct),
        "pressure_hpa": to_json(point.pressure_hpa),
        "conditions": [_plain(condition) for condition in point.conditions],
        "phasors": _phasors(point),
    }


def _phasors(point: PointRecord) -> list[Facts]:
    """Mean magnitude and angle of each element of the reference, as read: volts, signal of the CT input, degrees."""
    elements = [reading.raw.get("elements") for reading in point.reference_readings]
    readings = [each for each in elements if isinstance(each, list)]
    found: list[Facts] = []
    for column in zip(*readings, strict=False):
        rows = [row for row in column if isinstance(row, Mapping)]
        found.append(
            {
                name: _mean([row.get(name) for row in rows])
                for name in ("u_v", "u_phase_deg", "i", "i_phase_deg")
            }
        )  # fmt: skip
    return found


def _mean(values: list[Any]) -> float | None:
    """Mean of numbers; of angles it is right as long as they lie together, as those of one load point do."""
    numbers = [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]
    return round(statistics.fmean(numbers), 9) if numbers else None


def _result(point: PointRecord, result: ResultRecord) -> Facts:
    plain = _plain(result)
    limit = result.limit
    plain["limit"] = None if limit is None else {**_plain(limit), "verified": states_conformity(limit)}
    plain["name"] = _words.quantity_name(result.quantity)
    plain["condition"], plain["basis"] = plain.get("condition") or "", plain.get("basis") or ""
    del plain["unit_number"]
    return {"point": point.number, **plain}


def states_conformity(limit: LimitProvenance) -> bool:
    """Whether a limit row is good for a statement of conformity: checked by a person, of a named edition."""
    return limit.is_verified and bool(limit.edition)


def _of_unit(things: Iterable[Any], unit_number: int, run: RunRecord) -> list[Any]:  # Any: records with unit_number
    alone = len(run.units) == 1
    return [each for each in things if each.unit_number == unit_number or (alone and each.unit_number is None)]


def _plain(record: object) -> Facts:
    plain = to_json(record)
    assert isinstance(plain, dict)
    return dict(plain)


def _printable(value: Json) -> Json:
    """Write a control character that a meter or an instrument said as an escape."""
    if isinstance(value, str):
        return printable_line(value)
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return {name: _printable(item) for name, item in value.items()} if isinstance(value, dict) else value
