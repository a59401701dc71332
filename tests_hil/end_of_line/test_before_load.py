"""Without voltage: is the alarm contact open with phase loss? Pulses are given, and counted by the next step."""

from __future__ import annotations

import allure

from rig.procedures.end_of_line.terminals import Terminals

pytestmark = [allure.epic("End of line"), allure.feature("Alarm contact and pulse input")]


def test_alarm_contact_is_open_without_voltage(terminals: Terminals) -> None:
    """BI9 to BI11 open the normally closed contact (manual pages 2 and 29)."""
    terminals.before_load()
