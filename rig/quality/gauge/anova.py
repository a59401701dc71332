"""Gauge R&R of a crossed, balanced study by analysis of variance; parts and operators are random.

AIAG, Measurement Systems Analysis, 4th edition (2010), chapter III section B and appendix A; Montgomery and Runger,
Quality Engineering 6 (1993) 289, for the expected mean squares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rig.errors import UsageRefused
from rig.quality.numbers.distributions import f_exceeds

POOLING_ALPHA = 0.25
"""The interaction is pooled with repeatability where its p-value is above this.

A high level, so that an interaction is not taken for none by too few readings.
"""

SIGMAS = 6.0
"""Width of a study variation in standard deviations: 99.73 % of a normal distribution."""

_NDC_FACTOR = 1.41


class StudyRefused(UsageRefused):
    """Readings that are no crossed, balanced study (exit 11)."""


@dataclass(frozen=True, slots=True)
class Study:
    """Readings of a crossed study. ``readings[part, operator]``: its replicates in the order of measurement."""

    parts: tuple[str, ...]
    operators: tuple[str, ...]
    readings: Mapping[tuple[str, str], tuple[float, ...]]

    @property
    def replicates(self) -> int:
        """How often each operator measured each part."""
        return len(next(iter(self.readings.values())))

    @property
    def array(self) -> np.ndarray:
        """The readings as an array of parts, operators and replicates."""
        return np.array([[self.readings[part, operator] for operator in self.operators] for part in self.parts])


@dataclass(frozen=True, slots=True)
class AnovaLine:
    """One line of the table of variance; ``f`` and ``p_value`` are None where nothing is tested."""

    source: str
    dof: int
    sum_of_squares: float
    mean_square: float
    f: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """One source of variation: its variance, and what it is of all and of the tolerance (None without one)."""

    name: str
    variance: float
    contribution_pct: float
    study_pct: float
    tolerance_pct: float | None

    @property
    def sigma(self) -> float:
        """The standard deviation."""
        return math.sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class GaugeResult:
    """What a study says of the measuring system. ``pooled``: the interaction was pooled with repeatability.

    ``lines``: with the interaction; ``pooled_lines``: without it, empty where it stays. ``negative``: sources whose
    estimated variance was below zero, and counts as zero. ``ndc``: int(1.41 PV / GRR), the number of distinct
    categories; None where GRR is zero.
    """

    study: Study
    lines: tuple[AnovaLine, ...]
    pooled_lines: tuple[AnovaLine, ...]
    pooled: bool
    interaction_p: float
    alpha: float
    components: Mapping[str, Component]
    negative: tuple[str, ...]
    ndc: int | None
    tolerance: float | None

    @property
    def verdict(self) -> str:
        """AIAG's guideline for the larger of %study and %tolerance of GRR, in words (MSA, 4th edition, page 78)."""
        grr = self.components["gauge R&R"]
        share = grr.study_pct if grr.tolerance_pct is None else grr.tolerance_pct
        of = "study variation" if grr.tolerance_pct is None else "tolerance"
        if share < 10.0:
            word = "generally considered acceptable"
        elif share <= 30.0:
            word = "may be acceptable for some applications"
        else:
            word = "considered unacceptable"
        few = self.ndc is not None and self.ndc < 5
        return f"GRR is {share:.1f} % of the {of}: {word}" + (f"; ndc {self.ndc} is below 5" if few else "")


def study_of(readings: Sequence[tuple[str, str, float]]) -> Study:
    """Make a study of (part, operator, value) in the order of measurement. Raises StudyRefused for what is none."""
    cells: dict[tuple[str, str], list[float]] = {}
    for part, operator, value in readings:
        if not math.isfinite(value):
            raise StudyRefused(f"the reading of part {part} by {operator} is no number; a study needs every reading")
        cells.setdefault((part, operator), []).append(value)
    parts = tuple(dict.fromkeys(part for part, _ in cells))
    operators = tuple(dict.fromkeys(operator for _, operator in cells))
    if len(parts) < 2 or len(operators) < 2:
        raise StudyRefused(
            f"a gauge R&R study needs at least 2 parts and 2 operators; here are {len(parts)} and {len(operators)}"
        )
    counts = {(part, operator): len(cells.get((part, operator), ())) for part in parts for operator in operators}
    most = max(counts.values())
    for (part, operator), count in counts.items():
        if count != most:
            raise StudyRefused(
                f"the study is not balanced: {operator} measured part {part} {count} times and others {most} times; "
                "measure the missing readings or leave that part or operator out"
            )
    if most < 2:
        raise StudyRefused("each operator measured each part once only: repeatability needs at least 2 readings")
    return Study(parts, operators, {cell: tuple(values) for cell, values in cells.items()})


