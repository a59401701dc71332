"""Does the error stay what it is while a large current heats the meter?"""

from __future__ import annotations

import allure

from rig.plans.programme import PlannedTest

pytestmark = [allure.epic("Certification"), allure.feature("Self-heating")]


def test_error_stays_while_the_meter_heats_itself(planned_self_heating: PlannedTest, heating_bench, judge) -> None:
    """After an hour without current: the error at once, and until it has settled, against the row of the table."""
    judge.self_heating(planned_self_heating, heating_bench)
