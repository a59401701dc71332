"""What the questions share: the meter under question, a load where one is needed, and leave to clear records."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from drivers.meter import (
    AnswerNotUnderstood,
    MeterAborted,
    MeterRefused,
    MeterRejected,
    ValueNotTaken,
)
from rig.metrology import Outcome
from rig.procedures import Inquiry, MeterRun
from rig.procedures.inquiry import NotReviewed, WrongBehaviour
from rig.pytest_plugin import run_session
from rig.questions import bench_time_s

_WRONG_ANSWERS = (AnswerNotUnderstood, MeterAborted, MeterRefused, MeterRejected, ValueNotTaken)


@pytest.fixture(scope="session")
def asked(meter_run: MeterRun, pytestconfig: pytest.Config) -> Inquiry:
    """The meter under question."""
    session = run_session(pytestconfig)
    return Inquiry(meter_run, allow_reset=session.options.allow_reset, tell=session.note_outcome)


@pytest.fixture(scope="session")
def system(asked: Inquiry) -> Inquiry:
    """The meter set up for the bench's system type and voltage, as far as it is not; restored when the run ends."""
    nominal = asked.run.bench_file.parts.nominal
    if nominal is not None:
        asked.run.configure({2: float(nominal.system_type), 6: nominal.system_voltage_v})
    return asked


@pytest.fixture
def loaded(request: pytest.FixtureRequest, system: Inquiry) -> Inquiry:
    """The meter on a bench that can load it; skips where the bench lacks a source."""
    missing = sorted({"source", "meter"} - set(system.run.bench_file.capabilities))
    if missing:
        _skip(request, system, f"bench {system.run.bench_file.name} has no {' and no '.join(missing)}")
    return system


@pytest.fixture
def clearing(request: pytest.FixtureRequest, asked: Inquiry) -> Inquiry:
    """The meter, with leave to clear what it has accumulated and logged; skips without ``--allow-reset``."""
    if not asked.allow_reset:
        _skip(request, asked, "it would clear what the meter has accumulated or logged; allow it with --allow-reset")
    return asked


@pytest.fixture(autouse=True)
def _short_enough(request: pytest.FixtureRequest, asked: Inquiry) -> None:
    """Skip what takes more bench time than ``--longest`` allows: on a real bench it is real time."""
    needed_h = bench_time_s(request.node) / 3600.0
    longest_h = run_session(request.config).options.longest_h
    if needed_h > longest_h:
        reason = f"it takes {needed_h:.1f} h of bench time, more than {longest_h:g} h; allow it with --longest"
        _skip(request, asked, reason)


def _skip(request: pytest.FixtureRequest, asked: Inquiry, reason: str) -> None:
    asked.skip(request.node.name, reason)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Take an answer that the meter must not give (a refusal of what it has to accept) for a finding, not an error.

    What depends on how the manual is to be read is not asked where nobody has reviewed that. The bench time that a
    question took goes into the JUnit file.
    """
    asked = next((value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Inquiry)), None)
    if asked is None:
        return (yield)
    began_s = asked.run.bench.clock.now_s()
    try:
        answer = yield
    except _WRONG_ANSWERS as wrong:
        run_session(item.config).note_outcome(Outcome.FAIL)
        asked.run.note(item.name, "an answer as in the manual", str(wrong), str(Outcome.FAIL))
        raise WrongBehaviour(str(wrong)) from wrong
    except NotReviewed as unknown:
        asked.skip(item.name, str(unknown))
        pytest.skip(str(unknown))
    took_s = asked.run.bench.clock.now_s() - began_s
    item.user_properties.append(("bench_time_s", round(took_s, 1)))
    if took_s > bench_time_s(item):
        item.user_properties.append(("bench_time_over_s", round(took_s, 1)))
    return answer
