"""The outputs go off in order before the units are brought to shipping state."""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.line import Line

pytestmark = [allure.epic("End of line"), allure.feature("Shipping state")]


def test_outputs_are_off(line: Line) -> None:
    """Confirmed by source and analyzer."""
    line.run.switch_off()
