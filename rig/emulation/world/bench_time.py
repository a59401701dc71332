"""Bench time: runs with wall time, and ahead of it while a client spends time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class BenchTime:
    """Seconds since the bench was made: wall time passed plus all that was skipped. Safe to use from any thread.

    ``monotonic`` is the wall clock (seconds); tests give one of their own.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._started_s = monotonic()
        self._skipped_s = 0.0
        self._moved = threading.Condition()

    def now_s(self) -> float:
        """Return the bench time in seconds."""
        with self._moved:
            return self._monotonic() - self._started_s + self._skipped_s

    def skip(self, dt_s: float) -> None:
        """Let ``dt_s`` seconds (not negative) pass at once, and wake who waits for them."""
        if dt_s < 0.0:
            raise ValueError(f"bench time cannot go back by {-dt_s:g} s")
        with self._moved:
            self._skipped_s += dt_s
            self._moved.notify_all()

    def wait_until(self, due_s: float, at_most_s: float) -> None:
        """Return when the bench time is ``due_s``, when a client skipped some, or after ``at_most_s`` of wall time."""
        with self._moved:
            left_s = due_s - (self._monotonic() - self._started_s + self._skipped_s)
            if left_s > 0.0:
                self._moved.wait(min(left_s, at_most_s))
