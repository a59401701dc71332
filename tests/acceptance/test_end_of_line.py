"""The end-of-line test on the emulated bench: a good meter passes, a bad one fails on its bad phase."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("bench", "exit_code", "failing"), [("emulated", 0, set()), ("emulated-phase-b-gain", 1, {"B"})]
)
def test_end_of_line_judges_each_phase_in_both_directions(
    bench: str, exit_code: int, failing: set[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "eol", "--bench", bench, "--json",
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == exit_code, done.stdout + done.stderr
    run = read_last(tmp_path / "records.sqlite")
    assert run is not None
    assert json.loads(done.stdout)["run_id"] == run.run_id
    assert len(run.points) == 6
    assert {(p.load_point.phases, p.load_point.angle_deg) for p in run.points} == {
        (phase, angle) for phase in "ABC" for angle in (0.0, 180.0)
    }
    assert {p.load_point.phases for p in run.points if p.outcome == "FAIL"} == failing
    assert {finding.outcome for finding in run.findings} == {"PASS"}
    assert {finding.name for finding in run.findings} >= {"model name", "AV2", "AV6"}
    before = {value.name: value.value for value in run.configuration_before}
    assert before == {value.name: value.value for value in run.configuration_after}
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000
