"""Do the energy registers count what flowed, import and export?"""

from __future__ import annotations

import allure
import pytest

from rig.load_point import LoadPoint
from rig.metrology.certification_points import JudgedQuantity
from rig.plans import Plan
from rig.procedures import MeterRun
from rig.procedures.accuracy.energy_register import Gating
from rig.pytest_plugin import run_session

pytestmark = [allure.epic("Certification"), allure.feature("Energy registers")]


def test_energy_register_is_within_class_0_2s(
    energy_point: tuple[LoadPoint, JudgedQuantity],
    meter_run: MeterRun,
    plan: Plan,
    judge,
    pytestconfig: pytest.Config,
) -> None:
    """Gated register against integrator or sampled power, at 100 % of current and PF 1, class 0.2S limits."""
    longest_s = 3600.0 * run_session(pytestconfig).options.longest_gate_h
    point, item = energy_point
    with allure.step(f"gate AI{item.instance} at {point.label}"):
        meter_run.configure(plan.configuration_at(point))
        gating = Gating(limit_pct=item.row.limit_pct, longest_s=longest_s)
        measured = meter_run.measure_energy(point, item.instance, gating, plan.reference_limits)
    judge.energy(measured, item)
