"""One result from its evidence: errors, uncertainty budget, decision rule, and the reason where there is no verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from meter_model.objects.points import point as object_point
from rig.metrology.certification_points import Input, JudgedQuantity
from rig.metrology.decision import INCONCLUSIVE_ABOVE, DecisionRule, decide, is_certainly_outside
from rig.metrology.errors import percentage_error
from rig.metrology.limits import LimitRow
from rig.metrology.outcome import Outcome
from rig.metrology.registers import GateStarts, quantisation
from rig.metrology.sampled_energy import EDGES_LINE
from rig.metrology.standards.programme_rows import ProgrammeRow
from rig.metrology.uncertainty import Budget, Component
from rig.procedures.accuracy.readings import mean
from rig.records.data import BudgetComponent, LimitProvenance, ResultRecord

FEWEST_REPEATS = 3
_QUANTISATION_BOUND = math.sqrt(6.0)
"""A triangular distribution ends at this many of its standard deviations."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one result is drawn from: ``read`` by the meter and ``wanted`` by the reference, one by one, in one unit.

    ``type_b``: what the reference adds to the budget, empty where it gave no number; ``unknown``: why it is not known.
    ``invalid``: why nothing may be judged. ``fault``: what the meter did that none may do. ``other_repeats``: errors in
    percent that tell repeatability where there are fewer than three of the result's own. ``steps``: of the register in
    each gate, and ``starts`` of the gates; empty for what is no register. ``hint`` is added to the reason of a result
    that a register's step or the edges of its gate leave open.
    """

    procedure: str
    item: Input
    read: Sequence[float]
    wanted: Sequence[float]
    type_b: tuple[Component, ...] = ()
    invalid: str = ""
    unknown: str = ""
    fault: str = ""
    other_repeats: tuple[float, ...] = ()
    steps: Sequence[float] = ()
    starts: GateStarts = GateStarts.UNKNOWN
    hint: str = ""

    @property
    def what(self) -> str:
        """The analog input by instance and name."""
        return f"AI{self.item.instance} {object_point('AI', self.item.instance).name}"

    def errors(self) -> list[float]:
        """Percentage error of each reading or gate."""
        return [percentage_error(r, w, quantity=self.what) for r, w in zip(self.read, self.wanted, strict=True)]

    def error(self) -> float:
        """Percentage error of all together; gates count by their energy."""
        if self.steps:
            return percentage_error(math.fsum(self.read), math.fsum(self.wanted), quantity=self.what)
        return mean(self.errors())

    def quantisation(self, gates: slice = slice(None)) -> tuple[Component, ...]:
        """Return the budget line of the register's step over some of the gates; nothing for what is no register."""
        if not self.steps:
            return ()
        return (quantisation(max(self.steps[gates]), self.wanted[gates], self.starts),)


def result_of(evidence: Evidence, rule: DecisionRule) -> ResultRecord:
    """Judge one quantity by ``rule``.

    FAIL needs a valid reference and valid conditions. INVALID: nothing may be judged. INCONCLUSIVE: the uncertainty is
    too large or not known. A QNAN where a number is expected is a FAIL with that reason. An input without a limit row
    is NOT_JUDGED, with error and U as far as they are known.
    """
    bare = bare_result(evidence)
    if not isinstance(evidence.item, JudgedQuantity):
        return _reported(bare, evidence)
    row = evidence.item.row
    return _decided(
        replace(bare, limit_pct=row.limit_pct, limit=provenance_of(row), decision_rule=str(rule)), evidence, rule
    )


def bare_result(evidence: Evidence) -> ResultRecord:
    """Return what is known before anything is judged: INVALID, without limit."""
    item = evidence.item
    return ResultRecord(
        procedure=evidence.procedure,
        instance=item.instance,
        quantity=str(item.quantity),
        phase=item.phase,
        read_value=mean(evidence.read),
        expected_value=mean(evidence.wanted),
        unit=object_point("AI", item.instance).unit,
        outcome=str(Outcome.INVALID),
        n=len(evidence.read),
    )


def unjudged(bare: ResultRecord, evidence: Evidence) -> ResultRecord | None:
    """Return the result where there is no error to be judged, such as INVALID; None where there is one."""
    what = evidence.what
    if evidence.invalid:
        return replace(bare, reason=evidence.invalid)
    if evidence.fault:
        return replace(bare, outcome=str(Outcome.FAIL), reason=evidence.fault)
    if not evidence.read or not all(math.isfinite(value) and value != 0.0 for value in evidence.wanted):
        return replace(bare, reason="the reference gave no number for this quantity")
    if not all(math.isfinite(value) for value in evidence.read):
        return replace(bare, outcome=str(Outcome.FAIL), reason=f"the meter gave no number (QNAN) for {what}")
    if evidence.unknown:
        return replace(bare, outcome=str(Outcome.INCONCLUSIVE), reason=evidence.unknown)
    if not evidence.type_b:
        return replace(bare, reason="the reference gave no number for this quantity")
    return None


