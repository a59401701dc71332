"""Seeded defects of registers by load: creep without current, a late start, energy that is shown late or lost."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from meter_model.device.meter import S4100
from meter_model.stimulus import Stimulus
from rig.emulation.defects.behaviour import DefectiveMeter

_PRESENT_VALUE = "present-value"
_NET, _IMPORT, _EXPORT = 1, 2, 3
_CREEP_KW = 0.05
"""What is counted without current: fifty watts, more than half the power of a starting current of 0.1 A at 277 V."""

_LOST_S = 0.6
"""A load comes on with a tenth of its current first: of that this much is lost at each beginning, seconds."""

_NOTHING, _LATE = 2e-4, 2e-3
"""Parts of the rated current: below the first there is none, and below the second a late meter counts nothing."""


class _ByLoad(DefectiveMeter):
    """A meter whose AI2 and AI3 miss or add something, by how much current there is; AI1 goes with them."""

    def __init__(self, meter: S4100) -> None:
        super().__init__(meter)
        self._extra_kwh = {_IMPORT: 0.0, _EXPORT: 0.0}

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Let time pass, and note what is counted otherwise than a good meter does."""
        before = self._good()
        self._meter.advance(dt_s, stimulus, control_power)
        has_voltage = any(stimulus.voltages)
        rated_v = self._meter.configuration.ct_rated_v
        level = max((math.hypot(*(part.rms for part in each)) for each in stimulus.ct_inputs), default=0.0) / rated_v
        if has_voltage:
            self.counted(dt_s, level, {each: now - before[each] for each, now in self._good().items()})

    def counted(self, dt_s: float, level: float, good_kwh: dict[int, float]) -> None:
        """Note what ``dt_s`` at ``level`` of rated current adds to ``good_kwh``, by register."""
        raise NotImplementedError

    def shown(self, kind: str, instance: int, prop: str, value: Any) -> Any:
        """Return what is read; energies in both directions and their net read otherwise."""
        if kind != "AI" or prop != _PRESENT_VALUE or instance not in (_NET, _IMPORT, _EXPORT):
            return value
        extra_kwh = self._extra_kwh.get(instance, self._extra_kwh[_IMPORT] - self._extra_kwh[_EXPORT])
        return float(np.float32(self._meter.analog_input(instance) + extra_kwh))

    def _good(self) -> dict[int, float]:
        return {each: self._meter.analog_input(each) for each in self._extra_kwh}


class _Creeps(_ByLoad):
    """Both registers count on without current."""

    def counted(self, dt_s: float, level: float, good_kwh: dict[int, float]) -> None:
        """Add the creep where there is no current."""
        if level < _NOTHING:
            for register in self._extra_kwh:
                self._extra_kwh[register] += _CREEP_KW * dt_s / 3600.0


class _StartsLate(_ByLoad):
    """Nothing is counted below 0.2 % of the rated current."""

    counts_for_s = 1.5
    """So long a small current is counted after a larger one: the update that had both is a good meter's."""

    _small_s = 0.0

    def counted(self, dt_s: float, level: float, good_kwh: dict[int, float]) -> None:
        """Take away what was counted at so small a current, from its second update on."""
        self._small_s = self._small_s + dt_s if _NOTHING < level < _LATE else 0.0
        if self._small_s > self.counts_for_s:
            for register, energy in good_kwh.items():
                self._extra_kwh[register] -= energy


class _StopsSoon(_StartsLate):
    """At the starting current it begins to count, and is stopped after half a minute until the current grows."""

    counts_for_s = 30.0


class _CatchesUp(_ByLoad):
    """While there is a load one hundredth of the energy is not shown; it is there once the load is off."""

    def counted(self, dt_s: float, level: float, good_kwh: dict[int, float]) -> None:
        """Keep a hundredth back until the current is off."""
        for register, energy in good_kwh.items():
            self._extra_kwh[register] = 0.0 if level < _NOTHING else self._extra_kwh[register] - 0.01 * energy


class _LosesBeginnings(_ByLoad):
    """Of each load that comes on the first six tenths of a second are not counted."""

    _was_loaded = False

    def counted(self, dt_s: float, level: float, good_kwh: dict[int, float]) -> None:
        """Take a piece away at each beginning, once there is as much energy as that."""
        is_loaded = level >= _NOTHING
        if is_loaded and not self._was_loaded:
            self.kept["owed_s"] = self.kept.get("owed_s", 0.0) + _LOST_S
        self._was_loaded = is_loaded
        moved = max(good_kwh.values())
        if self.kept.get("owed_s", 0.0) and moved > 0.0:
            for register, energy in good_kwh.items():
                self._extra_kwh[register] -= self.kept["owed_s"] * energy / max(1.0, dt_s)
            self.kept["owed_s"] = 0.0


CREEP_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "catches-up-when-idle": _CatchesUp,
    "creeps-without-current": _Creeps,
    "loses-beginnings": _LosesBeginnings,
    "starts-late": _StartsLate,
    "stops-at-starting-current": _StopsSoon,
}
"""Every defect at hardly any current by name; it is there or not, without a value."""
