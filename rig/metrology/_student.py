"""Student's t: coverage factors for real degrees of freedom, from the inverse of the incomplete beta function."""

from __future__ import annotations

import math
from statistics import NormalDist

_NORMAL_FROM_DOF = 1e8
_TINY = 1e-300


def regularised_incomplete_beta(a: float, b: float, x: float) -> float:
    """Return I_x(a, b) for a, b > 0 and 0 <= x <= 1, by Lentz's continued fraction (DLMF 8.17.22)."""
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0):
        raise ValueError(f"the incomplete beta function needs a, b > 0 and 0 <= x <= 1, not {a}, {b}, {x}")
    if x in (0.0, 1.0):
        return x
    if x > (a + 1.0) / (a + b + 2.0):  # the fraction converges fast only on the other side
        return 1.0 - regularised_incomplete_beta(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(log_front) * _beta_fraction(a, b, x) / a


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    value = d
    for m in range(1, 10_000):
        even = m * (b - m) * x / ((a + 2 * m - 1.0) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1.0))
        for term in (even, odd):
            d = 1.0 / _away_from_zero(1.0 + term * d)
            c = _away_from_zero(1.0 + term / c)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            return value
    raise ArithmeticError(f"the incomplete beta fraction did not converge at a={a}, b={b}, x={x}")


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def two_sided_t(coverage: float, dof: float) -> float:
    """Return k such that Student's t with ``dof`` degrees of freedom lies in ±k with probability ``coverage``.

    ``dof`` may be any real number > 0, as Welch and Satterthwaite give it, or infinite (the normal distribution).
    Raises ValueError outside 0 < coverage < 1 or dof > 0.
    """
    if not 0.0 < coverage < 1.0:
        raise ValueError(f"a coverage probability lies between 0 and 1, not {coverage}")
    if not dof > 0.0:
        raise ValueError(f"degrees of freedom are positive, not {dof}")
    normal = NormalDist().inv_cdf(0.5 + coverage / 2.0)
    if dof > _NORMAL_FROM_DOF:
        return normal
    outside = 1.0 - coverage
    low, high = 0.0, normal
    while _probability_outside(high, dof) > outside:
        low, high = high, 2.0 * high
    for _ in range(200):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if _probability_outside(middle, dof) > outside:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _probability_outside(t: float, dof: float) -> float:
    return regularised_incomplete_beta(0.5 * dof, 0.5, dof / (dof + t * t))
