"""Detect that this process has slept: its host was suspended, or it was stopped. Rig and guardian each check it.

A suspended host is found by two clocks of the kernel: CLOCK_BOOTTIME goes on while it sleeps, CLOCK_MONOTONIC does not
(clock_gettime(2)). A process that was stopped alone (SIGSTOP, a debugger, a frozen container) finds that much more
monotonic time went by since its last look than it ever waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

LOOK_EVERY_S = 0.5
"""Longest time from one look to the next, where nothing else is waited for."""

SUSPENDED_S = 0.5
"""Seconds of suspension that count."""

SLACK_S = 0.5
"""A running process may check this much later than planned, in seconds."""

LONGEST_WORK_S = 8.0
"""Libraries are loaded and sources are switched off within this."""


@dataclass(frozen=True, slots=True)
class Gap:
    """For how many seconds nothing ran, ``host``: on the whole host, which was suspended, or in this process only."""

    length_s: float
    host: bool

    @property
    def text(self) -> str:
        """What happened, in words."""
        if self.host:
            return f"the host was suspended for {self.length_s:.1f} s"
        return f"was stopped for {self.length_s:.1f} s"


def monotonic_s() -> float:
    """Seconds that the host has been awake."""
    return time.monotonic()


def boottime_s() -> float:
    """Seconds since the host started, its sleep included; without such a clock the seconds awake."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return monotonic_s() if clock is None else time.clock_gettime(clock)


class Waking:
    """Looks at both clocks; ``stall_s``: monotonic seconds between two looks after which this process was stopped.

    ``monotonic`` and ``boottime`` are those of this module by default; tests inject their own.
    """

    def __init__(
        self,
        stall_s: float,
        monotonic: Callable[[], float] | None = None,
        boottime: Callable[[], float] | None = None,
    ) -> None:
        self._stall_s = stall_s
        self._monotonic = monotonic or (lambda: monotonic_s())
        self._boottime = boottime or (lambda: boottime_s())
        self._looked_s = 0.0
        self._ahead_s = 0.0
        self.restart()

    def restart(self) -> None:
        """Forget what was before: the time that begins now is watched."""
        self._looked_s, self._ahead_s = self._read()

    def go_on(self) -> None:
        """Take what was done since the last look for work, not for a stop, where it took no longer than work takes.

        A suspension meanwhile still counts.
        """
        now_s = self._monotonic()
        if now_s - self._looked_s <= LONGEST_WORK_S:
            self._looked_s = now_s

    def look(self) -> Gap | None:
        """Return the gap since the last look, None where there was none."""
        before_s, ahead_before_s = self._looked_s, self._ahead_s
        self._looked_s, self._ahead_s = self._read()
        suspended_s = self._ahead_s - ahead_before_s
        if suspended_s >= SUSPENDED_S:
            return Gap(suspended_s, host=True)
        passed_s = self._looked_s - before_s
        return Gap(passed_s, host=False) if passed_s > self._stall_s + SLACK_S else None

    def _read(self) -> tuple[float, float]:
        now_s = self._monotonic()
        return now_s, self._boottime() - now_s
