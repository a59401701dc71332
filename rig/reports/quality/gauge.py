"""The document of a gauge study: tables of variance and components, and the plots that are usual for it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from rig.quality.gauge.anova import SIGMAS, AnovaLine, GaugeResult
from rig.reports.quality.document import Block, Note, Plot, Section, Table
from rig.reports.quality.figures import BLUE, GREY, NARROW, ORANGE, RED, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (BLUE, ORANGE, "#2b8a5f", "#7a3db8", "#8a6100", "#8b1a4a")
_MARKERS = ("o", "s", "^", "D", "v", "P")


def summary_section(results: Sequence[tuple[str, GaugeResult]], refused: Sequence[tuple[str, str]]) -> Section:
    """Return one line for each measurement, the worst first, and what was no study."""
    rows = tuple(
        (
            name, _percent(result.components["gauge R&R"].study_pct),
            _percent(result.components["gauge R&R"].tolerance_pct), str(result.ndc) if result.ndc is not None else "∞",
            _percent(result.components["repeatability"].study_pct),
            _percent(result.components["reproducibility"].study_pct),
        )
        for name, result in results
    )  # fmt: skip
    heads = ("measurement", "GRR % study", "GRR % tolerance", "ndc", "repeatability % study", "reproducibility % study")
    blocks: list[Block] = [Table(heads, rows, (1, 2, 3, 4, 5))] if rows else []
    for why in dict.fromkeys(why for _, why in refused):
        count = sum(each == why for _, each in refused)
        blocks.append(Note(f"{count} measurements are no study: {why}"))
    return Section("All measurements", tuple(blocks))


def result_section(name: str, result: GaugeResult, key: str, unit: str, *, draws: bool) -> Section:
    """Return tables and plots of one measurement."""
    study = result.study
    blocks: list[Block] = [
        f"{len(study.parts)} parts, {len(study.operators)} operators, {study.replicates} replicates; crossed, ANOVA.",
        Note(f"{result.verdict[:1].upper()}{result.verdict[1:]}.", is_bad="unacceptable" in result.verdict),
        _anova(result.lines, "Analysis of variance with the interaction"),
    ]
    if result.pooled:
        blocks += [
            f"The interaction has p = {result.interaction_p:.3f}, above {result.alpha:g}: it is pooled with "
            "repeatability.",
            _anova(result.pooled_lines, "Analysis of variance without the interaction"),
        ]
    else:
        blocks.append(f"The interaction has p = {result.interaction_p:.3f}, not above {result.alpha:g}: it stays.")
    if result.negative:
        blocks.append(f"Estimated below zero, and taken as zero: {', '.join(result.negative)}.")
    blocks.append(_components(result, unit))
    ndc = "without end, since GRR is zero" if result.ndc is None else str(result.ndc)
    blocks.append(f"Number of distinct categories, int(1.41 × PV / GRR): {ndc}. AIAG asks for 5 or more.")
    if draws:
        blocks += _plots(result, key, unit)
    return Section(name, tuple(blocks))


def _anova(lines: Sequence[AnovaLine], caption: str) -> Table:
    rows = tuple(
        (
            line.source, str(line.dof), f"{line.sum_of_squares:.6g}", f"{line.mean_square:.6g}",
            "" if line.f is None else f"{line.f:.3f}", "" if line.p_value is None else f"{line.p_value:.3f}",
        )
        if line.source != "total"
        else (line.source, str(line.dof), f"{line.sum_of_squares:.6g}", "", "", "")
        for line in lines
    )  # fmt: skip
    return Table(("source", "dof", "sum of squares", "mean square", "F", "p"), rows, (1, 2, 3, 4, 5), caption)


def _components(result: GaugeResult, unit: str) -> Table:
    rows = tuple(
        (
            each.name, f"{each.variance:.6g}", f"{each.sigma:.5g}", f"{SIGMAS * each.sigma:.5g}",
            _percent(each.contribution_pct), _percent(each.study_pct), _percent(each.tolerance_pct),
        )
        for each in result.components.values()
    )  # fmt: skip
    heads = ("source", "variance", f"sigma{f' {unit}' if unit else ''}", "6 sigma", "% contribution", "% study",
             "% tolerance")  # fmt: skip
    tolerance = "no tolerance given" if result.tolerance is None else f"tolerance {result.tolerance:g} {unit}".rstrip()
    return Table(heads, rows, (1, 2, 3, 4, 5, 6), f"Components of variation; {tolerance}")


def _plots(result: GaugeResult, key: str, unit: str) -> list[Plot]:
    study, y = result.study, result.study.array
    parts, operators = list(study.parts), list(study.operators)
    value = unit or "value"

    def of_components(axes: Axes) -> None:
        names = ("gauge R&R", "repeatability", "reproducibility", "part to part")
        groups = [("% contribution", "contribution_pct"), ("% study", "study_pct")]
        groups += [("% tolerance", "tolerance_pct")] if result.tolerance else []
        for place, (label, field) in enumerate(groups):
            heights = [getattr(result.components[name], field) for name in names]
            at = [number + 0.27 * (place - 0.5 * (len(groups) - 1)) for number in range(len(names))]
            axes.bar(at, heights, width=0.25, color=_COLOURS[place], label=label)
        axes.set_xticks(range(len(names)), names)
        axes.set_ylabel("%")
        axes.legend(frameon=False, fontsize=7)
        axes.set_title("Components of variation", loc="left", fontweight="bold")

    def by_part(axes: Axes) -> None:
        for place, part in enumerate(parts):
            readings = [each for operator in operators for each in study.readings[part, operator]]
            axes.plot([place] * len(readings), readings, "o", markersize=2.5, color=GREY, alpha=0.6)
        axes.plot(range(len(parts)), y.mean(axis=(1, 2)), color=BLUE, marker="D", markersize=4, linewidth=0.9)
        _named(axes, parts, "by part", value)

    def by_operator(axes: Axes) -> None:
        axes.boxplot([y[:, place, :].ravel() for place in range(len(operators))], widths=0.5)
        axes.plot(
            range(1, len(operators) + 1), y.mean(axis=(0, 2)), color=BLUE, marker="D", markersize=4, linewidth=0.9
        )
        axes.set_xticks(range(1, len(operators) + 1), operators, parse_math=False)
        axes.set_ylabel(value)
        axes.set_title("By operator", loc="left", fontweight="bold")

    def interaction(axes: Axes) -> None:
        for place, operator in enumerate(operators):
            axes.plot(range(len(parts)), y[:, place, :].mean(axis=1), linewidth=0.9, markersize=3.5, label=operator,
                      color=_COLOURS[place % len(_COLOURS)], marker=_MARKERS[place % len(_MARKERS)])  # fmt: skip
        _named(axes, parts, "part by operator", value)
        axes.legend(frameon=False, fontsize=7)

    def ranges(axes: Axes) -> None:
        spans = y.max(axis=2) - y.min(axis=2)
        _in_operators(axes, spans.T, operators)
        axes.axhline(mean(spans.ravel()), color=GREY, linewidth=0.8)
        axes.set_ylabel(f"range of {study.replicates}, {value}")
        axes.set_title("Ranges by operator and part", loc="left", fontweight="bold")

    def means(axes: Axes) -> None:
        _in_operators(axes, y.mean(axis=2).T, operators)
        half = 3.0 * result.components["repeatability"].sigma / study.replicates**0.5
        for level in (y.mean() - half, y.mean() + half):
            axes.axhline(level, color=RED, linewidth=0.9, linestyle="--")
        axes.set_ylabel(f"mean, {value}")
        axes.set_title("Means by operator; dashed: what repeatability hides", loc="left", fontweight="bold")

    plots = (
        ("components", of_components, "Components of variation."),
        ("ranges", ranges, "Ranges of the replicates, by operator and part; the line is their mean."),
        ("parts", by_part, "All readings by part; the line joins the means."),
        ("means", means, "Means by operator and part. Most should lie beyond the lines: parts differ by more than "
         "repeatability hides."),
        ("operators", by_operator, "All readings by operator; the line joins the means."),
        ("interaction", interaction, "Means of each part by operator: parallel lines are no interaction."),
    )  # fmt: skip
    return [Plot(drawn(f"{key}-{name}", draw, NARROW), caption) for name, draw, caption in plots]


def _named(axes: Axes, parts: Sequence[str], what: str, value: str) -> None:
    axes.set_xticks(
        range(len(parts)), parts, rotation=50 if max(map(len, parts)) > 3 else 0, fontsize=7, parse_math=False
    )
    axes.set_ylabel(value)
    axes.set_title(what.capitalize(), loc="left", fontweight="bold")
    axes.grid(visible=True, axis="y", color="#d8dee4", linewidth=0.5)


def _in_operators(axes: Axes, rows: Sequence[Sequence[float]], operators: Sequence[str]) -> None:
    """Draw one line for each operator, side by side."""
    start = 0
    for place, row in enumerate(rows):
        colour = _COLOURS[place % len(_COLOURS)]
        axes.plot(range(start, start + len(row)), row, color=colour, marker="o", markersize=2.8, linewidth=0.8)
        start += len(row) + 1
    width = len(rows[0]) + 1
    axes.set_xticks([place * width + 0.5 * (width - 2) for place in range(len(operators))], operators, parse_math=False)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
