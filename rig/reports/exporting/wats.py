"""WATS Standard JSON Format (WSJF): one report for each unit of a run, as production databases read them.

Fields as in Virinco's schema of WSJF and its client libraries (github.com/olreppe/pyWATS, models of report and steps):
a report of type T (unit under test) has a root step of type SequenceCall; a number with limits is a step of type
ET_NLT, a text of type ET_SVT. Statuses: P passed, F failed, E error, T terminated, S skipped, D done (not judged).
"""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from rig.metrology.outcome import Outcome
from rig.records.data import FindingRecord, PointRecord, ResultRecord, RunRecord
from rig.records.plain_json import Json
from rig.records.units.outcomes import classes_of, unit_outcome

_STATUS = {
    Outcome.PASS: "P", Outcome.COND_PASS: "P", Outcome.FAIL: "F", Outcome.COND_FAIL: "F", Outcome.SKIP: "S",
    Outcome.NOT_JUDGED: "D", Outcome.TERMINATED: "T", Outcome.ABORTED: "T",
}  # fmt: skip
_ERROR = "E"
_NAMESPACE = uuid.UUID("5b0d8a52-1c4f-4b0e-9a57-5f6a1b8c4100")
_PROCESS_NAMES = {"eol": "End of line", "certify": "Certification", "regress": "Firmware regression"}


