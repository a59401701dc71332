"""Distribution functions of statistics: chi-square, F, beta, Student's t and noncentral t, with their inverses.

Formulas: NIST Digital Library of Mathematical Functions 8.11, 8.9 and 8.17; Abramowitz and Stegun, chapter 26.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from functools import cache
from statistics import NormalDist

import numpy as np

from rig.metrology._student import regularised_incomplete_beta

NORMAL = NormalDist()
_STEPS = 100_000
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(100)


def chi_square_cdf(x: float, dof: float) -> float:
    """Return P(χ² <= x) for ``dof`` > 0 degrees of freedom, which need not be whole."""
    return _lower_gamma(0.5 * dof, 0.5 * x) if x > 0.0 else 0.0


def chi_square_quantile(probability: float, dof: float) -> float:
    """Return x with P(χ² <= x) = ``probability``, which is above 0 and below 1."""
    high = dof + 10.0
    while chi_square_cdf(high, dof) < probability:
        high *= 2.0
    return _root(lambda x: chi_square_cdf(x, dof) - _checked(probability), 0.0, high)


def f_exceeds(f: float, numerator_dof: float, denominator_dof: float) -> float:
    """Return P(F > f): the p-value of a ratio of mean squares; ``f`` may be infinite."""
    if f <= 0.0:
        return 1.0
    x = denominator_dof / (denominator_dof + numerator_dof * f)
    return regularised_incomplete_beta(0.5 * denominator_dof, 0.5 * numerator_dof, x)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Return x with I_x(a, b) = ``probability``, which is above 0 and below 1."""
    return _root(lambda x: regularised_incomplete_beta(a, b, x) - _checked(probability), 0.0, 1.0)


@cache
def t_quantile(probability: float, dof: float) -> float:
    """Return x with P(T <= x) = ``probability`` for Student's t."""
    if probability == 0.5:
        return 0.0
    if probability < 0.5:
        return -t_quantile(1.0 - probability, dof)
    outside = 2.0 * (1.0 - _checked(probability))
    x = beta_quantile(outside, 0.5 * dof, 0.5)
    return math.sqrt(dof * (1.0 - x) / x)


def noncentral_t_cdf(t: float, dof: float, delta: float) -> float:
    """Return P(T <= t) for the noncentral t: (Z + delta) / sqrt(χ²/dof).

    By integration over the distribution of s = sqrt(χ²/dof) (Johnson and Welch, Biometrika 31 (1940) 362) in three
    pieces: below, in and above the place where P(Z <= t s - delta) rises.
    """
    spread = 8.0 / math.sqrt(2.0 * dof)
    ends = [max(1e-9, 1.0 - 1.2 * spread), 1.0 + 1.6 * spread]
    if t != 0.0:
        ends += [min(max((delta + step) / t, ends[0]), ends[1]) for step in (-9.0, 0.0, 9.0)]
    ends.sort()
    return min(1.0, sum(_t_piece(t, dof, delta, low, high) for low, high in itertools.pairwise(ends)))


def _t_piece(t: float, dof: float, delta: float, low: float, high: float) -> float:
    s = 0.5 * (high - low) * _NODES + 0.5 * (high + low)
    log_density = (
        math.log(2.0) + 0.5 * dof * math.log(0.5 * dof) - math.lgamma(0.5 * dof)
        + (dof - 1.0) * np.log(s) - 0.5 * dof * s * s
    )  # fmt: skip
    below = np.array([NORMAL.cdf(t * each - delta) for each in s])
    return float(0.5 * (high - low) * np.sum(_WEIGHTS * below * np.exp(log_density)))


def binomial_cdf(successes: int, trials: int, probability: float) -> float:
    """Return the probability of at most ``successes`` of ``trials``."""
    if successes >= trials:
        return 1.0
    if successes < 0:
        return 0.0
    return 1.0 - regularised_incomplete_beta(successes + 1.0, float(trials - successes), probability)


def _lower_gamma(a: float, x: float) -> float:
    """Return P(a, x), the regularised lower incomplete gamma function: series, or Lentz's continued fraction."""
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for n in range(1, _STEPS):
            term *= x / (a + n)
            total += term
            if abs(term) < abs(total) * 1e-16:
                return total * front
        raise ArithmeticError(f"the incomplete gamma series did not converge at a={a}, x={x}")
    b = x + 1.0 - a
    c, d = 1e300, 1.0 / b
    value = d
    for n in range(1, _STEPS):
        an = -n * (n - a)
        b += 2.0
        d = 1.0 / (an * d + b)
        c = b + an / c
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            return 1.0 - front * value
    raise ArithmeticError(f"the incomplete gamma fraction did not converge at a={a}, x={x}")


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising function is zero, by bisection to the last digit."""
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if function(middle) < 0.0:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _checked(probability: float) -> float:
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability of a quantile lies between 0 and 1, not {probability}")
    return probability
