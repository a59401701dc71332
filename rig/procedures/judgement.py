"""From a stored measurement to results: error against the reference, uncertainty budget, limit row, decision."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from drivers.analyzer.base import AnalyzerRanges
from meter_model.points import point as object_point
from meter_model.stimulus import Spectrum, Stimulus
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology import (
    AccuracyNotStated,
    Budget,
    Component,
    DecisionRule,
    ElementState,
    JudgedQuantity,
    LimitRow,
    Outcome,
    ReferenceAccuracy,
    ReferenceUncertainty,
    decide,
    percentage_error,
    register_quantisation,
)
from rig.procedures._readings import EnergyMeasurement, PointMeasurement, mean
from rig.records import BudgetComponent, LimitProvenance, ResultRecord


def judge_power(
    measurement: PointMeasurement,
    judged: Sequence[JudgedQuantity],
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> tuple[ResultRecord, ...]:
    """Judge every quantity of ``judged`` at one measured load point; all percentages are of the reference value.

    An invalid measurement gives INVALID results that keep what was read; one at a point for which the analyzer's
    accuracy is not stated gives INCONCLUSIVE ones. Raises nothing for what a meter may do: a
    QNAN where a number is expected is a FAIL that says so.
    """
    expected = measurement.expected()
    reference = _reference(measurement.point, measurement.references[-1:], measurement.ranges, accuracy)
    results = []
    for item in judged:
        read = [sample.values.get(item.instance, math.nan) for sample in measurement.samples]
        wanted = [values[item.instance] for values in expected]
        budget, unknown = _stated(reference, item)
        if budget:
            budget += _movement(expected, item)
        results.append(_result("power_comparison", item, read, wanted, budget, measurement.invalid, unknown, rule))
    return tuple(results)


def judge_energy(
    measurement: EnergyMeasurement, item: JudgedQuantity, accuracy: ReferenceAccuracy, rule: DecisionRule
) -> ResultRecord:
    """Judge one energy register: the mean error of its gates against the analyzer's integrator."""
    references = (measurement.reference,) if measurement.reference is not None else ()
    reference = _reference(measurement.point, references, measurement.ranges, accuracy)
    read = [gate.registered_kwh for gate in measurement.gates]
    wanted = [gate.reference_kwh for gate in measurement.gates]
    registered = min((abs(value) for value in read), default=0.0)
    budget, unknown = _stated(reference if registered > 0.0 else None, item)
    if budget:
        coarsest = max(gate.resolution_kwh for gate in measurement.gates)
        budget += (register_quantisation(coarsest, registered),)
    return _result("energy_register", item, read, wanted, budget, measurement.invalid, unknown, rule)


def _stated(reference: ReferenceUncertainty | None, item: JudgedQuantity) -> tuple[tuple[Component, ...], str]:
    """Return what the analyzer's accuracy adds to the budget, or nothing and why it is not known at this point."""
    if reference is None:
        return (), ""
    try:
        return reference.of(item.quantity, item.phase), ""
    except AccuracyNotStated as refusal:
        return (), str(refusal)


