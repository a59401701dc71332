"""Repeatability: the experimental standard deviation of successive readings of one load, against its limit."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import stdev

from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.metrology.scatter import sigma_interval
from rig.metrology.uncertainty import Budget, Component, Distribution
from rig.procedures.accuracy.judgement import evidence_of
from rig.procedures.accuracy.readings import PointMeasurement
from rig.procedures.accuracy.result import FEWEST_REPEATS, bare_result, unjudged
from rig.procedures.accuracy.variations.compared import Limit, decided
from rig.records.data import ResultRecord

_OWN_LINES = ("analyzer resolution", "movement of the stimulus")
"""Type B lines that change from one reading to the next; a calibration error is the same in all of them."""


def judge_repeatability(
    measurement: PointMeasurement,
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> ResultRecord:
    """Judge the standard deviation s of the errors of the single readings of one measurement, percent.

    Each reading is one update of the meter against the reference readings around it. A meter whose register or display
    averages over longer repeats no worse than that. An error of the reference is the same in all and does not count.
    U: from s to the bound of the confidence interval of sigma for so few readings that lies towards the limit (the
    upper one of an s within the limit, the lower one of an s beyond it). What the reference's resolution and the
    movement of the stimulus add to the scatter makes s larger than the meter's own, by at most their standard
    uncertainty. INVALID where the measurement is, FAIL where the meter gives no number, INCONCLUSIVE for fewer than
    three readings.
    """
    evidence = replace(evidence_of(measurement, [item], accuracy)[0], procedure="repeatability")
    bare = replace(bare_result(evidence), limit_pct=limit.limit_pct, limit=limit.provenance, decision_rule=str(rule))
    without = unjudged(bare, evidence)
    if without is not None:
        return without
    errors = evidence.errors()
    if len(errors) < FEWEST_REPEATS:
        reason = f"a standard deviation is not known from {len(errors)} readings; {FEWEST_REPEATS} are needed"
        return replace(bare, outcome=str(Outcome.INCONCLUSIVE), reason=reason)
    scatter, dof = stdev(errors), len(errors) - 1
    low, high = sigma_interval(scatter, dof)
    towards_limit = high - scatter if scatter <= limit.limit_pct else scatter - low
    own = math.hypot(*(line.contribution for line in evidence.type_b if line.kind in _OWN_LINES))
    budget = Budget(
        (
            Component.normal("standard deviation of few readings", towards_limit),
            Component("scatter of the reference", own, math.sqrt(dof), Distribution.NORMAL),
        )
    )
    return decided(bare, scatter, budget, rule)
