"""Do the energy registers count rightly while the load is on, active and in the four quadrants?"""

from __future__ import annotations

import allure
import pytest

from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.plans.register_tests import register_of
from rig.procedures import MeterRun
from rig.procedures.registers.running import energy_running
from rig.pytest_plugin import run_session

pytestmark = [allure.epic("Certification"), allure.feature("Energy registers")]


def test_register_counts_rightly_while_the_load_is_on(
    planned_energy_running: PlannedTest, meter_run: MeterRun, plan: Plan, judge, pytestconfig: pytest.Config
) -> None:
    """A line through the register's updates against sampled power, by the row for energy at that load."""
    longest_s = 3600.0 * run_session(pytestconfig).options.longest_gate_h
    item, point = register_of(planned_energy_running, plan.tables), planned_energy_running.point
    with allure.step(f"AI{item.instance} at {point.label}"):
        meter_run.configure(plan.configuration_at(point))
        results = meter_run.examine(point, lambda at: energy_running(at, item), plan.reference_limits, longest_s)
        judge.told(planned_energy_running.key, results)
