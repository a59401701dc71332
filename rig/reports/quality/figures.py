"""Plots of production: Pareto, yield over time, control charts, histogram and normal plot, as SVG."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rig.quality.numbers.distributions import NORMAL
from rig.quality.process.capability import Capability
from rig.quality.process.charts import Chart
from rig.quality.yields import ParetoLine, Yield
from rig.reports.extra_packages import need
from rig.reports.quality.document import Plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, RED, GREY = "#0b5cad", "#c2570c", "#2b8a5f", "#b42318", "#57606a"
NARROW, WIDE = (5.4, 3.3), (10.8, 3.3)
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
_MANY = 24


def drawn(key: str, draw: Callable[[Axes], None], size: tuple[float, float] = NARROW) -> str:
    """Draw one plot and return it as an ``<svg>`` element; ``key`` is its own in a document. Needs matplotlib."""
    need("matplotlib")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    style = {"font.size": 8.5, "axes.titlesize": 9.5, "axes.linewidth": 0.6, "font.family": "sans-serif"}
    with mpl.rc_context(style | {"svg.hashsalt": key, "svg.fonttype": "path"}):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.set_axisbelow(True)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def pareto_plot(lines: Sequence[ParetoLine], names: Sequence[str]) -> Plot:
    """Draw units by failure class, with the cumulative share."""

    def draw(axes: Axes) -> None:
        places = range(len(lines))
        total = sum(line.units for line in lines)
        axes.bar(places, [line.units for line in lines], color=BLUE, width=0.7)
        for place, line in enumerate(lines):
            axes.annotate(str(line.units), (place, line.units), ha="center", va="bottom", fontsize=7.5)
        axes.set_xticks(places, names, rotation=35 if len(names) > 4 else 0, ha="right" if len(names) > 4 else "center")
        axes.set_ylabel("units")
        axes.set_ylim(0, total * 1.08)
        share = axes.twinx()
        share.plot(places, [100 * line.cumulative for line in lines], color=ORANGE, marker="o", markersize=3.5)
        share.set_ylim(0, 108)
        share.set_ylabel("cumulative, %", color=ORANGE)
        axes.set_title("Failed units by failure class", loc="left", fontweight="bold")

    words = ", ".join(f"{name} {line.units}" for name, line in zip(names, lines, strict=True))
    return Plot(drawn("pareto", draw, WIDE), f"Each failed unit once: {words}.", wide=True)


def yield_plot(groups: Sequence[Yield], by: str) -> Plot:
    """Draw first-pass yield of each group with its 95 % interval, and final yield."""

    def draw(axes: Axes) -> None:
        places = range(len(groups))
        first = [100 * (group.first_pass.value or 0.0) for group in groups]
        bars = [
            [value - 100 * group.first_pass.interval[0] for value, group in zip(first, groups, strict=True)],
            [100 * group.first_pass.interval[1] - value for value, group in zip(first, groups, strict=True)],
        ]
        axes.errorbar(
            places, first, yerr=bars, fmt="o", color=BLUE, markersize=4, capsize=3, linewidth=1,
            label="first pass, 95 % interval",
        )  # fmt: skip
        final = [100 * (group.final.value or 0.0) for group in groups]
        axes.plot(places, final, linestyle="none", marker="_", markersize=12, color=GREEN, label="final")
        names = [group.name for group in groups]
        step = max(1, math.ceil(len(names) / _MANY))
        axes.set_xticks(list(places)[::step], names[::step], rotation=40 if len(names) > 4 else 0,
                        ha="right" if len(names) > 4 else "center", parse_math=False)  # fmt: skip
        axes.set_ylabel("yield, %")
        axes.grid(visible=True, axis="y", color="#d8dee4", linewidth=0.5)
        axes.set_title(f"Yield by {by}", loc="left", fontweight="bold")
        axes.legend(frameon=False, fontsize=7.5, loc="lower left", ncols=2)
        axes.margins(x=0.05, y=0.2)

    return Plot(drawn(f"yield-{by}", draw, WIDE), f"First-pass and final yield by {by}.", wide=True)


def chart_plot(chart: Chart, key: str, labels: Sequence[str], unit: str, what: str, size: object = WIDE) -> Plot:
    """Draw a control chart: limits, baseline, and each value at which a rule signals."""

    def draw(axes: Axes) -> None:
        places = list(range(1, len(chart.values) + 1))
        axes.axvspan(0.5, chart.baseline + 0.5, color="#eef2f6", zorder=0)
        axes.plot(places, chart.values, color=BLUE, linewidth=0.8, marker="o", markersize=2.6, zorder=3)
        axes.axhline(chart.centre, color=GREY, linewidth=0.8)
        for limit in (chart.lower, chart.upper):
            axes.step(places, limit, where="mid", color=RED, linewidth=0.9, linestyle="--")
        bad = sorted({signal.place for signal in chart.signals})
        axes.plot(
            [place + 1 for place in bad], [chart.values[place] for place in bad], linestyle="none", marker="o",
            markersize=7, markerfacecolor="none", markeredgecolor=RED, markeredgewidth=1.1, zorder=4,
        )  # fmt: skip
        right = len(chart.values) + 0.5
        for value, name in ((chart.upper[-1], "UCL"), (chart.centre, "centre"), (chart.lower[-1], "LCL")):
            axes.annotate(
                f" {name} {value:.4g}", (right, value), fontsize=7, color=GREY, va="center", annotation_clip=False
            )
        axes.set_xlim(0.5, right)
        axes.set_ylabel(f"{unit}" if unit else "")
        axes.set_xlabel("in the order of production; grey: baseline of the limits; circles: a rule signals")
        axes.set_title(f"{what}: {chart.name}", loc="left", fontweight="bold", parse_math=False)
        _few_ticks(axes, labels, len(places))

    count = len({signal.place for signal in chart.signals})
    words = f"{count} of {len(chart.values)} values signal" if count else "no rule signals"
    caption = f"{chart.name[:1].upper()}{chart.name[1:]} of {what}: {words}."
    return Plot(drawn(key, draw, WIDE if size is WIDE else NARROW), caption, wide=size is WIDE)


def _few_ticks(axes: Axes, labels: Sequence[str], count: int) -> None:
    if len(labels) != count or not labels:
        return
    step = max(1, math.ceil(count / 12))
    axes.set_xticks(list(range(1, count + 1))[::step], list(labels)[::step], fontsize=6.5, parse_math=False)


def histogram_plot(values: Sequence[float], found: Capability, key: str, what: str) -> Plot:
    """Draw how values lie between the limits, with the normal curves of short-term and overall spread."""

    def draw(axes: Axes) -> None:
        low, high = min(found.lower, *values), max(found.upper, *values)
        bins = min(40, max(10, round(2 * len(values) ** 0.5)))
        inside = [min(values), max(values)]
        _, edges, _ = axes.hist(values, bins=bins, range=(inside[0], inside[1]), color="#9db9d6", edgecolor="white")
        area = len(values) * (edges[1] - edges[0])
        xs = [low + (high - low) * step / 300 for step in range(301)]
        for spread, colour, name in ((found.overall, BLUE, "overall"), (found.within, ORANGE, "short-term")):
            density = [
                area * math.exp(-0.5 * ((x - found.mean) / spread.sigma) ** 2) / (spread.sigma * math.sqrt(2 * math.pi))
                for x in xs
            ]
            axes.plot(xs, density, color=colour, linewidth=1.1, label=f"normal, {name} spread")
        for limit in (found.lower, found.upper):
            axes.axvline(limit, color=RED, linewidth=1.1)
        axes.annotate("limit", (found.upper, 1.0), xycoords=("data", "axes fraction"), color=RED, fontsize=7.5,
                      ha="right", va="top", xytext=(-3, 0), textcoords="offset points")  # fmt: skip
        axes.set_xlabel("error, %")
        axes.set_ylabel("units")
        axes.legend(frameon=False, fontsize=7, loc="upper left")
        axes.set_title(what, loc="left", fontweight="bold", parse_math=False)

    caption = f"Histogram: Cpk {found.cpk.text}, Ppk {found.ppk.text}, n = {found.n}."
    return Plot(drawn(key, draw), caption)


def normal_plot(values: Sequence[float], found: Capability, key: str) -> Plot:
    """Draw a normal probability plot: values of a normal process lie on the line."""

    def draw(axes: Axes) -> None:
        ordered = sorted(values)
        n = len(ordered)
        scores = [NORMAL.inv_cdf((place + 0.625) / (n + 0.25)) for place in range(n)]
        axes.plot(ordered, scores, linestyle="none", marker="o", markersize=2.6, color=BLUE)
        ends = [ordered[0], ordered[-1]]
        axes.plot(ends, [(end - found.mean) / found.overall.sigma for end in ends], color=ORANGE, linewidth=1)
        axes.set_xlabel("error, %")
        axes.set_ylabel("normal score")
        axes.grid(visible=True, color="#d8dee4", linewidth=0.5)
        axes.set_title("Normal probability plot", loc="left", fontweight="bold")

    return Plot(drawn(key, draw), f"Normal probability plot: {found.normality.hint}.")


def indices_plot(rows: Sequence[tuple[str, Capability]]) -> Plot:
    """Draw Ppk of each measurement with its interval, the lowest first, beside the usual marks 1.00 and 1.33."""

    def draw(axes: Axes) -> None:
        places = list(range(len(rows)))[::-1]
        values = [found.ppk.value for _, found in rows]
        bars = [
            [found.ppk.value - found.ppk.low for _, found in rows],
            [found.ppk.high - found.ppk.value for _, found in rows],
        ]
        axes.errorbar(values, places, xerr=bars, fmt="o", color=BLUE, markersize=3.5, capsize=2, linewidth=0.9)
        axes.set_yticks(places, [name for name, _ in rows], fontsize=6.5, parse_math=False)
        for mark, colour in ((1.0, RED), (1.33, ORANGE)):
            axes.axvline(mark, color=colour, linewidth=0.8, linestyle="--")
        axes.set_xlabel("Ppk with its 95 % interval; dashed: 1.00 and 1.33")
        axes.grid(visible=True, axis="x", color="#d8dee4", linewidth=0.5)
        axes.set_title("Capability, the lowest first", loc="left", fontweight="bold")

    size = (10.8, 1.2 + 0.17 * len(rows))
    return Plot(
        drawn("indices", draw, size), "Ppk of each measurement with its interval.", wide=True, tall=len(rows) > 12
    )
