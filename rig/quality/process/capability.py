"""Capability of one measurement: Cp, Cpk from the short-term spread, Pp, Ppk from the overall one, with intervals.

Indices: ISO 22514-2; AIAG, Statistical Process Control, 2nd edition. Intervals of Cp and Pp: chi-square. Those of Cpk
and Ppk: Bissell, Applied Statistics 39 (1990) 331.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.quality.numbers.distributions import NORMAL, chi_square_quantile
from rig.quality.numbers.proportion import CONFIDENCE
from rig.quality.process.normality import Normality, anderson_darling
from rig.quality.process.spread import Spread, moving_range_spread, overall_spread, pooled_spread

LEAST = 8
"""Values below which no index is stated: its interval would span more than a factor of two."""


@dataclass(frozen=True, slots=True)
class Index:
    """A capability index with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def text(self) -> str:
        """In words."""
        return f"{self.value:.2f} ({self.low:.2f}–{self.high:.2f})"


@dataclass(frozen=True, slots=True)
class Capability:
    """Capability of a process between ``lower`` and ``upper``; ``within`` is the short-term spread.

    ``expected_outside``: the share outside the limits of a normal process with the overall spread; ``outside`` is how
    many values were there.
    """

    n: int
    mean: float
    lower: float
    upper: float
    within: Spread
    overall: Spread
    cp: Index
    cpk: Index
    pp: Index
    ppk: Index
    expected_outside: float
    outside: int
    normality: Normality


def capability(
    values: Sequence[float], lower: float, upper: float, subgroups: Sequence[Sequence[float]] | None = None
) -> Capability:
    """Return the capability of ``values`` in the order of their production, at least LEAST of them.

    ``subgroups``: rational subgroups, such as shifts, whose spread is the short-term one; without them it is taken from
    the moving ranges. Raises ValueError for too few values, and for values without any spread.
    """
    if len(values) < LEAST:
        raise ValueError(f"{len(values)} values are too few for a capability; {LEAST} is the least")
    if not lower < upper:
        raise ValueError(f"the limits {lower} and {upper} are no interval")
    overall = overall_spread(values)
    has_subgroups = subgroups is not None and any(len(group) > 1 for group in subgroups)
    within = pooled_spread(subgroups or ()) if has_subgroups else moving_range_spread(values)
    if overall.sigma <= 0.0 or within.sigma <= 0.0:
        raise ValueError("all values are the same: there is no spread to compare the limits with")
    mean = float(np.mean(values))
    pp, ppk = _indices(mean, lower, upper, overall, len(values))
    cp, cpk = _indices(mean, lower, upper, within, len(values))
    return Capability(
        n=len(values),
        mean=mean,
        lower=lower,
        upper=upper,
        within=within,
        overall=overall,
        cp=cp,
        cpk=cpk,
        pp=pp,
        ppk=ppk,
        expected_outside=NORMAL.cdf((lower - mean) / overall.sigma) + NORMAL.cdf((mean - upper) / overall.sigma),
        outside=sum(not lower <= value <= upper for value in values),
        normality=anderson_darling(values),
    )


def _indices(mean: float, lower: float, upper: float, spread: Spread, n: int) -> tuple[Index, Index]:
    tail = 0.5 * (1.0 - CONFIDENCE)
    z = NORMAL.inv_cdf(1.0 - tail)
    potential = (upper - lower) / (6.0 * spread.sigma)
    real = min(upper - mean, mean - lower) / (3.0 * spread.sigma)
    half = z * math.sqrt(1.0 / (9.0 * n) + real * real / (2.0 * spread.dof))
    return (
        Index(
            potential,
            potential * math.sqrt(chi_square_quantile(tail, spread.dof) / spread.dof),
            potential * math.sqrt(chi_square_quantile(1.0 - tail, spread.dof) / spread.dof),
        ),
        Index(real, real - half, real + half),
    )
