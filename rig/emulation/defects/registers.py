"""Seeded defects of energy registers: one counts nothing, one stalls with its size, one falls at midnight."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from meter_model.device.meter import S4100
from meter_model.stimulus import Stimulus
from rig.emulation.defects.behaviour import DefectiveMeter, at

_PRESENT_VALUE = "present-value"
_NET, _IMPORT, _EXPORT = 1, 2, 3
_PRELOAD_KWH = 2.0**20
"""Where a float32 step is 0.125 kWh: more than twice what a load of 100 A adds in a second."""


class _OtherImport(DefectiveMeter):
    """A meter whose AI2 is not what it should be; AI1 goes with it."""

    def imported_kwh(self) -> float:
        """Return what AI2 reads instead, kWh."""
        raise NotImplementedError

    def shown(self, kind: str, instance: int, prop: str, value: Any) -> Any:
        """Return what is read; AI2 and the net register AI1 read otherwise."""
        if not at("AI", _PRESENT_VALUE, (_NET, _IMPORT))(kind, instance, prop):
            return value
        return self.imported_kwh() - (self._value(_EXPORT) if instance == _NET else 0.0)

    def _value(self, instance: int) -> float:
        return float(self._meter.read("AI", instance, _PRESENT_VALUE))


class _Dead(_OtherImport):
    """AI2 stays at what it read first."""

    def __init__(self, meter: S4100) -> None:
        super().__init__(meter)
        self._stuck_kwh = self._value(_IMPORT)

    def imported_kwh(self) -> float:
        """Return the value that never changes."""
        return self._stuck_kwh


class _StallsInSingle(_OtherImport):
    """AI2 is added up in float32, second by second, and has grown until a second's energy is lost in rounding."""

    def __init__(self, meter: S4100) -> None:
        super().__init__(meter)
        self._sum = np.float32(_PRELOAD_KWH)

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Add each second's energy to a float32 number."""
        before = self._value(_IMPORT)
        self._meter.advance(dt_s, stimulus, control_power)
        grown = self._value(_IMPORT) - before
        seconds = max(1, round(dt_s))
        each = np.float32(max(0.0, grown) / seconds)
        if self._sum + each != self._sum:
            for _ in range(seconds):
                self._sum = np.float32(self._sum + each)

    def imported_kwh(self) -> float:
        """Return the float32 sum."""
        return float(self._sum)


class _FallsAtMidnight(_OtherImport):
    """AI2 begins at zero every day; AI78 counts no reset."""

    def __init__(self, meter: S4100) -> None:
        super().__init__(meter)
        self._day = self._date()
        self._base_kwh = 0.0

    def advance(self, dt_s: float, stimulus: Stimulus, control_power: bool = True) -> None:
        """Let time pass; a day that ends takes the register with it."""
        self._meter.advance(dt_s, stimulus, control_power)
        today = self._date()
        if today != self._day:
            self._day, self._base_kwh = today, self._value(_IMPORT)

    def synchronise_time(self, now: datetime) -> None:
        """Take a time synchronization: another date is no midnight."""
        self._meter.synchronise_time(now)
        self._day = self._date()

    def imported_kwh(self) -> float:
        """Return what was counted since midnight."""
        return self._value(_IMPORT) - self._base_kwh

    def _date(self) -> Any:
        return self._meter.read("DE", self._meter.device_instance, "local-date")


REGISTER_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "import-register-dead": _Dead,
    "import-register-falls-at-midnight": _FallsAtMidnight,
    "import-register-stalls-at-float32": _StallsInSingle,
}
"""Every defect of the registers by name; it is there or not, without a value."""
