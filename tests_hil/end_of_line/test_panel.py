"""Do front panel and LCD work? The operator looks, while the load is on and the interlock closed."""

from __future__ import annotations

import allure
import pytest

from rig.operator import Operator
from rig.procedures.end_of_line.line import Line
from rig.procedures.end_of_line.panel import check_panel, skip_panel

pytestmark = [allure.epic("End of line"), allure.feature("Front panel")]


def test_front_panel_shows_what_it_has_to(line: Line, operator: Operator | None) -> None:
    """Display and keys of each unit, by prompts."""
    if (why := skip_panel(line, operator)) is not None:
        pytest.skip(why)
    assert operator is not None
    check_panel(line, operator)
