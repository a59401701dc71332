"""The emulated analyzer's energy integrator, in bench time: exact across slices of any length."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rig.emulation.scpi.syntax import ScpiError

SECONDS_PER_HOUR = 3600.0


class Integrator:
    """Watt-hours of each element since the last reset: ``positive``, ``negative`` (never above zero), ``over``.

    ``state``: RES, STAR, STOP or TIM (timer ran out). ``timer_s`` 0 means no end.
    """

    def __init__(self, elements: int) -> None:
        self._elements = elements
        self.timer_s = 0.0
        self.reset()

    def reset(self) -> None:
        """Forget everything; raises ScpiError(-221) while running."""
        if getattr(self, "state", "RES") == "STAR":
            raise ScpiError(-221)
        self.state = "RES"
        self.elapsed_s = 0.0
        self.positive_wh = [0.0] * self._elements
        self.negative_wh = [0.0] * self._elements
        self.over = [False] * self._elements

    def start(self) -> None:
        """Start, or go on after a stop; raises ScpiError(-221) while running or after the timer ran out."""
        if self.state not in ("RES", "STOP"):
            raise ScpiError(-221)
        self.state = "STAR"

    def stop(self) -> None:
        """Stop; raises ScpiError(-221) when not running."""
        if self.state != "STAR":
            raise ScpiError(-221)
        self.state = "STOP"

    def add(self, watts: Sequence[float], over: Sequence[bool], dt_s: float) -> None:
        """Add ``dt_s`` seconds of constant power; a timer that runs out within them ends it on the moment."""
        if self.state != "STAR":
            return
        left_s = self.timer_s - self.elapsed_s if self.timer_s else math.inf
        hours = min(dt_s, left_s) / SECONDS_PER_HOUR
        for index, power in enumerate(watts):
            target = self.positive_wh if power >= 0.0 else self.negative_wh
            target[index] += power * hours
            self.over[index] |= over[index]
        self.elapsed_s += min(dt_s, left_s)
        if dt_s >= left_s:
            self.elapsed_s = self.timer_s
            self.state = "TIM"
