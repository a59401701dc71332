"""Energy from sampled active power: the trapezoid between an analyzer's data sets, and what a budget has for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drivers.errors import RigError
from rig.metrology.uncertainty import Component

if TYPE_CHECKING:
    import numpy as np

CLOCK_PPM = 100.0
"""What the rig's clock is assumed to be off by at most: a crystal that no time server disciplines has less."""

EDGE_SHARE = 0.1
"""Part of the limit that the two edges may add to U (k = 2) in a gate of the length that is asked for."""

LARGEST_UNSEEN = 0.1
"""A gate of which a larger part than this has no data set has no reference."""

EDGES_LINE = "edges of the gate"
"""Name of the budget line for the moments of the register's two updates."""

_COVERAGE = 2.0
_LONG_INTERVAL = 2.0
"""An interval of more than this many usual ones has a data set missing, or one that came late."""


class PowerNotSeen(RigError):
    """Too few data sets have an active power to be the reference of a gate: ``unseen_s`` of ``gate_s`` seconds."""

    def __init__(self, unseen_s: float, gate_s: float) -> None:
        super().__init__(
            f"the analyzer gave no active power for {unseen_s:.0f} s of a gate of {gate_s:.0f} s (a tenth may be "
            "missing); look at its connection and at what its display says of the power"
        )
        self.unseen_s = unseen_s
        self.gate_s = gate_s


@dataclass(frozen=True, slots=True)
class PowerSet:
    """One data set: its mean ``power``, and the middle of its update period, ``centre_s`` seconds of the rig's clock.

    ``early_s``: by how many seconds it may have been taken earlier than that.
    """

    centre_s: float
    power: float
    early_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When a register's update was: from ``earliest_s`` to ``latest_s``, seconds of the rig's clock."""

    earliest_s: float
    latest_s: float

    @property
    def middle_s(self) -> float:
        """The moment as it is taken."""
        return 0.5 * (self.earliest_s + self.latest_s)

    @property
    def half_width_s(self) -> float:
        """By how much it may be off, both ways."""
        return 0.5 * (self.latest_s - self.earliest_s)


@dataclass(frozen=True, slots=True)
class SampledEnergy:
    """``energy`` between two moments, in the power's unit times seconds; ``components`` in percent of it."""

    energy: float
    components: tuple[Component, ...]


def edges_gate_s(half_width_s: float, limit_pct: float) -> float:
    """Return how long a gate is, s, in which two edges known to ±``half_width_s`` add ``EDGE_SHARE`` of the limit."""
    return 100.0 * _COVERAGE * math.sqrt(2.0 / 3.0) * half_width_s / (EDGE_SHARE * limit_pct)


def edges_component(begin: Moment, end: Moment, powers: tuple[float, float], energy: float) -> Component:
    """Return the budget line of the two edges, in percent; ``powers`` at them, ``energy`` in their unit times seconds.

    Each edge is rectangular; the sum of two equal ones is triangular.
    """
    off = math.hypot(begin.half_width_s * powers[0], end.half_width_s * powers[1])
    seen = f"register's update seen to ±{max(begin.half_width_s, end.half_width_s):.2g} s"
    line = Component.triangular(f"{EDGES_LINE} ({seen})", 100.0 * math.sqrt(2.0) * off / abs(energy))
    return replace(line, group=EDGES_LINE)


def clock_component() -> Component:
    """Return the budget line of the rig's clock, in percent: its rate is not stated, and a bound is assumed."""
    return Component.rectangular(f"clock of the rig (not stated: {CLOCK_PPM:g} ppm assumed)", CLOCK_PPM * 1e-4)


def sampled_energy(sets: Sequence[PowerSet], begin: Moment, end: Moment) -> SampledEnergy:
    """Integrate the power of ``sets``, in their order, from the middle of ``begin`` to that of ``end``.

    Between the centres of two data sets the power is the straight line; each set is a mean over its own update
    period, so that a constant load and a linear ramp come out exactly. Before the first and after the last it is
    theirs, and counts as a gap. Raises PowerNotSeen where there are fewer than three sets in all or more than a tenth
    of the gate has none, ValueError where the gate has no length.
    """
    from_s, to_s = begin.middle_s, end.middle_s
    if not to_s > from_s:
        raise ValueError(f"a gate ends after it begins, not {to_s - from_s:g} s later")
    if len(sets) < 3:
        raise PowerNotSeen(to_s - from_s, to_s - from_s)
    import numpy as np  # here, so that plan and list start without it

    at_s = np.array([each.centre_s for each in sets])
    power = np.array([each.power for each in sets])
    unseen_s = _unseen_s(at_s, from_s, to_s)
    if unseen_s > LARGEST_UNSEEN * (to_s - from_s):
        raise PowerNotSeen(unseen_s, to_s - from_s)
    within = (at_s > from_s) & (at_s < to_s)
    grid_s = np.concatenate(([from_s], at_s[within], [to_s]))
    line = np.interp(grid_s, at_s, power)
    energy = float(np.trapezoid(line, grid_s))
    if energy == 0.0:
        return SampledEnergy(energy, ())
    first, last = float(line[0]), float(line[-1])
    early_s = max(each.early_s for each in sets)
    components = (
        edges_component(begin, end, (first, last), energy),
        Component.rectangular(
            f"gaps between data sets ({unseen_s:.3g} s)", 100.0 * float(np.ptp(power)) * unseen_s / abs(energy)
        ),
        _sampling(at_s, power),
        Component.rectangular("time of the data sets", 100.0 * abs(last - first) * early_s / abs(energy)),
        clock_component(),
    )
    return SampledEnergy(energy, components)


def unseen_of(sets: Sequence[PowerSet], from_s: float, to_s: float) -> float:
    """Return which part of a gate is further than usual from a data set, 0 to 1; 1 of fewer than three sets."""
    import numpy as np

    if len(sets) < 3:
        return 1.0
    return _unseen_s(np.array([each.centre_s for each in sets]), from_s, to_s) / (to_s - from_s)


def _unseen_s(at_s: np.ndarray, from_s: float, to_s: float) -> float:
    """Return the seconds of a gate that are further than usual from a data set."""
    import numpy as np

    intervals = np.diff(at_s)
    usual_s = float(np.median(intervals))
    inside = np.minimum(at_s[1:], to_s) - np.maximum(at_s[:-1], from_s)
    is_long = (intervals > _LONG_INTERVAL * usual_s) & (inside > 0.0)
    between_s = float(np.sum(np.maximum(inside[is_long] - usual_s, 0.0)))
    return between_s + max(0.0, float(at_s[0]) - from_s) + max(0.0, to_s - float(at_s[-1]))


def _sampling(at_s: np.ndarray, power: np.ndarray) -> Component:
    """Return what the load did between data sets, from how far each lies from the line between its neighbours.

    Scatter averages over the data sets. A bend of one sign does not: the trapezoid is off by a sixth of it.
    """
    import numpy as np

    part = (at_s[1:-1] - at_s[:-2]) / (at_s[2:] - at_s[:-2])
    bends = power[1:-1] - ((1.0 - part) * power[:-2] + part * power[2:])
    scatter = math.sqrt(float(np.mean(bends**2 / (1.0 + part**2 + (1.0 - part) ** 2))))
    off = math.hypot(scatter / math.sqrt(len(power)), float(np.mean(bends)) / 6.0)
    return Component.normal("sampling of a varying load", 100.0 * off / abs(float(np.mean(power))), k=1.0)
