"""The rig's budgets against GTC and suncal on cases with and without correlation, and Monte Carlo against both.

The numbers of the two packages are in ``uncertainty_cases.json``, written by ``tools/uncertainty_cases.py``.
"""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from rig.metrology.analysis.monte_carlo import check, monte_carlo
from rig.metrology.uncertainty import Budget, Component, Distribution
from rig.procedures.accuracy.result import recorded

DATA = json.loads(Path(__file__).with_name("uncertainty_cases.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in DATA["cases"]}
INDEPENDENT = [name for name, case in CASES.items() if not any("source" in line for line in case["lines"])]
TYPE_B = [name for name, case in CASES.items() if not any("dof" in line for line in case["lines"])]


def budget_of(name):
    return Budget(
        tuple(
            Component(f"line {place}", **(line | {"distribution": Distribution(line["distribution"])}))
            for place, line in enumerate(CASES[name]["lines"])
        ),
        DATA["coverage"],
    )


def test_there_are_twenty_cases_and_ten_of_them_are_correlated():
    assert len(CASES) >= 20
    assert len(CASES) - len(INDEPENDENT) >= 10


@pytest.mark.parametrize("name", CASES)
def test_u_dof_and_expanded_u_equal_those_of_gtc(name):
    budget, gtc = budget_of(name), CASES[name]["GTC"]
    assert budget.combined == pytest.approx(gtc["u"], rel=1e-9, abs=1e-12)
    assert budget.effective_dof == pytest.approx(math.inf if gtc["dof"] is None else gtc["dof"], rel=1e-9)
    assert budget.expanded == pytest.approx(gtc["U"], rel=2e-5)  # GTC takes many degrees of freedom as infinite


@pytest.mark.parametrize("name", CASES)
def test_u_equals_that_of_suncal(name):
    assert budget_of(name).combined == pytest.approx(CASES[name]["suncal"]["u"], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("name", INDEPENDENT)
def test_dof_and_expanded_u_of_independent_inputs_equal_those_of_suncal(name):
    budget, suncal = budget_of(name), CASES[name]["suncal"]
    assert budget.effective_dof == pytest.approx(math.inf if suncal["dof"] is None else suncal["dof"], rel=1e-6)
    assert budget.expanded == pytest.approx(suncal["U"], rel=1e-5)


@pytest.mark.parametrize("name", TYPE_B)
def test_monte_carlo_equals_that_of_suncal(name):
    drawn, suncal = monte_carlo(budget_of(name), seed=5), CASES[name]["suncal"]
    assert drawn.standard == pytest.approx(suncal["monte_carlo_u"], rel=0.01)
    assert drawn.expanded == pytest.approx(suncal["monte_carlo_U"], rel=0.01)


@pytest.mark.parametrize("name", TYPE_B)
def test_monte_carlo_agrees_with_gum_where_both_apply(name):
    # Both apply where the sum is nearly normal: no rectangular line is most of it.
    budget = budget_of(name)
    drawn = monte_carlo(budget, seed=6)
    assert drawn.standard == pytest.approx(budget.combined, rel=0.01, abs=1e-9)
    flat = max((c.contribution for c in budget.components if c.distribution != "normal"), default=0.0)
    if flat < 0.5 * budget.combined:
        assert drawn.expanded == pytest.approx(budget.expanded, rel=0.02)
    else:
        assert drawn.expanded <= budget.expanded * 1.01


def test_monte_carlo_agrees_with_gum_for_a_single_type_a_input():
    budget = Budget((Component("repeatability", 0.01, 1.0, Distribution.STUDENT, dof=4),))
    assert monte_carlo(budget, seed=7).expanded == pytest.approx(budget.expanded, rel=0.02)
    # The spread of a t with 4 degrees of freedom is twice as large, squared: JCGM 101 6.4.9.4.
    assert monte_carlo(budget, seed=7, draws=1_000_000).standard == pytest.approx(0.01 * math.sqrt(2), rel=0.05)


def test_type_a_inputs_observed_together_are_one_input():
    parts = [
        Component(f"x{n}", 0.01, 1.0, Distribution.STUDENT, sign, dof=6, source="readings", correlation=0.5)
        for n, sign in enumerate((1.0, 1.0))
    ]
    budget = Budget(tuple(parts))
    assert budget.effective_dof == pytest.approx(6.0)
    assert monte_carlo(budget, seed=8).expanded == pytest.approx(budget.expanded, rel=0.02)


def test_unequal_degrees_of_freedom_of_one_source_give_a_lower_bound():
    def line(name, dof):
        return Component(name, 0.01, 1.0, Distribution.STUDENT, dof=dof, source="shared", correlation=0.5)

    assert Budget((line("a", 4), line("b", 30))).effective_dof == pytest.approx(4.0)
    assert Budget((line("a", 4), line("b", math.inf))).effective_dof == pytest.approx(4.0)


@pytest.mark.parametrize("distribution", ["rectangular", "triangular"])
@pytest.mark.parametrize("r", [-0.5, 0.3, 0.9])
def test_drawn_bounds_have_the_coefficient_that_was_stated(distribution, r):
    make = getattr(Component, distribution)
    parts = tuple(
        Component(c.name, c.stated, c.divisor, c.distribution, source="s", correlation=r)
        for c in (make("a", 1.0), make("b", 1.0))
    )
    u = parts[0].standard_uncertainty
    covariance = 0.5 * (monte_carlo(Budget(parts), seed=9).standard ** 2 - 2 * u**2)
    assert covariance / u**2 == pytest.approx(r, abs=0.02)


def test_a_seed_gives_the_same_draws_again():
    budget = budget_of("three kinds")
    assert monte_carlo(budget, seed=1, draws=2000) == monte_carlo(budget, seed=1, draws=2000)
    assert monte_carlo(budget, seed=1, draws=2000) != monte_carlo(budget, seed=2, draws=2000)
    with pytest.raises(ValueError, match=r"at least 1,000 draws"):
        monte_carlo(budget, seed=1, draws=999)


def test_impossible_coefficients_are_refused_with_their_source():
    def line(r, name="x", source="shared"):
        return Component(name, 0.01, 1.0, Distribution.NORMAL, source=source, correlation=r)

    with pytest.raises(ValueError, match="shared: its components state different"):
        Budget((line(0.5), line(0.4))).combined
    with pytest.raises(ValueError, match="shared: 3 quantities cannot all"):
        Budget((line(-0.9),) * 3).combined
    for r, source in ((1.5, "shared"), (0.5, "")):
        with pytest.raises(ValueError, match="a correlation coefficient lies between"):
            line(r, source=source)


def test_correlated_errors_drawn_at_random_have_the_budgets_spread():
    rng = np.random.default_rng(10)
    matrix = np.array([[1.0, 0.8, 0.8], [0.8, 1.0, 0.8], [0.8, 0.8, 1.0]])
    drawn = rng.multivariate_normal(np.zeros(3), matrix, 200_000) @ np.array([0.5 * 0.01, 0.3 * 0.012, 0.2 * 0.015])
    assert budget_of("total of unequal loads").combined == pytest.approx(drawn.std(), rel=0.01)


@pytest.mark.parametrize("name", ["three kinds", "total with phase errors", "power factor, partly", "many small parts"])
def test_a_recorded_budget_is_drawn_as_the_one_it_was_made_from(name):
    budget = budget_of(name)
    found = check([recorded(each) for each in budget.components], budget.expanded, seed=5)
    assert found.drawn.expanded == pytest.approx(monte_carlo(budget, seed=5).expanded, rel=1e-6)
    assert found.ratio == pytest.approx(budget.expanded / found.drawn.expanded)
