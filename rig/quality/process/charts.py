"""Control charts: individuals with moving range, means with standard deviations of subgroups, and EWMA.

Limits come from a baseline: the first values, or those before a time; the values after it are watched. ASTM E2587-16;
NIST/SEMATECH e-Handbook 6.3.2; Lucas and Saccucci, Technometrics 32 (1990) 1, for EWMA.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.quality.process.rules import BEYOND_LIMITS, RULES, WESTERN_ELECTRIC, Rule, Signal, signals
from rig.quality.process.spread import D2_OF_TWO, D4_OF_TWO, c4, moving_range_spread

BASELINE = 25
"""Values from which limits are computed by default; ASTM E2587 asks for 20 to 25."""

LEAST = 8
"""The shortest baseline from which limits are computed."""

EWMA_WEIGHT, EWMA_SIGMAS = 0.2, 3.0


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart: a value at each place with its centre and limits. ``baseline``: how many places made the limits."""

    name: str
    values: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    baseline: int
    signals: tuple[Signal, ...]


def individuals(
    values: Sequence[float], baseline: int | None = None, rules: str = WESTERN_ELECTRIC
) -> tuple[Chart, Chart]:
    """Return the charts of individual values and of their moving ranges. Raises ValueError for a short baseline."""
    base = _baseline(len(values), baseline)
    sigma = moving_range_spread(values[:base]).sigma
    centre = float(np.mean(values[:base]))
    chart = _chart("individual values", values, centre, [sigma] * len(values), base, RULES[rules])
    ranges = [abs(later - earlier) for earlier, later in itertools.pairwise(values)]
    mean_range = sigma * D2_OF_TWO
    upper = [D4_OF_TWO * mean_range] * len(ranges)
    beyond = [Signal(place, BEYOND_LIMITS) for place, value in enumerate(ranges) if value > upper[place]]
    moving = Chart(
        "moving range of two", tuple(ranges), mean_range, (0.0,) * len(ranges), tuple(upper), base - 1, tuple(beyond)
    )
    return chart, moving


def means_and_deviations(
    subgroups: Sequence[Sequence[float]], baseline: int | None = None, rules: str = WESTERN_ELECTRIC
) -> tuple[Chart, Chart]:
    """Return the charts of the means and standard deviations of subgroups of at least two values each.

    Subgroups may differ in size: sigma is the mean of s / c4(n), and each has its own limits.
    """
    base = _baseline(len(subgroups), baseline)
    sizes = [len(group) for group in subgroups]
    if min(sizes) < 2:
        raise ValueError("a subgroup of one value has no standard deviation")
    deviations = [float(np.std(group, ddof=1)) for group in subgroups]
    means = [float(np.mean(group)) for group in subgroups]
    sigma = float(np.mean([s / c4(n) for s, n in zip(deviations[:base], sizes[:base], strict=True)]))
    centre = float(np.average(means[:base], weights=sizes[:base]))
    of_means = _chart("means", means, centre, [sigma / math.sqrt(n) for n in sizes], base, RULES[rules])
    spreads = [3.0 * sigma * math.sqrt(1.0 - c4(n) ** 2) for n in sizes]
    lower = [max(0.0, c4(n) * sigma - wide) for n, wide in zip(sizes, spreads, strict=True)]
    upper = [c4(n) * sigma + wide for n, wide in zip(sizes, spreads, strict=True)]
    beyond = tuple(
        Signal(place, BEYOND_LIMITS)
        for place, value in enumerate(deviations)
        if not lower[place] <= value <= upper[place]
    )
    of_deviations = Chart(
        "standard deviations", tuple(deviations), sigma * c4(round(float(np.mean(sizes)))),
        tuple(lower), tuple(upper), base, beyond,
    )  # fmt: skip
    return of_means, of_deviations


def ewma(
    values: Sequence[float], baseline: int | None = None, weight: float = EWMA_WEIGHT, sigmas: float = EWMA_SIGMAS
) -> Chart:
    """Return the chart of the exponentially weighted mean, which finds a small lasting shift soon."""
    base = _baseline(len(values), baseline)
    sigma = moving_range_spread(values[:base]).sigma
    centre = float(np.mean(values[:base]))
    smoothed, state = [], centre
    for value in values:
        state = weight * value + (1.0 - weight) * state
        smoothed.append(state)
    wide = [
        sigmas * sigma * math.sqrt(weight / (2.0 - weight) * (1.0 - (1.0 - weight) ** (2 * (place + 1))))
        for place in range(len(values))
    ]
    beyond = tuple(
        Signal(place, BEYOND_LIMITS) for place, value in enumerate(smoothed) if abs(value - centre) > wide[place]
    )
    return Chart(
        f"EWMA (weight {weight:g})", tuple(smoothed), centre, tuple(centre - w for w in wide),
        tuple(centre + w for w in wide), base, beyond,
    )  # fmt: skip


def _chart(
    name: str, values: Sequence[float], centre: float, sigmas: Sequence[float], base: int, rules: Sequence[Rule]
) -> Chart:
    z = [
        (value - centre) / sigma if sigma > 0.0 else math.copysign(math.inf, value - centre) if value != centre else 0.0
        for value, sigma in zip(values, sigmas, strict=True)
    ]
    return Chart(
        name, tuple(values), centre, tuple(centre - 3.0 * s for s in sigmas), tuple(centre + 3.0 * s for s in sigmas),
        base, signals(z, rules),
    )  # fmt: skip


def _baseline(length: int, wanted: int | None) -> int:
    base = min(wanted or BASELINE, length)
    if base < LEAST:
        raise ValueError(f"{base} values are too few for control limits; {LEAST} is the least")
    return base
