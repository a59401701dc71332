"""Moments that are known between two limits: the time between them, and what may have happened in it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.procedures.behaviour.time_bounds import Moment, Span


def test_time_between_two_exchanges_is_bracketed():
    passed = Moment(20.0, 23.0).since(Moment(10.0, 11.0))
    assert (passed.least_s, passed.most_s) == (9.0, 13.0)
    assert passed.allows(9.0)
    assert passed.allows(13.9, 1.0)
    assert not passed.allows(14.1, 1.0)
    assert not passed.allows(7.9, 1.0)
    assert str(passed) == "9.0 to 13.0 s"


@pytest.mark.parametrize(
    ("passed", "ends"),
    [(Span(35.0, 35.2), [3, 4]), (Span(12.0, 12.3), [1, 2]), (Span(0.1, 0.3), [0, 1]), (Span(40.0, 47.5), [3, 4, 5])],
)
def test_ends_of_an_interval_in_a_time(passed, ends):
    assert list(passed.ends_of(10.0)) == ends


_TIME = st.floats(0.0, 500.0)


@given(_TIME, st.floats(0.0, 5.0), st.floats(0.0, 10.0), st.floats(0.0, 1.0))
def test_ends_that_did_lie_in_a_time_are_always_allowed(passed_s, unsure_s, phase_s, late_s):
    true_s = passed_s + late_s  # the meter is an update late at most
    count = math.floor((phase_s + true_s) / 10.0) - math.floor(phase_s / 10.0)
    assert count in Span(max(0.0, passed_s - unsure_s), passed_s + unsure_s).ends_of(10.0)
