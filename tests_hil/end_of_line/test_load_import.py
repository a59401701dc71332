"""Import at PF 0.5 with another current in each phase: channels, gains, phase angles, CT mode, energy, terminals."""

from __future__ import annotations

import allure

from rig.plans.end_of_line.product_plan import ProductPlan
from rig.procedures.end_of_line.line import Line
from rig.procedures.end_of_line.load import measure, raise_failures
from rig.procedures.end_of_line.registers import check_energy
from rig.procedures.end_of_line.terminals import Terminals

pytestmark = [allure.epic("End of line"), allure.feature("Import")]


def test_each_channel_is_right_at_an_unbalanced_load(line: Line, product_plan: ProductPlan) -> None:
    """Voltage, current and power of each phase within production limits; no channel exchanged, reversed or missing."""
    raise_failures(line, measure(line, product_plan.load(product_plan.unbalanced)))


def test_alarm_contact_is_closed_and_pulses_are_counted(terminals: Terminals) -> None:
    """At nominal load (manual pages 2 and 26)."""
    terminals.at_load()


def test_imported_energy_is_counted_where_it_belongs(line: Line, product_plan: ProductPlan) -> None:
    """AI1 to AI7 and AI31 to AI36 against the meter's own powers (manual pages 25 and 26)."""
    check_energy(line, product_plan.unbalanced)
