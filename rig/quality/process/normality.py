"""Whether values look normal: the Anderson-Darling test with mean and standard deviation estimated from them.

D'Agostino and Stephens, Goodness-of-Fit Techniques (1986), table 4.9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.quality.numbers.distributions import NORMAL

_ALPHA = 0.05
_LEAST = 8
_SMALLEST = 1e-300


@dataclass(frozen=True, slots=True)
class Normality:
    """``a_squared`` is corrected for the number of values; ``p_value`` is None where no test was made."""

    a_squared: float
    p_value: float | None

    @property
    def hint(self) -> str:
        """One sentence for a reader of capability indices."""
        if self.p_value is None:
            return "too few values to test for a normal distribution"
        if self.p_value < _ALPHA:
            return f"not normal (p = {self.p_value:.3g}): the share outside the limits does not follow from the indices"
        return f"nothing speaks against a normal distribution (p = {self.p_value:.2f})"


def anderson_darling(values: Sequence[float]) -> Normality:
    """Test values for a normal distribution."""
    n = len(values)
    sigma = float(np.std(values, ddof=1)) if n > 1 else 0.0
    if n < _LEAST or sigma <= 0.0:
        return Normality(math.nan, None)
    mean = float(np.mean(values))
    below = [min(max(NORMAL.cdf((value - mean) / sigma), _SMALLEST), 1.0 - 1e-16) for value in sorted(values)]
    total = sum((2 * i + 1) * (math.log(below[i]) + math.log1p(-below[n - 1 - i])) for i in range(n))
    a = (-n - total / n) * (1.0 + 0.75 / n + 2.25 / (n * n))
    return Normality(a, _p_value(a))


def _p_value(a: float) -> float:
    if a >= 0.6:
        return min(1.0, math.exp(1.2937 - 5.709 * a + 0.0186 * a * a)) if a < 13.0 else 0.0
    if a > 0.34:
        return math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    if a > 0.2:
        return 1.0 - math.exp(-8.318 + 42.796 * a - 59.938 * a * a)
    return 1.0 - math.exp(-13.436 + 101.14 * a - 223.73 * a * a)
