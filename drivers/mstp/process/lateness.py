"""Measure how late a process that reads a line woke up, so that this is not counted against a station."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

LOOK_S = 0.002
"""A reader that judges times looks at the line at least so often: its lateness is then known to this much."""

_SLIGHT_S = 0.0003
"""What a wake-up takes on any computer."""


LateSpell = tuple[float, float]
"""From when to when a process ought to have run and did not, seconds of the monotonic clock."""

_TOLD_S = 0.001
_NEXT_S = 0.003
_KEPT = 20_000


class LateSpells:
    """The last times at which a process was late by a millisecond or more."""

    def __init__(self) -> None:
        self._spells: deque[LateSpell] = deque(maxlen=_KEPT)

    def note(self, now_s: float, late_s: float) -> None:
        """Take what ``Lateness.woke`` said at ``now_s``."""
        if late_s >= _TOLD_S:
            self._spells.append((now_s - late_s, now_s))

    def since(self, moment_s: float) -> list[LateSpell]:
        """Return those that ended after ``moment_s``, oldest first."""
        return [spell for spell in self._spells if spell[1] > moment_s]


def late_at_the_ends(spells: Iterable[LateSpell], from_s: float, to_s: float) -> float:
    """Return by how much a silence from ``from_s`` to ``to_s`` may have been longer because processes were late.

    Seconds. Only what lies at its beginning (a request was handed over late) or its end (an answer was sent or read
    late) counts, one spell after another with gaps of 3 ms at most: what was late in between delayed nothing.
    """
    inside = sorted((max(begun_s, from_s), min(ended_s, to_s)) for begun_s, ended_s in spells)
    inside = [(begun_s, ended_s) for begun_s, ended_s in inside if ended_s > begun_s]
    first_s, first_end_s = 0.0, from_s
    for begun_s, ended_s in inside:
        if begun_s > first_end_s + _NEXT_S:
            break
        first_s += max(0.0, ended_s - max(begun_s, first_end_s))
        first_end_s = max(first_end_s, ended_s)
    last_s, last_begin_s = 0.0, to_s
    for begun_s, ended_s in sorted(inside, key=lambda spell: spell[1], reverse=True):
        if ended_s < last_begin_s - _NEXT_S or begun_s < first_end_s:
            break
        last_s += max(0.0, min(ended_s, last_begin_s) - begun_s)
        last_begin_s = min(last_begin_s, begun_s)
    return first_s + last_s


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
