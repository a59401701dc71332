"""Items and steps of a run: which test it is, and what is measured for it."""

from __future__ import annotations

import pytest

from rig.load_point import LoadPoint
from rig.metrology.standards.programme_rows import Influence
from rig.plans.programme import PlannedTest
from rig.records.resumption.stored_plan import PlannedItem

LOAD_POINT = "load point "
"""How the step of a load point begins that several items judge."""


def load_point_of(item: pytest.Item) -> LoadPoint | None:
    """Return the load point that this test asks about, if it asks about one."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    return next((value for value in params.values() if isinstance(value, LoadPoint)), None)


def planned_item(item: pytest.Item) -> PlannedItem:
    """Name a test and its step: tests of one load point, or of one series, share what is measured for them.

    A series is measured when its first test asks for it: planned tests that compare load points with one basis.
    """
    name = item.nodeid.rpartition("/")[2]
    params = getattr(getattr(item, "callspec", None), "params", {})
    if load_point_of(item) is not None:
        return PlannedItem(f"{LOAD_POINT}{name.partition('[')[2].removesuffix(']')}", name)
    test = next((value for value in params.values() if isinstance(value, PlannedTest)), None)
    of_pass = f", pass {params['repetition']}" if "repetition" in params else ""
    if test is not None and getattr(test.row, "influence", None) is Influence.TEMPERATURE:
        return PlannedItem(f"series of temperatures{of_pass}", name)
    if test is None or len(set(test.points)) < 2:
        return PlannedItem(name, name)
    return PlannedItem(f"series from {test.points[0].label}{of_pass}", name)
