"""The end of line: with a product its sequence, in the order of the steps; without one, the load points of the plan."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from fixtures.bench import of_product, plan_of
from rig.errors import UsageRefused
from rig.metrology.outcome import Outcome
from rig.operator import Operator
from rig.operator.panel import PanelOperator
from rig.operator.panel_link import PanelLink
from rig.plans import Plan
from rig.plans.end_of_line.product_plan import ProductPlan, missing_parts
from rig.procedures.end_of_line.line import Found, Line
from rig.procedures.end_of_line.prompting import ask
from rig.procedures.end_of_line.shipping import Shipping
from rig.procedures.end_of_line.terminals import Terminals
from rig.procedures.positions.disturbing import Isolation, OperatorDisconnector
from rig.pytest_plugin import in_plan_order, run_session
from rig.run.streaming.station_operator import station_operator

WITHOUT_PRODUCT = "test_end_of_line.py"
ORDER = (
    "test_identity.py",
    "test_configuration.py",
    "test_before_load.py",
    "test_load_import.py",
    "test_load_export.py",
    "test_panel.py",
    "test_off.py",
    "test_shipping.py",
    "test_final.py",
)
"""One file for each subject, in the order in which they are asked."""

OPERATOR = "rig-operator"
"""The pytest plugin whose attribute ``operator`` answers prompts."""


@pytest.fixture(scope="session")
def plan(pytestconfig: pytest.Config) -> Plan:
    return plan_of(pytestconfig, "end_of_line")


@pytest.fixture(scope="session")
def product_plan(pytestconfig: pytest.Config) -> ProductPlan:
    """What is done with the units of this run."""
    return of_product(pytestconfig)[0]


@pytest.fixture(scope="session")
def line(request: pytest.FixtureRequest, pytestconfig: pytest.Config, product_plan: ProductPlan) -> Line:
    """The units of this run on the open bench, each with its scan and what its route says."""
    admission = of_product(pytestconfig)[1]
    began_s = time.monotonic()
    meter_run = request.getfixturevalue("meter_run")
    bench = meter_run.bench
    # A process that is launched keeps bench time from when it is ready: starting it is no part of a real bench.
    opened_s = time.monotonic() - began_s if bench.launched is None else bench.clock.now_s()
    plan = product_plan
    tested = Line(meter_run, plan.product, admission.scanned, plan.bench_as_it_is, opened_s)
    for unit in tested.units:
        route = admission.evidence.get(unit.position)
        key = "route.dielectric-test"
        if route is None:
            tested.note(unit, Found(key, "", f"product {product_plan.product.name} has no route", Outcome.SKIP))
        else:
            tested.note(unit, Found(key, "passed", route, Outcome.PASS))
    return tested


@pytest.fixture(scope="session")
def terminals(line: Line, product_plan: ProductPlan) -> Terminals:
    """Alarm contact and pulse input, where the bench has a switch unit."""
    return Terminals(line, product_plan.switch_position, missing_parts(product_plan.bench, product_plan.product))


@pytest.fixture(scope="session")
def shipping(line: Line) -> Shipping:
    """What brings the units to the state in which they are shipped."""
    return Shipping(line)


@pytest.fixture(scope="session")
def operator(pytestconfig: pytest.Config, line: Line, product_plan: ProductPlan) -> Iterator[Operator | None]:
    """Who answers prompts; None where nothing does."""
    by = run_session(pytestconfig).options.operator_by
    if by == "panel":
        names = [position.name for position in product_plan.bench_as_it_is.parts.positions]
        with closing(_panels(line)) as link:
            yield PanelOperator(link, {name: number for number, name in enumerate(names)})
        return
    if by == "station":
        yield station_operator(run_session(pytestconfig))
        return
    yield getattr(pytestconfig.pluginmanager.get_plugin(OPERATOR), "operator", None) if by == "console" else None


def _panels(line: Line) -> PanelLink:
    """The emulated panels of the bench, whose keys are pressed and whose displays are read over their process."""
    launched = line.run.bench.launched
    endpoint = None if launched is None else launched.endpoints.get("control")
    if endpoint is None:
        raise UsageRefused(f"bench {line.bench_file.name} has no emulated panels; see --operator-by")
    return PanelLink(endpoint)


@pytest.fixture(scope="session")
def isolation(line: Line, operator: Operator | None) -> None:
    """Where an operator can take units out, one that disturbs the others is looked for."""
    if operator is not None and len(line.units) > 1:
        line.run.isolation = Isolation(OperatorDisconnector(partial(ask, line, operator)))


@pytest.fixture(autouse=True)
def _something_is_left(request: pytest.FixtureRequest) -> None:
    """Skip a step where no unit is left to be asked."""
    if not run_session(request.config).options.product:
        return
    request.getfixturevalue("isolation")
    if not request.getfixturevalue("line").left:
        pytest.skip("no unit is left to be tested")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "measured" in metafunc.fixturenames and not run_session(metafunc.config).options.product:
        points = plan_of(metafunc.config, "end_of_line").points
        metafunc.parametrize("measured", points, indirect=True, ids=[p.label for p in points], scope="session")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    if not here:
        return
    if not run_session(config).options.product:
        items[:] = [item for item in items if item not in here or item.path.name == WITHOUT_PRODUCT]
        in_plan_order(items, plan_of(config, "end_of_line").order)
        return
    of_product(config)
    steps = [item for item in here if item.path.name in ORDER]
    steps.sort(key=lambda item: ORDER.index(item.path.name))  # those of one file as they stand there
    items[:] = [*(item for item in items if item not in here), *steps]
