"""What is noted of instruments and meters: their identities, the state of calibrations, the bench's protection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from drivers.analyzer import ANALYZERS
from drivers.mstp.wire.adapter import latency_advice
from rig.bench import Bench, Position, UsedInstrument
from rig.bench.instruments import calibration_objections
from rig.events import Noted, Warned
from rig.records.data import InstrumentRecord, UnitRecord
from rig.records.recorder import RunRecorder


def record_instruments(record: RunRecorder, bench: Bench, today: dt.date, known: Collection[str] = ()) -> None:
    """Record every instrument but those whose roles are ``known``, and publish what ``note_bench`` does."""
    for used in bench.instruments():
        if used.role not in known:
            record.instrument(instrument_record(used, today))
    note_bench(bench, today)


def instrument_record(used: UsedInstrument, today: dt.date) -> InstrumentRecord:
    """Return an instrument as the record has it, with what its calibration is worth on ``today``."""
    known = used.calibration
    return InstrumentRecord(
        role=used.role,
        identity=used.identity,
        serial_number=used.serial_number,
        calibration_certificate=known.certificate if known else None,
        calibration_date=known.date if known else None,
        calibration_due=known.due if known else None,
        calibration_status=str(used.calibration_state(today).status) if used.needs_calibration else None,
    )


def unit_record(position: Position) -> UnitRecord:
    """Read who the meter at a position is, and return it as the record has it."""
    identity = position.meter.identity()
    return UnitRecord(
        serial_number=identity.serial_number,
        device_instance=identity.device_instance,
        model=identity.model_name,
        firmware=identity.firmware_revision,
        application=identity.application_software_version,
        position=position.name,
    )


def note_bench(bench: Bench, today: dt.date) -> None:
    """Publish how the bench is protected; a calibration that does not hold on ``today`` is a warning (Warned)."""
    simulated = bench.file.parts.simulated
    for role, state in calibration_objections(bench.instruments(), today, simulated=simulated).items():
        bench.events.publish(Warned("calibration", f"{role.replace('_', ' ')}: calibration {state.text}"))
    inputs = bench.safety_inputs
    bench.events.publish(Noted("protection", bench.protection_text))
    bench.events.publish(Noted("suspend", bench.suspend_text))
    bench.events.publish(Noted("interlock", inputs.text, "info" if inputs.are_wired else "warning"))
    for bus in bench.buses:
        if (advice := latency_advice(bus.settings.device)) is not None:
            bench.events.publish(Noted("bus", str(advice), "warning"))


def note_unjudged_conditions(bench: Bench) -> None:
    """Record which reference conditions nothing on this bench measures: then they are not judged."""
    analyzer = bench.file.parts.analyzer
    if analyzer is not None and not ANALYZERS[analyzer.driver].capabilities.measures_distortion:
        text = f"distortion is not judged: analyzer {analyzer.driver} does not tell it; up to 2 % is in the uncertainty"
        bench.events.publish(Noted("reference condition", text, "warning"))
    if analyzer is not None and bench.climate_probe is None:
        text = "ambient temperature is not judged: no climate probe"
        bench.events.publish(Noted("reference condition", text, "warning"))
