"""Compute the cases of tests/rig/quality/quality_cases.json with SciPy, statsmodels and capstat-core.

Run with an environment of its own (``make quality-cases``): ``python tools/quality_cases.py FILE``. The tests compare
the rig's statistics with the numbers in FILE, so that they need none of these packages.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import capstat_core
import numpy as np
import pandas
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

SEED = 41
STUDIES = {  # parts, operators, replicates, and the standard deviations of part, operator, interaction and reading
    "interaction": (5, 3, 2, 1.0, 0.3, 0.5, 0.1),
    "no interaction": (10, 3, 3, 1.0, 0.2, 0.0, 0.3),
    "no operator": (8, 2, 4, 1.0, 0.0, 0.0, 0.4),
    "all noise": (4, 4, 3, 0.0, 0.0, 0.0, 1.0),
    "many parts": (20, 2, 2, 2.0, 0.1, 0.05, 0.05),
}


def distributions() -> list[dict[str, Any]]:
    """Values of distribution functions and their inverses."""
    rows: list[dict[str, Any]] = []
    for dof in (1.0, 2.5, 7.0, 30.0, 499.0):
        for p in (0.001, 0.025, 0.3, 0.5, 0.9, 0.975, 0.9999):
            rows.append({"name": "chi_square_quantile", "arguments": [p, dof], "value": stats.chi2.ppf(p, dof)})
            rows.append({"name": "t_quantile", "arguments": [p, dof], "value": stats.t.ppf(p, dof)})
            rows.append({"name": "beta_quantile", "arguments": [p, dof, 3.5], "value": stats.beta.ppf(p, dof, 3.5)})
        for x in (0.01, 0.7, 5.0, 30.0, 520.0):
            rows.append({"name": "chi_square_cdf", "arguments": [x, dof], "value": stats.chi2.cdf(x, dof)})
            rows.append({"name": "f_exceeds", "arguments": [x, 4.0, dof], "value": stats.f.sf(x, 4.0, dof)})
    for dof in (2, 4, 9, 49, 199):
        for delta in (-1.0, 0.0, 3.0, 12.0, 40.0):
            for t in (0.5 * delta - 1.0, delta, 1.2 * delta + 2.0):
                value = stats.nct.cdf(t, dof, delta)
                if np.isfinite(value):
                    rows.append({"name": "noncentral_t_cdf", "arguments": [t, float(dof), delta], "value": value})
    return rows


def gauge_studies(chance: np.random.Generator) -> list[dict[str, Any]]:
    """Studies with their table of variance by statsmodels and their components by capstat-core."""
    rows = []
    for name, (p, o, r, of_part, of_operator, of_both, of_reading) in STUDIES.items():
        y = (
            chance.normal(0, of_part, (p, 1, 1)) + chance.normal(0, of_operator, (1, o, 1))
            + chance.normal(0, of_both, (p, o, 1)) + chance.normal(0, of_reading, (p, o, r))
        ).round(4)  # fmt: skip
        frame = pandas.DataFrame(
            [(f"p{i}", f"o{j}", y[i, j, k]) for i in range(p) for j in range(o) for k in range(r)],
            columns=["part", "operator", "value"],
        )
        table = anova_lm(ols("value ~ C(part) * C(operator)", data=frame).fit())
        report = capstat_core.gage_rr(y, tolerance=6.0)
        rows.append(
            {
                "name": name,
                "readings": y.tolist(),
                "sums_of_squares": table["sum_sq"].tolist(),
                "dof": table["df"].tolist(),
                "interaction_p": float(table["PR(>F)"].iloc[2]),
                "capstat": {
                    "interaction_included": report.interaction_included,
                    "repeatability": report.var_repeatability,
                    "operator": report.var_operator,
                    "part by operator": report.var_interaction,
                    "part to part": report.var_part,
                    "ndc": report.ndc,
                },
            }
        )
    return rows


def processes(chance: np.random.Generator) -> list[dict[str, Any]]:
    """Series of values with capability, charts, rules and normality by capstat-core."""
    made = {
        "normal": chance.normal(0.05, 0.1, 60),
        "shifted": np.concatenate([chance.normal(0.0, 0.1, 25), chance.normal(0.17, 0.1, 25)]),
        "drifting": chance.normal(0.0, 0.05, 50) + np.linspace(0.0, 0.3, 50),
        "skewed": chance.exponential(0.1, 80),
        "alternating": chance.normal(0.0, 0.02, 40) + 0.1 * (-1.0) ** np.arange(40),
    }
    rows = []
    for name, values in made.items():
        x = values.round(4)
        chart = capstat_core.i_mr_chart(x)
        smooth = capstat_core.ewma_chart(x)
        groups = x[: len(x) // 5 * 5].reshape(-1, 5)
        means = capstat_core.xbar_s_chart(groups)
        indices = capstat_core.capability(x, lsl=-0.5, usl=0.5)
        normality = capstat_core.anderson_darling(x)
        rows.append(
            {
                "name": name,
                "values": x.tolist(),
                "cp": indices.cp, "cpk": indices.cpk, "pp": indices.pp, "ppk": indices.ppk,
                "individuals": _limits(chart.location), "ranges": _limits(chart.dispersion),
                "means": _limits(means.location), "deviations": _limits(means.dispersion),
                "ewma": list(smooth.points), "ewma_upper": list(smooth.upper),
                "western_electric": _found(capstat_core.western_electric_rules(chart.location)),
                "nelson": _found(capstat_core.nelson_rules(chart.location)),
                "anderson_darling": [normality.statistic, normality.p_value],
            }
        )  # fmt: skip
    return rows


def schemes(chance: np.random.Generator) -> list[dict[str, Any]]:
    """Series of lots with the severity after each, by capstat-core's switching rules of ISO 2859-1."""
    rows = []
    for number, refused in enumerate((0.0, 0.02, 0.1, 0.3, 0.5)):
        for tighter in (True, False):
            accepted = (chance.random(80) >= refused).tolist()
            lots = [
                capstat_core.LotResult(each, bool(each and chance.random() < 0.95) if tighter else None)
                for each in accepted
            ]
            history = capstat_core.apply_switching_rules(lots, reduced_inspection_authorised=True)
            rows.append(
                {
                    "name": f"{number}{'t' if tighter else ''}",
                    "lots": [[lot.accepted, lot.accepted_at_tighter_aql] for lot in lots],
                    "after": [
                        str(getattr(step.severity_after, "value", step.severity_after)) for step in history.steps
                    ],
                }
            )
    return rows


def _limits(chart: Any) -> list[float]:
    return [chart.limits.center, chart.limits.lower, chart.limits.upper]


def _found(violations: Any) -> list[list[int]]:
    return sorted([each.rule, each.point] for each in violations)


def main(path: Path) -> None:
    """Write all cases."""
    chance = np.random.default_rng(SEED)
    cases = {
        "versions": {package: version(package) for package in ("scipy", "statsmodels", "capstat-core")},
        "distributions": distributions(),
        "studies": gauge_studies(chance),
        "processes": processes(chance),
        "schemes": schemes(chance),
    }
    path.write_text(json.dumps(cases, separators=(",", ":")).replace("},{", "},\n{") + "\n", encoding="utf-8")
    print(f"{sum(len(rows) for rows in cases.values())} cases in {path}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
