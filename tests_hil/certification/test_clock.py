"""How fast does the meter's clock run?"""

from __future__ import annotations

import allure

from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.procedures import MeterRun
from rig.procedures.registers.clock import clock

pytestmark = [allure.epic("Certification"), allure.feature("Clock")]


def test_clock_keeps_the_time(planned_clock: PlannedTest, meter_run: MeterRun, plan: Plan, judge) -> None:
    """The clock's rate against the rig's over ten minutes; no table of this plan limits it, so it is reported."""
    point = planned_clock.point
    with allure.step("read the clock at both ends of ten minutes"):
        meter_run.configure(plan.configuration_at(point))
        judge.told(planned_clock.key, meter_run.examine(point, clock, plan.reference_limits))
