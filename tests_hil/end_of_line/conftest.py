"""The end-of-line plan, and its load points as parameters."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.bench import plan_of
from rig.plans import Plan
from rig.pytest_plugin import in_plan_order


@pytest.fixture(scope="session")
def plan(pytestconfig: pytest.Config) -> Plan:
    return plan_of(pytestconfig, "end_of_line")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "measured" in metafunc.fixturenames:
        points = plan_of(metafunc.config, "end_of_line").points
        metafunc.parametrize("measured", points, indirect=True, ids=[p.label for p in points], scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    if here:
        in_plan_order(items, plan_of(config, "end_of_line").order)
