"""Is demand the mean power of its interval, and its maximum kept?"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import allure
import pytest

from rig.errors import UsageRefused
from rig.metrology.limits import LimitRow, Quantity
from rig.plans import Plan
from rig.plans.programme import PlannedTest
from rig.plans.register_tests import interval_of
from rig.procedures import Inquiry, MeterRun
from rig.procedures.accuracy.result import provenance_of
from rig.procedures.registers.demand import DemandLimit, Interval, demand
from rig.pytest_plugin import run_session

pytestmark = [allure.epic("Certification"), allure.feature("Demand")]


def test_demand_is_the_mean_power_of_its_interval(
    planned_demand: PlannedTest, meter_run: MeterRun, plan: Plan, judge, pytestconfig: pytest.Config
) -> None:
    """A constant load against AI19 to AI21; with --allow-reset a step too, and the maximum that is kept."""
    options, point, interval = run_session(pytestconfig).options, planned_demand.point, interval_of(planned_demand)
    meter_run.configure(plan.configuration_at(point))
    set_up: AbstractContextManager[None] = nullcontext()
    if interval is None:
        found = meter_run.configuration
        interval = Interval(found.subintervals, found.subinterval_cs / 100.0)
    elif not options.allow_reset:
        _leave_out(meter_run, planned_demand, "it would clear present demand and logs; allow it with --allow-reset")
    else:
        asked = Inquiry(meter_run, allow_reset=True)
        set_up = asked.configured({10: float(interval.subintervals), 11: 100.0 * interval.subinterval_s})
    rows = {item.quantity: item.row for item in plan.judged(point, Quantity.REACTIVE_POWER) if item.phase == "ABC"}
    if isinstance(planned_demand.row, LimitRow):
        rows[Quantity.ACTIVE_POWER] = planned_demand.row
    limits = {quantity: DemandLimit(row.limit_pct, provenance_of(row)) for quantity, row in rows.items()}
    longest_s = 3600.0 * options.longest_gate_h
    with set_up, allure.step(f"demand {interval.name}"):
        try:
            results = meter_run.examine(
                point,
                lambda at: demand(at, interval, limits, may_reset=options.allow_reset),
                plan.reference_limits,
                longest_s,
            )
        except UsageRefused as refusal:
            _leave_out(meter_run, planned_demand, str(refusal))
        judge.told(planned_demand.key, results)


def _leave_out(meter_run: MeterRun, planned: PlannedTest, why: str) -> None:
    meter_run.note(planned.key, planned.condition, f"left out: {why}", "SKIP")
    pytest.skip(why)
