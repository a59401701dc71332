"""Does the error stay what it is when one influence quantity leaves its reference value?"""

from __future__ import annotations

import allure

from fixtures.variations import is_about_temperature
from rig.plans.programme import PlannedTest

pytestmark = [allure.epic("Certification"), allure.feature("Influence quantities")]


def test_error_varies_little_under_an_influence(planned_influence: PlannedTest, series, in_chamber, judge) -> None:
    """The variation of the error against the same load at reference conditions, against the row of the table.

    Of temperature: the mean coefficient between the reference temperature and that of the test.
    """
    if is_about_temperature(planned_influence):
        judge.coefficient(planned_influence, in_chamber.measured())
    else:
        judge.variation(planned_influence, series.of(planned_influence))
