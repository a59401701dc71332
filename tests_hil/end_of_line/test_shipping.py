"""Is each unit in the state in which it is shipped: clock set, energies, demand, logs and pulse count cleared?"""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.shipping import Shipping

pytestmark = [allure.epic("End of line"), allure.feature("Shipping state")]


def test_registers_and_logs_are_cleared(shipping: Shipping) -> None:
    """AV1 commands, AV11 and Record_Count (manual pages 21, 23, 26 and 28); AI78 and AI81 are recorded."""
    shipping.set_clock_and_clear()
    shipping.check()


def test_clock_takes_a_synchronization(shipping: Shipping) -> None:
    """Local_Date, Local_Time and BI15 (manual pages 22 and 29); the clock does not survive unplugging."""
    shipping.check_clock()
