"""A source that is on may not keep the rig waiting: the guardian gets the time limit, and the arrival of the answer."""

import pytest

from drivers.errors import InstrumentLost
from drivers.source.fluke_6105a import Fluke6105A
from rig.safety.watch.timed_source import TimedSource

TIMED = {
    "set_point": lambda source: source.set_point(None),
    "set_output": lambda source: source.set_output(False),
    "output_is_on": lambda source: source.output_is_on(),
    "make_safe": lambda source: source.make_safe(),
}


class Noting:
    capabilities = Fluke6105A.capabilities

    def __init__(self, told):
        self.told = told
        self.is_lost = False

    def _note(self, what):
        self.told.append(what)
        if self.is_lost:
            raise InstrumentLost("S", "gone")

    def set_point(self, _setting):
        self._note("set_point")

    def select_ranges(self, _envelope):
        self._note("select_ranges")

    def set_output(self, on, _ramp_s):
        self._note("on" if on else "set_output")

    def output_is_on(self):
        self._note("output_is_on")

    def make_safe(self):
        self._note("make_safe")


@pytest.fixture
def told():
    return []


@pytest.fixture
def source(told):
    return TimedSource(Noting(told), told.append, 0.7)


@pytest.mark.parametrize("name", TIMED)
def test_while_it_may_be_on_each_answer_has_its_time(source, told, name):
    source.set_output(True, 5.0)
    TIMED[name](source)
    assert told == ["on", 0.7, name, None]


@pytest.mark.parametrize("name", TIMED)
def test_an_answer_that_does_not_come_ends_the_waiting_too(told, name):
    inner = Noting(told)
    source = TimedSource(inner, told.append, 0.7)
    source.set_output(True, 5.0)
    inner.is_lost = True
    with pytest.raises(InstrumentLost):
        TIMED[name](source)
    assert told[-1] is None


def test_one_that_is_known_to_be_off_may_take_its_time(source, told):
    source.make_safe()
    told.clear()
    source.select_ranges(None)
    source.set_point(None)
    source.output_is_on()
    assert told == ["select_ranges", "set_point", "output_is_on"]


def test_it_can_do_what_the_source_can_do(source):
    assert source.capabilities is Fluke6105A.capabilities
