"""Do the energy registers count what flowed, import and export?"""

from __future__ import annotations

import allure
import pytest

from rig.load_point import LoadPoint
from rig.metrology import JudgedQuantity
from rig.procedures import MeterRun, Plan

pytestmark = [allure.epic("Certification"), allure.feature("Energy registers"), pytest.mark.bench_time(480)]


def test_energy_register_is_within_class_0_2s(
    energy_point: tuple[LoadPoint, JudgedQuantity], meter_run: MeterRun, plan: Plan, judge
) -> None:
    """Gated register against the analyzer's integrator, at 100 % of current and PF 1, class 0.2S limits."""
    point, item = energy_point
    with allure.step(f"gate AI{item.instance} at {point.label}"):
        meter_run.configure(plan.configuration)
        results = meter_run.measure_and_judge_energy(point, item, limits=plan.reference_limits)
    judge.publish(f"AI{item.instance} at {point.label}", results)
