"""A signal to stop is an exception, once, wherever it comes; what follows does not disturb the way down."""

import contextlib
import signal
import threading

import pytest

from rig.safety import signals
from rig.safety.signals import STOP_SIGNALS, StopRequested, StopSignals


@contextlib.contextmanager
def stop_signals_raise():
    stop = StopSignals()
    stop.install()
    try:
        yield
    finally:
        stop.restore()


@pytest.fixture(autouse=True)
def main_thread():
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals are for the main thread")


@pytest.mark.parametrize("number", STOP_SIGNALS, ids=lambda number: signal.Signals(number).name)
def test_the_first_one_raises_and_says_its_name(number):
    with pytest.raises(StopRequested, match=f"stopped by {signal.Signals(number).name}"), stop_signals_raise():
        signal.raise_signal(number)


def test_those_that_follow_do_nothing():
    with stop_signals_raise():
        with pytest.raises(StopRequested):
            signal.raise_signal(signal.SIGTERM)
        for number in STOP_SIGNALS:
            signal.raise_signal(number)


def test_the_handlers_of_before_are_put_back():
    before = [signal.getsignal(number) for number in STOP_SIGNALS]
    with stop_signals_raise():
        assert [signal.getsignal(number) for number in STOP_SIGNALS] != before
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == before


def test_lost_stop_can_be_asked_for_again_and_a_heard_one_not(monkeypatch):
    """Python swallows an exception that a handler raises while a destructor runs."""
    monkeypatch.setattr(signals, "_LOST_AFTER_S", 0.0)
    stop = StopSignals()
    stop.install()
    try:
        for _ in range(2):
            with pytest.raises(StopRequested):
                signal.raise_signal(signal.SIGTERM)
        stop.was_heard()
        signal.raise_signal(signal.SIGTERM)
    finally:
        stop.restore()
