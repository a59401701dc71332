"""Does the clock take a time synchronization, run on from it, and say when it is not to be relied upon?"""

from __future__ import annotations

from datetime import datetime

import allure

from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Clock")]

_FIRST_YEAR = 2000
_TOLERANCE_S = 2.0


def _is_reset(asked: Inquiry) -> bool:
    asked.updates(2)
    return 15 in asked.alarms()


def test_a_clock_that_was_never_set_says_so(asked: Inquiry) -> None:
    """BI15 is active while the clock counts from 2000-01-01 after a power-up (manual pages 22 and 29)."""
    now = asked.meter.read_time()
    expected = "active" if now.year == _FIRST_YEAR else "inactive"
    asked.check(f"BI15 with the clock at {now:%Y-%m-%d}", expected, "active" if _is_reset(asked) else "inactive")


def test_synchronised_clock_reads_the_time_and_clears_its_alert(asked: Inquiry) -> None:
    """Local_Date and Local_Time are set by TimeSynchronization (manual page 22), BI15 goes inactive (page 29)."""
    for moment in (datetime(2024, 2, 28, 23, 59, 58), datetime.now().replace(microsecond=0)):
        was_set = asked.set_clock(moment)
        asked.updates(3)
        found, read = asked.timed(asked.meter.read_time)
        passed = read.since(was_set)
        expected = f"{moment:%F %T} and {passed}, to {_TOLERANCE_S:g} s"
        good = passed.allows((found - moment).total_seconds(), _TOLERANCE_S)
        asked.check("the clock after a synchronization", expected, f"{found:%F %T}", good)
        asked.check("BI15 after a synchronization", "inactive", "active" if _is_reset(asked) else "inactive")


def test_clock_runs_at_the_rate_of_time(asked: Inquiry) -> None:
    """Ten seconds are ten seconds (manual page 22: Local_Time)."""
    began, first = asked.timed(asked.meter.read_time)
    asked.updates(10)
    ended, last = asked.timed(asked.meter.read_time)
    ran_s, passed = (ended - began).total_seconds(), last.since(first)
    asked.check("seconds counted", f"{passed}, to a second", f"{ran_s:.1f}", passed.allows(ran_s, 1.0))
