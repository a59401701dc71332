"""Student's t against printed tables, and the laws of the incomplete beta function."""

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology._student import regularised_incomplete_beta, two_sided_t

# JCGM 100:2008 table G.2: t_p for p = 95.45 % and 95 % and 99 % (two-sided).
TABLE_G2 = {
    1: (13.97, 12.71, 63.66),
    2: (4.53, 4.30, 9.92),
    3: (3.31, 3.18, 5.84),
    4: (2.87, 2.78, 4.60),
    5: (2.65, 2.57, 4.03),
    6: (2.52, 2.45, 3.71),
    7: (2.43, 2.36, 3.50),
    8: (2.37, 2.31, 3.36),
    9: (2.32, 2.26, 3.25),
    10: (2.28, 2.23, 3.17),
    20: (2.13, 2.09, 2.85),
    50: (2.05, 2.01, 2.68),
    100: (2.025, 1.984, 2.626),
}


@pytest.mark.parametrize("dof", TABLE_G2)
def test_quantiles_equal_the_printed_table(dof):
    for coverage, printed in zip((0.9545, 0.95, 0.99), TABLE_G2[dof], strict=True):
        places = 3 if dof == 100 else 2
        assert two_sided_t(coverage, dof) == pytest.approx(printed, abs=0.5001 * 10**-places)


@pytest.mark.parametrize("coverage", [0.5, 0.6827, 0.9545, 0.999])
def test_one_and_two_degrees_of_freedom_have_closed_forms(coverage):
    assert two_sided_t(coverage, 1) == pytest.approx(math.tan(math.pi * coverage / 2), rel=1e-10)
    assert two_sided_t(coverage, 2) == pytest.approx(coverage * math.sqrt(2 / (1 - coverage**2)), rel=1e-10)


def test_many_degrees_of_freedom_are_the_normal_distribution():
    assert two_sided_t(0.9545, math.inf) == pytest.approx(2.0000024, abs=1e-6)
    assert two_sided_t(0.9545, 1e7) == pytest.approx(two_sided_t(0.9545, math.inf), abs=1e-6)
    assert two_sided_t(0.95, math.inf) == pytest.approx(NormalDist().inv_cdf(0.975), rel=1e-12)


@given(st.floats(0.5, 1e6), st.floats(1.01, 10), st.floats(0.1, 0.999))
def test_fewer_degrees_of_freedom_ask_for_a_larger_factor(dof, more, coverage):
    assert two_sided_t(coverage, dof) >= two_sided_t(coverage, dof * more) - 1e-9


@given(st.floats(1, 200), st.floats(0.3, 0.999))
def test_the_factor_holds_the_coverage_it_was_asked_for(dof, coverage):
    # An independent road to the same probability: Simpson's rule on the density, substituted t = tan(u).
    k = two_sided_t(coverage, dof)
    front = math.exp(math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2)) / math.sqrt(dof * math.pi)
    n, top = 4000, math.atan(k)

    def density(u):
        return front * (1 + math.tan(u) ** 2 / dof) ** (-(dof + 1) / 2) / math.cos(u) ** 2

    step = top / n
    inner = sum((4 if i % 2 else 2) * density(i * step) for i in range(1, n))
    inside = 2 * step / 3 * (density(0) + inner + density(top))
    assert inside == pytest.approx(coverage, abs=1e-7)


@given(st.floats(0.1, 500), st.floats(0.1, 500), st.integers(0, 2**20).map(lambda n: n / 2**20))
def test_the_incomplete_beta_function_is_symmetric_and_bounded(a, b, x):
    value = regularised_incomplete_beta(a, b, x)
    assert -1e-12 <= value <= 1 + 1e-12
    assert value + regularised_incomplete_beta(b, a, 1 - x) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("coverage", "dof"), [(0, 5), (1, 5), (0.95, 0), (0.95, -1), (0.95, math.nan)])
def test_impossible_arguments_are_refused(coverage, dof):
    with pytest.raises(ValueError, match="not"):
        two_sided_t(coverage, dof)
