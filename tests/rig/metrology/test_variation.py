"""The budget of a variation: what two readings share cancels as far as it is correlated."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.accuracy import Accuracy, ReferenceAccuracy
from rig.metrology.analysis.contributions import largest
from rig.metrology.reference import ElementState, ReferenceUncertainty
from rig.metrology.uncertainty import Budget, Component, Distribution
from rig.metrology.variation import drift_of_the_basis, variation_budget
from rig.records.data import BudgetComponent

ACCURACY = ReferenceAccuracy(
    voltage=Accuracy(reading_pct=0.01),
    current=Accuracy(reading_pct=0.02),
    power=Accuracy(reading_pct=0.03),
    phase=Accuracy(fixed_deg=0.02),
)


def lines(angle=-60.0, phases="ABC", reading="power"):
    states = {p: ElementState(250, 300, 0.5 if p in phases else 0.0, 1.0, angle) for p in "ABC"}
    reference = ReferenceUncertainty(ACCURACY, states)
    return {"power": reference.active_power, "voltage": reference.voltage}[reading](phases)


def type_a(u, dof=4):
    return Component("repeatability", u, 1.0, Distribution.STUDENT, dof=dof)


def test_the_references_errors_cancel_as_far_as_they_are_correlated():
    base = influenced = Budget(lines())
    for r in (0.0, 0.5, 0.9, 1.0):
        varied = variation_budget(base, influenced, r)
        assert varied.combined == pytest.approx(math.sqrt(2 * (1 - r)) * base.combined, abs=1e-12)


def test_an_unstated_coefficient_is_assumed_and_named():
    varied = variation_budget(Budget(lines()), Budget(lines()), ACCURACY.between_conditions)
    assert varied.combined == pytest.approx(math.sqrt(0.2) * Budget(lines()).combined)
    assert {c.source for c in varied.components} == {
        "reference power in two readings (not stated: 0.9 assumed)",
        "reference phase error in power in two readings (not stated: 0.9 assumed)",
    }


def test_phase_errors_of_opposite_sign_add_up_instead():
    # Lag in one reading, lead in the other: the same phase error raises one power and lowers the other.
    base, influenced = Budget(lines(-60, "A")[1:]), Budget(lines(60, "ABC")[3:])
    assert variation_budget(base, influenced, 1.0).combined == pytest.approx(base.combined + influenced.combined)


HALF = (1 + 2 * 0.5) / 3 / (2 / 3) ** 0.5
"""Of one element and the mean of three that are correlated by 0.5."""


@pytest.mark.parametrize(("between_elements", "rho"), [(1.0, 1.0), (0.5, HALF), (0.0, 3**-0.5)])
def test_a_phase_and_a_total_share_what_their_elements_share(between_elements, rho):
    def power(phases):
        states = {p: ElementState(250, 300, 0.5 if p in phases else 0.0, 1.0, 0.0) for p in "ABC"}
        accuracy = ACCURACY.model_copy(update={"between_elements": between_elements})
        return Budget(ReferenceUncertainty(accuracy, states).active_power(phases)[: len(phases)])

    total, one = power("ABC"), power("A")
    u, v = total.combined, one.combined
    for r in (0.6, 1.0):
        expected = math.sqrt(max(0.0, u**2 + v**2 - 2 * r * rho * u * v))
        assert variation_budget(total, one, r).combined == pytest.approx(expected, abs=1e-12)


def test_what_is_not_shared_adds_up_as_of_independent_inputs():
    base, influenced = Budget((type_a(0.01), *lines())), Budget((type_a(0.02), *lines()))
    varied = variation_budget(base, influenced, 1.0)
    assert varied.combined == pytest.approx(math.hypot(0.01, 0.02))
    assert varied.effective_dof == pytest.approx((0.01**2 + 0.02**2) ** 2 / (0.01**4 / 4 + 0.02**4 / 4))


def test_both_readings_of_a_kind_are_one_contribution():
    varied = variation_budget(Budget((type_a(0.001), *lines())), Budget((type_a(0.001), *lines())), 0.5)
    assert varied.dominant.name == "reference phase error in power ABC"
    recorded = [
        BudgetComponent(
            name=c.name,
            standard_uncertainty_pct=c.standard_uncertainty,
            sensitivity=c.sensitivity,
            degrees_of_freedom=c.dof,
            source=c.source,
            correlation=c.correlation,
        )
        for c in varied.components
    ]
    found = largest(recorded)
    assert (found.name, found.standard_pct) == (varied.dominant.kind, pytest.approx(varied.dominant.contribution))


@given(st.floats(0.001, 1), st.floats(0.001, 1), st.floats(0, 1))
def test_a_variation_is_never_better_than_what_differs(u1, u2, r):
    base, influenced = (Budget((Component("reference power A", u, 1.0, Distribution.NORMAL),)) for u in (u1, u2))
    varied = variation_budget(base, influenced, r)
    assert abs(u1 - u2) - 1e-9 <= varied.combined <= math.hypot(u1, u2) + 1e-9


def test_variations_drawn_at_random_are_covered():
    # Two readings whose reference errors have 0.9 in common, five noisy repeats each: U covers 95 % of the errors.
    rng = np.random.default_rng(12)
    n, r, u_reference, noise = 20_000, 0.9, 0.01, 0.01
    common = rng.normal(size=n)
    reference = [u_reference * (math.sqrt(r) * common + math.sqrt(1 - r) * rng.normal(size=n)) for _ in range(2)]
    repeats = [rng.normal(0.0, noise, (n, 5)) for _ in range(2)]
    found = [x.mean(axis=1) + e for x, e in zip(repeats, reference, strict=True)]
    spread = [x.std(axis=1, ddof=1) / math.sqrt(5) for x in repeats]
    line = Component("reference power A", u_reference, 1.0, Distribution.NORMAL)
    covered = 0
    for trial in range(0, n, 10):
        base, influenced = (Budget((type_a(float(s[trial])), line)) for s in spread)
        u = variation_budget(base, influenced, r).expanded
        covered += abs(found[1][trial] - found[0][trial]) <= u
    assert covered / (n / 10) == pytest.approx(0.955, abs=0.015)


def test_the_drift_of_a_repeated_basis_is_half_its_change():
    line = drift_of_the_basis([0.01, 0.02, 0.03], [0.05, 0.05, 0.05])
    assert line.contribution == pytest.approx(0.015 / math.sqrt(3))
