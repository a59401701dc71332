"""How well a standard deviation is known from few readings: the confidence interval of sigma, normal distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

from rig.metrology.uncertainty import COVERAGE_PROBABILITY


def sigma_interval(scatter: float, dof: int, coverage_probability: float = COVERAGE_PROBABILITY) -> tuple[float, float]:
    """Return the bounds of sigma for an experimental standard deviation ``scatter`` of ``dof`` + 1 readings.

    Both in the unit of ``scatter``; the probability is shared equally by the two sides. From the chi-squared
    distribution of dof (scatter / sigma)². Raises ValueError for fewer than two degrees of freedom.
    """
    if dof < 2:
        raise ValueError(f"{dof + 1} readings are too few for the scatter of a distribution; take at least 3")
    tail = (1.0 - coverage_probability) / 2.0
    low, high = (scatter * math.sqrt(dof / chi_squared(p, dof)) for p in (1.0 - tail, tail))
    return low, high


def chi_squared(probability: float, dof: int) -> float:
    """Return the quantile of the chi-squared distribution with ``dof`` degrees of freedom, by Newton's method."""
    wanted = probability
    z = NormalDist().inv_cdf(probability)
    part = 2.0 / (9.0 * dof)
    x = dof * max(0.02, 1.0 - part + z * math.sqrt(part)) ** 3  # Wilson and Hilferty, to begin with
    for _ in range(100):
        density = math.exp((dof / 2.0 - 1.0) * math.log(x) - x / 2.0 - math.lgamma(dof / 2.0)) / 2.0 ** (dof / 2.0)
        step = (_lower_gamma(dof / 2.0, x / 2.0) - wanted) / density
        x = max(x - step, x / 2.0)
        if abs(step) < 1e-10 * x:
            break
    return x


def _lower_gamma(a: float, x: float) -> float:
    """Return the regularised lower incomplete gamma function P(a, x), by its series (DLMF 8.11.4)."""
    term = total = 1.0 / a
    n = a
    while abs(term) > 1e-16 * abs(total):
        n += 1.0
        term *= x / n
        total += term
    return total * math.exp(a * math.log(x) - x - math.lgamma(a))
