"""Does any register count without current?"""

from __future__ import annotations

from dataclasses import replace

import allure
import pytest

from rig.metrology.standards.programme_rows import NoLoadRow
from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.procedures import MeterRun
from rig.procedures.registers.conditions import nominal_kw
from rig.procedures.registers.no_load import no_load
from rig.procedures.registers.stated_limits import no_load_limits
from rig.pytest_plugin import run_session

pytestmark = [allure.epic("Certification"), allure.feature("No load")]


def test_no_register_counts_without_current(
    planned_no_load: PlannedTest, meter_run: MeterRun, plan: Plan, judge, pytestconfig: pytest.Config
) -> None:
    """Voltage applied, currents open: registers advance by no more than the row permits, and AI11 shows no more."""
    row = planned_no_load.row
    assert isinstance(row, NoLoadRow)
    longest_s = 3600.0 * run_session(pytestconfig).options.longest_gate_h
    with allure.step(f"no load at {planned_no_load.point.label}"):
        point = planned_no_load.point
        full = replace(point, voltage_v=100.0 * point.voltage_v / row.voltage_pct, current_pct=100.0)
        meter_run.configure(plan.configuration_at(point))
        results = meter_run.examine(
            point,
            lambda at: no_load(at, no_load_limits(row, 1000.0 * nominal_kw(at, full))),
            plan.reference_limits,
            longest_s,
        )
        judge.told(point.label, results)
