"""Repeatability: the experimental standard deviation of successive measurements of one load, against its limit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from statistics import stdev

from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.metrology.uncertainty import Budget, Component, Distribution
from rig.procedures.accuracy.judgement import evidence_of
from rig.procedures.accuracy.readings import PointMeasurement
from rig.procedures.accuracy.result import FEWEST_REPEATS, bare_result, unjudged
from rig.procedures.accuracy.variations.compared import Limit, decided
from rig.records.data import ResultRecord

_OWN_LINES = ("analyzer resolution", "movement of the stimulus")
"""Type B lines that change from one measurement to the next; a calibration error is the same in all of them."""


def judge_repeatability(
    repeats: Sequence[PointMeasurement],
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> ResultRecord:
    """Judge the standard deviation s of the errors of ``repeats``, each the mean of one measurement, percent.

    An error of the reference is the same in all repeats and does not count. U: s has itself a standard uncertainty of
    s / sqrt(2 (n - 1)), the approximation of JCGM 100 E.4.3 for a normal distribution; what the reference's resolution
    and the movement of the stimulus add to the scatter makes s larger than the meter's own, by at most their standard
    uncertainty. INVALID where one measurement is, FAIL where the meter gives no number in one. INCONCLUSIVE for fewer
    than three.
    """
    evidences = [evidence_of(each, [item], accuracy)[0] for each in repeats]
    last = replace(evidences[-1], procedure="repeatability")
    bare = replace(
        bare_result(last),
        limit_pct=limit.limit_pct,
        limit=limit.provenance,
        decision_rule=str(rule),
        n=len(repeats),
    )
    without = [
        replace(found, reason=f"measurement {place} of {len(repeats)}: {found.reason}")
        for place, each in enumerate(evidences, 1)
        if (found := unjudged(bare, each)) is not None
    ]
    if without:
        return next((each for each in without if each.outcome == Outcome.INVALID), without[0])
    if len(repeats) < FEWEST_REPEATS:
        reason = f"a standard deviation is not known from {len(repeats)} measurements; {FEWEST_REPEATS} are needed"
        return replace(bare, outcome=str(Outcome.INCONCLUSIVE), reason=reason)
    errors = [each.error() for each in evidences]
    scatter, dof = stdev(errors), len(errors) - 1
    own = math.hypot(*(line.contribution for line in last.type_b if line.kind in _OWN_LINES))
    spread = own / math.sqrt(max(1, len(last.read)))
    budget = Budget(
        (
            Component("standard deviation of few repeats", scatter, math.sqrt(2.0 * dof), Distribution.NORMAL),
            Component("scatter of the reference", spread, math.sqrt(dof), Distribution.NORMAL),
        )
    )
    return decided(bare, scatter, budget, rule)