def gauge_result(study: Study, tolerance: float | None = None, alpha: float = POOLING_ALPHA) -> GaugeResult:
    """Return variance components, shares and ndc. ``tolerance``: upper less lower limit, in the readings' unit."""
    p, o, r = len(study.parts), len(study.operators), study.replicates
    lines, interaction_p = _table(study.array)
    part, operator, interaction, error = lines[0], lines[1], lines[2], lines[3]
    pooled = interaction_p > alpha
    pooled_lines: tuple[AnovaLine, ...] = ()
    if pooled:
        dof, squares = interaction.dof + error.dof, interaction.sum_of_squares + error.sum_of_squares
        remaining = AnovaLine("repeatability", dof, squares, squares / dof)
        pooled_lines = (_tested(part, remaining), _tested(operator, remaining), remaining, lines[4])
        raw = {
            "repeatability": remaining.mean_square,
            "operator": (operator.mean_square - remaining.mean_square) / (p * r),
            "part by operator": 0.0,
            "part": (part.mean_square - remaining.mean_square) / (o * r),
        }
    else:
        raw = {
            "repeatability": error.mean_square,
            "operator": (operator.mean_square - interaction.mean_square) / (p * r),
            "part by operator": (interaction.mean_square - error.mean_square) / r,
            "part": (part.mean_square - interaction.mean_square) / (o * r),
        }
    components = _components({name: max(0.0, value) for name, value in raw.items()}, tolerance)
    grr = components["gauge R&R"].sigma
    return GaugeResult(
        study=study,
        lines=lines,
        pooled_lines=pooled_lines,
        pooled=pooled,
        interaction_p=interaction_p,
        alpha=alpha,
        components=components,
        negative=tuple(name for name, value in raw.items() if value < 0.0),
        ndc=int(_NDC_FACTOR * components["part to part"].sigma / grr) if grr > 0.0 else None,
        tolerance=tolerance,
    )


def _components(of: Mapping[str, float], tolerance: float | None) -> dict[str, Component]:
    reproducibility = of["operator"] + of["part by operator"]
    grr = of["repeatability"] + reproducibility
    total = grr + of["part"]
    variances = {
        "gauge R&R": grr,
        "repeatability": of["repeatability"],
        "reproducibility": reproducibility,
        "operator": of["operator"],
        "part by operator": of["part by operator"],
        "part to part": of["part"],
        "total": total,
    }
    return {
        name: Component(
            name=name,
            variance=variance,
            contribution_pct=100.0 * variance / total if total else 0.0,
            study_pct=100.0 * math.sqrt(variance / total) if total else 0.0,
            tolerance_pct=100.0 * SIGMAS * math.sqrt(variance) / tolerance if tolerance else None,
        )
        for name, variance in variances.items()
    }


def _table(y: np.ndarray) -> tuple[tuple[AnovaLine, ...], float]:
    """Return the lines part, operator, interaction, repeatability and total, and the p-value of the interaction."""
    p, o, r = y.shape
    mean = y.mean()
    of_parts, of_operators, of_cells = y.mean(axis=(1, 2)), y.mean(axis=(0, 2)), y.mean(axis=2)
    ss_part = o * r * float(np.sum((of_parts - mean) ** 2))
    ss_operator = p * r * float(np.sum((of_operators - mean) ** 2))
    apart = of_cells - of_parts[:, None] - of_operators[None, :] + mean
    ss_interaction = r * float(np.sum(apart**2))
    ss_error = float(np.sum((y - of_cells[:, :, None]) ** 2))
    error = _line("repeatability", p * o * (r - 1), ss_error)
    interaction = _tested(_line("part by operator", (p - 1) * (o - 1), ss_interaction), error)
    part = _tested(_line("part", p - 1, ss_part), interaction)
    operator = _tested(_line("operator", o - 1, ss_operator), interaction)
    total = _line("total", p * o * r - 1, float(np.sum((y - mean) ** 2)))
    assert interaction.p_value is not None
    return (part, operator, interaction, error, total), interaction.p_value


def _line(source: str, dof: int, sum_of_squares: float) -> AnovaLine:
    return AnovaLine(source, dof, sum_of_squares, sum_of_squares / dof)


def _tested(line: AnovaLine, against: AnovaLine) -> AnovaLine:
    if against.mean_square > 0.0:
        f = line.mean_square / against.mean_square
    else:
        f = math.inf if line.mean_square > 0.0 else 0.0
    p_value = f_exceeds(f, line.dof, against.dof) if math.isfinite(f) else 0.0
    return AnovaLine(line.source, line.dof, line.sum_of_squares, line.mean_square, f, p_value)
