"""Compute the cases of tests/rig/metrology/uncertainty_cases.json with GTC and suncal, which are no part of the rig.

Run with an environment of its own (``make uncertainty-cases``): ``python tools/uncertainty_cases.py FILE``. The test
compares the rig's budgets with the numbers in FILE, so that it needs neither package.
"""

from __future__ import annotations

import json
import math
import sys
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

COVERAGE = 0.9545
DRAWS = 1_000_000
SEED = 13

Line = dict[str, Any]


def normal(u: float, weight: float = 1.0, **more: Any) -> Line:
    """A line with a normal distribution of standard uncertainty ``u``; ``dof`` makes it type A."""
    return {"distribution": "normal", "stated": u, "divisor": 1.0, "sensitivity": weight} | more


def rectangular(half: float, weight: float = 1.0, **more: Any) -> Line:
    """A line with bounds ±``half``."""
    return {"distribution": "rectangular", "stated": half, "divisor": math.sqrt(3.0), "sensitivity": weight} | more


def triangular(half: float, weight: float = 1.0, **more: Any) -> Line:
    """A line with a triangular distribution ±``half``."""
    return {"distribution": "triangular", "stated": half, "divisor": math.sqrt(6.0), "sensitivity": weight} | more


def shared(source: str, r: float, *lines: Line) -> list[Line]:
    """Lines of one source, every two of them correlated by ``r``."""
    return [line | {"source": source, "correlation": r} for line in lines]


CASES: dict[str, list[Line]] = {
    # Independent inputs.
    "one normal": [normal(0.02)],
    "one rectangular": [rectangular(0.05)],
    "three kinds": [normal(0.010), rectangular(0.010), triangular(0.0041)],
    "sensitivities of both signs": [normal(0.01, 2.0), rectangular(0.02, -1.5), normal(0.004, 0.3)],
    "type A of five readings": [normal(0.006, dof=4), normal(0.005), normal(0.010), normal(0.004)],
    "type A dominates with three readings": [normal(0.02, dof=2), normal(0.005)],
    "two type A parts": [normal(0.01, dof=4), normal(0.008, dof=9), rectangular(0.02)],
    "many small parts": [rectangular(0.001 * n) for n in range(1, 13)],
    "active power PF 0.5": [normal(0.002, dof=4), rectangular(0.03), rectangular(0.0302), rectangular(0.01)],
    # Elements of one analyzer: totals.
    "total of three alike": shared("power", 1.0, *[normal(0.01, 1 / 3)] * 3),
    "total of three, half alike": shared("power", 0.5, *[normal(0.01, 1 / 3)] * 3),
    "total of unequal loads": shared("power", 0.8, normal(0.01, 0.5), normal(0.012, 0.3), normal(0.015, 0.2)),
    "import against export": shared("power", 0.9, normal(0.01, 1.6), normal(0.012, -0.6)),
    "line voltage": [*shared("voltage", 1.0, normal(0.01, 0.5), normal(0.01, 0.5)), normal(0.005, 0.289)],
    "total with phase errors": [
        *shared("power", 1.0, *[normal(0.008, 1 / 3)] * 3),
        *shared("phase", 0.6, *[normal(0.0175, 0.577)] * 3),
        normal(0.002, dof=4),
    ],
    # Quantities that share a standard.
    "apparent power, alike": shared("amplitude", 1.0, normal(0.012), normal(0.015)),
    "apparent power, partly": shared("amplitude", 0.4, normal(0.012), normal(0.015)),
    "power factor, partly": [*shared("amplitude", 0.7, normal(0.02), normal(0.012, -1), normal(0.014, -1)),
                             normal(0.0302)],
    "power factor, all alike": [*shared("amplitude", 1.0, normal(0.03), normal(0.012, -1), normal(0.014, -1)),
                                normal(0.0302)],
    "variation of two readings": [*shared("reference", 0.9, normal(0.02), normal(0.021, -1)),
                                  normal(0.001, dof=4), normal(0.0012, dof=4)],
    "against each other": shared("drift", -0.5, normal(0.01), normal(0.02)),
    # Observed together: type A inputs with one number of readings.
    "voltage and current read together": [*shared("readings", 0.7, normal(0.01, dof=9), normal(0.02, dof=9)),
                                          normal(0.015)],
    "difference read together": [*shared("readings", 0.8, normal(0.01, dof=4), normal(0.011, -1, dof=4)),
                                 normal(0.003)],
    "three read together": [*shared("readings", 0.5, normal(0.01, dof=5), normal(0.02, dof=5), normal(0.005, dof=5)),
                            normal(0.01, dof=20)],
    "rectangular, partly alike": shared("bounds", 0.6, rectangular(0.03), rectangular(0.05)),
}  # fmt: skip


