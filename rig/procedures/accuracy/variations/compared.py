"""Variation of the error between a basis and a second load point: budget, decision, and why there is none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rig.load_point import PHASE_NAMES
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input
from rig.metrology.decision import DecisionRule, decide
from rig.metrology.outcome import Outcome
from rig.metrology.uncertainty import Budget, Component
from rig.metrology.variation import drift_of_the_basis, variation_budget
from rig.procedures.accuracy.judgement import evidence_of
from rig.procedures.accuracy.readings import PointMeasurement, mean
from rig.procedures.accuracy.result import (
    FEWEST_REPEATS,
    Evidence,
    bare_result,
    recorded,
    unjudged,
)
from rig.records.data import LimitProvenance, ResultRecord


@dataclass(frozen=True)
class Limit:
    """What limits a variation or a scatter: ``limit_pct``, percentage points (per kelvin of a temperature coefficient).

    ``provenance``: the row of a standard from which it is.
    """

    limit_pct: float
    provenance: LimitProvenance


@dataclass(frozen=True)
class Span:
    """By how much the influence changed, where the limit is for one unit of it: ``size``, such as 21 K.

    ``half_width``: bounds of what is not known of it, in its unit.
    """

    size: float
    half_width: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """Two measurements of one input under two conditions. ``procedure`` and ``condition``: as in ResultRecord.

    ``again``: the basis once more, after the influenced point; None where it was not repeated. ``span``: as of Span;
    None where the limit is for the variation as a whole.
    """

    procedure: str
    condition: str
    basis: PointMeasurement
    influenced: PointMeasurement
    again: PointMeasurement | None = None
    span: Span | None = None


def judge_variation(
    compared: Comparison,
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> ResultRecord:
    """Judge by how much the error of ``item`` at the influenced point differs from that at the basis.

    INVALID where one of the measurements is; FAIL where the meter gives no number in one of them; INCONCLUSIVE where
    the uncertainty is not known or too large. Reference errors cancel as far as they are correlated; where the
    analyzer changed a range in between they do not.
    """
    influenced = _evidence(compared.influenced, item, accuracy)
    basis = [_evidence(each, item, accuracy) for each in (compared.basis, compared.again) if each is not None]
    bare = replace(
        bare_result(replace(influenced, procedure=compared.procedure)),
        limit_pct=limit.limit_pct,
        limit=limit.provenance,
        decision_rule=str(rule),
        condition=compared.condition,
        basis=compared.basis.point.label,
    )
    without = _without_error(bare, influenced, basis)
    if without is not None:
        return without
    try:
        budget = _budget(compared, influenced, basis, accuracy.between_conditions)
    except _TooFew as too_few:
        return replace(bare, outcome=str(Outcome.INCONCLUSIVE), reason=str(too_few))
    variation = influenced.error() - mean([error for each in basis for error in each.errors()])
    if compared.span is not None:
        variation, budget = _for_one_unit(variation, budget, compared.span)
    return decided(bare, variation, budget, rule)


def decided(bare: ResultRecord, value_pct: float, budget: Budget, rule: DecisionRule) -> ResultRecord:
    """Return the result of a value in percent with its budget, by the decision rule and the limit of ``bare``."""
    assert bare.limit_pct is not None
    judgement = decide(value_pct, budget.expanded, bare.limit_pct, rule, coverage_factor=budget.coverage_factor)
    dominant = budget.dominant
    why = f"U is more than a third of the limit; the largest part is {dominant.name if dominant else 'unknown'}"
    return replace(
        bare,
        outcome=str(judgement.outcome),
        error_pct=value_pct,
        expanded_uncertainty_pct=judgement.expanded_pct,
        k=budget.coverage_factor,
        nu_eff=budget.effective_dof,
        guard_band_pct=judgement.limit_pct - judgement.acceptance_pct,
        conformance_probability=judgement.conformance_probability,
        reason=why if judgement.outcome is Outcome.INCONCLUSIVE else "",
        components=tuple(recorded(component) for component in budget.components),
    )


class _TooFew(Exception):
    """Readings from which no repeatability is known."""


def _evidence(measurement: PointMeasurement, item: Input, accuracy: ReferenceAccuracy) -> Evidence:
    (evidence,) = evidence_of(measurement, [item], accuracy)
    return evidence


def _without_error(bare: ResultRecord, influenced: Evidence, basis: Sequence[Evidence]) -> ResultRecord | None:
    """Return the result where one of the measurements has no error to compare; what is INVALID comes first."""
    names = ["", "the basis: ", "the basis when it was repeated: "]
    found = [
        replace(without, reason=f"{name}{without.reason}")
        for name, each in zip(names, (influenced, *basis), strict=False)
        if (without := unjudged(bare, each)) is not None
    ]
    return next((each for each in found if each.outcome == Outcome.INVALID), found[0] if found else None)


def _budget(compared: Comparison, influenced: Evidence, basis: Sequence[Evidence], coefficient: float | None) -> Budget:
    errors = [error for each in basis for error in each.errors()]
    ours = influenced.errors()
    if min(len(errors), len(ours)) < FEWEST_REPEATS:
        raise _TooFew(
            f"repeatability is not known from {min(len(errors), len(ours))} readings; {FEWEST_REPEATS} are needed"
        )
    of_basis = Budget((Component.type_a("repeatability", errors), *basis[0].type_b))
    of_influenced = Budget((Component.type_a("repeatability", ours), *influenced.type_b))
    budget = variation_budget(of_basis, of_influenced, coefficient if _is_on_one_range(compared) else 0.0)
    if len(basis) > 1:
        drift = drift_of_the_basis(basis[0].errors(), basis[1].errors())
        budget = replace(budget, components=(*budget.components, drift))
    return budget


def _is_on_one_range(compared: Comparison) -> bool:
    """Whether the analyzer was on the same ranges in both measurements, of the phases that were loaded in both."""
    one, other = compared.basis.ranges, compared.influenced.ranges
    if one is None or other is None:
        return False
    shared = set(compared.basis.point.phases) & set(compared.influenced.point.phases)
    return all(
        ranges_of[0][place] == ranges_of[1][place]
        for ranges_of in ((one.voltage, other.voltage), (one.current, other.current))
        for place, name in enumerate(PHASE_NAMES)
        if name in shared
    )


def _for_one_unit(variation: float, budget: Budget, span: Span) -> tuple[float, Budget]:
    """Divide a variation and its budget by the size of the change that made it."""
    size = abs(span.size)
    scaled = [replace(each, sensitivity=each.sensitivity / size) for each in budget.components]
    if span.half_width > 0.0:
        sensitivity = abs(variation) / size / size
        scaled.append(Component.rectangular("size of the change", span.half_width, sensitivity=sensitivity))
    one = variation / math.copysign(size, span.size)
    return one, replace(budget, components=tuple(scaled))
