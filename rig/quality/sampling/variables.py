"""Sampling by variables, spread unknown (standard deviation method): code letters, k, and the M of two limits.

ANSI/ASQ Z1.9-2003/2008 (MIL-STD-414, 1957, public; ISO 3951-1 has plans of the same kind). Table A-2 confirmed
against a copy of the page (studylib.es 9356105). Table B-1: code letters B to P for AQL 0.10 to 1.5 and B to F for 2.5
to 10 confirmed against the table of M. Casquilho (Instituto Superior Técnico, Lisbon, Z1.9.B1); G to P for 2.5 to 10
recalled, and consistent with the others by the noncentral t only. The M of two limits follows from k (Lieberman and
Resnikoff, Journal of the American Statistical Association 50 (1955) 457).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rig.errors import UsageRefused
from rig.metrology._student import regularised_incomplete_beta
from rig.quality.numbers.distributions import NORMAL, noncentral_t_cdf
from rig.quality.sampling.attributes import Severity

AQLS = (0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0)
LEVELS = ("S-3", "S-4", "I", "II", "III")

_LETTERS = "BCDEFGHIJKLMNP"
_SIZES = (3, 4, 5, 7, 10, 15, 20, 25, 35, 50, 75, 100, 150, 200)
_UP_TO = (8, 15, 25, 50, 90, 150, 280, 400, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
_TABLE_A2 = {
    "S-3": "BBBBBBBCCDEFGHHH",
    "S-4": "BBBBBCDEEFGHIJKK",
    "I": "BBBCDEFGGHIJKLMN",
    "II": "BBCDEFGHIJKLMNPP",
    "III": "CDEFGHIJJKLMNPPP",
}
_K = {  # tightened at 0.10, then normal at each AQL; the end of a row where the first cells are arrows downwards
    "B": (1.12, 0.958, 0.765, 0.566),
    "C": (1.45, 1.34, 1.17, 1.01, 0.814, 0.617),
    "D": (1.65, 1.53, 1.40, 1.24, 1.07, 0.874, 0.675),
    "E": (2.00, 1.88, 1.75, 1.62, 1.50, 1.33, 1.15, 0.955, 0.755),
    "F": (2.24, 2.11, 1.98, 1.84, 1.72, 1.58, 1.41, 1.23, 1.03, 0.828),
    "G": (2.53, 2.42, 2.32, 2.20, 2.06, 1.91, 1.79, 1.65, 1.47, 1.30, 1.09, 0.886),
    "H": (2.58, 2.47, 2.36, 2.24, 2.11, 1.96, 1.82, 1.69, 1.51, 1.33, 1.12, 0.917),
    "I": (2.61, 2.50, 2.40, 2.26, 2.14, 1.98, 1.85, 1.72, 1.53, 1.35, 1.14, 0.936),
    "J": (2.65, 2.54, 2.45, 2.31, 2.18, 2.03, 1.89, 1.76, 1.57, 1.39, 1.18, 0.969),
    "K": (2.71, 2.60, 2.50, 2.35, 2.22, 2.08, 1.93, 1.80, 1.61, 1.42, 1.21, 1.00),
    "L": (2.77, 2.66, 2.55, 2.41, 2.27, 2.12, 1.98, 1.84, 1.65, 1.46, 1.24, 1.03),
    "M": (2.80, 2.69, 2.58, 2.43, 2.29, 2.14, 2.00, 1.86, 1.67, 1.48, 1.26, 1.05),
    "N": (2.84, 2.73, 2.61, 2.47, 2.33, 2.18, 2.03, 1.89, 1.70, 1.51, 1.29, 1.07),
    "P": (2.85, 2.73, 2.62, 2.47, 2.33, 2.18, 2.04, 1.89, 1.70, 1.51, 1.29, 1.07),
}
_COLUMNS = len(AQLS) + 1
_CONFIRMED_WHOLE, _CONFIRMED_BELOW = "BCDEF", 8


@dataclass(frozen=True, slots=True)
class VariablesPlan:
    """A plan by variables: of ``size`` units the quality index Q must be at least ``k``."""

    letter: str
    size: int
    k: float
    severity: Severity
    aql: float
    confirmed: bool

    @property
    def largest_estimate(self) -> float:
        """M: the largest estimated share outside both limits together, 0 to 1, that is accepted."""
        return estimated_outside(self.k, self.size)

    def acceptance_probability(self, nonconforming: float) -> float:
        """Return how likely a lot with this share beyond one limit is accepted: the noncentral t, 0 to 1."""
        root = math.sqrt(self.size)
        delta = -root * NORMAL.inv_cdf(nonconforming)
        return 1.0 - noncentral_t_cdf(self.k * root, self.size - 1.0, delta)


@dataclass(frozen=True, slots=True)
class VariablesVerdict:
    """A sample judged by a plan. ``below`` and ``above``: estimated shares outside the limits, 0 to 1."""

    plan: VariablesPlan
    mean: float
    sigma: float
    below: float
    above: float

    @property
    def estimate(self) -> float:
        """The estimated share outside both limits."""
        return self.below + self.above

    @property
    def accepted(self) -> bool:
        """Whether the lot is accepted."""
        return self.estimate <= self.plan.largest_estimate


def variables_letter(lot_size: int, level: str = "II") -> str:
    """Return the code letter of a lot (table A-2). Raises UsageRefused as ``attributes.code_letter``."""
    if lot_size < 2:
        raise UsageRefused(f"a lot of {lot_size} units is not sampled: inspect every unit")
    if level not in _TABLE_A2:
        raise UsageRefused(f"{level!r} is no inspection level by variables; they are {', '.join(_TABLE_A2)}")
    return _TABLE_A2[level][bisect_left(_UP_TO, lot_size)]


def variables_plan(letter: str, aql: float, severity: Severity = Severity.NORMAL) -> VariablesPlan:
    """Return the plan of a code letter and an AQL (percent), where an arrow of the table points if there is one.

    Raises UsageRefused for an AQL that the table does not have, and for reduced inspection.
    """
    if aql not in AQLS:
        said = ", ".join(f"{each:g}" for each in AQLS)
        raise UsageRefused(f"an AQL of {aql:g} % is not in the table for variables; it has {said}")
    if severity is Severity.REDUCED:
        raise UsageRefused("reduced inspection by variables is not offered: its table B-2 was not found in public")
    column = AQLS.index(aql) + (severity is Severity.NORMAL)
    for place in range(_LETTERS.index(letter), len(_LETTERS)):
        found, row = _LETTERS[place], _K[_LETTERS[place]]
        at = column - (_COLUMNS - len(row))
        if at >= 0:
            confirmed = found in _CONFIRMED_WHOLE or column < _CONFIRMED_BELOW
            return VariablesPlan(found, _SIZES[place], row[at], severity, aql, confirmed)
    raise AssertionError("each column has a plan at letter G")


def estimated_outside(q: float, n: int) -> float:
    """Estimate the share beyond a limit that is ``q`` sample standard deviations from the mean of ``n`` values.

    The minimum variance unbiased estimate, from the symmetric beta distribution (Lieberman and Resnikoff).
    """
    x = 0.5 - 0.5 * q * math.sqrt(n) / (n - 1)
    if x <= 0.0:
        return 0.0
    return 1.0 if x >= 1.0 else regularised_incomplete_beta(0.5 * n - 1.0, 0.5 * n - 1.0, x)


def judge(values: Sequence[float], lower: float, upper: float, plan: VariablesPlan) -> VariablesVerdict:
    """Judge a sample against two limits together. Raises UsageRefused for a sample of another size than the plan's."""
    if len(values) != plan.size:
        raise UsageRefused(f"the plan asks for {plan.size} values; here are {len(values)}")
    mean, sigma = float(np.mean(values)), float(np.std(values, ddof=1))
    if sigma == 0.0:
        inside = 0.0 if lower <= mean <= upper else 1.0
        return VariablesVerdict(plan, mean, sigma, inside if mean < lower else 0.0, inside if mean > upper else 0.0)
    return VariablesVerdict(
        plan, mean, sigma,
        estimated_outside((mean - lower) / sigma, plan.size), estimated_outside((upper - mean) / sigma, plan.size),
    )  # fmt: skip
