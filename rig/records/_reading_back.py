"""From rows to the frozen dataclasses that reports are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from rig.load_point import FULL, NOT_SHIFTED, LoadPoint
from rig.records import data, models
from rig.records.abandoned import never_energised, outcome_of
from rig.records.columns import values_from_json
from rig.records.recorder import COMPONENT_COLUMNS, LIMIT_COLUMNS, RESULT_COLUMNS

_Line = Row[Any]
_Grouped = dict[int, list[_Line]]


def header_of(row: _Line) -> data.RunHeader:
    """Take the header out of a row of the run table."""
    return data.RunHeader(
        kind=row.kind,
        bench_name=row.bench_name,
        bench_file_sha256=row.bench_file_sha256,
        software_version=row.software_version,
        git_sha=row.git_sha,
        operator=row.operator,
        station=row.station,
        decision_rule=row.decision_rule,
        retest_of=row.retest_of,
        simulated=row.simulated,
        environment=row.environment,
        programme={what: (int(done), int(whole)) for what, (done, whole) in (row.programme or {}).items()},
    )


def read_run(connection: Connection, run_id: str) -> data.RunRecord:
    """Read one whole run; ``run_id`` is known to exist."""
    row = connection.execute(select(_table(models.Run)).where(models.Run.id == run_id)).one()
    journal = _of_run(connection, models.GuardianEntry, run_id)
    outcome = outcome_of(row, journal, was_never_on=run_id in never_energised(connection, [run_id]))
    saved = _of_run(connection, models.SavedValue, run_id)
    return data.RunRecord(
        run_id=row.id,
        header=header_of(row),
        started_utc=row.started_utc,
        finished_utc=row.finished_utc,
        outcome=outcome,
        exit_code=row.exit_code,
        units=tuple(_unit(line) for line in _of_run(connection, models.Unit, run_id)),
        instruments=tuple(_instrument(line) for line in _of_run(connection, models.InstrumentUse, run_id)),
        points=_points(connection, run_id, was_ended=outcome == "TERMINATED"),
        findings=tuple(_finding(line) for line in _of_run(connection, models.Finding, run_id)),
        configuration_before=_saved(saved, "configuration_before"),
        configuration_after=_saved(saved, "configuration_after"),
        registers_before=_saved(saved, "registers_before"),
        events=tuple(_event(line) for line in _of_run(connection, models.Event, run_id)),
        artifacts=tuple(_artifact(line) for line in _of_run(connection, models.Artifact, run_id)),
        journal=tuple(_journal_entry(line) for line in journal),
    )


def _table(model: type[models.Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _of_run(connection: Connection, model: type[models.Base], run_id: str) -> Sequence[_Line]:
    table = _table(model)
    return connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.id)).all()


def _of_points(connection: Connection, model: type[models.Base], points: Select[Any]) -> _Grouped:
    table = _table(model)
    return _group(
        connection.execute(select(table).where(table.c.point_id.in_(points)).order_by(table.c.id)).all(), "point_id"
    )


def _group(rows: Sequence[_Line], column: str) -> _Grouped:
    grouped: _Grouped = defaultdict(list)
    for row in rows:
        grouped[getattr(row, column)].append(row)
    return grouped


def _points(connection: Connection, run_id: str, *, was_ended: bool) -> tuple[data.PointRecord, ...]:
    """Read the load points; one without an end has that of its run where ``was_ended`` with the outputs off."""
    ids = select(models.Point.id).where(models.Point.run_id == run_id)
    reference = _of_points(connection, models.ReferenceReadingRow, ids)
    meter = _of_points(connection, models.MeterReadingRow, ids)
    results = _of_points(connection, models.ResultRow, ids)
    budget = _table(models.BudgetComponentRow)
    result_ids = select(models.ResultRow.id).where(models.ResultRow.point_id.in_(ids))
    lines = connection.execute(select(budget).where(budget.c.result_id.in_(result_ids)).order_by(budget.c.id)).all()
    components = _group(lines, "result_id")
    return tuple(
        data.PointRecord(
            number=row.number,
            load_point=LoadPoint(
                row.voltage_v,
                row.current_pct,
                row.angle_deg,
                row.phases,
                row.frequency_hz,
                tuple(row.voltages_pct or FULL),
                tuple(row.voltage_shift_deg or NOT_SHIFTED),
                row.system_type or 40,
            ),
            label=row.label,
            started_utc=row.started_utc,
            finished_utc=row.finished_utc,
            stated_outcome=row.outcome or ("TERMINATED" if was_ended and row.finished_utc is None else None),
            reason=row.reason,
            deviation=row.deviation,
            temperature_c=row.temperature_c,
            humidity_pct=row.humidity_pct,
            reference_readings=tuple(_reference_reading(line) for line in reference.get(row.id, ())),
            meter_readings=tuple(_meter_reading(line) for line in meter.get(row.id, ())),
            results=tuple(_result(line, components.get(line.id, [])) for line in results.get(row.id, ())),
        )
        for row in _of_run(connection, models.Point, run_id)
    )


def _reference_reading(row: _Line) -> data.ReferenceReading:
    return data.ReferenceReading(raw=row.raw, monotonic_s=row.monotonic_s, taken_utc=row.taken_utc)


def _meter_reading(row: _Line) -> data.MeterReading:
    return data.MeterReading(
        values=values_from_json(row.values_by_instance),
        requested_monotonic_s=row.requested_monotonic_s,
        answered_monotonic_s=row.answered_monotonic_s,
        answered_utc=row.answered_utc,
        torn=row.torn,
        errors={int(instance): text for instance, text in row.errors_by_instance.items()},
        unit_number=row.unit_number,
    )


def _result(row: _Line, components: list[_Line]) -> data.ResultRecord:
    limit = None
    if row.limit_standard is not None:
        limit = data.LimitProvenance(**{name: getattr(row, f"limit_{name}") for name in LIMIT_COLUMNS})
    return data.ResultRecord(
        **{name: getattr(row, name) for name in RESULT_COLUMNS},
        outcome=row.outcome,
        limit=limit,
        unit_number=row.unit_number,
        components=tuple(
            data.BudgetComponent(**{name: getattr(line, name) for name in COMPONENT_COLUMNS}) for line in components
        ),
    )


def _unit(row: _Line) -> data.UnitRecord:
    return data.UnitRecord(
        serial_number=row.serial_number,
        device_instance=row.device_instance,
        model=row.model,
        firmware=row.firmware,
        application=row.application,
        position=row.position,
    )


def _instrument(row: _Line) -> data.InstrumentRecord:
    return data.InstrumentRecord(
        role=row.role,
        identity=row.identity,
        serial_number=row.serial_number,
        calibration_certificate=row.calibration_certificate,
        calibration_date=row.calibration_date,
        calibration_due=row.calibration_due,
        calibration_status=row.calibration_status,
    )


def _finding(row: _Line) -> data.FindingRecord:
    return data.FindingRecord(
        name=row.name,
        expected=row.expected,
        found=row.found,
        outcome=row.outcome,
        unit_number=row.unit_number,
        cites=row.cites or "",
    )


def _saved(rows: Sequence[_Line], purpose: str) -> tuple[data.ObjectValue, ...]:
    return tuple(
        data.ObjectValue(name=row.object_name, value=row.value, unit_number=row.unit_number)
        for row in rows
        if row.purpose == purpose
    )


def _event(row: _Line) -> data.EventRecord:
    return data.EventRecord(time_utc=row.time_utc, kind=row.kind, severity=row.severity, text=row.text, data=row.data)


def _artifact(row: _Line) -> data.ArtifactRecord:
    return data.ArtifactRecord(path=row.path, sha256=row.sha256)


def _journal_entry(row: _Line) -> data.JournalEntry:
    return data.JournalEntry(
        entry_id=row.id, time_utc=row.time_utc, reason=row.reason, confirmed=row.confirmed, data=row.data
    )
