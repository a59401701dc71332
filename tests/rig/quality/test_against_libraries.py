"""Statistics agree with SciPy, statsmodels and capstat-core on cases that these computed (tools/quality_cases.py)."""

import json
from pathlib import Path

import pytest

from rig.quality.gauge.anova import gauge_result, study_of
from rig.quality.numbers import distributions
from rig.quality.process.capability import capability
from rig.quality.process.charts import ewma, individuals, means_and_deviations
from rig.quality.process.normality import anderson_darling
from rig.quality.process.rules import NELSON, WESTERN_ELECTRIC
from rig.quality.sampling.switching import Judged, Switching

CASES = json.loads(Path(__file__).with_name("quality_cases.json").read_text(encoding="utf-8"))
DISTRIBUTIONS = sorted({row["name"] for row in CASES["distributions"]})


def named(rows):
    return pytest.mark.parametrize("case", rows, ids=[row["name"] for row in rows])


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions_agree_with_scipy(name):
    for row in CASES["distributions"]:
        if row["name"] == name:
            found = getattr(distributions, name)(*row["arguments"])
            assert found == pytest.approx(row["value"], rel=1e-8, abs=1e-10), row


def made_study(readings):
    return study_of(
        [
            (f"p{part}", f"o{operator}", value)
            for part, of_part in enumerate(readings)
            for operator, values in enumerate(of_part)
            for value in values
        ]
    )


@named(CASES["studies"])
def test_tables_of_variance_agree_with_statsmodels(case):
    result = gauge_result(made_study(case["readings"]))
    assert [line.sum_of_squares for line in result.lines[:4]] == pytest.approx(case["sums_of_squares"], rel=1e-9)
    assert [line.dof for line in result.lines[:4]] == case["dof"]
    assert result.interaction_p == pytest.approx(case["interaction_p"], rel=1e-8)


@named(CASES["studies"])
def test_variance_components_agree_with_capstat(case):
    result, expected = gauge_result(made_study(case["readings"]), tolerance=6.0), case["capstat"]
    assert result.pooled is not expected["interaction_included"]
    for name in ("repeatability", "operator", "part by operator", "part to part"):
        assert result.components[name].variance == pytest.approx(expected[name], rel=1e-9, abs=1e-12)
    assert result.ndc == expected["ndc"]


@named(CASES["processes"])
def test_capability_agrees_with_capstat(case):
    found = capability(case["values"], -0.5, 0.5)
    for name in ("cp", "cpk", "pp", "ppk"):
        assert getattr(found, name).value == pytest.approx(case[name], rel=1e-9)


@named(CASES["processes"])
def test_control_limits_agree_with_capstat(case):
    values = case["values"]
    groups = [values[place : place + 5] for place in range(0, len(values) // 5 * 5, 5)]
    charts = (*individuals(values, len(values)), *means_and_deviations(groups, len(groups)))
    for chart, name in zip(charts, ("individuals", "ranges", "means", "deviations"), strict=True):
        assert [chart.centre, chart.lower[0], chart.upper[0]] == pytest.approx(case[name], rel=1e-6)


@named(CASES["processes"])
def test_rules_signal_where_those_of_capstat_do(case):
    for rules, name in ((WESTERN_ELECTRIC, "western_electric"), (NELSON, "nelson")):
        chart, _ = individuals(case["values"], len(case["values"]), rules)
        found = sorted([int(signal.rule.name.split()[-1]), signal.place] for signal in chart.signals)
        assert found == case[name]


@named(CASES["schemes"])
def test_switching_rules_agree_with_capstat(case):
    state, found = Switching(), []
    for accepted, tighter in case["lots"][: len(case["after"])]:
        lot = Judged(accepted, accept=1 if tighter is None else 2, accepted_tighter=bool(tighter))
        state = state.after(lot, reduced_permitted=True)
        found.append("discontinued" if state.discontinued else str(state.severity))
    assert found == case["after"]


@named(CASES["processes"])
def test_ewma_agrees_with_capstat(case):
    chart = ewma(case["values"], len(case["values"]))
    assert list(chart.values) == pytest.approx(case["ewma"], rel=1e-9)
    assert list(chart.upper) == pytest.approx(case["ewma_upper"], rel=1e-9)


@named(CASES["processes"])
def test_the_normality_test_agrees_with_capstat(case):
    found, n = anderson_darling(case["values"]), len(case["values"])
    uncorrected, p_value = case["anderson_darling"]
    assert found.a_squared == pytest.approx(uncorrected * (1.0 + 0.75 / n + 2.25 / n**2), rel=1e-9)
    assert found.p_value == pytest.approx(p_value, rel=1e-6, abs=1e-12)
