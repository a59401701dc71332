"""The real-time clock: no battery, 2000-01-01 00:00 at power-up until a time synchronization (manual pages 22, 29)."""

from __future__ import annotations

from datetime import datetime, timedelta

POWER_UP_TIME = datetime(2000, 1, 1)
"""What the clock reads at power-up."""


class RealTimeClock:
    """Local time without zone; it runs from power-up on, but is not right until it is set."""

    def __init__(self) -> None:
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
        """Local date and time."""
        return self._base + timedelta(seconds=self._elapsed_s)
