"""The way down: who confirms it where a transaction was interrupted, and its end is reported once."""

import contextlib
from types import SimpleNamespace

import pytest

from drivers.errors import InstrumentLost, NotConfigured
from rig.load_point import LoadPoint
from rig.safety.signals import StopRequested
from rig.safety.switching_off import terminals
from rig.safety.switching_off.safe_state import SafeState
from tests.rig.safety.recorded_bench import RecordedBench

DEAD = SimpleNamespace(elements=[SimpleNamespace(u_v=0.1, i=0.0)] * 3)


class Analyzer:
    """An analyzer whose connection is new; ``failures``: what configuring it raises."""

    def __init__(self, failure=None):
        self.failure = failure
        self.is_configured = False

    def read(self):
        if not self.is_configured:
            raise NotConfigured("ANALYZER", "configure it first")
        return DEAD

    def configure(self):
        if self.failure is not None:
            raise self.failure
        self.is_configured = True


def way_down(analyzer):
    guardian = SimpleNamespace(quietly=contextlib.nullcontext, trouble=lambda: None, switch_off=lambda _reason: [])
    source = SimpleNamespace(make_safe=lambda: None, close=lambda: None)
    return SafeState(source, analyzer, SimpleNamespace(sleep=lambda _s: None), guardian, 1.0).at_once()


def test_analyzer_with_interrupted_transaction_is_configured_and_confirms():
    report = way_down(Analyzer())
    assert (report.confirmed, report.by, report.trouble) == (True, ("source", "analyzer"), None)


@pytest.mark.parametrize("failure", [InstrumentLost("ANALYZER", "gone"), NotConfigured("ANALYZER", "still not")])
def test_one_that_cannot_be_configured_is_named_and_takes_nothing_back(failure):
    report = way_down(Analyzer(failure))
    assert (report.confirmed, report.by) == (True, ("source",))
    assert "the analyzer could not confirm" in report.trouble


def test_a_signal_while_it_is_configured_is_raised_when_all_is_done():
    assert isinstance(way_down(Analyzer(StopRequested("SIGINT"))).interrupted_by, StopRequested)


def test_the_end_is_told_once_and_each_failure_of_it_again(monkeypatch):
    monkeypatch.setattr(terminals, "CONFIRM_S", 0.1)  # a stuck source stays on, however long it is looked at
    bench = RecordedBench()

    def said():
        kinds, bench.events[:] = [kind for kind, _ in bench.events if kind in ("safe", "not-safe")], []
        return kinds

    for _ in range(3):
        bench.supervisor.de_energise()
    assert said() == ["safe"]
    bench.supervisor.energise(LoadPoint(277.0, 100.0, -60.0))
    bench.source.is_stuck = True
    for _ in range(2):
        bench.supervisor.de_energise()
    bench.source.is_stuck = False
    for _ in range(2):
        bench.supervisor.de_energise()
    assert said() == ["not-safe", "not-safe", "safe"]
