"""Do successive readings of one load agree?"""

from __future__ import annotations

import allure

from rig.metrology.standards.programme_rows import RepeatabilityRow
from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.procedures import MeterRun

pytestmark = [allure.epic("Certification"), allure.feature("Repeatability")]


def test_readings_of_one_load_scatter_little(
    planned_repeatability: PlannedTest, meter_run: MeterRun, plan: Plan, judge
) -> None:
    """The experimental standard deviation of the errors, against a share of the error limit."""
    row = planned_repeatability.row
    assert isinstance(row, RepeatabilityRow)
    with allure.step(f"measure {planned_repeatability.key}"):
        meter_run.configure(plan.configuration_at(planned_repeatability.point))
        measured = meter_run.measure(planned_repeatability.point, plan.reference_limits, updates=row.repeats)
    judge.repeatability(planned_repeatability, measured)
