"""Decision rules against the numbers of the literature, and the laws every rule keeps."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.decision import DecisionRule, acceptance_limit, conformance_probability, decide, rejection_limit
from rig.metrology.outcome import Outcome, worst

R = DecisionRule
rules = st.sampled_from(list(R))
limits = st.floats(0.05, 5.0)
ratios = st.floats(0.0, 1 / 3)


# L = 0.2 %: U, A(w = U), A(0.83 U), A(method 6), A(RSS)
@pytest.mark.parametrize(
    ("u", "guarded", "iso", "method_6", "rss"),
    [
        (0.02, 0.1800, 0.1834, 0.2000, 0.1990),
        (0.04, 0.1600, 0.1668, 0.2000, 0.1960),
        (0.05, 0.1500, 0.1585, 0.19734, 0.1937),
        (0.0667, 0.1333, 0.1446, 0.18963, 0.1886),
        (0.10, 0.1000, 0.1170, 0.17184, 0.1732),
    ],
)
def test_acceptance_limits_equal_the_published_ones(u, guarded, iso, method_6, rss):
    assert acceptance_limit(u, 0.2, R.ILAC_G8_NON_BINARY) == pytest.approx(guarded, abs=5.1e-5)
    assert acceptance_limit(u, 0.2, R.ILAC_G8_BINARY) == pytest.approx(guarded, abs=5.1e-5)
    assert acceptance_limit(u, 0.2, R.ISO_14253) == pytest.approx(iso, abs=5.1e-5)
    assert acceptance_limit(u, 0.2, R.Z540_METHOD_6) == pytest.approx(method_6, abs=3e-5)
    assert acceptance_limit(u, 0.2, R.RSS) == pytest.approx(rss, abs=5.1e-5)
    assert acceptance_limit(u, 0.2, R.SIMPLE) == 0.2


@pytest.mark.parametrize(("u", "expected"), [(0.02, 0.2), (0.04, 0.2), (0.05, 0.19), (0.06, 0.18)])
def test_the_standards_own_rule_narrows_the_limit_by_what_exceeds_a_fifth(u, expected):
    assert acceptance_limit(u, 0.2, R.STANDARD_FIFTH) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("error", "probability"),
    [(0.15, 0.99379), (0.17, 0.93319), (0.18, 0.84134), (0.19, 0.69146), (0.20, 0.5), (0.21, 0.30854)],
)
def test_conformance_probability_equals_the_published_one(error, probability):
    assert conformance_probability(error, 0.02, 0.2) == pytest.approx(probability, abs=5e-6)
    assert decide(-error, 0.04, 0.2).conformance_probability == pytest.approx(probability, abs=5e-6)


def test_without_uncertainty_conformance_is_certain_one_way_or_the_other():
    assert conformance_probability(0.2, 0.0, 0.2) == 1.0
    assert conformance_probability(0.21, 0.0, 0.2) == 0.0


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (0.0, Outcome.PASS),
        (0.16, Outcome.PASS),
        (0.1601, Outcome.COND_PASS),
        (0.20, Outcome.COND_PASS),
        (0.2001, Outcome.COND_FAIL),
        (0.24, Outcome.COND_FAIL),
        (0.2401, Outcome.FAIL),
        (5.0, Outcome.FAIL),
    ],
)
def test_the_default_rule_has_four_zones_on_both_sides(error, outcome):
    assert decide(error, 0.04, 0.2).outcome is outcome
    assert decide(-error, 0.04, 0.2).outcome is outcome


@pytest.mark.parametrize("rule", R)
def test_large_uncertainty_fails_only_with_the_whole_interval_outside(rule):
    for error in (0.0, 0.2, 0.2666):
        assert decide(error, 0.0667, 0.2, rule).outcome is Outcome.INCONCLUSIVE
        assert decide(-error, 0.0667, 0.2, rule).outcome is Outcome.INCONCLUSIVE
    for error in (0.2668, 10.0):
        assert decide(error, 0.0667, 0.2, rule).outcome is Outcome.FAIL
        assert decide(-error, 0.0667, 0.2, rule).outcome is Outcome.FAIL


@given(rules, st.floats(0, 10), limits, st.floats(1 / 3 + 1e-6, 50))
def test_above_a_third_nothing_but_fail_and_inconclusive_occurs(rule, error, limit, ratio):
    outcome = decide(error, ratio * limit, limit, rule).outcome
    certain = error - ratio * limit > limit * (1 + 1e-9)
    assert outcome is (Outcome.FAIL if certain else Outcome.INCONCLUSIVE)


def test_a_third_of_the_limit_itself_is_judged():
    for error in (0.0, 0.2, 10.0):
        assert decide(error, 0.2 / 3, 0.2).outcome is not Outcome.INCONCLUSIVE


def test_a_judgement_carries_what_it_was_made_from():
    judgement = decide(0.333, 0.04, 0.2)
    assert (judgement.error_pct, judgement.expanded_pct, judgement.limit_pct) == (0.333, 0.04, 0.2)
    assert judgement.uncertainty_ratio == pytest.approx(0.2)
    assert (judgement.acceptance_pct, judgement.rejection_pct) == (pytest.approx(0.16), pytest.approx(0.24))
    assert judgement.rule is R.ILAC_G8_NON_BINARY


@given(rules, st.floats(-10, 10), limits, ratios)
def test_a_binary_rule_says_pass_or_fail_only(rule, error, limit, ratio):
    outcome = decide(error, ratio * limit, limit, rule).outcome
    conditional = set() if rule.is_binary else {Outcome.COND_PASS, Outcome.COND_FAIL}
    allowed = {Outcome.PASS, Outcome.FAIL} | conditional
    assert outcome in allowed


@given(rules, limits, ratios, st.floats(1.0, 1.5))
def test_guard_band_grows_with_uncertainty_and_never_widens_the_limit(rule, limit, ratio, more):
    wider = min(ratio * more, 1 / 3)
    assert acceptance_limit(wider * limit, limit, rule) <= acceptance_limit(ratio * limit, limit, rule) + 1e-12
    assert acceptance_limit(ratio * limit, limit, rule) <= limit
    assert rejection_limit(ratio * limit, limit, rule) >= acceptance_limit(ratio * limit, limit, rule)


@given(rules, st.floats(0, 10), st.floats(0, 1), limits, ratios)
def test_a_larger_error_never_has_a_better_outcome(rule, error, more, limit, ratio):
    better, worse = (decide(e, ratio * limit, limit, rule).outcome for e in (error, error + more))
    assert worst((better, worse)) is worse


@given(rules, st.floats(-1, 1), limits, ratios, st.floats(0.01, 100))
def test_a_verdict_does_not_depend_on_the_unit_of_percent(rule, error, limit, ratio, factor):
    plain, scaled = (
        decide(error, ratio * limit, limit, rule),
        decide(error * factor, ratio * limit * factor, limit * factor, rule),
    )
    near_a_bound = min(abs(abs(error) - b) for b in (plain.acceptance_pct, plain.rejection_pct, limit)) < 1e-6
    if not near_a_bound and ratio < 0.333:
        assert plain.outcome is scaled.outcome
    assert plain.conformance_probability == pytest.approx(scaled.conformance_probability, abs=1e-6)


@pytest.mark.parametrize(("error", "u", "limit"), [(math.nan, 0.1, 1), (0, -0.1, 1), (0, math.inf, 1), (0, 0.1, 0)])
def test_values_that_cannot_be_judged_are_refused(error, u, limit):
    with pytest.raises(ValueError, match="not"):
        decide(error, u, limit)


def test_every_rule_says_in_words_what_it_is():
    assert len({rule.wording for rule in R}) == len(R)
