"""Whether the stamps of a log are an interval apart: to the hundredth of a second that a stamp has, and no more."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_hil.firmware_regression.logs.trend_logs import are_apart

BEGAN = datetime(2026, 11, 30, 23, 59, 41)


def stamped(*seconds):
    return [BEGAN + timedelta(seconds=each) for each in seconds]


@given(st.floats(0.0, 10.0), st.integers(2, 8))
def test_stamps_cut_to_hundredths_are_an_interval_apart(offset_s, count):
    moments = [offset_s + 10.0 * index for index in range(count)]
    assert are_apart(stamped(*(int(100.0 * each) / 100.0 for each in moments)), 10.0)


@pytest.mark.parametrize("seconds", [(0.0, 10.02), (0.0, 9.98), (0.0, 10.01, 20.02), (0.0, 20.0), (0.0, 11.0, 20.0)])
def test_stamps_that_wander_are_not(seconds):
    assert not are_apart(stamped(*seconds), 10.0)
