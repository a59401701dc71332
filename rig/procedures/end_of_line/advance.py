"""How energy registers moved between two updates of a meter, and how well the time between them is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_OWN = 0.005
"""Part by which a register may differ from power times time besides what is not known of the time."""


@dataclass(frozen=True, slots=True)
class Registers:
    """Energy registers of one update: kWh, kVARh and kVAh by instance; bench time of the update, within ``known_s``."""

    values: Mapping[int, float]
    at_s: float
    known_s: float


@dataclass(frozen=True, slots=True)
class Advance:
    """How registers moved between two updates, and what the meter's own ``powers`` read meanwhile."""

    before: Registers
    after: Registers
    powers: Mapping[int, float]

    @property
    def hours(self) -> float:
        """Bench time between both updates."""
        return (self.after.at_s - self.before.at_s) / 3600.0

    @property
    def tolerance(self) -> float:
        """Part of the energy by which a register may be off: what is not known of the time, and its own share."""
        return (self.before.known_s + self.after.known_s) / (self.after.at_s - self.before.at_s) + _OWN

    def of(self, instance: int) -> float:
        """Return by how much a register grew."""
        return self.after.values[instance] - self.before.values[instance]
