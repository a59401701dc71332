"""What a wire process needs of its operating system: a fine clock, priority, and the number of its parent.

Tried on Linux. What is for macOS and Windows was written from their documentation and never run there.
"""

from __future__ import annotations

import sys
import time

if sys.platform == "win32":
    import ctypes

    monotonic_s = time.perf_counter
    """The clock of the wire, seconds. Before Python 3.13 ``time.monotonic`` goes in steps of 15.6 ms on Windows."""

    def of_monotonic_s(moment_s: float) -> float:
        """Return on the clock of the wire what another process gave on ``time.monotonic``."""
        return moment_s - time.monotonic() + monotonic_s()

    def parent_id() -> int:
        """Return always the same: a parent that ends leaves its number behind, and asking for it takes milliseconds."""
        return 0

    def take_priority(realtime_priority: int, nice: int) -> None:  # noqa: ARG001
        """Ask for time-outs in steps of 1 ms; the priority came with the start (HIGH_PRIORITY_CLASS)."""
        ctypes.windll.winmm.timeBeginPeriod(1)

else:
    import contextlib
    import os

    monotonic_s = time.monotonic
    """The clock of the wire, seconds."""

    parent_id = os.getppid

    def of_monotonic_s(moment_s: float) -> float:
        """Return on the clock of the wire what another process gave on ``time.monotonic``."""
        return moment_s

    def take_priority(realtime_priority: int, nice: int) -> None:
        """Ask for real-time priority, else for a better nice value; without either it works, with more jitter."""
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(realtime_priority))
        except (OSError, AttributeError):  # not permitted to this user; or macOS, whose Python has no such call
            with contextlib.suppress(OSError):  # not permitted either
                os.nice(nice)
