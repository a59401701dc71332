"""The risk that each decision rule states, against published figures and against simulated meters at a limit."""

import math
from collections import Counter
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.analysis.risk import global_risk, predicted_outcomes, specific_risk
from rig.metrology.decision import DecisionRule, decide
from rig.metrology.outcome import Outcome
from rig.metrology.uncertainty import Budget, Component, Distribution
from rig.metrology.variation import variation_budget
from tests.rig.metrology import test_coverage

pytestmark = pytest.mark.untraced

R = DecisionRule
TRIALS = 2_000
rules = st.sampled_from(list(R))


def p_value(observed, expected):
    """Probability of so large a chi-square, for at most three degrees of freedom; small cells are joined."""
    cells = sorted(((expected[o], observed.get(o, 0)) for o in expected), reverse=True)
    while len(cells) > 1 and cells[-1][0] < 5.0:
        (e1, o1), (e2, o2) = cells.pop(), cells.pop()
        cells.append((e1 + e2, o1 + o2))
    x = sum((o - e) ** 2 / e for e, o in cells)
    match len(cells) - 1:
        case 0:
            return 1.0
        case 1:
            return math.erfc(math.sqrt(x / 2))
        case 2:
            return math.exp(-x / 2)
        case _:
            return math.erfc(math.sqrt(x / 2)) + math.sqrt(2 * x / math.pi) * math.exp(-x / 2)


# ILAC-G8:09/2019: simple acceptance up to 50 %, w = U up to 2.5 %; ISO 14253-1: w = 0.83 U up to 5 % (k = 2, one side).
@pytest.mark.parametrize(
    ("rule", "stated"),
    [(R.SIMPLE, 0.5), (R.ILAC_G8_BINARY, 0.025), (R.ILAC_G8_NON_BINARY, 0.025), (R.ISO_14253, 0.05)],
)
@pytest.mark.parametrize("ratio", [0.02, 0.1, 0.2, 1 / 3])
def test_a_single_decision_has_the_risk_that_its_rule_states(rule, stated, ratio):
    risk = specific_risk(ratio * 0.2, 0.2, rule)
    assert 0.9 * stated < risk <= stated


# L = 0.2 %, normal errors, no guard band: test uncertainty ratio, part within the limit, false accept, false reject.
@pytest.mark.parametrize(
    ("tur", "within", "accept", "reject"),
    [
        (4, 0.95, 0.00858, 0.01554),
        (2, 0.95, 0.01337, 0.04178),
        (1, 0.95, 0.01801, 0.12957),
        (4, 0.90, 0.01374, 0.02089),
    ],
)
def test_global_risk_without_a_guard_band_equals_what_suncal_computes(tur, within, accept, reject):
    found = global_risk(0.2 / tur, 0.2, R.SIMPLE, in_tolerance=within)
    assert found.false_accept == pytest.approx(accept, abs=2e-5)
    assert found.false_reject == pytest.approx(reject, abs=2e-5)