def write_wats(runs: Iterable[RunRecord], folder: Path, *, process_code: int) -> int:
    """Write a file for each unit into a folder, named by run and unit; returns how many. A file is written whole."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for run in runs:
        for number in range(1, len(run.units) + 1):
            path = folder / f"{run.started_utc:%Y%m%d-%H%M%S}-{run.run_id}-{number}.json"
            temporary = path.with_suffix(".part")
            report = report_of(run, number, process_code=process_code)
            temporary.write_text(json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
            temporary.replace(path)
            count += 1
    return count


def report_of(run: RunRecord, unit_number: int, *, process_code: int) -> dict[str, Json]:
    """Return the report of one unit; its id follows from run and unit, so that one sent twice is one report."""
    unit, header = run.units[unit_number - 1], run.header
    status = _status(unit_outcome(run, unit_number))
    told = [
        ("run", run.run_id), ("position", unit.position), ("lot", header.lot), ("bench", header.bench_name),
        ("device instance", str(unit.device_instance)), ("firmware", unit.firmware), ("application", unit.application),
        ("simulated", "yes" if header.simulated else "no"), ("retest of", header.retest_of or ""),
        ("failure classes", ", ".join(str(each) for each in classes_of(run, unit_number))),
    ]  # fmt: skip
    steps = _numbered(_steps(run, unit_number))
    return {
        "type": "T",
        "id": str(uuid.uuid5(_NAMESPACE, f"{run.run_id} {unit_number}")),
        "pn": header.product or unit.model or "unknown",
        "sn": unit.serial_number,
        "rev": "",
        "processCode": process_code,
        "processName": _PROCESS_NAMES.get(header.kind, header.kind),
        "result": status,
        "machineName": header.station or header.bench_name,
        "location": header.station,
        "purpose": "Simulation" if header.simulated else "Production",
        "start": _time(run.started_utc),
        "root": {
            "id": 0,
            "group": "M",
            "stepType": "SequenceCall",
            "name": _PROCESS_NAMES.get(header.kind, header.kind),
            "start": _time(run.started_utc),
            "status": status,
            "totTime": _seconds(run.started_utc, run.finished_utc),
            "seqCall": {"path": "", "name": header.kind, "version": header.software_version},
            "steps": steps,
        },
        "uut": {
            "user": header.operator,
            "batchSN": header.lot,
            "execTime": _seconds(run.started_utc, run.finished_utc),
            "comment": "" if run.finished_utc else "the run never came to its end",
        },
        "miscInfos": [{"description": name, "text": text} for name, text in told if text],
    }


def _steps(run: RunRecord, unit_number: int) -> Iterator[dict[str, Any]]:
    def is_about(number: int | None) -> bool:
        return number is None or number == unit_number

    for point in run.points:
        inner = [_number(result) for result in point.results if is_about(result.unit_number)]
        if inner or point.stated_outcome:
            yield _load_point(point, inner)
    for finding in run.findings:
        if is_about(finding.unit_number):
            yield _text(finding)


def _load_point(point: PointRecord, steps: list[dict[str, Any]]) -> dict[str, Any]:
    worst = max((Outcome(each["_outcome"]) for each in steps), key=lambda each: each.severity, default=None)
    stated = Outcome(point.stated_outcome) if point.stated_outcome else None
    return {
        "stepType": "SequenceCall",
        "name": point.label,
        "start": _time(point.started_utc),
        "status": _status(stated or worst or Outcome.NOT_JUDGED),
        "totTime": _seconds(point.started_utc, point.finished_utc),
        "seqCall": {"path": "", "name": point.label, "version": ""},
        **({"reportText": point.reason} if point.reason else {}),
        "steps": steps,
    }


def _number(result: ResultRecord) -> dict[str, Any]:
    """Return the step of a result: the error against its limit, or the value read where there is no error."""
    status = _status(Outcome(result.outcome))
    is_error = result.error_pct is not None and math.isfinite(result.error_pct)
    value = result.error_pct if is_error else result.read_value
    said = [result.reason] if result.reason else []
    if result.expanded_uncertainty_pct is not None:
        said.append(f"U {result.expanded_uncertainty_pct:.4g} %, k {result.k or 2:g}")
    said += [f"failure class {result.failure_class}"] if result.failure_class else []
    step: dict[str, Any] = {
        "_outcome": result.outcome,
        "stepType": "ET_NLT",
        "name": f"{result.procedure} {result.quantity} {result.place} {result.condition}".strip(),
        "status": status,
        **({"reportText": "; ".join(said)} if said else {}),
    }
    if value is None or not math.isfinite(value):
        return step | {"stepType": "ET_SVT", "stringMeas": [_measured_text("no number", status, None)]}
    measured: dict[str, Any] = {"status": status, "unit": "%" if is_error else result.unit, "value": value}
    if is_error and result.limit_pct is not None:
        measured |= {"compOp": "GELE", "lowLimit": -result.limit_pct, "highLimit": result.limit_pct}
    else:
        measured |= {"compOp": "LOG"}
    return step | {"numericMeas": [measured]}


def _text(finding: FindingRecord) -> dict[str, Any]:
    status = _status(Outcome(finding.outcome))
    said = f"failure class {finding.failure_class}" if finding.failure_class else ""
    return {
        "stepType": "ET_SVT",
        "name": finding.name,
        "status": status,
        **({"reportText": said} if said else {}),
        "stringMeas": [_measured_text(finding.found, status, finding.expected)],
    }


def _measured_text(value: str, status: str, limit: str | None) -> dict[str, Any]:
    return {"compOp": "LOG", "status": status, "value": value, **({"limit": limit} if limit else {})}


def _numbered(steps: Iterable[dict[str, Any]]) -> list[Any]:
    """Give each step, and those below it, the number of its place."""
    count = 0

    def number(step: dict[str, Any]) -> dict[str, Any]:
        nonlocal count
        count += 1
        plain = {"id": count, "group": "M", **{name: value for name, value in step.items() if name != "_outcome"}}
        if "steps" in plain:
            plain["steps"] = [number(each) for each in plain["steps"]]
        return plain

    return [number(step) for step in steps]


def _status(outcome: Outcome) -> str:
    return _STATUS.get(outcome, _ERROR)


def _time(time: datetime) -> str:
    return time.isoformat(timespec="milliseconds")


def _seconds(begin: datetime, end: datetime | None) -> float:
    return round((end - begin).total_seconds(), 3) if end else 0.0
