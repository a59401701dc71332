"""Balanced export at PF 1: gains once more, the totals, and the other direction of energy."""

from __future__ import annotations

import allure

from rig.plans.end_of_line.product_plan import ProductPlan
from rig.procedures.end_of_line.line import Line
from rig.procedures.end_of_line.load import measure, raise_failures
from rig.procedures.end_of_line.registers import check_energy

pytestmark = [allure.epic("End of line"), allure.feature("Export")]


def test_each_channel_is_right_at_a_reversed_load(line: Line, product_plan: ProductPlan) -> None:
    """Voltage, current and power of each phase and in all within production limits."""
    raise_failures(line, measure(line, product_plan.load(product_plan.reversed_)))


def test_exported_energy_is_counted_where_it_belongs(line: Line, product_plan: ProductPlan) -> None:
    """AI1 to AI3 and AI31 to AI36 against the meter's own powers (manual pages 25 and 26)."""
    check_energy(line, product_plan.reversed_)