@pytest.mark.parametrize("tur", [1.5, 2.0, 3.0, 4.0, 5.0, 10.0])
def test_method_6_keeps_false_acceptance_at_two_percent(tur):
    worst = max(
        global_risk(0.2 / tur, 0.2, R.Z540_METHOD_6, in_tolerance=within).false_accept
        for within in (0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
    )
    assert worst <= 0.0205  # the published formula is a fit


@given(rules, st.floats(0, 0.5), st.floats(0.001, 0.2))
def test_the_outcomes_of_a_meter_add_up_to_one(rule, true, expanded):
    found = predicted_outcomes(true, expanded, 0.2, rule)
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= -1e-12


@given(rules, st.floats(0.2, 0.5), st.floats(0.001, 0.066))
def test_no_meter_beyond_the_limit_passes_more_often_than_one_at_it(rule, true, expanded):
    found = predicted_outcomes(true, expanded, 0.2, rule)[Outcome.PASS]
    assert found <= specific_risk(expanded, 0.2, rule) + 1e-9


@pytest.mark.parametrize("rule", R)
def test_without_uncertainty_the_limit_itself_passes(rule):
    assert specific_risk(0.0, 0.2, rule) == 1.0
    assert predicted_outcomes(0.2001, 0.0, 0.2, rule)[Outcome.FAIL] == 1.0


def test_above_a_third_a_meter_fails_only_with_the_whole_interval_outside():
    found = predicted_outcomes(0.4, 0.1, 0.2, R.SIMPLE)
    assert found[Outcome.FAIL] == pytest.approx(0.97725, abs=1e-5)
    assert set(found) == {Outcome.FAIL, Outcome.INCONCLUSIVE}


def test_a_part_of_none_or_all_within_the_limit_is_refused():
    for within in (0.0, 1.0):
        with pytest.raises(ValueError, match="between 0 and 1"):
            global_risk(0.05, 0.2, R.SIMPLE, in_tolerance=within)


@cache
def measured(name):
    """Errors and U of 2,000 measurements of a meter without error, percent: each with an analyzer of its own."""
    if name == "variation":
        return varied()
    errors, u = test_coverage.cell(NORMAL, name, 10.0)
    return errors[:TRIALS], u[:TRIALS]


HALF = test_coverage.SPECIFICATION
NORMAL = {
    quantity: dict(HALF[quantity], distribution="normal", k=2) for quantity in ("voltage", "current", "power", "phase")
} | {"integrator": {"reading_pct": 0.01, "distribution": "normal", "k": 2}, "between_elements": "independent"}


def varied():
    """Variations of a meter that does not vary: reference errors with 0.9 in common, five noisy repeats each."""
    rng = np.random.default_rng(17)
    common, own = rng.normal(size=TRIALS), rng.normal(size=(2, TRIALS))
    reference = 0.01 * (math.sqrt(0.9) * common + math.sqrt(0.1) * own)
    repeats = rng.normal(0.0, 0.001, (2, TRIALS, 5))
    found = reference + repeats.mean(axis=2)
    spread = repeats.std(axis=2, ddof=1) / math.sqrt(5)
    line = Component("reference power A", 0.01, 1.0, Distribution.NORMAL)
    u = []
    for trial in range(TRIALS):
        base, influenced = (
            Budget((Component("repeatability", float(s[trial]), 1.0, Distribution.STUDENT, dof=4), line))
            for s in spread
        )
        u.append(variation_budget(base, influenced, 0.9).expanded)
    return found[1] - found[0], np.array(u)


@pytest.mark.parametrize("rule", R)
@pytest.mark.parametrize("name", ["P-PF1", "P-PF0.5", "V-A", "I-B", "Q-sin0.5", "Wh", "variation"])
def test_meters_at_a_limit_pass_and_fail_as_often_as_the_rule_predicts(name, rule):
    errors, u = measured(name)
    limit = 4.0 * float(np.median(u))
    observed = Counter(
        decide(limit + float(e), float(each), limit, rule).outcome for e, each in zip(errors, u, strict=True)
    )
    predicted = predicted_outcomes(limit, float(np.median(u)), limit, rule)
    expected = {outcome: TRIALS * p for outcome, p in predicted.items() if p > 1e-9}
    assert p_value(observed, expected) > 0.001, f"{dict(observed)}, predicted {expected}"


def test_the_chi_square_test_notices_a_wrong_guard_band():
    errors, u = measured("P-PF1")
    limit = 4.0 * float(np.median(u))
    observed = Counter(
        decide(limit + float(e), 0.8 * float(each), limit).outcome for e, each in zip(errors, u, strict=True)
    )
    predicted = predicted_outcomes(limit, float(np.median(u)), limit, R.ILAC_G8_NON_BINARY)
    assert p_value(observed, {outcome: TRIALS * p for outcome, p in predicted.items()}) < 0.001


@pytest.mark.parametrize("rule", R)
@pytest.mark.parametrize("name", ["P-PF1", "Wh", "variation"])
def test_an_error_beyond_u_is_outside_and_one_well_within_never_fails(name, rule):
    errors, u = measured(name)
    limit = 4.0 * float(np.median(u))

    def outcomes(true):
        return Counter(
            decide(t + float(e), float(v), limit, rule).outcome for t, e, v in zip(true, errors, u, strict=True)
        )

    beyond = outcomes(limit + u)
    # A rule with conditions calls it FAIL beyond L + U as measured: that needs a true error of about L + 2 U.
    assert (beyond[Outcome.FAIL] + beyond[Outcome.COND_FAIL]) / TRIALS >= 0.95
    assert outcomes(limit + 2.0 * u)[Outcome.FAIL] / TRIALS >= 0.95
    # With FAIL from L - U on, a good meter has to be a further U away from that.
    good = limit - (3.0 if rule is R.ILAC_G8_BINARY else 2.0) * u
    assert not {Outcome.FAIL, Outcome.COND_FAIL} & set(outcomes(good))


@pytest.mark.parametrize("name", ["P-PF1", "P-PF0.5", "V-A", "I-B", "Q-sin0.5", "Wh", "variation"])
def test_of_1000_meters_drawn_up_to_l_minus_2u_none_fails(name):
    errors, u = (each[:1000] for each in measured(name))
    limit = 4.0 * float(np.median(u))
    true = np.random.default_rng(31).uniform(-1.0, 1.0, 1000) * (limit - 2.0 * u)
    found = Counter(decide(float(t + e), float(v), limit).outcome for t, e, v in zip(true, errors, u, strict=True))
    assert found[Outcome.FAIL] == found[Outcome.COND_FAIL] == 0
