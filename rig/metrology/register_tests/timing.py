"""What time does to demand and clock tests: the edges of an interval, a step inside one, and the rate of a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rig.metrology.sampled_energy import CLOCK_PPM, Moment
from rig.metrology.uncertainty import Component


def interval_edges(powers: Sequence[float], interval_s: float, update_s: float) -> Component:
    """Return the budget line of a demand interval whose edges are known to one update, percent of the mean power.

    A constant load cancels in it: only what the power varied by can be in the wrong interval.
    """
    mean = abs(sum(powers)) / len(powers)
    spread = max(powers) - min(powers)
    return Component.rectangular("edges of the interval", 100.0 * spread * update_s / (mean * interval_s))


def after_step(subintervals: int, waited: float, rest: float, slack: float) -> tuple[float, float]:
    """Return between which parts of its old value a demand lies after the load fell to ``rest`` of it.

    ``waited``: sub-intervals since then, at least one; ``slack``: what of one the step and the boundaries are unknown
    by. The demand is the mean over the last ``subintervals`` completed ones, and the last boundary was up to one ago.
    """
    low, high = (max(0.0, waited - 1.0 - slack), waited + slack)
    shares = [min(1.0, each / subintervals) for each in (high, low)]
    return 1.0 - (1.0 - rest) * shares[0], 1.0 - (1.0 - rest) * shares[1]


@dataclass(frozen=True, slots=True)
class ClockReading:
    """What a clock read, seconds since any moment, and between which moments of the rig's clock it was asked."""

    read_s: float
    asked: Moment


@dataclass(frozen=True, slots=True)
class ClockRate:
    """By how many parts in a million a clock is fast, over ``elapsed_s``; ``components`` in parts in a million."""

    ppm: float
    elapsed_s: float
    components: tuple[Component, ...]


def clock_rate(first: Sequence[ClockReading], last: Sequence[ClockReading], resolution_s: float) -> ClockRate:
    """Return the rate of a clock from several readings at the beginning and at the end of a time.

    Of each group the reading that was asked in the shortest time counts. ``resolution_s``: last digit of the clock,
    seconds. Raises ValueError where the time has no length.
    """
    begin, end = (min(group, key=lambda each: each.asked.half_width_s) for group in (first, last))
    elapsed_s = end.asked.middle_s - begin.asked.middle_s
    if not elapsed_s > 0.0:
        raise ValueError(f"a clock is read over a time that has a length, not over {elapsed_s:g} s")
    to_ppm = 1e6 / elapsed_s
    off = end.asked.half_width_s + begin.asked.half_width_s
    return ClockRate(
        to_ppm * (end.read_s - begin.read_s - elapsed_s),
        elapsed_s,
        (
            Component.triangular(f"moments of the readings (±{end.asked.half_width_s:.2g} s)", to_ppm * off),
            Component.triangular(f"resolution of the clock ({resolution_s:g} s)", to_ppm * resolution_s),
            Component.rectangular(f"clock of the rig (not stated: {CLOCK_PPM:g} ppm assumed)", CLOCK_PPM),
        ),
    )
