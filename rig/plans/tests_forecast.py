"""Forecast of planned tests before any I/O: U/L of a variation or a scatter from the analyzer's accuracy and ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drivers.analyzer import ANALYZERS
from drivers.analyzer.base import AnalyzerCapabilities
from rig.bench import BenchFile, Wiring
from rig.load_point import LoadPoint
from rig.metrology.accuracy import AccuracyNotStated, ReferenceAccuracy
from rig.metrology.certification_points import Input, total_input
from rig.metrology.corrections.accuracy import with_paths
from rig.metrology.decision import INCONCLUSIVE_ABOVE
from rig.metrology.reference import ReferenceNotUsable, ReferenceUncertainty
from rig.metrology.standards.programme_rows import DifferenceRow, Influence, InfluenceRow, RepeatabilityRow
from rig.metrology.uncertainty import Budget, Component
from rig.metrology.variation import variation_budget
from rig.plans.forecast import reference_at
from rig.plans.plan import Plan
from rig.plans.programme import PlannedTest
from rig.procedures.accuracy.budget_lines import reference_lines
from rig.procedures.accuracy.neglected_harmonics import Distortion, neglected_harmonics

_OF_THE_SCATTER = ("analyzer resolution",)


@dataclass(frozen=True, slots=True)
class TestForecast:
    """U/L of a planned test without what the meter itself adds; ``kind`` is the largest part of U.

    Infinite where U cannot be known.
    """

    __test__ = False  # for pytest

    test: PlannedTest
    ratio: float
    kind: str

    @property
    def is_open(self) -> bool:
        """Whether no PASS can come out there: U is more than a third of the limit. FAIL still can."""
        return self.ratio > INCONCLUSIVE_ABOVE


@dataclass(frozen=True)
class _Bench:
    wiring: Wiring
    can: AnalyzerCapabilities
    accuracy: ReferenceAccuracy

    def reference(self, point: LoadPoint) -> ReferenceUncertainty | None:
        return reference_at(point, self.wiring, self.can, self.accuracy)

    def lines(self, reference: ReferenceUncertainty, item: Input, point: LoadPoint) -> tuple[Component, ...]:
        distortion = Distortion(is_told=self.can.measures_distortion)
        return (*reference_lines(reference, item, point), *neglected_harmonics(item, point, distortion))


def forecast_tests(bench: BenchFile, plan: Plan) -> tuple[TestForecast, ...]:
    """Forecast U/L of the planned tests that compare powers: differences, influences, self-heating, repeatability.

    Tests of registers choose how long they last, and are in ``gates``. Empty for a bench without an analyzer.
    """
    analyzer, wiring = bench.parts.analyzer, bench.parts.wiring
    if analyzer is None or wiring is None:
        return ()
    at_terminals = Wiring.from_part(wiring)
    accuracy = with_paths(analyzer.reference_accuracy, at_terminals.corrections)
    at = _Bench(at_terminals, ANALYZERS[analyzer.driver].capabilities, accuracy)
    found = []
    for test in plan.tests:
        if not isinstance(test.row, DifferenceRow | InfluenceRow | RepeatabilityRow):
            continue
        item = total_input(test.quantities[0]) if test.quantities else None
        if item is None:
            continue
        try:
            found.append(_of(test, item, at, plan))
        except (AccuracyNotStated, ReferenceNotUsable) as refusal:
            found.append(TestForecast(test, math.inf, str(refusal)))
    return tuple(found)


def _of(test: PlannedTest, item: Input, at: _Bench, plan: Plan) -> TestForecast:
    references = [at.reference(point) for point in (test.points[0], test.point)]
    first, last = references
    if first is None or last is None:
        return TestForecast(test, math.inf, "no range of the analyzer holds this")
    lines = at.lines(last, item, test.point)
    row = test.row
    if isinstance(row, RepeatabilityRow):
        limits = [each.row.limit_pct for each in plan.judged(test.point, *test.quantities) if each.phase == item.phase]
        if not limits:
            return TestForecast(test, math.inf, "no row limits the error there")
        own = tuple(line for line in lines if line.kind in _OF_THE_SCATTER)
        return _ratio(test, Budget(own), row.limit_pct(limits[0])) if own else TestForecast(test, 0.0, "nothing")
    assert isinstance(row, DifferenceRow | InfluenceRow)
    shared = set(test.points[0].phases) & set(test.point.phases)
    coefficient = at.accuracy.between_conditions if _on_one_range(first, last, shared) else 0.0
    budget = variation_budget(Budget(at.lines(first, item, test.points[0])), Budget(lines), coefficient)
    per = 1.0
    if isinstance(row, InfluenceRow) and row.influence is Influence.TEMPERATURE and test.value is not None:
        per = abs(test.value - plan.reference_limits.temperature_c)
    return _ratio(test, budget, row.limit_pct * per)


def _ratio(test: PlannedTest, budget: Budget, limit_pct: float) -> TestForecast:
    dominant = budget.dominant
    return TestForecast(test, budget.expanded / limit_pct, dominant.kind if dominant else "nothing")


def _on_one_range(one: ReferenceUncertainty, other: ReferenceUncertainty, phases: set[str]) -> bool:
    """Whether the analyzer measures the phases that are loaded at both points on the same ranges."""
    return all(
        (one.elements[name].voltage_range_v, one.elements[name].current_range)
        == (other.elements[name].voltage_range_v, other.elements[name].current_range)
        for name in phases
    )
