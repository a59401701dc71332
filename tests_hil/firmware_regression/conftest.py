"""What the questions share: the meter under question, a load where one is needed, and leave to clear records."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from drivers.meter import AnswerNotUnderstood, MeterAborted, MeterRefused, MeterRejected, ValueNotTaken
from rig.metrology import Outcome
from rig.procedures import Inquiry, MeterRun
from rig.procedures.inquiry import WrongBehaviour
from rig.pytest_plugin import run_session

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


def _skip(request: pytest.FixtureRequest, asked: Inquiry, reason: str) -> None:
    asked.skip(request.node.name, reason)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Take an answer that the meter must not give (a refusal of what it has to accept) for a finding, not an error."""
    try:
        return (yield)
    except _WRONG_ANSWERS as answer:
        run_session(item.config).note_outcome(Outcome.FAIL)
        for asked in [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Inquiry)][:1]:
            asked.run.note(item.name, "an answer as in the manual", str(answer), str(Outcome.FAIL))
        raise WrongBehaviour(str(answer)) from answer
