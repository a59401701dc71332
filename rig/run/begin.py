"""The beginning of a run: note instruments, meters, settings and counters before anything is changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from rig.bench import Bench, Position
from rig.bench.positions.at_once import at_once
from rig.bench.positions.masks import masked
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
    for mask in masked(bench.file).values():
        if mask.position not in {position.name for position in bench.positions}:
            bench.events.publish(Noted("position masked", mask.text, "warning"))
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

    def read(numbered: tuple[int, Position]) -> tuple[UnitRecord | None, dict[int, float], Mapping[int, float] | None]:
        number, position = numbered
        unit = unit_record(position) if number > units else None
        as_found = dict(position.meter.read_configuration())
        return unit, as_found, position.meter.read_inputs(_ACCUMULATED) if number not in counted else None

    numbered = list(enumerate(_positions(bench), start=1))
    looked = at_once(numbered, lambda each: each[1].bus, read)
    for (number, _), (unit, as_found, registers) in zip(numbered, looked, strict=True):
        if unit is not None:
            record.unit(replace(unit, scanned=scanned.get(unit.position, "")))
        if number not in configured:
            record.configuration_before(as_found, number)
        if registers is not None:
            record.registers_before(registers, number)
        found.append(as_found)
    return found


def name_run(record: RunRecorder, bench: Bench) -> None:
    """Have the guardian and the state folder name the run."""
    if bench.guardian is not None:
        bench.guardian.name_run(record.run_id)
    bench.opening.name_run(record.run_id)


def _positions(bench: Bench) -> tuple[Position, ...]:
    return bench.positions if "meter" in bench.file.capabilities else ()
