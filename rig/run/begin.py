"""The beginning of a run: note instruments, meters, settings and counters before anything is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from rig.bench import Bench, Position
from rig.events import MeterFound, Noted
from rig.metrology.outcome import Outcome
from rig.procedures.events import QuestionAnswered
from rig.procedures.protection import note_protection
from rig.products.failure_classes import FailureClass
from rig.records.data import FindingRecord, RunRecord, UnitRecord
from rig.records.recorder import RunRecorder
from rig.run.instruments import note_unjudged_conditions, record_instruments, unit_record

_ACCUMULATED = tuple(range(1, 11)) + tuple(range(22, 28)) + (29, 78, 81)


def begin(
    record: RunRecorder,
    bench: Bench,
    today: dt.date,
    *,
    unprotected: bool,
    scanned: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[int, float]]:
    """Record protection, instruments and meters; returns AV2 to AV11 of each meter as they were found.

    ``today``: the day on which calibrations are looked at. ``unprotected``: see ``note_protection``. ``scanned``:
    serial numbers by position, as their labels say; a meter there that does not answer is a unit that failed.
    """
    name_run(record, bench)
    note_protection(bench, unprotected=unprotected)
    record_instruments(record, bench, today)
    note_unjudged_conditions(bench)
    found = record_meters(record, bench, scanned=scanned)
    for position in _positions(bench):
        bench.events.publish(MeterFound(position.identity.object_name, position.identity.device_instance, position.mac))
    for absent in bench.absent:
        name = f"meter at position {absent.name}"
        finding = FindingRecord(name=name, expected="an answer", found=absent.why, outcome=str(Outcome.ERROR))
        if (number := scanned.get(absent.name)) is not None:
            unit = UnitRecord(serial_number=number, device_instance=0, position=absent.name, scanned=number)
            finding = replace(
                finding,
                name="communication.answers",
                outcome=str(Outcome.FAIL),
                unit_number=record.unit(unit),
                failure_class=FailureClass.COMMUNICATION,
            )
        record.finding(finding)
        bench.events.publish(QuestionAnswered(finding))
    for line in bench.not_as_found:
        bench.events.publish(Noted("configuration", line, "warning"))
    return found


def record_meters(
    record: RunRecorder,
    bench: Bench,
    known: RunRecord | None = None,
    scanned: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[int, float]]:
    """Record each meter with its settings and registers; returns the settings.

    ``known``: what is recorded already, of a run that was interrupted here; it is not recorded again.
    """
    units = len(known.units) if known else 0
    configured = {each.unit_number or 1 for each in known.configuration_before} if known else set()
    counted = {each.unit_number or 1 for each in known.registers_before} if known else set()
    found = []
    for number, position in enumerate(_positions(bench), start=1):
        if number > units:
            record.unit(replace(unit_record(position), scanned=scanned.get(position.name, "")))
        as_found = dict(position.meter.read_configuration())
        if number not in configured:
            record.configuration_before(as_found, number)
        if number not in counted:
            record.registers_before(position.meter.read_inputs(_ACCUMULATED), number)
        found.append(as_found)
    return found


def name_run(record: RunRecorder, bench: Bench) -> None:
    """Have the guardian and the state folder name the run."""
    if bench.guardian is not None:
        bench.guardian.name_run(record.run_id)
    bench.opening.name_run(record.run_id)


def _positions(bench: Bench) -> tuple[Position, ...]:
    return bench.positions if "meter" in bench.file.capabilities else ()
