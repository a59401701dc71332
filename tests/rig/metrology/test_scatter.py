"""The confidence interval of a standard deviation, against the normal draws that it is for, and published quantiles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.scatter import chi_squared, sigma_interval


@pytest.mark.parametrize(
    ("probability", "dof", "quantile"),
    [(0.025, 9, 2.700), (0.975, 9, 19.023), (0.05, 2, 0.1026), (0.95, 2, 5.991), (0.5, 99, 98.334), (0.01, 30, 14.953)],
)
def test_quantiles_are_those_of_the_tables(probability, dof, quantile):
    assert chi_squared(probability, dof) == pytest.approx(quantile, rel=5e-4)


@pytest.mark.parametrize("readings", [3, 10, 20])
def test_the_interval_holds_sigma_as_often_as_it_says(readings):
    drawn = np.random.default_rng(readings).normal(0.0, 1.0, (20_000, readings)).std(axis=1, ddof=1)
    low, high = sigma_interval(1.0, readings - 1)
    assert ((low * drawn <= 1.0) & (high * drawn >= 1.0)).mean() == pytest.approx(0.9545, abs=0.006)
    assert (high * drawn < 1.0).mean() == pytest.approx(0.02275, abs=0.004)


@given(st.floats(1e-6, 10.0), st.integers(2, 200))
def test_the_interval_is_around_s_and_grows_narrower_with_readings(scatter, dof):
    low, high = sigma_interval(scatter, dof)
    assert low < scatter < high
    narrower = sigma_interval(scatter, dof + 1)
    assert low < narrower[0]
    assert narrower[1] < high


def test_two_readings_have_no_interval():
    with pytest.raises(ValueError, match="2 readings are too few"):
        sigma_interval(1.0, 1)
