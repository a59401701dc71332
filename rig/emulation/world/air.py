"""The air around the emulated bench: the room's, and what a climate chamber makes of it where the meters are."""

from __future__ import annotations

import math
from dataclasses import dataclass

ROOM_C = 23.0
ROOM_HUMIDITY_PCT = 45.0

SELF_HEATING_K = 2.0
"""A meter is warmer inside than the air around it."""

_CHAMBER_LAG_S = 400.0
_ROOM_LAG_S = 1200.0
_THERE_K = 0.02
_WETTEST_PCT = 98.0


@dataclass(frozen=True, slots=True)
class _Course:
    """Air temperature between its value at a moment and a target, with a first-order lag."""

    since_s: float
    from_c: float
    target_c: float
    lag_s: float

    def at(self, now_s: float) -> float:
        return self.target_c + (self.from_c - self.target_c) * math.exp(-max(0.0, now_s - self.since_s) / self.lag_s)


class Air:
    """Temperature and humidity at the meters and in the room, as functions of bench time in seconds.

    The meters stand in the chamber, whose air is the room's while it does not condition it. No water is added or taken
    away: relative humidity follows the temperature.
    """

    def __init__(self, room_c: float = ROOM_C, room_humidity_pct: float = ROOM_HUMIDITY_PCT) -> None:
        self.room_c = room_c
        self.room_humidity_pct = room_humidity_pct
        self._course = _Course(0.0, room_c, room_c, _ROOM_LAG_S)

    def temperature_c(self, now_s: float) -> float:
        """Return the temperature where the meters are, degrees Celsius."""
        return self._course.at(now_s)

    def humidity_pct(self, now_s: float) -> float:
        """Return the relative humidity where the meters are, percent."""
        held = self.room_humidity_pct * _saturation_hpa(self.room_c) / _saturation_hpa(self.temperature_c(now_s))
        return min(_WETTEST_PCT, held)

    def meter_temperature_c(self, now_s: float) -> float:
        """Return the temperature inside a meter, to a tenth of a degree: it then is constant for stretches of time."""
        return round(self.temperature_c(now_s) + SELF_HEATING_K, 1)

    def is_still(self, now_s: float) -> bool:
        """Whether the temperature has come to where it goes."""
        return abs(self._course.at(now_s) - self._course.target_c) < _THERE_K

    def condition(self, setpoint_c: float, now_s: float) -> None:
        """Have the chamber bring its air to ``setpoint_c``."""
        self._course = _Course(now_s, self._course.at(now_s), setpoint_c, _CHAMBER_LAG_S)

    def let_go(self, now_s: float) -> None:
        """Leave the chamber's air to itself: it becomes the room's."""
        self._course = _Course(now_s, self._course.at(now_s), self.room_c, _ROOM_LAG_S)


def _saturation_hpa(temperature_c: float) -> float:
    """Return the saturation vapour pressure over water in hPa (Magnus formula, WMO coefficients)."""
    return 6.112 * math.exp(17.62 * temperature_c / (243.12 + temperature_c))