def _reported(bare: ResultRecord, evidence: Evidence) -> ResultRecord:
    reported = replace(bare, outcome=str(Outcome.NOT_JUDGED), reason="no limit row for this quantity and load point")
    found = unjudged(bare, evidence)
    if found is not None:
        return replace(reported, reason=f"{reported.reason}; {found.reason}")
    budget = Budget((*_of_repeats(evidence), *evidence.type_b))
    return replace(
        reported,
        error_pct=evidence.error(),
        expanded_uncertainty_pct=budget.expanded,
        k=budget.coverage_factor,
        nu_eff=budget.effective_dof,
        components=tuple(recorded(component) for component in budget.components),
    )


def _of_repeats(evidence: Evidence) -> tuple[Component, ...]:
    errors = evidence.errors()
    repeats = errors if len(errors) >= FEWEST_REPEATS else evidence.other_repeats
    return (Component.type_a("repeatability", repeats),) if len(repeats) >= FEWEST_REPEATS else ()


def _decided(bare: ResultRecord, evidence: Evidence, rule: DecisionRule) -> ResultRecord:
    found = unjudged(bare, evidence)
    if found is not None:
        return found
    limit = bare.limit_pct
    assert limit is not None, "of a judged quantity"
    errors = evidence.errors()
    of_repeats = _of_repeats(evidence)
    budget = Budget((*of_repeats, *evidence.type_b, *evidence.quantisation()))
    expanded = _expanded(budget, limit)
    judgement = decide(evidence.error(), expanded, limit, rule, coverage_factor=budget.coverage_factor)
    outcome, reason = judgement.outcome, ""
    if not of_repeats and outcome is not Outcome.FAIL:
        outcome, reason = Outcome.INCONCLUSIVE, f"repeatability is not known from {len(errors)} readings; 3 are needed"
    elif outcome is Outcome.INCONCLUSIVE:
        reason = _why(budget) + (evidence.hint if _is_by_length(budget) else "")
        certain = _certain_gate(evidence, errors, limit) if budget.dominant in of_repeats else None
        if certain is not None:
            outcome, reason = Outcome.FAIL, certain
    return replace(
        bare,
        outcome=str(outcome),
        error_pct=judgement.error_pct,
        expanded_uncertainty_pct=judgement.expanded_pct,
        k=expanded / budget.combined if budget.combined > 0.0 else budget.coverage_factor,
        nu_eff=budget.effective_dof,
        guard_band_pct=judgement.limit_pct - judgement.acceptance_pct,
        conformance_probability=judgement.conformance_probability,
        reason=reason,
        components=tuple(recorded(component) for component in budget.components),
    )


def _expanded(budget: Budget, limit_pct: float) -> float:
    """Return U; where a register's step makes it too large to pass, with the whole width of the step.

    A step of the order of the energy has few possible readings and no bell curve: only its bounds are safe.
    """
    expanded = budget.expanded
    if expanded <= INCONCLUSIVE_ABOVE * limit_pct or not _is_by_step(budget):
        return expanded
    step = next(c for c in budget.components if c is budget.dominant)
    rest = Budget(tuple(c for c in budget.components if c is not step))
    return max(expanded, _QUANTISATION_BOUND * step.contribution + rest.expanded)


def _is_by_step(budget: Budget) -> bool:
    return budget.dominant is not None and budget.dominant.name == "register quantisation"


def _is_by_length(budget: Budget) -> bool:
    """Whether a longer gate would make U smaller: its largest part is the register's step or the gate's edges."""
    is_by_edges = budget.dominant is not None and budget.dominant.kind == EDGES_LINE
    return is_by_edges or _is_by_step(budget)


def _certain_gate(evidence: Evidence, errors: Sequence[float], limit_pct: float) -> str | None:
    """Say which single reading or gate lies outside the limit for certain where they scatter; None where none does.

    What scatters then is the meter: that a register counted nothing in one gate is not undone by the others.
    """
    for place, error in enumerate(errors):
        budget = Budget((*evidence.type_b, *evidence.quantisation(slice(place, place + 1))))
        expanded = _expanded(budget, limit_pct)
        if is_certainly_outside(error, expanded, limit_pct):
            of = "gate" if evidence.steps else "reading"
            return (
                f"{of} {place + 1} of {len(errors)} alone is off by {error:+.4g} % with U = {expanded:.2g} %: "
                f"read {evidence.read[place]:.7g}, expected {evidence.wanted[place]:.7g}"
            )
    return None


def _why(budget: Budget) -> str:
    dominant = budget.dominant
    return f"U is more than a third of the limit; the largest part is {dominant.name if dominant else 'unknown'}"


def provenance_of(row: LimitRow | ProgrammeRow) -> LimitProvenance:
    """Return where a limit comes from, as a result records it."""
    standard = f"{row.standard} class {row.accuracy_class}" if row.accuracy_class else row.standard
    return LimitProvenance(
        standard=standard,
        edition=row.edition,
        table=row.table,
        provenance=row.provenance,
        checked_by=row.checked_by,
        checked_on=str(row.checked_on or ""),
    )


def recorded(component: Component) -> BudgetComponent:
    """Return a line of a budget as a result records it."""
    return BudgetComponent(
        name=component.name,
        standard_uncertainty_pct=component.standard_uncertainty,
        kind="B" if math.isinf(component.dof) else "A",
        distribution=str(component.distribution),
        sensitivity=component.sensitivity,
        degrees_of_freedom=component.dof,
        source=component.source,
        correlation=component.correlation,
    )
