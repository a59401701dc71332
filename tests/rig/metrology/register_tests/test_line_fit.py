"""The line through a register's updates: exact lines, what the edges add, and how often U covers the truth."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.register_tests.line_fit import fit, fit_time_s
from rig.metrology.sampled_energy import EDGES_LINE, Moment
from rig.metrology.uncertainty import Budget

ENDS = [*range(5), *(150 + k for k in range(5))]


def seen(times_s, half_s=0.03, off_s=()):
    off = off_s or [0.0] * len(times_s)
    return [Moment(t + d - half_s, t + d + half_s) for t, d in zip(times_s, off, strict=True)]


@given(rate=st.floats(1e-6, 1.0), start=st.floats(0.0, 1e4), tau=st.floats(0.99, 1.01))
def test_line_of_equal_updates_has_their_rate(rate, start, tau):
    times = [tau * k for k in ENDS]
    found = fit(seen(times), [start + rate * t for t in times])
    assert found.rate == pytest.approx(rate, rel=1e-6, abs=1e-9 * start)
    assert found.span_s == pytest.approx(154.0 * tau)


def test_edges_known_to_30_ms_over_150_s_add_a_hundredth_of_a_percent():
    # Two groups of five: 0.03 / sqrt 3 x sqrt(2 / 5) / 150 s.
    found = fit(seen(ENDS), [0.02 * t for t in ENDS])
    assert found.component.contribution == pytest.approx(100 * 0.03 / math.sqrt(3) * math.sqrt(0.4) / 150, rel=0.01)
    assert found.component.kind == EDGES_LINE
    assert math.isinf(found.component.dof)


def test_scatter_counts_where_it_is_more_than_the_readings_leave_open():
    rng = np.random.default_rng(3)
    off = rng.normal(0.0, 0.2, len(ENDS)).tolist()
    found = fit(seen(ENDS, 0.01, off), [0.02 * t for t in ENDS])
    assert found.component.dof == len(ENDS) - 2
    assert "beside it" in found.component.name


@pytest.mark.parametrize(("half_s", "jitter_s"), [(0.03, 0.0), (0.03, 0.02), (0.01, 0.1)])
def test_u_of_the_edges_covers_their_error(half_s, jitter_s):
    rng = np.random.default_rng(int(1000 * (half_s + jitter_s)))
    covered, trials = 0, 600
    for _ in range(trials):
        off = rng.uniform(-half_s, half_s, len(ENDS)) + rng.normal(0.0, jitter_s, len(ENDS))
        found = fit(seen(ENDS, half_s, off.tolist()), [0.02 * t for t in ENDS])
        u = Budget((found.component,)).expanded
        covered += abs(100.0 * (found.rate / 0.02 - 1.0)) <= u
    # JCGM 101 would have 95.45 %; the larger of two evaluations covers a little more.
    assert 0.935 <= covered / trials <= 0.995


def test_register_that_does_not_move_has_rate_zero():
    assert fit(seen(ENDS), [5.0] * len(ENDS)).rate == 0.0


@pytest.mark.parametrize(("times", "why"), [([0.0, 1.0, 2.0], "four updates"), ([1.0] * 4, "different times")])
def test_too_few_or_simultaneous_updates_are_no_line(times, why):
    with pytest.raises(ValueError, match=why):
        fit(seen(times), times)


@given(limit=st.floats(0.1, 2.0), half=st.floats(0.005, 0.2))
def test_time_makes_the_edges_a_tenth_of_the_limit(limit, half):
    length_s = fit_time_s(half, 5, limit)
    if length_s < 20.0:
        return
    times = [*range(5), *(length_s + k for k in range(5))]
    u = Budget((fit(seen(times, half), [0.01 * t for t in times]).component,)).expanded
    assert u <= 0.1 * limit * 1.01
