"""Gated energy register: what the register advanced while current flowed, against the analyzer's integrator."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from drivers.errors import RigError
from meter_model.configuration import Configuration
from rig.bench import Bench, Position
from rig.load_point import LoadPoint
from rig.procedures._climate import note_climate
from rig.procedures._readings import EnergyMeasurement, GateMeasurement
from rig.procedures.power_comparison import METER_UPDATE_S, as_data
from rig.records import PointRecorder
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits, unmet
from rig.safety.errors import NotSettled, ReferenceInvalid

_QUIET_UPDATES = 3
_QUIET_DEADLINE_UPDATES = 20


class RegisterMoves(RigError):
    """An energy register moves without current, so nothing can be judged (INVALID); ``last_kwh`` is its last value."""

    def __init__(self, instance: int, last_kwh: float) -> None:
        super().__init__(
            f"AI{instance} still moves {_QUIET_DEADLINE_UPDATES} updates after the current was switched off (last "
            f"{last_kwh:g} kWh); check that the current channels are off, or look for creep in the meter"
        )
        self.instance = instance
        self.last_kwh = last_kwh


def measure_energy(
    bench: Bench,
    position: Position,
    point: LoadPoint,
    instance: int,
    configuration: Configuration,
    record: PointRecorder,
    *,
    gate_s: float = 60.0,
    gates: int = 5,
    limits: ReferenceLimits = IEC_REFERENCE,
) -> EnergyMeasurement:
    """Measure register AI ``instance`` (kWh) by ``gates`` gates of ``gate_s`` seconds of current at ``point``.

    Voltage stays applied throughout. Each gate: current off, register still; integrator started; current on for
    ``gate_s``; current off; integrator stopped once the current is off; register still again. Both sides thus see
    the same current from first to last ampere, and the source's switching times cancel (reference/metrology.md 5.4).
    No register is reset. Conditions that do not allow a verdict (of ``limits`` the air's temperature, where the bench
    has a probe) come back as ``invalid``; raises RigError where the bench fails.
    """
    assert bench.supervisor is not None
    idle = replace(point, current_pct=0.0)
    bench.supervisor.apply(point)
    try:
        bench.supervisor.settle()
        reference = bench.wiring.stimulus(bench.analyzer.read()) if bench.analyzer and bench.wiring else None
        climate = note_climate(bench, record, limits)
        measured = [
            _one_gate(bench, position, point, idle, instance, configuration, record, gate_s) for _ in range(gates)
        ]
    except (NotSettled, ReferenceInvalid, RegisterMoves) as error:
        record.finish("INVALID", reason=str(error))
        return EnergyMeasurement(point, instance, (), bench.supervisor.analyzer_ranges, None, str(error))
    invalid = climate.invalid or unmet(climate.conditions)
    record.finish("INVALID" if invalid else None, deviation=as_data(climate.conditions), reason=invalid)
    return EnergyMeasurement(point, instance, tuple(measured), bench.supervisor.analyzer_ranges, reference, invalid)


def _one_gate(
    bench: Bench,
    position: Position,
    point: LoadPoint,
    idle: LoadPoint,
    instance: int,
    configuration: Configuration,
    record: PointRecorder,
    gate_s: float,
) -> GateMeasurement:
    assert bench.supervisor is not None
    assert bench.analyzer is not None
    assert bench.wiring is not None
    bench.supervisor.apply(idle)
    before = _still_register(bench, position, instance, record)
    bench.analyzer.start_integration()
    bench.supervisor.apply(point)
    bench.clock.sleep(gate_s)
    bench.supervisor.apply(idle)
    integrated = bench.analyzer.stop_integration()
    record.reference_reading(integrated, bench.clock.now_s())
    after = _still_register(bench, position, instance, record)
    exported = point.power_factor < 0.0
    energies = integrated.export_wh if exported else integrated.import_wh
    flowing = [energy for name, energy in zip("ABC", energies, strict=True) if name in point.phases]
    if any(energy is None for energy in flowing):
        raise ReferenceInvalid("energy", point.phases)
    terminal_wh = math.fsum(energy for energy in flowing if energy is not None)
    primary = configuration.volts_per_terminal_volt * configuration.amperes_per_ct_volt
    return GateMeasurement(
        registered_kwh=after - before,
        reference_kwh=terminal_wh * primary / 1000.0,
        resolution_kwh=float(np.spacing(np.float32(after))),
        elapsed_s=integrated.elapsed_s,
    )


def _still_register(bench: Bench, position: Position, instance: int, record: PointRecorder) -> float:
    """Wait until the register reads the same over several updates with no current; return it in kWh.

    Raises RegisterMoves where it keeps moving: then no gate can be judged.
    """
    same = 0
    last = math.nan
    for _ in range(_QUIET_DEADLINE_UPDATES):
        bench.clock.sleep(METER_UPDATE_S)
        reading = position.meter.read_inputs([instance])
        value = reading[instance]
        same = same + 1 if value == last else 0
        last = value
        if same >= _QUIET_UPDATES - 1:
            now_s = bench.clock.now_s()
            record.meter_reading({instance: value}, requested_monotonic_s=now_s, answered_monotonic_s=now_s)
            return value
    raise RegisterMoves(instance, last)
