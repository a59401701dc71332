"""Is the unit at each position the one that was scanned, with released firmware? Asked before anything is written."""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.identity import check_identity
from rig.procedures.end_of_line.line import Line

pytestmark = [allure.epic("End of line"), allure.feature("Identity")]


def test_unit_on_the_bus_is_the_one_that_was_scanned(line: Line) -> None:
    """Serial number in Object_Name, vendor 133, model, released Firmware_Revision (manual page 22)."""
    check_identity(line)
