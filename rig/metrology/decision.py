"""The decision rule: from an error, its expanded uncertainty and a limit to an outcome with its risk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

from rig.metrology.outcome import Outcome

INCONCLUSIVE_ABOVE = 1.0 / 3.0
"""U / L above which an error inside the limit proves nothing: then only FAIL can be concluded."""

_ROUNDING = 1e-9


class DecisionRule(StrEnum):
    """Rules by name; ``wording`` is what a report prints; it names the document that a rule is from."""

    ILAC_G8_NON_BINARY = "ilac_g8_non_binary"
    ILAC_G8_BINARY = "ilac_g8_binary"
    SIMPLE = "simple"
    ISO_14253 = "iso_14253"
    STANDARD_FIFTH = "standard_fifth"
    RSS = "rss"
    Z540_METHOD_6 = "z540_method_6"

    @property
    def wording(self) -> str:
        """The rule in words."""
        return _WORDINGS[self]

    @property
    def is_binary(self) -> bool:
        """Whether the rule knows PASS and FAIL only, without conditional outcomes."""
        return self not in (DecisionRule.ILAC_G8_NON_BINARY, DecisionRule.ISO_14253)


_WORDINGS = {
    DecisionRule.ILAC_G8_NON_BINARY: "ILAC-G8:09/2019 4.2.3, non-binary, guard band w = U",
    DecisionRule.ILAC_G8_BINARY: "ILAC-G8:09/2019 4.2.2, binary, guard band w = U",
    DecisionRule.SIMPLE: "simple acceptance (ILAC-G8:09/2019 4.2.1, IEC Guide 115)",
    DecisionRule.ISO_14253: "ISO 14253-1:2017 default, guard band w = 0.83 U on both sides of the limit",
    DecisionRule.STANDARD_FIFTH: "simple acceptance for U <= L/5, otherwise the limit reduced by U - L/5",
    DecisionRule.RSS: "root sum of squares, acceptance limit sqrt(L^2 - U^2)",
    DecisionRule.Z540_METHOD_6: "ANSI/NCSL Z540.3 method 6, global false acceptance at most 2 %",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was decided, and everything it was decided from; all ``_pct`` values in percent of reading.

    ``acceptance_pct``: PASS up to this magnitude of the error. ``rejection_pct``: FAIL above it; between the limit's
    two sides lie COND_PASS (up to ``limit_pct``) and COND_FAIL. ``conformance_probability``: probability that the
    true error is within ±L, after JCGM 106, for a normal distribution of standard uncertainty U / k about the error.
    ``uncertainty_ratio``: U / L.
    """

    outcome: Outcome
    rule: DecisionRule
    error_pct: float
    expanded_pct: float
    limit_pct: float
    acceptance_pct: float
    rejection_pct: float
    conformance_probability: float
    uncertainty_ratio: float


def decide(
    error_pct: float,
    expanded_pct: float,
    limit_pct: float,
    rule: DecisionRule = DecisionRule.ILAC_G8_NON_BINARY,
    *,
    coverage_factor: float = 2.0,
) -> Judgement:
    """Judge ``error_pct`` with expanded uncertainty U against ±``limit_pct`` (all percent of reading).

    For U > L/3 an error with |e| - U > L is FAIL, since the whole interval lies outside the limit; every other error is
    INCONCLUSIVE, for every rule. ``coverage_factor`` is the k that made U. A bound belongs to the better
    side: an error that equals the acceptance limit passes. Raises ValueError for a value that is not finite, a
    negative U or a limit not above zero.
    """
    if not math.isfinite(error_pct):
        raise ValueError(f"an error to be judged is a finite number, not {error_pct}")
    acceptance = acceptance_limit(expanded_pct, limit_pct, rule)
    rejection = rejection_limit(expanded_pct, limit_pct, rule)
    return Judgement(
        outcome=_outcome(abs(error_pct), expanded_pct, limit_pct, acceptance, rejection),
        rule=rule,
        error_pct=error_pct,
        expanded_pct=expanded_pct,
        limit_pct=limit_pct,
        acceptance_pct=acceptance,
        rejection_pct=rejection,
        conformance_probability=conformance_probability(error_pct, expanded_pct / coverage_factor, limit_pct),
        uncertainty_ratio=expanded_pct / limit_pct,
    )


