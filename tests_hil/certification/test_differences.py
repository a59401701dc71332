"""Is the error with one phase loaded alone near the error with a balanced load?"""

from __future__ import annotations

import allure

from rig.plans.programme import PlannedTest

pytestmark = [allure.epic("Certification"), allure.feature("Differences")]


def test_single_phase_error_differs_little_from_balanced(planned_difference: PlannedTest, series, judge) -> None:
    """The difference of the two errors, both at one current and factor, against the row of the table."""
    judge.variation(planned_difference, series.of(planned_difference))
