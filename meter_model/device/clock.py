"""The real-time clock: no battery, 2000-01-01 00:00 at power-up until a time synchronization (manual pages 22, 29)."""

from __future__ import annotations

from datetime import datetime, timedelta

from meter_model.objects.access import property_error

POWER_UP_TIME = datetime(2000, 1, 1)
"""What the clock reads at power-up."""

BacnetDateTime = tuple[tuple[int, int, int, int], tuple[int, int, int, int]]
"""((year, month, day, day of week), (hour, minute, second, 1/100 s)); 255 is a wildcard."""

_WILDCARD = 255
_YEARS = range(1900, 2155)
"""What the octet of a BACnet date can say: 1900 and 0 to 254; 255 stands for an unspecified year (clause 20.2.12)."""
_AFTER_LAST = datetime(_YEARS.stop, 1, 1)
_ALL_YEARS = _AFTER_LAST - datetime(_YEARS.start, 1, 1)
_WEEKDAYS = range(1, 8)
_HUNDREDTHS = range(100)


class RealTimeClock:
    """Local time without zone; it runs from power-up on, but is not right until it is set."""

    def __init__(self) -> None:
        self._base = POWER_UP_TIME
        self._elapsed_s = 0.0
        self.is_set = False

    def power_up(self) -> None:
        """Begin at the default setting, since nothing has kept the time."""
        self._base = POWER_UP_TIME
        self._elapsed_s = 0.0
        self.is_set = False

    def advance(self, dt_s: float) -> None:
        """Let ``dt_s`` pass."""
        self._elapsed_s += dt_s

    def set(self, now: datetime) -> None:
        """Take over a time synchronization."""
        self._base = now
        self._elapsed_s = 0.0
        self.is_set = True

    @property
    def now(self) -> datetime:
        """Local date and time. After 31 December 2154 comes 1 January 1900: a date octet has no later year."""
        now = self._base + timedelta(seconds=self._elapsed_s)
        while now >= _AFTER_LAST:
            now -= _ALL_YEARS
        return now


def moment(value: BacnetDateTime) -> datetime | None:
    """Return the moment that a date and time without wildcards names, None where any field is one."""
    (year, month, day, weekday), (hour, minute, second, hundredths) = value
    if _WILDCARD in (year, month, day, weekday, hour, minute, second, hundredths):
        return None
    return datetime(year, month, day, hour, minute, second, hundredths * 10_000)


def checked_date_time(value: object) -> BacnetDateTime:
    """Return a written date and time, or raise invalid-data-type or value-out-of-range; any field may be a wildcard."""
    if not isinstance(value, tuple) or len(value) != 2 or not all(_is_four(part) for part in value):
        raise property_error("invalid-data-type")
    date: tuple[int, int, int, int]
    time: tuple[int, int, int, int]
    date, time = value
    year, month, day, weekday = date
    hour, minute, second, hundredths = time
    if year not in (*_YEARS, _WILDCARD) or weekday not in (*_WEEKDAYS, _WILDCARD):
        raise property_error("value-out-of-range")
    if hundredths not in (*_HUNDREDTHS, _WILDCARD):
        raise property_error("value-out-of-range")
    known = [each != _WILDCARD for each in (year, month, day, hour, minute, second)]
    try:
        # A wildcard stands for anything: 2000 was a leap year, and January has 31 days.
        datetime(
            year if known[0] else 2000,
            month if known[1] else 1,
            day if known[2] else 1,
            hour if known[3] else 0,
            minute if known[4] else 0,
            second if known[5] else 0,
        )
    except ValueError:
        raise property_error("value-out-of-range") from None
    return date, time


def _is_four(part: object) -> bool:
    return isinstance(part, tuple) and len(part) == 4 and all(isinstance(each, int) for each in part)
