"""A comparison of runs as one figure: for each quantity the errors of all runs with bars of U, and E_n above 1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rig.errors import UsageRefused
from rig.records.data import RunRecord
from rig.reports._words import quantity_name
from rig.reports.comparing.comparison import Comparison, Row
from rig.reports.extra_packages import need

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORMATS = (".png", ".svg", ".pdf")
_COLOURS = ("#0b5cad", "#c2570c", "#2b8a5f", "#7a3db8")
_MARKERS = ("o", "s", "^", "D")
_WIDTH_INCH, _HEIGHT_INCH = 8.0, 2.6


def write_plot(comparison: Comparison, path: Path) -> None:
    """Write the figure of a comparison; the ending of ``path`` says which format.

    Raises ReportsNotInstalled without matplotlib, UsageRefused for another ending and where it cannot be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise UsageRefused(f"{path.name}: a plot is written as {', '.join(FORMATS)}; choose one of these endings")
    need("matplotlib")
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    quantities = list(dict.fromkeys(row.quantity for row in comparison.rows))
    with mpl.rc_context({"font.size": 8.5, "svg.hashsalt": "comparison", "svg.fonttype": "none"}):
        figure = Figure(figsize=(_WIDTH_INCH, _HEIGHT_INCH * len(quantities) + 0.6), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, quantity in zip(figure.subplots(len(quantities), squeeze=False)[:, 0], quantities, strict=True):
            _draw(axes, comparison.runs, [row for row in comparison.rows if row.quantity == quantity])
            axes.set_title(quantity_name(quantity), loc="left", fontweight="bold", parse_math=False)
        figure.legend(
            *axes.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False, fontsize=7.5
        )
        figure.suptitle("; ".join(comparison.remarks) or "runs side by side", fontsize=8.5)
        try:
            figure.savefig(path, dpi=130, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
        except OSError as error:
            raise UsageRefused(f"{path} cannot be written ({error.strerror or error})") from error


def _draw(axes: Axes, runs: tuple[RunRecord, ...], rows: list[Row]) -> None:
    for place, run in enumerate(runs):
        shown = [(at, row.results[place]) for at, row in enumerate(rows) if row.results[place] is not None]
        apart = 0.16 * (place - (len(runs) - 1) / 2)
        name = f"{run.run_id[:8]}{' (simulated)' if run.header.simulated else ''} ± U"
        axes.errorbar(
            [at + apart for at, _ in shown],
            [result.error_pct or 0.0 for _, result in shown if result is not None],
            yerr=[result.expanded_uncertainty_pct or 0.0 for _, result in shown if result is not None],
            color=_COLOURS[place % len(_COLOURS)],
            marker=_MARKERS[place % len(_MARKERS)],
            markersize=3.0,
            capsize=1.5,
            linestyle="none",
            linewidth=0.8,
            label=name,
        )
    for at, row in enumerate(rows):
        if not row.agrees:
            axes.axvspan(at - 0.45, at + 0.45, color="#b42318", alpha=0.15, linewidth=0)
    axes.axhline(0.0, color="#57606a", linewidth=0.6, zorder=0)
    few = len(rows) <= 30
    ticks = [f"{row.label} {row.phase}" for row in rows] if few else []
    axes.set_xticks(range(len(ticks)), ticks, rotation=60, ha="right", fontsize=6, parse_math=False)
    axes.set_ylabel("error, %")
