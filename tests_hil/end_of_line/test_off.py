"""The outputs go off in order before the units are brought to shipping state."""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.line import Line
from rig.procedures.end_of_line.shipping import Shipping

pytestmark = [allure.epic("End of line"), allure.feature("Shipping state")]


def test_outputs_are_off(line: Line, shipping: Shipping) -> None:
    """Confirmed by source and analyzer; the sub-interval is written again first, which clears present demand."""
    shipping.begin()
    line.run.switch_off()