def _result(
    procedure: str,
    item: JudgedQuantity,
    read: Sequence[float],
    wanted: Sequence[float],
    type_b: tuple[Component, ...],
    invalid: str,
    unknown: str,
    rule: DecisionRule,
) -> ResultRecord:
    """``invalid``: why nothing may be judged; ``unknown``: why there is no uncertainty to judge with."""
    what = object_point("AI", item.instance)
    bare = ResultRecord(
        procedure=procedure,
        instance=item.instance,
        quantity=str(item.quantity),
        phase=item.phase,
        read_value=mean(read),
        expected_value=mean(wanted),
        unit=what.unit,
        outcome=str(Outcome.INVALID),
        n=len(read),
        limit_pct=item.row.limit_pct,
        limit=_provenance(item.row),
        decision_rule=str(rule),
    )
    if unknown and not invalid:
        return replace(bare, outcome=str(Outcome.INCONCLUSIVE), reason=unknown)
    if invalid or not read or not type_b or not all(math.isfinite(value) for value in wanted):
        return replace(bare, reason=invalid or "the reference gave no number for this quantity")
    if not all(math.isfinite(value) for value in read):
        reason = f"the meter gave no number (QNAN) for AI{item.instance} {what.name}"
        return replace(bare, outcome=str(Outcome.FAIL), reason=reason)
    errors = [
        percentage_error(r, w, quantity=f"AI{item.instance} {what.name}") for r, w in zip(read, wanted, strict=True)
    ]
    budget = Budget((Component.type_a("repeatability", errors), *type_b))
    judgement = decide(mean(errors), budget.expanded, item.row.limit_pct, rule, coverage_factor=budget.coverage_factor)
    return replace(
        bare,
        outcome=str(judgement.outcome),
        error_pct=judgement.error_pct,
        expanded_uncertainty_pct=judgement.expanded_pct,
        k=budget.coverage_factor,
        nu_eff=budget.effective_dof,
        guard_band_pct=judgement.limit_pct - judgement.acceptance_pct,
        conformance_probability=judgement.conformance_probability,
        reason=_why(judgement.outcome, budget),
        components=tuple(_recorded(component) for component in budget.components),
    )


def _why(outcome: Outcome, budget: Budget) -> str:
    if outcome is not Outcome.INCONCLUSIVE:
        return ""
    dominant = budget.dominant
    return f"U is more than a third of the limit; the largest part is {dominant.name if dominant else 'unknown'}"


def _movement(expected: Sequence[Mapping[int, float]], item: JudgedQuantity) -> tuple[Component, ...]:
    """How far the reference moved between the readings around one meter reading: the true value lay in between."""
    middle = mean([values[item.instance] for values in expected])
    if not math.isfinite(middle) or middle == 0.0:
        return ()
    spread = max(abs(values[item.instance] - middle) for values in expected)
    half_width = 100.0 * spread / abs(middle) / math.sqrt(len(expected))
    return (Component.rectangular("movement of the stimulus", half_width),)


def _reference(
    point: LoadPoint, references: Sequence[Stimulus], ranges: AnalyzerRanges | None, accuracy: ReferenceAccuracy
) -> ReferenceUncertainty | None:
    """What the analyzer's accuracy means at this point; the state of its elements is taken from a reading."""
    if not references or ranges is None:
        return None
    stimulus = references[-1]
    elements = {}
    for index, name in enumerate(PHASE_NAMES):
        voltage = _fundamental(stimulus.voltages[index])
        current = _fundamental(stimulus.ct_inputs[index]) if name in point.phases else (0.0, voltage[1])
        elements[name] = ElementState(
            voltage_v=voltage[0],
            voltage_range_v=ranges.voltage[index],
            current=current[0],
            current_range=ranges.current[index],
            angle_deg=current[1] - voltage[1],
        )
    return ReferenceUncertainty(accuracy, elements, frequency_hz=point.frequency_hz, power_factor=point.power_factor)


def _fundamental(spectrum: Spectrum) -> tuple[float, float]:
    return next(((part.rms, part.phase_deg) for part in spectrum if part.order == 1), (0.0, 0.0))


def _provenance(row: LimitRow) -> LimitProvenance:
    standard = f"{row.standard} class {row.accuracy_class}" if row.accuracy_class else row.standard
    return LimitProvenance(
        standard=standard,
        edition=row.edition,
        table=row.table,
        provenance=row.provenance,
        checked_by=row.checked_by,
        checked_on=str(row.checked_on or ""),
    )


def _recorded(component: Component) -> BudgetComponent:
    return BudgetComponent(
        name=component.name,
        standard_uncertainty_pct=component.standard_uncertainty,
        kind="B" if math.isinf(component.dof) else "A",
        distribution=str(component.distribution),
        sensitivity=component.sensitivity,
        degrees_of_freedom=component.dof,
    )
