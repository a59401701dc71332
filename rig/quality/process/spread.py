"""Short-term spread of a process: from moving ranges, or from the standard deviations of subgroups.

Constants: ASTM E2587-16, annex; Montgomery, Introduction to Statistical Quality Control, 7th edition, appendix VI.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

D2_OF_TWO = 2.0 / math.sqrt(math.pi)
"""Mean of the range of two normal values, in standard deviations: 1.128."""

D4_OF_TWO = 1.0 + 3.0 * math.sqrt(2.0 - D2_OF_TWO**2) / D2_OF_TWO
"""Upper limit of a moving range of two, in mean moving ranges: 3.267."""


@dataclass(frozen=True, slots=True)
class Spread:
    """An estimated standard deviation with its (effective) degrees of freedom, and how it was estimated."""

    sigma: float
    dof: float
    how: str


def c4(n: int) -> float:
    """Return the mean of the standard deviation of ``n`` normal values, in standard deviations."""
    return math.sqrt(2.0 / (n - 1)) * math.exp(math.lgamma(0.5 * n) - math.lgamma(0.5 * (n - 1)))


def overall_spread(values: Sequence[float]) -> Spread:
    """Return the long-term spread: the sample standard deviation."""
    return Spread(float(np.std(values, ddof=1)), len(values) - 1.0, "sample standard deviation")


def moving_range_spread(values: Sequence[float]) -> Spread:
    """Return the short-term spread from the mean moving range of two.

    Degrees of freedom: those of a chi-square of the same variance, by the variance of the mean moving range (Cryer and
    Ryan, Journal of Quality Technology 22 (1990) 187): about 0.6 of ``n``.
    """
    n = len(values)
    mean_range = float(np.mean(np.abs(np.diff(values))))
    variance = (0.8264 * n - 1.082) / (n - 1) ** 2
    return Spread(mean_range / D2_OF_TWO, max(1.0, 0.5 / variance), "mean moving range / 1.128")


def pooled_spread(subgroups: Sequence[Sequence[float]]) -> Spread:
    """Return the short-term spread from the pooled variance within subgroups; those of one value tell nothing."""
    useful = [group for group in subgroups if len(group) > 1]
    dof = sum(len(group) - 1 for group in useful)
    squares = sum(float(np.var(group, ddof=1)) * (len(group) - 1) for group in useful)
    return Spread(math.sqrt(squares / dof), float(dof), f"pooled within {len(useful)} subgroups")
