"""Seeded defects of power under an influence: what AI11 and AI55 to AI57 read is off, by more the further it goes.

At reference conditions each of these meters is as good as the one inside it; the reading that scatters and the one that
follows the load are off by a little there.
"""

from __future__ import annotations

import math
from typing import Any

from meter_model.device.meter import S4100
from meter_model.stimulus import Spectrum, Stimulus
from rig.emulation.defects.behaviour import DefectiveMeter, at

_IS_POWER = at("AI", "present-value", (11, 55, 56, 57))
_MAINS_HZ = (50.0, 60.0)
_REFERENCE_C = 25.0
_HEATING_S = 900.0
_NOTHING = Stimulus(60.0, ((), (), ()), ((), (), ()))


class PowerError(DefectiveMeter):
    """A meter whose active power reads off by ``off_pct`` percent."""

    def __init__(self, meter: S4100) -> None:
        super().__init__(meter)
        self.stimulus = _NOTHING

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Let time pass, and remember what the meter is exposed to."""
        self.stimulus = stimulus
        self._meter.advance(dt_s, stimulus, control_power)

    def shown(self, kind: str, instance: int, prop: str, value: Any) -> Any:
        """Return what is read: of active power the wrong value."""
        return value * (1.0 + self.off_pct() / 100.0) if _IS_POWER(kind, instance, prop) else value

    def off_pct(self) -> float:
        """Return by how much power reads too high now, percent."""
        raise NotImplementedError


class _FollowsVoltage(PowerError):
    """0.25 % for 10 % of voltage."""

    def off_pct(self) -> float:
        nominal_v = self._meter.configuration.system_voltage_v / math.sqrt(3.0)
        fed = _fed(self.stimulus)
        return 2.5 * (math.fsum(fed) / len(fed) / nominal_v - 1.0) if fed else 0.0


class _FollowsFrequency(PowerError):
    """0.25 % for 2 % from the nearer one of the two frequencies of mains."""

    def off_pct(self) -> float:
        nominal_hz = min(_MAINS_HZ, key=lambda each: abs(each - self.stimulus.frequency_hz))
        return 12.5 * (self.stimulus.frequency_hz / nominal_hz - 1.0)


class _FollowsPhaseSequence(PowerError):
    """0.2 % where C comes before B."""

    def off_pct(self) -> float:
        angles = [next((part.phase_deg for part in each if part.order == 1), None) for each in self.stimulus.voltages]
        if angles[0] is None or angles[1] is None:
            return 0.0
        return 0.2 if math.sin(math.radians(angles[1] - angles[0])) > 0.5 else 0.0


class _FollowsMissingPhase(PowerError):
    """1 % where one or two voltages of three are missing."""

    def off_pct(self) -> float:
        return 1.0 if 0 < len(_fed(self.stimulus)) < 3 else 0.0


class _FollowsLoadOfOnePhase(PowerError):
    """-0.14 % where all phases carry the same current, +0.27 % where one alone does: inside either limit of error."""

    def off_pct(self) -> float:
        loaded = [value for each in self.stimulus.ct_inputs if (value := _rms(each)) > 0.0]
        if len(_fed(self.stimulus)) < 3:
            return 0.0
        if len(loaded) == 1:
            return 0.27
        return -0.14 if len(loaded) == 3 else 0.0


class _LeavesHarmonicsOut(PowerError):
    """Active power is that of the fundamentals."""

    def off_pct(self) -> float:
        fundamental = whole = 0.0
        for voltage, current in zip(self.stimulus.voltages, self.stimulus.ct_inputs, strict=True):
            for order, watts in _watts(voltage, current):
                whole += watts
                fundamental += watts if order == 1 else 0.0
        return 100.0 * (fundamental / whole - 1.0) if whole else 0.0


class _FollowsTemperature(PowerError):
    """0.03 % for each kelvin from 25 degrees Celsius inside the meter."""

    def off_pct(self) -> float:
        return 0.03 * (self.stimulus.temperature_c - _REFERENCE_C)


class _Scatters(PowerError):
    """0.045 % too high in one update and too low in the next."""

    def off_pct(self) -> float:
        return 0.045 if self._meter.update_count % 2 else -0.045


class _FollowsItsOwnHeat(PowerError):
    """0.16 % once rated current has flowed for long, by its square; with a time constant of a quarter of an hour."""

    def __init__(self, meter: S4100) -> None:
        super().__init__(meter)
        self._heat = 0.0

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Let time pass, and grow warmer or cooler."""
        super().advance(dt_s, stimulus, control_power)
        rated_v = self._meter.configuration.ct_rated_v
        target = max(_rms(each) for each in stimulus.ct_inputs) ** 2 / rated_v**2
        self._heat = target + (self._heat - target) * math.exp(-dt_s / _HEATING_S)

    def off_pct(self) -> float:
        return 0.16 * self._heat


INFLUENCE_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "power-follows-voltage": _FollowsVoltage,
    "power-follows-frequency": _FollowsFrequency,
    "power-follows-phase-sequence": _FollowsPhaseSequence,
    "power-follows-missing-phase": _FollowsMissingPhase,
    "power-follows-load-of-one-phase": _FollowsLoadOfOnePhase,
    "power-leaves-harmonics-out": _LeavesHarmonicsOut,
    "power-follows-temperature": _FollowsTemperature,
    "power-scatters": _Scatters,
    "power-follows-own-heat": _FollowsItsOwnHeat,
}
"""Defects by name; each fails one procedure of a certification programme, or one influence of it."""


def _rms(spectrum: Spectrum) -> float:
    return math.hypot(*(part.rms for part in spectrum))


def _fed(stimulus: Stimulus) -> list[float]:
    return [volts for each in stimulus.voltages if (volts := _rms(each)) > 1.0]


def _watts(voltage: Spectrum, current: Spectrum) -> list[tuple[int, float]]:
    return [
        (v.order, v.rms * i.rms * math.cos(math.radians(v.phase_deg - i.phase_deg)))
        for v in voltage
        for i in current
        if v.order == i.order
    ]
