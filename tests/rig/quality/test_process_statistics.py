"""Capability, control charts and distributions: laws, and known truth within its sampling error."""

import itertools
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.quality.numbers.distributions import (
    NORMAL,
    beta_quantile,
    binomial_cdf,
    chi_square_cdf,
    chi_square_quantile,
    f_exceeds,
    noncentral_t_cdf,
    t_quantile,
)
from rig.quality.process.capability import LEAST, capability
from rig.quality.process.charts import ewma, individuals, means_and_deviations
from rig.quality.process.rules import NELSON, RULES, WESTERN_ELECTRIC, signals
from rig.quality.process.spread import c4, moving_range_spread, pooled_spread

probabilities = st.floats(0.001, 0.999)
degrees = st.floats(1.0, 300.0)


@given(probabilities, degrees)
def test_quantiles_invert_their_distribution(p, dof):
    assert chi_square_cdf(chi_square_quantile(p, dof), dof) == pytest.approx(p, abs=1e-9)
    assert noncentral_t_cdf(t_quantile(p, dof + 1.0), dof + 1.0, 0.0) == pytest.approx(p, abs=1e-7)


@given(st.floats(0.01, 50.0), degrees)
def test_the_square_of_t_is_f_with_one_degree(t, dof):
    inside = 1.0 - f_exceeds(t * t, 1.0, dof)
    assert t_quantile(0.5 + 0.5 * inside, dof) == pytest.approx(t, rel=1e-4) if inside < 0.9999 else True


@pytest.mark.parametrize(("p", "dof", "x"), [(0.95, 1, 3.841), (0.975, 10, 20.483), (0.05, 30, 18.493)])
def test_chi_square_has_the_values_of_published_tables(p, dof, x):  # NIST/SEMATECH e-Handbook 1.3.6.7.4
    assert chi_square_quantile(p, dof) == pytest.approx(x, abs=5e-4)


@pytest.mark.parametrize(("p", "dof", "x"), [(0.975, 5, 2.571), (0.95, 20, 1.725), (0.995, 60, 2.660)])
def test_t_has_the_values_of_published_tables(p, dof, x):  # NIST/SEMATECH e-Handbook 1.3.6.7.2
    assert t_quantile(p, dof) == pytest.approx(x, abs=5e-4)


@given(st.integers(1, 40), st.floats(0.01, 0.99), st.data())
def test_the_binomial_distribution_is_the_sum_of_its_terms(trials, p, data):
    most = data.draw(st.integers(0, trials))
    total = sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(most + 1))
    assert binomial_cdf(most, trials, p) == pytest.approx(total, abs=1e-10)


@pytest.mark.parametrize("outside", [0.0, 1.0, -0.1, math.nan])
def test_a_quantile_outside_0_and_1_is_refused(outside):
    with pytest.raises(ValueError, match="between 0 and 1"):
        beta_quantile(outside, 2.0, 3.0)


@pytest.mark.parametrize(("n", "published"), [(2, 0.7979), (5, 0.9400), (10, 0.9727), (25, 0.9896)])
def test_c4_has_the_published_values(n, published):  # Montgomery, appendix VI
    assert c4(n) == pytest.approx(published, abs=5e-5)


values_of_a_process = st.lists(st.floats(-1.0, 1.0), min_size=LEAST, max_size=40).filter(
    lambda values: max(values) - min(values) > 1e-3 and any(a != b for a, b in itertools.pairwise(values))
)


@given(values_of_a_process, st.floats(-3.0, 3.0), st.floats(0.1, 10.0))
def test_indices_do_not_depend_on_the_unit_of_the_values(values, shift, scale):
    one = capability(values, -2.0, 2.0)
    other = capability([shift + scale * value for value in values], shift - 2.0 * scale, shift + 2.0 * scale)
    for name in ("cp", "cpk", "pp", "ppk"):
        assert getattr(other, name).value == pytest.approx(getattr(one, name).value, rel=1e-6, abs=1e-9)


@given(values_of_a_process)
def test_cpk_never_exceeds_cp_and_each_interval_holds_its_index(values):
    found = capability(values, -1.5, 2.5)
    assert found.cpk.value <= found.cp.value + 1e-12
    assert found.ppk.value <= found.pp.value + 1e-12
    for index in (found.cp, found.cpk, found.pp, found.ppk):
        assert index.low <= index.value <= index.high


def simulated_indices(name: str, count: int) -> list:
    chance = random.Random(3)
    return [getattr(capability([chance.gauss(0.1, 0.2) for _ in range(80)], -1.0, 1.0), name) for _ in range(count)]


