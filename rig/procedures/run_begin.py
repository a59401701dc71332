"""The beginning of a run: note the meter's identity, settings and counters before anything is changed."""

from __future__ import annotations

from collections.abc import Callable

from rig.bench import Bench, Position
from rig.bench.as_found import AsFound
from rig.records import RunRecorder, UnitRecord
from rig.records.listing import PROCESS
from rig.safety.guardian.own_process import this_process
from rig.simulation_mark import is_simulated

_ACCUMULATED = tuple(range(1, 11)) + tuple(range(22, 28)) + (29, 78, 81)


def record_unit(record: RunRecorder, bench: Bench, position: Position, say: Callable[[str], None]) -> dict[int, float]:
    """Record the meter under test with its configuration and registers; returns AV2 to AV11 as they were found."""
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
    say(f"meter: {identity.object_name} (device {identity.device_instance}, MAC {position.mac})")
    for line in bench.not_as_found:
        record.event("configuration", line, "warning")
    as_found = dict(meter.read_configuration())
    record.configuration_before(as_found)
    record.registers_before(meter.read_inputs(_ACCUMULATED))
    return as_found


def name_run(record: RunRecorder, bench: Bench) -> None:
    """Tell guardian and state folder of the run, and the run of this process: a later one closes what a kill left."""
    process = this_process(bench.guardian.pid if bench.guardian is not None else None)
    record.event(PROCESS, f"recorded by process {process['pid']} on {process['host']}", data=process)
    if bench.guardian is not None:
        bench.guardian.name_run(record.run_id)
    bench.opening.name_run(record.run_id)


def note_as_found(record: RunRecorder, bench: Bench, position: Position, av: int, found: float) -> None:
    """Note outside this process that AV ``av`` is ``found``, before it is written: see ``rig restore``.

    Not for an emulated meter that ends with the run. Raises BenchFault where it cannot be noted.
    """
    if bench.launched is None or bench.bus is None or not is_simulated(bench.bus.settings.device):
        note = AsFound.of(position.identity)
        note.note(av, found, bench=bench.name, position=position.name, run=record.run_id)
