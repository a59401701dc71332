"""Items and steps of a run: which test it is, and what is measured for it."""

from __future__ import annotations

import pytest

from rig.load_point import LoadPoint
from rig.records.resumption.stored_plan import PlannedItem

LOAD_POINT = "load point "
"""How the step of a load point begins that several items judge."""


def load_point_of(item: pytest.Item) -> LoadPoint | None:
    """Return the load point that this test asks about, if it asks about one."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    return next((value for value in params.values() if isinstance(value, LoadPoint)), None)


def planned_item(item: pytest.Item) -> PlannedItem:
    """Name a test and its step: tests of one load point share its measurement, any other measures for itself."""
    name = item.nodeid.rpartition("/")[2]
    if load_point_of(item) is None:
        return PlannedItem(name, name)
    return PlannedItem(f"{LOAD_POINT}{name.partition('[')[2].removesuffix(']')}", name)
