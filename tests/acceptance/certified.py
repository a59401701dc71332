"""Runs a suite as its users do, in a process of its own, and reads its record back."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from rig.records.data import PointRecord, ResultRecord, RunRecord
from rig.records.store import RunStore

ROOT = Path(__file__).resolve().parents[2]

SOME_POINTS = "PF1-ABC or (PF1 and (V-5pct or V-20pct or V-100pct)) or (20pct and lag-ABC) or energy"
"""Points enough to see each kind of load, few enough for a test: ``make soak`` runs them all."""


@dataclass(frozen=True)
class Finished:
    """A suite that has ended: exit code, what it printed, and its record (None where it never got that far)."""

    exit_code: int
    output: str
    folder: Path
    run: RunRecord | None

    def results(self, instance: int | None = None) -> list[tuple[PointRecord, ResultRecord]]:
        """The judged results of power comparison, all or those of one analog input, with their load points."""
        assert self.run is not None, self.output
        return [
            (point, result)
            for point in self.run.points
            for result in point.results
            if instance in (None, result.instance)
            and result.procedure == "power_comparison"
            and result.limit_pct is not None
        ]

    def verdicts(self, instance: int) -> dict[str, str]:
        """Outcome by load point of one analog input."""
        return {point.label: result.outcome for point, result in self.results(instance)}


def environment(state: Path) -> dict[str, str]:
    """The environment of a rig process whose locks, journal and notes are kept apart from everybody else's."""
    return {**os.environ, "RIG_STATE_DIR": str(state)}


def run_certification(folder: Path, bench: str | Path, *, select: str | None = SOME_POINTS) -> Finished:
    """Run ``pytest tests_hil/certification`` on a bench, whole or the points that ``select`` (-k) names."""
    records = folder / "records.sqlite"
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", "tests_hil/certification", "--bench", str(bench), "--records", str(records),
            "--out", str(folder / "out"), "--suite", "certify", "-q", *(["-k", select] if select else []),
        ],
        cwd=ROOT, env=environment(folder / "state"), capture_output=True, text=True, timeout=1800, check=False,
    )  # fmt: skip
    return Finished(done.returncode, done.stdout + done.stderr, folder, read_last(records))


def read_last(records: Path) -> RunRecord | None:
    """The last run of a database, None where there is none."""
    if not records.exists():
        return None
    with RunStore.open(records) as store:
        return store.run("last") if store.runs(1) else None
