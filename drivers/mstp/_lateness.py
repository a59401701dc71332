"""How late a process that reads a line woke up, so that its own lateness is not taken for that of a station."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import BinaryIO

LOOK_S = 0.002
"""A reader that judges times looks at the line at least so often: its lateness is then known to this much."""

_SLIGHT_S = 0.0003
"""What a wake-up takes on any computer."""


class Lateness:
    """Tells at each wake-up by how much the octets read then may have come earlier than they were read.

    Two things are known: by how much ``select`` came back later than its time-out asks, and (on Linux, from the
    process's ``schedstat``) for how long this process waited for a processor.
    """

    def __init__(self, now_s: float) -> None:
        self._looked_s = now_s
        self._schedule: BinaryIO | None = None
        with contextlib.suppress(OSError):  # another system than Linux, or a kernel that keeps no such count
            self._schedule = Path("/proc/self/schedstat").open("rb", buffering=0)  # noqa: SIM115
        self._waited_s = self._waited()

    def woke(self, entered_s: float, timeout_s: float | None, now_s: float) -> float:
        """Return the lateness in seconds of a wake-up at ``now_s`` from a wait begun at ``entered_s``.

        ``timeout_s`` is what that wait was given, None for one without end.
        """
        busy_s = entered_s - self._looked_s
        overslept_s = 0.0 if timeout_s is None else max(0.0, now_s - entered_s - timeout_s)
        waited_s = self._waited()
        late_s = max(busy_s + overslept_s, waited_s - self._waited_s)
        self._looked_s, self._waited_s = now_s, waited_s
        return late_s if late_s > _SLIGHT_S else 0.0

    def _waited(self) -> float:
        """Return for how long this process has waited for a processor, all in all; 0 where that is not known."""
        if self._schedule is None:
            return 0.0
        try:
            self._schedule.seek(0)
            return int(self._schedule.read(96).split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            self._schedule = None
            return 0.0
