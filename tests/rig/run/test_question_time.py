"""A question's time-out is the rig's own, with the bench time that it declares on top."""

import signal
from types import SimpleNamespace

import pytest

from rig.pytest_plugin import QuestionTimedOut, _Endings


@pytest.fixture
def alarm():
    """The alarm is put back after each test: pytest-timeout uses the same one."""
    handler, left_s = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 0.0)[0]
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, left_s)


def question(bench_time_s):
    mark = None if bench_time_s is None else pytest.mark.bench_time(bench_time_s).mark
    return SimpleNamespace(name="a question", get_closest_marker=lambda name: mark if name == "bench_time" else None)


@pytest.mark.parametrize(("declared_s", "timeout_s"), [(None, 180.0), (480, 600.0)])
def test_a_question_has_the_time_that_it_declares_and_then_ends_the_run(alarm, declared_s, timeout_s):
    item = question(declared_s)
    endings = _Endings(SimpleNamespace(asks_a_meter=True, stop_heard=str))
    assert endings.pytest_timeout_set_timer(item, SimpleNamespace(method="signal", timeout=120.0)) is True
    assert signal.getitimer(signal.ITIMER_REAL)[0] == pytest.approx(timeout_s, abs=5.0)
    with pytest.raises(QuestionTimedOut, match=f"a question was not answered within {timeout_s:g} s"):
        signal.raise_signal(signal.SIGALRM)
    item.cancel_timeout()
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0.0


def test_the_tests_of_this_software_keep_pytests_own_way(alarm):
    endings = _Endings(SimpleNamespace(asks_a_meter=False, stop_heard=str))
    assert endings.pytest_timeout_set_timer(question(None), SimpleNamespace(method="signal", timeout=120.0)) is None
