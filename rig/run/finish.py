"""The files of a run: report, plots and exports are drawn from the record alone."""

from __future__ import annotations

from pathlib import Path

from rig.records.data import RunRecord
from rig.reports.coverage import coverage_text
from rig.reports.exports import write_csv, write_json
from rig.reports.html import write_html
from rig.reports.plots import write_plots


def write_files(run: RunRecord, folder: Path, allure_folder: Path | None) -> list[Path]:
    """Write reports into ``folder`` and the environment of the run for Allure; returns the files for people."""
    written = write_reports(run, folder)
    if allure_folder is not None and allure_folder.is_dir():
        _write_allure_environment(run, allure_folder)
    return written


def _write_allure_environment(run: RunRecord, folder: Path) -> None:
    """Write what Allure shows as the environment of the run: bench, run, coverage, and whether it was simulated."""
    facts = {
        "run": run.run_id,
        "bench": run.header.bench_name,
        "simulated": "yes" if run.header.simulated else "no",
        "covered": coverage_text(run),
    }
    lines = [f"{name}={' '.join(text.split())}\n" for name, text in facts.items()]
    (folder / "environment.properties").write_text("".join(lines), encoding="utf-8")


def write_reports(run: RunRecord, folder: Path) -> list[Path]:
    """Write report.html, plots/, results.csv and results.json of a recorded run; returns the files for people."""
    folder.mkdir(parents=True, exist_ok=True)
    report, csv, json = folder / "report.html", folder / "results.csv", folder / "results.json"
    write_html(run, report)
    write_csv(run, csv)
    write_json(run, json)
    plots = write_plots(run, folder / "plots")
    return [report, *([plots[0].parent] if plots else []), csv, json]