def _outcome(magnitude: float, expanded: float, limit: float, acceptance: float, rejection: float) -> Outcome:
    slack = _ROUNDING * limit  # 0.2 - 0.04 is not 0.16 in binary; a verdict must not depend on that
    if expanded > INCONCLUSIVE_ABOVE * limit + slack:
        return Outcome.FAIL if is_certainly_outside(magnitude, expanded, limit) else Outcome.INCONCLUSIVE
    if magnitude <= acceptance + slack:
        return Outcome.PASS
    if magnitude > rejection + slack:
        return Outcome.FAIL
    return Outcome.COND_PASS if magnitude <= limit + slack else Outcome.COND_FAIL


def is_certainly_outside(error_pct: float, expanded_pct: float, limit_pct: float) -> bool:
    """Whether the interval error ± U lies outside ±limit as a whole: |e| - U > L (all percent)."""
    return abs(error_pct) - expanded_pct > limit_pct + _ROUNDING * limit_pct


def acceptance_limit(expanded_pct: float, limit_pct: float, rule: DecisionRule) -> float:
    """Return the largest error that passes, in percent; negative or zero where U leaves no room.

    Raises ValueError for a negative U, a limit not above zero, or a value that is not finite.
    """
    _check(expanded_pct, limit_pct)
    match rule:
        case DecisionRule.SIMPLE:
            return limit_pct
        case DecisionRule.ILAC_G8_NON_BINARY | DecisionRule.ILAC_G8_BINARY:
            return limit_pct - expanded_pct
        case DecisionRule.ISO_14253:
            return limit_pct - 0.83 * expanded_pct
        case DecisionRule.STANDARD_FIFTH:
            return limit_pct - max(0.0, expanded_pct - limit_pct / 5.0)
        case DecisionRule.RSS:
            return math.sqrt(max(0.0, limit_pct**2 - expanded_pct**2))
        case DecisionRule.Z540_METHOD_6:
            return limit_pct - _method_6_guard_band(expanded_pct, limit_pct)


def rejection_limit(expanded_pct: float, limit_pct: float, rule: DecisionRule) -> float:
    """Return the error magnitude above which the outcome is FAIL, in percent; a binary rule's acceptance limit."""
    acceptance = acceptance_limit(expanded_pct, limit_pct, rule)
    return acceptance if rule.is_binary else 2.0 * limit_pct - acceptance


def _method_6_guard_band(expanded: float, limit: float) -> float:
    if expanded == 0.0:
        return 0.0
    multiplier = 1.04 - math.exp(0.38 * math.log(limit / expanded) - 0.54)
    return max(0.0, expanded * multiplier)  # a good ratio needs no guard band; it never widens the limit


def conformance_probability(error_pct: float, standard_pct: float, limit_pct: float) -> float:
    """Return the probability that the true error lies within ±limit (JCGM 106:2012 7.3, normal distribution)."""
    if standard_pct == 0.0:
        return 1.0 if abs(error_pct) <= limit_pct else 0.0
    phi = NormalDist().cdf
    return phi((limit_pct - error_pct) / standard_pct) - phi((-limit_pct - error_pct) / standard_pct)


def _check(expanded_pct: float, limit_pct: float) -> None:
    if not (math.isfinite(expanded_pct) and expanded_pct >= 0.0):
        raise ValueError(f"an expanded uncertainty is finite and not negative, not {expanded_pct}")
    if not (math.isfinite(limit_pct) and limit_pct > 0.0):
        raise ValueError(f"a limit is above zero, not {limit_pct}")
