"""Two-state lines of the emulated bench as functions of bench time: a relay's contact, and what is always at rest."""

from __future__ import annotations

import math
from typing import Protocol


class Line(Protocol):
    """Something that is active or at rest. What it will be is known until it is worked, with the world held."""

    def is_active(self, at_s: float) -> bool:
        """Whether it is active at a moment of bench time; exactly at an edge either answer is right."""

    def next_edge_s(self, after_s: float) -> float:
        """Return the first moment later than ``after_s`` at which it may change, infinity where there is none."""


class RelayLine:
    """A relay's contact: it follows ``set`` after the time that the relay takes. At rest it is open."""

    def __init__(self, operate_s: float) -> None:
        self._operate_s = operate_s
        self._was_closed = self.is_closed = False
        self._moves_at_s = -math.inf
        self.cycles = 0

    def set(self, closed: bool, now_s: float) -> None:
        """Command the relay; ``is_closed`` is the last command."""
        if closed == self.is_closed:
            return
        self._was_closed = self.is_active(now_s)
        self.is_closed = closed
        self._moves_at_s = now_s + self._operate_s
        self.cycles += closed

    def is_active(self, at_s: float) -> bool:
        """Whether the contact is closed at a moment."""
        return self.is_closed if at_s >= self._moves_at_s else self._was_closed

    def next_edge_s(self, after_s: float) -> float:
        """Return when the contact moves, infinity where it has."""
        return self._moves_at_s if self._moves_at_s > after_s else math.inf
