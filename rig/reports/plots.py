"""Error curves: percentage error against current, with limit lines, guarded band and bars of expanded uncertainty."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rig.records.data import RunRecord
from rig.reports._summary import Curve, Panel, panels
from rig.reports._words import OUTCOME_COLOURS
from rig.reports.extra_packages import need

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE_INCH = (5.4, 3.3)
_MARGINS = {"left": 0.125, "right": 0.985, "top": 0.92, "bottom": 0.235}
_PNG_DPI = 130
_BEYOND = 1.1
_CURVE_COLOURS = ("#0b5cad", "#c2570c", "#2b8a5f", "#7a3db8")
_CURVE_MARKERS = ("o", "s", "^", "D")
_LIMIT_COLOUR = "#b42318"
_GUARD_COLOUR = "#f3c9a5"
_LABELLED_PCT = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_BAD = ("FAIL", "COND_FAIL", "INCONCLUSIVE")
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def write_plots(run: RunRecord, folder: Path | str) -> list[Path]:
    """Write each error curve as PNG and SVG into ``folder``; returns the files. A run without curves makes none."""
    need("matplotlib")
    folder = Path(folder)
    written = []
    for panel in panels(run):
        folder.mkdir(parents=True, exist_ok=True)
        figure = _figure(panel)
        svg, png = folder / f"{panel.key}.svg", folder / f"{panel.key}.png"
        svg.write_text(_svg(figure, panel), encoding="utf-8")
        figure.savefig(png, format="png", dpi=_PNG_DPI, metadata={"Software": None})
        written += [svg, png]
    return written


def inline_svgs(run: RunRecord) -> Iterator[tuple[Panel, str]]:
    """Draw each error curve as an ``<svg>`` element that can stand inside an HTML page beside the others."""
    need("matplotlib")
    for panel in panels(run):
        text = _svg(_figure(panel), panel)
        yield panel, text[text.index("<svg") :]


def _svg(figure: Figure, panel: Panel) -> str:
    import matplotlib as mpl

    buffer = io.StringIO()
    # The salt makes the ids of a plot its own (many share one page) and the same in every run of the program.
    with mpl.rc_context({"svg.hashsalt": panel.key, "svg.fonttype": "none"}):
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    return buffer.getvalue()


def _figure(panel: Panel) -> Figure:
    """Draw one panel. The figure belongs to no window system and to no global state."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context({"font.size": 8.5, "axes.titlesize": 9.5, "axes.linewidth": 0.6, "font.family": "sans-serif"}):
        figure = Figure(figsize=_SIZE_INCH)
        FigureCanvasAgg(figure)
        figure.subplots_adjust(**_MARGINS)
        axes = figure.add_subplot()
        _draw_limits(axes, panel)
        for index, curve in enumerate(panel.curves):
            _draw_curve(axes, curve, index, alone=len(panel.curves) == 1)
        _dress(axes, panel)
    return figure


def _draw_limits(axes: Axes, panel: Panel) -> None:
    """A limit holds from its current up to the next one measured: steps, a little longer than the curve."""
    steps = panel.limits
    if not steps:
        return
    currents = [current for current, _, _ in steps] + [steps[-1][0] * _BEYOND]
    currents[0] /= _BEYOND
    limits = [limit for _, limit, _ in steps] + [steps[-1][1]]
    accepted = [max(0.0, acceptance) for _, _, acceptance in steps] + [max(0.0, steps[-1][2])]
    for sign, side in ((1, "upper"), (-1, "lower")):
        edge = [sign * limit for limit in limits]
        inner = [sign * value for value in accepted]
        axes.fill_between(
            currents, inner, edge, step="post", color=_GUARD_COLOUR, alpha=0.55, linewidth=0, zorder=1,
            label="guard band" if sign > 0 else None, gid=f"{panel.key}-guard-{side}",
        )  # fmt: skip
        axes.step(
            currents, edge, where="post", color=_LIMIT_COLOUR, linewidth=1.2, zorder=2,
            label="limit" if sign > 0 else None, gid=f"{panel.key}-limit-{side}",
        )  # fmt: skip


def _draw_curve(axes: Axes, curve: Curve, index: int, *, alone: bool) -> None:
    colour = _CURVE_COLOURS[index % len(_CURVE_COLOURS)]
    shown = [judged for judged in curve.points if _is_finite(judged.result.error_pct)]
    # Curves at one current would hide each other: they stand a little apart.
    apart = 1.0 if alone else 1.03 ** (index - 1)
    x = [judged.point.load_point.current_pct * apart for judged in shown]
    y = [judged.result.error_pct or 0.0 for judged in shown]
    u = [judged.result.expanded_uncertainty_pct or 0.0 for judged in shown]
    is_curve = len({judged.point.load_point.current_pct for judged in shown}) == len(shown)
    axes.errorbar(
        x, y, yerr=u, color=colour, marker=_CURVE_MARKERS[index % len(_CURVE_MARKERS)], markersize=3.6, capsize=2,
        linestyle="-" if is_curve else "none", linewidth=1.0, elinewidth=0.8, zorder=4,
        label=f"{curve.name or 'error'} ± U",
    )  # fmt: skip
    bad = [(a, b) for a, b, judged in zip(x, y, shown, strict=True) if judged.result.outcome in _BAD]
    if bad:
        axes.plot(
            *zip(*bad, strict=True), linestyle="none", marker="o", markersize=9, markerfacecolor="none",
            markeredgecolor=OUTCOME_COLOURS["FAIL"], markeredgewidth=1.3, zorder=5, label="_not in the legend",
        )  # fmt: skip


def _dress(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import FixedLocator, NullFormatter, NullLocator

    currents = sorted({judged.point.load_point.current_pct for curve in panel.curves for judged in curve.points})
    axes.set_xscale("log")
    room = 1.25 if len(currents) > 1 else 2.0
    axes.set_xlim(currents[0] / room, currents[-1] * room)
    inside = [pct for pct in _LABELLED_PCT if currents[0] / 1.2 <= pct <= currents[-1] * 1.2]
    axes.xaxis.set_major_locator(FixedLocator(inside or currents))
    axes.xaxis.set_major_formatter(_plain)
    extra = [pct for pct in currents if pct not in inside]
    axes.xaxis.set_minor_locator(FixedLocator(extra) if extra else NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axhline(0.0, color="#57606a", linewidth=0.6, zorder=0)
    axes.grid(visible=True, which="major", color="#d8dee4", linewidth=0.5, zorder=0)
    axes.margins(y=0.12)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_title(panel.title, loc="left", fontweight="bold", parse_math=False)
    axes.set_xlabel("current, % of rated (log scale)")
    axes.set_ylabel("error, % of reading")
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.46, -0.19), ncols=5, frameon=False, fontsize=7.5, columnspacing=1.3,
        handletextpad=0.5, handlelength=1.6,
    )  # fmt: skip


def _plain(value: float, _position: Any) -> str:  # Any: matplotlib's signature
    return f"{value:g}"


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
