"""The risk of a decision rule: how often it gives which outcome, and what it accepts or rejects wrongly."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from rig.metrology.decision import INCONCLUSIVE_ABOVE, DecisionRule, acceptance_limit, rejection_limit
from rig.metrology.outcome import Outcome

_STEPS = 20_001
_WIDEST = 8.0
"""Standard deviations over which a prior is integrated."""


def predicted_outcomes(
    true_pct: float,
    expanded_pct: float,
    limit_pct: float,
    rule: DecisionRule,
    *,
    coverage_factor: float = 2.0,
) -> Mapping[Outcome, float]:
    """Return the probability of each outcome for a meter whose true error is ``true_pct``, all in percent.

    The measured error is normal about the true one with standard uncertainty U / k. For U above a third of the limit
    the outcomes are FAIL, where the whole interval lies outside, and INCONCLUSIVE. Raises ValueError as
    ``acceptance_limit``.
    """
    acceptance = acceptance_limit(expanded_pct, limit_pct, rule)
    rejection = rejection_limit(expanded_pct, limit_pct, rule)

    def inside(bound: float) -> float:
        return _inside(true_pct, expanded_pct / coverage_factor, bound)

    if expanded_pct > INCONCLUSIVE_ABOVE * limit_pct * (1.0 + 1e-9):
        certain = 1.0 - inside(limit_pct + expanded_pct)
        return {Outcome.FAIL: certain, Outcome.INCONCLUSIVE: 1.0 - certain}
    found = {Outcome.PASS: inside(acceptance), Outcome.FAIL: 1.0 - inside(rejection)}
    if not rule.is_binary:
        found[Outcome.COND_PASS] = inside(limit_pct) - inside(acceptance)
        found[Outcome.COND_FAIL] = inside(rejection) - inside(limit_pct)
    return found


def specific_risk(expanded_pct: float, limit_pct: float, rule: DecisionRule, *, coverage_factor: float = 2.0) -> float:
    """Return the probability of a plain PASS for a meter exactly at the limit: no worse one passes more often.

    It is what a rule states of a single decision: 50 % for simple acceptance, 2.3 % for a guard band of U, 5 % for
    0.83 U (k = 2).
    """
    found = predicted_outcomes(limit_pct, expanded_pct, limit_pct, rule, coverage_factor=coverage_factor)
    return found.get(Outcome.PASS, 0.0)


@dataclass(frozen=True, slots=True)
class GlobalRisk:
    """Of all meters of a population: which part is accepted though outside the limit, and rejected though inside.

    ``false_accept``: plain PASS and outside; ``false_reject``: FAIL and inside.
    """

    false_accept: float
    false_reject: float


def global_risk(
    expanded_pct: float,
    limit_pct: float,
    rule: DecisionRule,
    *,
    in_tolerance: float = 0.95,
    coverage_factor: float = 2.0,
) -> GlobalRisk:
    """Return the risk over meters whose errors are normal about 0, a part ``in_tolerance`` of them within the limit.

    JCGM 106 9.3 to 9.5. Raises ValueError where ``in_tolerance`` does not lie between 0 and 1.
    """
    if not 0.0 < in_tolerance < 1.0:
        raise ValueError(f"the part of the meters that is within the limit lies between 0 and 1, not {in_tolerance}")
    spread = limit_pct / NormalDist().inv_cdf(0.5 + in_tolerance / 2.0)
    acceptance = max(acceptance_limit(expanded_pct, limit_pct, rule), 0.0)
    rejection = rejection_limit(expanded_pct, limit_pct, rule)
    # Inside and outside are integrated apart: the limit is a step.
    within = np.linspace(-limit_pct, limit_pct, _STEPS)
    beyond = np.linspace(limit_pct, max(_WIDEST * spread, 2.0 * limit_pct + _WIDEST * expanded_pct), _STEPS)
    standard = expanded_pct / coverage_factor

    def weighed(true: np.ndarray, probability: np.ndarray) -> float:
        prior = np.exp(-0.5 * (true / spread) ** 2) / (spread * math.sqrt(2.0 * math.pi))
        return float(np.trapezoid(prior * probability, true))

    accepted = weighed(beyond, np.array([_inside(float(t), standard, acceptance) for t in beyond]))
    rejected = weighed(within, 1.0 - np.array([_inside(float(t), standard, rejection) for t in within]))
    return GlobalRisk(2.0 * accepted, rejected)


def _inside(true: float, standard: float, bound: float) -> float:
    """Return the probability that a measured error lies within ±``bound``."""
    if bound < 0.0:
        return 0.0
    if standard == 0.0:
        return 1.0 if abs(true) <= bound else 0.0
    root = math.sqrt(2.0) * standard
    return 0.5 * (math.erf((bound - true) / root) + math.erf((bound + true) / root))
