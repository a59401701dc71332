"""Load points become parameters of the tests that ask for one, in the order of the plan."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from fixtures.bench import bench_of, plan_of
from rig.events import Noted
from rig.metrology.limits import Quantity
from rig.plans import Plan
from rig.plans.programme import PROCEDURES, PlannedTest
from rig.plans.programmes import INTRINSIC
from rig.procedures import MeterRun
from rig.pytest_plugin import PLANNED, in_plan_order, load_point_of, run_session
from rig.records.resumption.reopening import ResumeRefused
from rig.run.resuming.checks import establish_again
from rig.version import software_version

_QUANTITY_OF_MARK = "judges"
_LOOK_AND_SHORT_GATES_S = 1200.0
_AT_MOST = 2.0  # times a planned test's duration
_LOOK_S = 600.0
_OF_REGISTERS = ("starting", "no_load", "energy_running", "dosage", "demand")


@pytest.fixture(scope="session")
def plan(pytestconfig: pytest.Config) -> Plan:
    return plan_of(pytestconfig, "certification")


@pytest.fixture(scope="session", autouse=True)
def calibrated(meter_run: MeterRun) -> None:
    """Refuse to certify with instruments whose calibrations do not hold, before anything is energised."""
    meter_run.require_calibration()


@pytest.fixture(scope="session", autouse=True)
def programme_is_noted(meter_run: MeterRun, plan: Plan, pytestconfig: pytest.Config) -> None:
    """Record what the bench cannot do of a programme: the record then says what was not tried, and why."""
    if plan.programme != INTRINSIC.name and run_session(pytestconfig).resumed is None:
        text = f"{plan.programme}: {len(plan.points)} load points, {len(plan.tests)} planned tests"
        meter_run.events.publish(Noted("programme", f"{text}, {len(plan.not_possible)} not possible on this bench"))
        for each in plan.not_possible:
            meter_run.events.publish(Noted("not possible", f"{each.key}: {each.why}", data=asdict(each)))


@pytest.fixture(scope="session", autouse=True)
def wiring_is_right(request: pytest.FixtureRequest) -> None:
    """Check the wiring once, before the first verdict: what the bench has wrong is no FAIL of the meter."""
    for in_order in ("calibrated", "wired"):
        request.getfixturevalue(in_order)


@pytest.fixture(scope="session", autouse=True)
def conditions_established(request: pytest.FixtureRequest, meter_run: MeterRun, plan: Plan) -> None:
    """Where an interrupted run is resumed: repeat two of its load points, and refuse to go on where they differ."""
    request.getfixturevalue("wiring_is_right")
    run = run_session(request.config)
    if run.resumed is None or run.reopened is None:
        return
    try:
        establish_again(run.resumed, run.reopened, meter_run, plan, software_version())
    except ResumeRefused as refusal:
        run.tally.stop(str(refusal))
        raise


def _at_most_s(test: PlannedTest, longest_gate_h: float) -> float:
    """Bench seconds that a planned test may take: one of registers is as long as its register's step asks for."""
    longest_s = 3600.0 * longest_gate_h if test.procedure in _OF_REGISTERS else 0.0
    return _AT_MOST * test.duration_s + _LOOK_S + longest_s


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    plan = plan_of(metafunc.config, "certification")
    options = run_session(metafunc.config).options
    if options.repeat > 1 and "meter_run" in metafunc.fixturenames:
        passes = range(1, options.repeat + 1)
        metafunc.fixturenames.append("repetition")
        metafunc.parametrize("repetition", passes, indirect=True, ids=[f"pass{n}" for n in passes], scope="session")
    if "measured" in metafunc.fixturenames:
        quantity = Quantity(metafunc.definition.get_closest_marker(_QUANTITY_OF_MARK).args[0])
        points = plan.points_for(quantity)
        metafunc.parametrize("measured", points, indirect=True, ids=[p.label for p in points], scope="session")
    if "energy_point" in metafunc.fixturenames:
        ids = [f"AI{item.instance}-{point.label}" for point, item in plan.energy]
        # A look at the step, a gate for a register that does not move, and the gate itself, each as long as it may be.
        at_most = pytest.mark.bench_time(_LOOK_AND_SHORT_GATES_S + 2.0 * 3600.0 * options.longest_gate_h)
        gates = [pytest.param(each, marks=at_most) for each in plan.energy]
        metafunc.parametrize("energy_point", gates, ids=ids)
        names = [position.name for position in bench_of(metafunc.config).parts.positions]
        if len(names) > 1:  # each register is gated by itself
            metafunc.fixturenames.append("unit")
            metafunc.parametrize("unit", names, indirect=True, ids=[f"at-{name}" for name in names])
    for name in (name for name in metafunc.fixturenames if name.startswith(PLANNED)):
        procedure = name.removeprefix(PLANNED)
        assert procedure in PROCEDURES, f"{procedure} is none of {', '.join(PROCEDURES)}"
        parameters = [
            pytest.param(test, id=test.key, marks=pytest.mark.bench_time(_at_most_s(test, options.longest_gate_h)))
            for test in plan.tests_of(procedure)
        ]
        metafunc.parametrize(name, parameters)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = [item for item in items if Path(__file__).parent in item.path.parents]
    if not here:
        return
    plan = plan_of(config, "certification")
    items[:] = [item for item in items if _is_planned(item, plan)]
    in_plan_order(items, plan.order)


def _is_planned(item: pytest.Item, plan: Plan) -> bool:
    """Whether the plan has anything for this test; where it has nothing, pytest would report the test as skipped."""
    names = getattr(item, "fixturenames", ())
    if any(name.startswith(PLANNED) and not plan.tests_of(name.removeprefix(PLANNED)) for name in names):
        return False
    if "measured" in names:
        return load_point_of(item) is not None
    return bool(plan.energy) or "energy_point" not in names
