"""The I/O watchdog of an emulated source: wall seconds without a message after which its output goes off."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.three_phase_source import ThreePhaseSource
from rig.emulation.world.surroundings import Surroundings

DELAY_S = (1.0, 3600.0)
"""Shortest and longest delay (N6900/N7900 guide p. 252, RP7900 guide p. 226: OUTPut:PROTection:WDOG:DELay)."""

RESET_DELAY_S = 60.0


class IoWatchdog:
    """Counts wall time since the last message on any connection; bench time that is skipped does not count.

    The watched instrument calls ``is_due()`` each time it is read and switches its own output off. ``wall_s`` is the
    wall clock in seconds; tests give one of their own.
    """

    def __init__(self, wall_s: Callable[[], float] = time.monotonic) -> None:
        self._wall_s = wall_s
        self._fed_s = wall_s()
        self.is_enabled = False
        self.delay_s = RESET_DELAY_S

    def feed(self) -> None:
        """Take note that a message came in."""
        self._fed_s = self._wall_s()

    def is_due(self) -> bool:
        """Whether it is enabled and the last message came ``delay_s`` seconds ago or earlier."""
        return self.is_enabled and self._wall_s() - self._fed_s >= self.delay_s

    def reset(self) -> None:
        """Go back to what ``*RST`` leaves: disabled, 60 s."""
        self.is_enabled, self.delay_s = False, RESET_DELAY_S


class WatchedSource(ThreePhaseSource):
    """A source whose output the watchdog latches off; ``wall_s`` is the wall clock that it goes by."""

    def __init__(
        self,
        around: Surroundings[SourceErrors],
        wall_s: Callable[[], float],
        *,
        slews_when_switched_on: bool = False,
    ) -> None:
        super().__init__(around, slews_when_switched_on=slews_when_switched_on)
        self._watchdog = IoWatchdog(wall_s)

    def _reset(self) -> None:
        self._watchdog.reset()
        super()._reset()

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, the output may be taken as constant."""
        self._look()
        return super().next_change_s(now_s)

    def _heard(self) -> None:
        """Take note of a message, with the world held, before it is executed."""
        self._look()
        self._watchdog.feed()

    def _look(self) -> None:
        if self._watchdog.is_due() and self.output.is_on:
            self.output.latch("watchdog")


class WatchedEngine(ScpiEngine):
    """An engine that calls ``heard``, with the world held, before every message is executed."""

    def __init__(self, heard: Callable[[], None], *args: Any, **options: Any) -> None:  # Any: those of every engine
        super().__init__(*args, **options)
        self._heard = heard

    def execute(self, line: str, peer: str) -> str | None:
        """Execute one program message of ``peer``; returns the answer without terminator, or None if there is none."""
        with self._world:
            self._heard()
        return super().execute(line, peer)
