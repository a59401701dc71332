"""The beginning of a run: note instruments, meter, settings and counters before anything is changed."""

from __future__ import annotations

import datetime as dt

from rig.bench import Bench, Position
from rig.events import MeterFound, Noted
from rig.procedures.protection import note_protection
from rig.records.data import UnitRecord
from rig.records.listing import PROCESS
from rig.records.recorder import RunRecorder
from rig.run.instruments import note_unjudged_conditions, record_instruments
from rig.safety.guardian.process_identity import this_process

_ACCUMULATED = tuple(range(1, 11)) + tuple(range(22, 28)) + (29, 78, 81)


def begin(record: RunRecorder, bench: Bench, today: dt.date, *, unprotected: bool) -> dict[int, float]:
    """Record process, protection, instruments and meter; returns AV2 to AV11 as they were found, if there is a meter.

    ``today``: the day on which calibrations are looked at. ``unprotected``: see ``note_protection``.
    """
    _name_run(record, bench)
    note_protection(bench, unprotected=unprotected)
    record_instruments(record, bench, today)
    note_unjudged_conditions(bench)
    return _record_unit(record, bench, bench.positions[0]) if "meter" in bench.file.capabilities else {}


def _record_unit(record: RunRecorder, bench: Bench, position: Position) -> dict[int, float]:
    meter = position.meter
    identity = meter.identity()
    record.unit(
        UnitRecord(
            serial_number=identity.serial_number,
            device_instance=identity.device_instance,
            model=identity.model_name,
            firmware=identity.firmware_revision,
            application=identity.application_software_version,
            position=position.name,
        )
    )
    bench.events.publish(MeterFound(identity.object_name, identity.device_instance, position.mac))
    for line in bench.not_as_found:
        bench.events.publish(Noted("configuration", line, "warning"))
    as_found = dict(meter.read_configuration())
    record.configuration_before(as_found)
    record.registers_before(meter.read_inputs(_ACCUMULATED))
    return as_found


def _name_run(record: RunRecorder, bench: Bench) -> None:
    """Tell guardian and state folder of the run, and the run of this process: a later one closes what a kill left."""
    process = this_process(bench.guardian.pid if bench.guardian is not None else None)
    text = f"recorded by process {process['pid']} on {process['host']}"
    bench.events.publish(Noted(PROCESS, text, data=process))
    if bench.guardian is not None:
        bench.guardian.name_run(record.run_id)
    bench.opening.name_run(record.run_id)