def with_gtc(lines: list[Line]) -> dict[str, float]:
    """Propagate with GTC: u, degrees of freedom and U; inputs that were observed together are an ensemble."""
    import GTC

    together = [line for line in lines if "dof" in line and "source" in line]
    observed = (
        GTC.multiple_ureal(
            [0.0] * len(together), [_u(line) for line in together], together[0]["dof"], ["x"] * len(together)
        )
        if together
        else []
    )
    inputs = []
    for line in lines:
        if line in together:
            inputs.append(observed.pop(0))
        else:
            inputs.append(GTC.ureal(0.0, _u(line), df=line.get("dof", math.inf), independent="source" not in line))
    for one, other in combinations(range(len(lines)), 2):
        if lines[one].get("source") and lines[one].get("source") == lines[other].get("source"):
            GTC.set_correlation(lines[one]["correlation"], inputs[one], inputs[other])
    y = sum(line["sensitivity"] * x for line, x in zip(lines, inputs, strict=True))
    k = GTC.rp.k_factor(y.df, p=100.0 * COVERAGE)
    return {"u": y.u, "dof": None if math.isinf(y.df) else y.df, "U": k * y.u}


def with_suncal(lines: list[Line]) -> dict[str, float]:
    """Propagate with suncal: u by GUM, U by GUM where inputs are independent, u and U by Monte Carlo."""
    import numpy as np
    import suncal

    names = [f"x{place}" for place in range(len(lines))]
    terms = [f"({line['sensitivity']!r})*{name}" for name, line in zip(names, lines, strict=True)]
    model = suncal.Model("y = " + " + ".join(terms))
    for name, line in zip(names, lines, strict=True):
        kinds = {
            "normal": {"dist": "normal", "std": line["stated"], "df": line.get("dof", math.inf)},
            "rectangular": {"dist": "uniform", "a": line["stated"]},
            "triangular": {"dist": "triangular", "a": line["stated"]},
        }
        model.var(name).measure(0.0).typeb(**kinds[line["distribution"]])
    matrix = np.eye(len(lines))
    for one, other in combinations(range(len(lines)), 2):
        if lines[one].get("source") and lines[one].get("source") == lines[other].get("source"):
            matrix[one, other] = matrix[other, one] = lines[one]["correlation"]
    if not np.array_equal(matrix, np.eye(len(lines))):
        model.variables.set_correlation(matrix, names)
    gum = model.calculate_gum()
    np.random.seed(SEED)
    drawn = model.monte_carlo(samples=DRAWS)
    found = {"u": gum.uncertainty["y"], "monte_carlo_u": drawn.uncertainty["y"]}
    if np.array_equal(matrix, np.eye(len(lines))):
        dof = float(gum.degf["y"])
        found |= {"dof": None if dof > 1e8 else dof, "U": gum.expand("y", conf=COVERAGE)}
    low, high = np.quantile(drawn.samples["y"], (0.5 - COVERAGE / 2, 0.5 + COVERAGE / 2))
    found["monte_carlo_U"] = 0.5 * (high - low)
    return {name: None if value is None else float(value) for name, value in found.items()}


def _u(line: Line) -> float:
    return float(line["stated"] / line["divisor"])


def main(path: Path) -> None:
    """Write all cases with what both packages say."""
    cases = [
        {"name": name, "lines": lines, "GTC": with_gtc(lines), "suncal": with_suncal(lines)}
        for name, lines in CASES.items()
    ]
    versions = {package: version(package) for package in ("GTC", "suncal")}
    head = json.dumps({"coverage": COVERAGE, "draws": DRAWS, "versions": versions})
    rows = ",\n".join(json.dumps(case) for case in cases)  # a case on a line
    path.write_text(f'{head[:-1]}, "cases": [\n{rows}\n]}}\n', encoding="utf-8")
    print(f"{len(cases)} cases in {path}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
