"""Does the meter start at its class's starting current, and keep on registering?"""

from __future__ import annotations

import allure
import pytest

from rig.metrology.standards.programme_rows import StartingRow
from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.procedures import MeterRun
from rig.procedures.registers.starting import starting
from rig.procedures.registers.stated_limits import starting_limit
from rig.pytest_plugin import run_session

pytestmark = [allure.epic("Certification"), allure.feature("Starting")]


def test_meter_starts_and_keeps_registering(
    planned_starting: PlannedTest, meter_run: MeterRun, plan: Plan, judge, pytestconfig: pytest.Config
) -> None:
    """At the starting current and PF 1 the register counts what flows, within the row's tolerance, in every part."""
    row = planned_starting.row
    assert isinstance(row, StartingRow)
    longest_s = 3600.0 * run_session(pytestconfig).options.longest_gate_h
    with allure.step(f"start at {planned_starting.point.label}"):
        meter_run.configure(plan.configuration_at(planned_starting.point))
        limit, point = starting_limit(row), planned_starting.point
        results = meter_run.examine(point, lambda at: starting(at, limit), plan.reference_limits, longest_s)
        judge.told(point.label, results)
