"""From rows to the frozen dataclasses that reports are made of."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select

from rig.load_point import FULL, NOT_SHIFTED, LoadPoint
from rig.records import data, tables
from rig.records._mapping import RecordT, executor, record_of
from rig.records.listing import never_energised, outcome_of, resumed_since, said_since
from rig.records.plain_json import values_from_json

_Line = Row[Any]
_Grouped = dict[int, list[_Line]]


def read_run(connection: Connection, run_id: str) -> data.RunRecord:
    """Read one whole run; ``run_id`` is known to exist."""
    row = connection.execute(select(tables.RUN).where(tables.RUN.c.id == run_id)).one()
    journal = _of_run(connection, tables.GUARDIAN_ENTRY, run_id)
    execute = executor(connection)
    outcome = outcome_of(
        None if row.finished_utc is None else str(row.outcome),
        said_since(
            [(entry.confirmed, entry.time_utc) for entry in journal], resumed_since(execute, [run_id]).get(run_id)
        ),
        was_never_on=run_id in never_energised(execute, [run_id]),
    )
    points = _points(connection, run_id, was_ended=outcome == "TERMINATED")
    aside = {line.point_id: line for line in _set_aside(connection, run_id)}
    saved = _of_run(connection, tables.SAVED_VALUE, run_id)
    programme = {what: (int(done), int(whole)) for what, (done, whole) in (row.programme or {}).items()}
    return record_of(
        data.RunRecord,
        row,
        run_id=row.id,
        header=record_of(
            data.RunHeader,
            row,
            programme=programme,
            judged_with=row.judged_with or {},
            product=row.product or "",
            lot=row.lot or "",
        ),
        outcome=outcome,
        units=tuple(
            record_of(data.UnitRecord, line, scanned=line.scanned or "")
            for line in _of_run(connection, tables.UNIT, run_id)
        ),
        instruments=_records(connection, tables.INSTRUMENT_USE, run_id, data.InstrumentRecord),
        points=tuple(point for key, point in points if key not in aside),
        findings=tuple(
            record_of(data.FindingRecord, line, cites=line.cites or "", failure_class=line.failure_class or "")
            for line in _of_run(connection, tables.FINDING, run_id)
        ),
        configuration_before=_saved(saved, "configuration_before"),
        configuration_after=_saved(saved, "configuration_after"),
        registers_before=_saved(saved, "registers_before"),
        wiring_checks=_records(connection, tables.WIRING_CHECK, run_id, data.WiringCheckRecord),
        events=_records(connection, tables.EVENT, run_id, data.EventRecord),
        artifacts=_records(connection, tables.ARTIFACT, run_id, data.ArtifactRecord),
        journal=tuple(record_of(data.JournalEntry, line, entry_id=line.id) for line in journal),
        set_aside=tuple(
            data.SetAside(point=point, purpose=aside[key].purpose, reason=aside[key].reason)
            for key, point in points
            if key in aside
        ),
    )


def _set_aside(connection: Connection, run_id: str) -> Sequence[_Line]:
    ids = select(tables.POINT.c.id).where(tables.POINT.c.run_id == run_id)
    return connection.execute(select(tables.SET_ASIDE).where(tables.SET_ASIDE.c.point_id.in_(ids))).all()


def _records(connection: Connection, table: Table, run_id: str, kind: type[RecordT]) -> tuple[RecordT, ...]:
    return tuple(record_of(kind, line) for line in _of_run(connection, table, run_id))


def _of_run(connection: Connection, table: Table, run_id: str) -> Sequence[_Line]:
    return connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.id)).all()


def _of_points(connection: Connection, table: Table, points: Select[Any]) -> _Grouped:
    return _group(
        connection.execute(select(table).where(table.c.point_id.in_(points)).order_by(table.c.id)).all(), "point_id"
    )


def _group(rows: Sequence[_Line], column: str) -> _Grouped:
    grouped: _Grouped = defaultdict(list)
    for row in rows:
        grouped[getattr(row, column)].append(row)
    return grouped


def _points(connection: Connection, run_id: str, *, was_ended: bool) -> tuple[tuple[int, data.PointRecord], ...]:
    """Read the load points, each with the key of its row.

    One without an end has that of its run where ``was_ended`` with the outputs off.
    """
    ids = select(tables.POINT.c.id).where(tables.POINT.c.run_id == run_id)
    reference = _of_points(connection, tables.REFERENCE_READING, ids)
    meter = _of_points(connection, tables.METER_READING, ids)
    results = _of_points(connection, tables.RESULT, ids)
    measured = _of_points(connection, tables.MEASUREMENT, ids)
    budget = tables.BUDGET_COMPONENT
    result_ids = select(tables.RESULT.c.id).where(tables.RESULT.c.point_id.in_(ids))
    lines = connection.execute(select(budget).where(budget.c.result_id.in_(result_ids)).order_by(budget.c.id)).all()
    components = _group(lines, "result_id")
    return tuple(
        (row.id, _point(row, was_ended, reference, meter, results, components, measured))
        for row in _of_run(connection, tables.POINT, run_id)
    )


def _point(
    row: _Line,
    was_ended: bool,
    reference: _Grouped,
    meter: _Grouped,
    results: _Grouped,
    components: _Grouped,
    measured: _Grouped,
) -> data.PointRecord:
    return record_of(
        data.PointRecord,
        row,
        step=row.step or "",
        load_point=LoadPoint(
            row.voltage_v,
            row.current_pct,
            row.angle_deg,
            row.phases,
            row.frequency_hz,
            tuple(row.voltages_pct or FULL),
            tuple(row.voltage_shift_deg or NOT_SHIFTED),
            row.system_type or 40,
            row.waveform or "",
            tuple(row.currents_pct or FULL),
            tuple(row.current_shift_deg or NOT_SHIFTED),
        ),
        stated_outcome=row.outcome or ("TERMINATED" if was_ended and row.finished_utc is None else None),
        reference_readings=tuple(record_of(data.ReferenceReading, line) for line in reference.get(row.id, ())),
        meter_readings=tuple(_meter_reading(line) for line in meter.get(row.id, ())),
        conditions=tuple(data.ConditionRecord(**each) for each in row.conditions or ()),
        results=tuple(_result(line, components.get(line.id, [])) for line in results.get(row.id, ())),
        measurement=next(({"procedure": m.procedure, **m.data} for m in measured.get(row.id, ())), None),
    )


def _meter_reading(row: _Line) -> data.MeterReading:
    errors = {int(instance): text for instance, text in row.errors_by_instance.items()}
    return record_of(data.MeterReading, row, values=values_from_json(row.values_by_instance), errors=errors)


def _result(row: _Line, components: list[_Line]) -> data.ResultRecord:
    limit = record_of(data.LimitProvenance, row, "limit_") if row.limit_standard is not None else None
    budget = tuple(
        record_of(data.BudgetComponent, line, correlation=0.0 if math.isnan(line.correlation) else line.correlation)
        for line in components
    )
    return record_of(
        data.ResultRecord,
        row,
        limit=limit,
        components=budget,
        condition=row.condition or "",
        basis=row.basis or "",
        failure_class=row.failure_class or "",
    )


def _saved(rows: Sequence[_Line], purpose: str) -> tuple[data.ObjectValue, ...]:
    return tuple(record_of(data.ObjectValue, row, name=row.object_name) for row in rows if row.purpose == purpose)
