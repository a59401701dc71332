"""How the voltage of one phase goes from one value to the next: a straight line with a slew, or a jump."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Course:
    """Until ``start_s`` there are ``start_v``, then it goes straight to ``target_v`` (rms volts, seconds, V/s).

    An infinite slew is a jump at ``start_s``.
    """

    start_s: float
    start_v: float
    target_v: float
    slew_v_per_s: float

    @property
    def end_s(self) -> float:
        """When it gets there."""
        return self.start_s + abs(self.target_v - self.start_v) / self.slew_v_per_s

    def volts(self, at_s: float) -> float:
        """Return the rms volts at a moment."""
        if at_s >= self.end_s:
            return self.target_v
        if at_s <= self.start_s:
            return self.start_v
        return self.start_v + math.copysign((at_s - self.start_s) * self.slew_v_per_s, self.target_v - self.start_v)

    def crosses_s(self, volts: float) -> float:
        """When it is at ``volts``, which lies between start and target."""
        return self.start_s + abs(volts - self.start_v) / self.slew_v_per_s


def still(volts: float) -> Course:
    """Return the course of a voltage that does not change."""
    return Course(-math.inf, volts, volts, math.inf)
