"""Does the error stay what it is when one influence quantity leaves its reference value?"""

from __future__ import annotations

import allure

from rig.plans.programme import PlannedTest

pytestmark = [allure.epic("Certification"), allure.feature("Influence quantities")]


def test_error_varies_little_under_an_influence(planned_influence: PlannedTest, series, judge) -> None:
    """The variation of the error against the same load at reference conditions, against the row of the table."""
    judge.variation(planned_influence, series.of(planned_influence))
