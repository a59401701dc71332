"""The GUM budget against hand-checked examples, a Monte Carlo run and its own laws."""

import math
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.metrology.uncertainty import Budget, Component, Distribution, register_quantisation

REPEATS = (0.112, 0.118, 0.109, 0.121, 0.115)
contributions = st.floats(1e-6, 1.0)


def standard(name, u, dof=math.inf):
    return Component(name, u, 1.0, Distribution.NORMAL, dof=dof)


def test_effective_degrees_of_freedom_of_the_good_example():
    budget = Budget((standard("A", 0.006, 4), standard("B1", 0.005), standard("B2", 0.010), standard("B3", 0.004)))
    assert budget.combined == pytest.approx(0.01330, abs=5e-6)
    assert budget.effective_dof == pytest.approx(96.7, abs=0.05)
    assert budget.coverage_factor == pytest.approx(2.026, abs=5e-4)
    assert budget.expanded == pytest.approx(0.0270, abs=5e-5)


def test_too_few_repeats_cost_a_large_coverage_factor():
    budget = Budget((standard("A", 0.02, 2), standard("B", 0.005)))
    assert budget.effective_dof == pytest.approx(2.26, abs=0.005)
    assert budget.coverage_factor == pytest.approx(4.05, abs=0.005)


def worked_budget():
    return Budget(
        (
            Component.type_a("repeats", REPEATS),
            Component.normal("calibration", 0.020),
            Component.triangular("triangular", 0.0041),
            Component.normal("drift", 0.004, k=1),
            Component.rectangular("temperature", 0.010),
        )
    )


def test_the_worked_example_has_the_published_standard_uncertainty():
    assert mean(REPEATS) == pytest.approx(0.1150)
    assert worked_budget().combined == pytest.approx(0.012515, abs=5e-7)


def test_monte_carlo_agrees_and_shows_the_wider_tail_of_few_repeats():
    rng = np.random.default_rng(20131)
    n = 1_000_000
    type_a = worked_budget().components[0]
    draws = (
        mean(REPEATS)
        + type_a.standard_uncertainty * rng.standard_t(4, n)
        + rng.normal(0, 0.010, n)
        + rng.triangular(-0.0041, 0, 0.0041, n)
        + rng.normal(0, 0.004, n)
        + rng.uniform(-0.010, 0.010, n)
    )
    assert draws.mean() == pytest.approx(0.1150, abs=5e-5)
    assert draws.std() == pytest.approx(0.01270, abs=5e-5)
    low, high = np.quantile(draws, [(1 - 0.9545) / 2, (1 + 0.9545) / 2])
    assert (low, high) == (pytest.approx(0.0897, abs=2e-4), pytest.approx(0.1403, abs=2e-4))
    # The t distribution of 4 degrees of freedom has twice the variance the GUM budget counts: MC is wider.
    wider = math.sqrt(worked_budget().combined ** 2 + type_a.contribution**2)
    assert draws.std() == pytest.approx(wider, rel=2e-3)
    assert worked_budget().expanded == pytest.approx((high - low) / 2, rel=0.02)


@pytest.mark.parametrize(
    ("component", "u"),
    [
        (Component.normal("n", 0.04), 0.02),
        (Component.normal("n", 0.03, k=3), 0.01),
        (Component.rectangular("r", 0.03), 0.03 / math.sqrt(3)),
        (Component.triangular("t", 0.03), 0.03 / math.sqrt(6)),
        (Component.type_a("a", (1.0, 2.0, 3.0, 4.0)), math.sqrt(5 / 3) / 2),
        (Component.rectangular("phase", 0.01, sensitivity=-1.732), 0.01732 / math.sqrt(3)),
    ],
)
def test_each_kind_of_component_has_its_divisor(component, u):
    assert component.contribution == pytest.approx(u)


def test_three_repeats_are_the_least_for_a_type_a_evaluation():
    assert Component.type_a("a", (1.0, 2.0, 3.0)).dof == 2
    with pytest.raises(ValueError, match="at least 3"):
        Component.type_a("a", (1.0, 2.0))


def test_repeats_without_spread_leave_the_type_b_part_alone():
    budget = Budget((Component.type_a("a", (0.1, 0.1, 0.1)), Component.normal("b", 0.02)))
    assert budget.expanded == pytest.approx(0.02, rel=1e-5)
    assert budget.effective_dof == math.inf


def test_quantisation_of_two_readings_is_triangular_of_one_rectangular():
    # 0.001 kWh steps over 2 kWh: 0.05 %.
    assert register_quantisation(0.001, 2.0).contribution == pytest.approx(0.05 / math.sqrt(6))
    assert register_quantisation(0.001, -2.0, starts_at_zero=True).contribution == pytest.approx(0.05 / math.sqrt(12))
    with pytest.raises(ValueError, match="no energy has flowed"):
        register_quantisation(0.001, 0.0)


def test_two_truncated_register_readings_have_the_budgets_spread():
    rng = np.random.default_rng(5)
    step, energy = 0.001, 0.4371
    start = rng.uniform(0, 1, 200_000)
    energies = energy + rng.uniform(0, step, 200_000)
    registered = np.floor((start + energies) / step) * step - np.floor(start / step) * step
    spread_pct = 100 * ((registered - energies) / energies).std()
    assert spread_pct == pytest.approx(register_quantisation(step, energy).contribution, rel=0.02)


def test_an_empty_budget_is_zero_and_names_nobody():
    budget = Budget(())
    assert (budget.combined, budget.expanded, budget.dominant) == (0.0, 0.0, None)


def test_the_largest_component_is_named():
    small, large = standard("small", 0.3), standard("large", 0.4)
    budget = Budget((small, large))
    assert budget.dominant == large


@given(st.lists(contributions, min_size=1, max_size=6), st.integers(0, 5), st.floats(1.01, 10))
def test_expanded_uncertainty_grows_with_any_type_b_component(parts, index, factor):
    components = [standard(f"c{i}", u) for i, u in enumerate(parts)]
    grown = list(components)
    index %= len(parts)
    grown[index] = standard("grown", parts[index] * factor)
    assert Budget(tuple(grown)).expanded > Budget(tuple(components)).expanded


@given(st.lists(st.tuples(contributions, st.floats(1, 200)), min_size=1, max_size=6), contributions)
def test_the_combined_uncertainty_grows_with_every_component_added(parts, extra):
    components = tuple(standard(f"c{i}", u, dof) for i, (u, dof) in enumerate(parts))
    assert Budget((*components, standard("more", extra))).combined > Budget(components).combined


@given(st.lists(st.tuples(contributions, st.floats(1, 200)), min_size=1, max_size=6))
def test_effective_degrees_of_freedom_lie_between_smallest_and_sum(parts):
    budget = Budget(tuple(standard(f"c{i}", u, dof) for i, (u, dof) in enumerate(parts)))
    dofs = [dof for _, dof in parts]
    assert min(dofs) * (1 - 1e-9) <= budget.effective_dof <= sum(dofs) * (1 + 1e-9)


@pytest.mark.parametrize(
    "values",
    [
        {"stated": -1.0},
        {"stated": math.nan},
        {"divisor": 0.0},
        {"dof": 0.0},
        {"sensitivity": math.inf},
    ],
)
def test_impossible_components_are_refused_by_name(values):
    fields = {"name": "bad one", "stated": 1.0, "divisor": 1.0, "distribution": Distribution.NORMAL} | values
    with pytest.raises(ValueError, match="bad one"):
        Component(**fields)
