"""One gate of an energy register between two of its own updates, against the analyzer's sampled active power."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drivers.analyzer.base import AnalyzerCapabilities
from meter_model.configuration import Configuration
from rig.load_point import LoadPoint
from rig.metrology.sampled_energy import PowerSet, SampledEnergy, sampled_energy
from rig.procedures.accuracy.budget_lines import BETWEEN_LINES_TYPE
from rig.procedures.accuracy.readings import GateMeasurement, with_measured_powers
from rig.procedures.accuracy.register_watch import RegisterWatch
from rig.safety.errors import ReferenceInvalid

if TYPE_CHECKING:
    from rig.bench import Bench
    from rig.records.recorder import PointRecorder

SETS_IN_A_GATE = 120
"""Data sets that a gate takes, as far as the analyzer gives that many."""

_SETS_OF_A_READING = 2.5
"""A reading that is begun after the call takes two update periods, and a little for the connection."""

_TOTAL_POWER, _REACTIVE_POWER = 11, 12


def why_sampled(can: AnalyzerCapabilities, name: str, system_type: int) -> str | None:
    """Say why energy is made from sampled power here; None where the analyzer's integrator is the reference."""
    if not can.integrates:
        return f"analyzer {name} integrates no energy: {can.why_not}"
    if system_type == BETWEEN_LINES_TYPE:
        return (
            f"a meter of system type {BETWEEN_LINES_TYPE} counts V_AB times I_A, and the analyzer's integrator counts "
            "V_AN times I_A"
        )
    return None


def is_sampled(bench: Bench, configuration: Configuration) -> bool:
    """Whether the energy reference of this bench is sampled power for a meter of this configuration."""
    assert bench.analyzer is not None
    return why_sampled(bench.analyzer.capabilities, "", configuration.system.number) is not None


@dataclass(frozen=True, slots=True)
class SampledGate:
    """Gates of one register at one point. The power is that of AI11, predicted from what the analyzer measured.

    ``power_instance``: another power, such as AI12 of a reactive register.
    """

    bench: Bench
    point: LoadPoint
    configuration: Configuration
    record: PointRecorder
    watch: RegisterWatch
    resolution_kwh: Callable[[], float]
    power_instance: int = _TOTAL_POWER

    def run(self, gate_s: float) -> GateMeasurement:
        """Run one gate of at least ``gate_s`` seconds; raises ReferenceInvalid, PowerNotSeen and RegisterMoves.

        Current off, register still; current on, settled; a data set; an update of the register; data sets while the
        gate runs; an update of the register; a data set; current off, register still. The current does not change
        between the two updates, so that the switching times do not matter.
        """
        bench, idle = self.bench, replace(self.point, current_pct=0.0)
        assert bench.supervisor is not None
        assert bench.analyzer is not None
        bench.supervisor.apply(idle)
        self.watch.still()
        bench.supervisor.apply(self.point)
        bench.supervisor.settle()
        sets = self.power_sets()
        begin = self.watch.edge()
        until_s = begin.moment.middle_s + gate_s
        pause_s = max(0.0, gate_s / SETS_IN_A_GATE - _SETS_OF_A_READING * bench.analyzer.update_s)
        while (left_s := until_s - bench.clock.now_s()) > 0.0:
            bench.clock.sleep(min(pause_s, left_s))
            sets += self.power_sets()
        end = self.watch.edge()
        sets += self.power_sets()
        bench.supervisor.apply(idle)
        self.watch.still()
        found: SampledEnergy = sampled_energy(sets, begin.moment, end.moment)
        return GateMeasurement(
            registered_kwh=end.value_kwh - begin.value_kwh,
            reference_kwh=found.energy / 3600.0,
            resolution_kwh=self.resolution_kwh(),
            elapsed_s=end.moment.middle_s - begin.moment.middle_s,
            started_kwh=begin.value_kwh,
            sampled=found.components,
        )

    def power_sets(self) -> list[PowerSet]:
        """Read one data set: kilowatts (kvar) in the register's direction; none where the analyzer gave no power."""
        bench = self.bench
        assert bench.analyzer is not None
        assert bench.wiring is not None
        began_s = bench.clock.now_s()
        reading = bench.analyzer.read()
        ended_s = bench.clock.now_s()
        self.record.reference_reading(reading, reading.monotonic_s)
        loaded = [e for name, e in zip("ABC", reading.elements, strict=True) if name in self.point.phases]
        if any(element.p is None for element in loaded):
            return []
        try:
            stimulus = bench.wiring.stimulus(reading)
            off = bench.wiring.powers_off(reading, stimulus)
        except ReferenceInvalid:
            # Recorded above; the seconds without a power are a line of the budget.
            return []
        power_kw = with_measured_powers(stimulus, *off, self.configuration)[self.power_instance]
        if not math.isfinite(power_kw):
            return []
        update_s = bench.analyzer.update_s
        is_reactive = self.power_instance == _REACTIVE_POWER
        direction = -1.0 if (self.point.sin_phi if is_reactive else self.point.power_factor) < 0.0 else 1.0
        early_s = max(0.0, ended_s - began_s - update_s)
        return [PowerSet(ended_s - 0.5 * update_s, direction * power_kw, early_s)]