@pytest.mark.parametrize(
    ("name", "truth"), [("cp", 1.0 / 0.6), ("cpk", 0.9 / 0.6), ("pp", 1.0 / 0.6), ("ppk", 0.9 / 0.6)]
)
def test_intervals_of_indices_cover_the_known_truth_as_often_as_they_say(name, truth):
    found = simulated_indices(name, 300)
    covered = sum(index.low <= truth <= index.high for index in found)
    assert 300 * 0.95 - 4.5 * math.sqrt(300 * 0.95 * 0.05) <= covered  # 4.5 standard deviations below 95 %
    assert sum(index.value for index in found) / 300 == pytest.approx(truth, rel=0.03)


def test_degrees_of_freedom_of_a_moving_range_fit_its_scatter():
    chance = random.Random(5)
    found = [moving_range_spread([chance.gauss(0.0, 1.0) for _ in range(50)]) for _ in range(2000)]
    mean = sum(each.sigma for each in found) / len(found)
    variance = sum((each.sigma - mean) ** 2 for each in found) / (len(found) - 1)
    assert mean == pytest.approx(1.0, abs=0.02)
    assert 0.5 / variance == pytest.approx(found[0].dof, rel=0.15)


def test_spread_within_subgroups_leaves_shifts_between_them_out():
    chance = random.Random(6)
    groups = [[level + chance.gauss(0.0, 0.1) for _ in range(30)] for level in (0.0, 1.0, -1.0)]
    found = capability([value for group in groups for value in group], -2.0, 2.0, groups)
    assert found.within.sigma == pytest.approx(pooled_spread(groups).sigma) == pytest.approx(0.1, rel=0.2)
    assert found.overall.sigma > 0.7


@pytest.mark.parametrize(("values", "word"), [([0.1] * 20, "no spread"), ([0.1, 0.2], "too few")])
def test_no_index_is_made_up_where_there_is_none(values, word):
    with pytest.raises(ValueError, match=word):
        capability(values, -1.0, 1.0)


def test_a_shift_after_the_baseline_is_found_and_none_before():
    chance = random.Random(8)
    steady = [chance.gauss(0.0, 1.0) for _ in range(25)]
    chart, _ = individuals(steady + [chance.gauss(4.0, 1.0) for _ in range(10)], 25)
    assert chart.baseline == 25
    assert {signal.place for signal in chart.signals if signal.place >= 25} >= {25, 26}


def test_ewma_finds_a_small_shift_that_no_single_value_shows():
    base = [0.5 * (-1.0) ** place for place in range(26)]
    values = [*base, *(0.9 + 0.5 * (-1.0) ** place for place in range(30))]
    smooth = ewma(values, 26)
    assert not [s for s in individuals(values, 26)[0].signals if s.rule.name == "WE 1"]
    assert smooth.signals
    assert min(s.place for s in smooth.signals) >= 26


def test_limits_of_means_are_narrower_for_larger_subgroups():
    of_means, _ = means_and_deviations([[0.0, 1.0], [0.0, 1.0, 0.5, 0.5]] * 5, 10)
    assert of_means.upper[1] - of_means.centre < of_means.upper[0] - of_means.centre


@pytest.mark.parametrize(
    ("name", "z"),
    [
        ("WE 1", [0, 3.1]),
        ("WE 2", [0, 2.1, 0, 2.2]),
        ("WE 3", [1.1, 1.2, 0, 1.3, 1.4]),
        ("WE 4", [-0.1] * 8),
        ("Nelson 1", [-3.01]),
        ("Nelson 2", [0.2] * 9),
        ("Nelson 3", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ("Nelson 4", [0.1, -0.1] * 7),
        ("Nelson 5", [-2.5, -2.1]),
        ("Nelson 6", [-1.1, -1.2, -1.3, -1.4]),
        ("Nelson 7", [0.5, -0.4, 0.3] * 5),
        ("Nelson 8", [1.5, -1.5, 1.4, 1.3, -1.2, 1.1, -1.6, 1.7]),
    ],
)
def test_each_rule_holds_at_the_value_that_completes_it_and_not_before(name, z):
    rules = [rule for each in RULES.values() for rule in each if rule.name == name]
    assert [signal.place for signal in signals(z, rules)] == [len(z) - 1]
    assert not signals(z[:-1], rules)
    assert not signals([-value for value in z[:-1]], rules)


@given(st.lists(st.floats(-4.0, 4.0), max_size=40), st.sampled_from([WESTERN_ELECTRIC, NELSON]))
def test_rules_treat_both_sides_of_the_centre_alike(z, rules):
    up = [(s.place, s.rule.name) for s in signals(z, RULES[rules])]
    assert up == [(s.place, s.rule.name) for s in signals([-value for value in z], RULES[rules])]


def test_normal_values_signal_rule_1_as_rarely_as_they_should():
    chance = random.Random(11)
    z = [chance.gauss(0.0, 1.0) for _ in range(20_000)]
    rate = len(signals(z, RULES[WESTERN_ELECTRIC][:1])) / len(z)
    truth = 2.0 * (1.0 - NORMAL.cdf(3.0))
    assert abs(rate - truth) < 4.0 * math.sqrt(truth / len(z))
