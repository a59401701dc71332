"""Record the instruments of a run: their identities, the state of their calibrations, the bench's protection."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from drivers.analyzer import ANALYZERS
from drivers.mstp.wire.adapter import latency_advice
from rig.bench import Bench
from rig.bench.instruments import calibration_objections, refuse_uncalibrated
from rig.metrology.calibration import CalibrationRefused
from rig.records import InstrumentRecord, RunRecorder


def record_instruments(record: RunRecorder, bench: Bench, today: dt.date, report: Callable[[str], None]) -> None:
    """Record every instrument; a calibration that does not hold on ``today`` is a warning, told by ``report`` too."""
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
        text = f"{role.replace('_', ' ')}: calibration {state.text}"
        record.event("calibration", text, "warning")
        report(f"warning: {text}")
    record.event("protection", bench.protection_text)
    record.event("suspend", bench.suspend_text)
    record.event("interlock", bench.safety_inputs.text, "info" if bench.safety_inputs.are_wired else "warning")
    if bench.bus is not None and (advice := latency_advice(bench.bus.settings.device)) is not None:
        record.event("bus", advice, "warning")


def note_unjudged_conditions(record: RunRecorder, bench: Bench) -> None:
    """Record which reference conditions nothing on this bench measures: then they are not judged."""
    analyzer = bench.file.parts.analyzer
    if analyzer is not None and not ANALYZERS[analyzer.driver].capabilities.measures_distortion:
        text = f"distortion is not judged: analyzer {analyzer.driver} does not tell it; up to 2 % is in the uncertainty"
        record.event("reference condition", text, "warning")
    if analyzer is not None and bench.climate_probe is None:
        record.event("reference condition", "ambient temperature is not judged: no climate probe", "warning")


def refuse_uncalibrated_run(record: RunRecorder, bench: Bench, today: dt.date) -> None:
    """Raise CalibrationRefused, with an event in the record, where these instruments do not allow a certification."""
    try:
        refuse_uncalibrated(bench.instruments(), today, simulated=bench.file.parts.simulated)
    except CalibrationRefused as refusal:
        record.event("calibration", str(refusal), "error")
        raise
