"""The time left is that of the steps that are left, by what steps of their kind have taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.cli.shared.time_left import Expected, TimeLeft

STEPS = {
    "a": Expected("load point", 10.0),
    "b": Expected("load point", 10.0),
    "c": Expected("self_heating", 7200.0),
    "d": Expected("self_heating", 7200.0),
}


def test_nothing_is_estimated_before_a_step_is_done_or_a_rate_known():
    assert TimeLeft(STEPS).left_s() is None
    assert TimeLeft(STEPS, rate=1.0).left_s() == 14_420.0


def test_each_kind_is_scaled_by_what_its_own_steps_have_taken():
    left = TimeLeft(STEPS)
    left.done("a", 3.0)
    assert left.left_s() == pytest.approx(0.3 * 10.0 + 0.3 * 14_400.0)
    left.done("c", 20.0)
    assert left.left_s() == pytest.approx(3.0 + 20.0)


def test_a_step_that_is_done_twice_or_was_not_planned_does_not_count():
    left = TimeLeft(STEPS)
    left.done("a", 10.0)
    left.done("a", 500.0)
    left.done("question", 500.0)
    assert left.left_s() == pytest.approx(10.0 + 14_400.0)


@given(st.lists(st.floats(0.1, 1e4), min_size=2, max_size=20), st.floats(0.01, 2.0))
def test_at_a_constant_rate_the_estimate_is_exact_from_the_first_step(durations_s, rate):
    left = TimeLeft({str(n): Expected("one", s) for n, s in enumerate(durations_s)})
    for n, seconds in enumerate(durations_s):
        left.done(str(n), rate * seconds)
        assert left.left_s() == pytest.approx(rate * sum(durations_s[n + 1 :]), abs=1e-9)
