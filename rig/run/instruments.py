"""Record the instruments of a run: their identities, the state of their calibrations, the bench's protection."""

from __future__ import annotations

import datetime as dt

from drivers.analyzer import ANALYZERS
from drivers.mstp.wire.adapter import latency_advice
from rig.bench import Bench
from rig.bench.instruments import calibration_objections
from rig.events import Noted, Warned
from rig.records.data import InstrumentRecord
from rig.records.recorder import RunRecorder


def record_instruments(record: RunRecorder, bench: Bench, today: dt.date) -> None:
    """Record every instrument; a calibration that does not hold on ``today`` is a warning (Warned)."""
    for used in bench.instruments():
        known = used.calibration
        record.instrument(
            InstrumentRecord(
                role=used.role,
                identity=used.identity,
                serial_number=used.serial_number,
                calibration_certificate=known.certificate if known else None,
                calibration_date=known.date if known else None,
                calibration_due=known.due if known else None,
                calibration_status=str(used.calibration_state(today).status) if used.needs_calibration else None,
            )
        )
    simulated = bench.file.parts.simulated
    for role, state in calibration_objections(bench.instruments(), today, simulated=simulated).items():
        bench.events.publish(Warned("calibration", f"{role.replace('_', ' ')}: calibration {state.text}"))
    inputs = bench.safety_inputs
    bench.events.publish(Noted("protection", bench.protection_text))
    bench.events.publish(Noted("suspend", bench.suspend_text))
    bench.events.publish(Noted("interlock", inputs.text, "info" if inputs.are_wired else "warning"))
    if bench.bus is not None and (advice := latency_advice(bench.bus.settings.device)) is not None:
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
