"""Reports of recorded runs: HTML, plots, terminal tables, exports; drawn from a ``RunRecord`` and nothing else."""

from rig.reports._extras import ReportsNotInstalled
from rig.reports.attention import AttentionLine, attention_lines
from rig.reports.coverage import coverage_text
from rig.reports.exports import as_json, write_csv, write_json
from rig.reports.html import render_html, write_html
from rig.reports.plots import write_plots
from rig.reports.tables import attention_text, deviations_table, meaning_line, result_table, verdict_line

__all__ = [
    "AttentionLine",
    "ReportsNotInstalled",
    "as_json",
    "attention_lines",
    "attention_text",
    "coverage_text",
    "deviations_table",
    "meaning_line",
    "render_html",
    "result_table",
    "verdict_line",
    "write_csv",
    "write_html",
    "write_json",
    "write_plots",
]
