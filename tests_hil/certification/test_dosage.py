"""Does a register take up a fixed energy that is given in portions?"""

from __future__ import annotations

import allure
import pytest

from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.plans.register_tests import register_of
from rig.procedures import MeterRun
from rig.procedures.registers.dosage import dosage
from rig.pytest_plugin import run_session

pytestmark = [allure.epic("Certification"), allure.feature("Energy registers")]


def test_register_takes_up_a_fixed_energy(
    planned_dosage: PlannedTest, meter_run: MeterRun, plan: Plan, judge, pytestconfig: pytest.Config
) -> None:
    """A dose in six portions, integrated by the analyzer from before the first until after the last."""
    longest_s = 3600.0 * run_session(pytestconfig).options.longest_gate_h
    item, point = register_of(planned_dosage, plan.tables), planned_dosage.point
    with allure.step(f"AI{item.instance} at {point.label}"):
        meter_run.configure(plan.configuration_at(point))
        results = meter_run.examine(point, lambda at: dosage(at, item), plan.reference_limits, longest_s)
        judge.told(planned_dosage.key, results)
