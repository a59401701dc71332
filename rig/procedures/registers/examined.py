"""What a test of registers is done with, and how its results are made: bench, meter, point, record and rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from meter_model.configuration import Configuration
from meter_model.objects.points import point as object_point
from rig.load_point import LoadPoint
from rig.metrology.decision import DecisionRule, decide
from rig.metrology.outcome import Outcome
from rig.metrology.uncertainty import Budget, Component
from rig.procedures.accuracy.conditions import records_of
from rig.procedures.accuracy.power_comparison import as_data
from rig.procedures.accuracy.register_watch import METER_UPDATE_S
from rig.procedures.accuracy.result import recorded
from rig.records.data import LimitProvenance, ResultRecord
from rig.safety.conditions import IEC_REFERENCE, Deviation, ReferenceLimits

if TYPE_CHECKING:
    from rig.bench import Bench, Position
    from rig.records.recorder import PointRecorder

LONGEST_S = 3600.0
"""A test of registers that would have to be longer than this is not run unless it is given more time."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One meter at one load point. ``limits``: its reference conditions. ``longest_s``: no test is made longer."""

    bench: Bench
    position: Position
    point: LoadPoint
    configuration: Configuration
    record: PointRecorder
    rule: DecisionRule
    limits: ReferenceLimits = IEC_REFERENCE
    longest_s: float = LONGEST_S

    def now_s(self) -> float:
        """Bench time, seconds."""
        return self.bench.clock.now_s()

    def read(self, instances: Iterable[int]) -> dict[int, float]:
        """Read analog inputs of one or more updates, and record them."""
        asked_s = self.now_s()
        values = self.position.meter.read_inputs(sorted(set(instances)))
        self.record.meter_reading(values, requested_monotonic_s=asked_s, answered_monotonic_s=self.now_s())
        return values

    def finish(self, found: tuple[Deviation, ...], invalid: str) -> None:
        """Close the record with the conditions ``found``; ``invalid``: why nothing may be judged, or empty."""
        self.record.finish(
            "INVALID" if invalid else None, deviation=as_data(found), reason=invalid, conditions=records_of(found)
        )

    def updates(self, count: int) -> None:
        """Let so many updates of the meter pass."""
        self.bench.clock.sleep(count * METER_UPDATE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one result is made of: the error and its limit in percent of the same thing, and the budget beside it.

    ``invalid``: why nothing may be judged; ``fault``: what the meter did that none may do; ``hint``: what would make U
    smaller, added to the reason of a result that is INCONCLUSIVE. ``limit_pct`` None: the value is reported, and not
    judged. ``unseen_pct``: what the bench may have added without the reference showing it, in the unit of the error: an
    error is FAIL only beyond that too, and INCONCLUSIVE by ``unseen`` otherwise. ``note`` and ``condition`` are in
    words; ``readings``: how many there were.
    """

    procedure: str
    instance: int
    quantity: str
    read: float
    expected: float
    error_pct: float | None = None
    limit_pct: float | None = None
    provenance: LimitProvenance | None = None
    components: tuple[Component, ...] = ()
    invalid: str = ""
    unknown: str = ""
    fault: str = ""
    hint: str = ""
    unseen_pct: float = 0.0
    unseen: str = ""
    note: str = ""
    unit: str = ""
    readings: int = 1
    phase: str = "ABC"
    condition: str = ""


def result_of(judged: Judged, rule: DecisionRule) -> ResultRecord:
    """Judge by ``rule``.

    INVALID before FAIL before what the rule decides; a value without a limit is NOT_JUDGED, one whose uncertainty is
    not known INCONCLUSIVE.
    """
    bare = ResultRecord(
        procedure=judged.procedure,
        instance=judged.instance,
        quantity=judged.quantity,
        phase=judged.phase,
        read_value=judged.read,
        expected_value=judged.expected,
        unit=judged.unit or object_point("AI", judged.instance).unit,
        outcome=str(Outcome.NOT_JUDGED),
        n=judged.readings,
        limit_pct=judged.limit_pct,
        limit=judged.provenance,
        decision_rule=str(rule),
        reason=judged.note,
        condition=judged.condition,
    )
    if judged.invalid:
        return replace(bare, outcome=str(Outcome.INVALID), reason=judged.invalid)
    if judged.fault:
        return replace(bare, outcome=str(Outcome.FAIL), error_pct=judged.error_pct, reason=judged.fault)
    if judged.error_pct is None or not math.isfinite(judged.error_pct):
        if judged.limit_pct is None:
            return bare
        reason = f"the meter gave no number (QNAN) for AI{judged.instance}"
        return replace(bare, outcome=str(Outcome.FAIL), reason=reason)
    budget = Budget(judged.components)
    with_budget = replace(
        bare,
        error_pct=judged.error_pct,
        expanded_uncertainty_pct=budget.expanded,
        k=budget.coverage_factor,
        nu_eff=budget.effective_dof,
        components=tuple(map(recorded, judged.components)),
    )
    if judged.limit_pct is None:
        return with_budget
    if judged.unknown:
        return replace(bare, outcome=str(Outcome.INCONCLUSIVE), error_pct=judged.error_pct, reason=judged.unknown)
    return _decided(with_budget, judged, budget, rule)


def _decided(bare: ResultRecord, judged: Judged, budget: Budget, rule: DecisionRule) -> ResultRecord:
    assert judged.error_pct is not None
    assert judged.limit_pct is not None
    decision = decide(judged.error_pct, budget.expanded, judged.limit_pct, rule, coverage_factor=budget.coverage_factor)
    reason = judged.note
    if decision.outcome is Outcome.INCONCLUSIVE:
        largest = budget.dominant
        reason = f"U is more than a third of the limit; the largest part is {largest.name if largest else 'unknown'}"
        reason += judged.hint
    outcome = decision.outcome
    is_outside = outcome in (Outcome.FAIL, Outcome.COND_FAIL)
    if is_outside and judged.error_pct - budget.expanded - judged.unseen_pct <= judged.limit_pct and judged.unseen_pct:
        outcome, reason = Outcome.INCONCLUSIVE, judged.unseen
    return replace(
        bare,
        outcome=str(outcome),
        guard_band_pct=decision.limit_pct - decision.acceptance_pct,
        conformance_probability=decision.conformance_probability,
        reason=reason,
    )


def too_long(needed_s: float, step: float, unit: str, longest_s: float) -> str:
    """Say that a test is too long here, with the hours that it would take."""
    return (
        f"; with the register's step of {step:.3g} {unit} the test takes {needed_s / 3600.0:.3g} h, and "
        f"{longest_s / 3600.0:.3g} h are allowed (--longest-gate)"
    )


def mean_of(values: Sequence[float]) -> float:
    """Arithmetic mean; NaN of nothing."""
    return math.fsum(values) / len(values) if values else math.nan
