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


@pytest.mark.parametrize(
    ("suite", "system_type", "voltage_v", "system_voltage_v"),
    [
        ("eol", 31, 277, 480),
        *(
            pytest.param(suite, *system, marks=pytest.mark.soak)
            for suite in ("eol", "certify")
            for system in ((10, 277, 277), (11, 240, 480), (12, 120, 240), (31, 277, 480))
            if (suite, system[0]) != ("eol", 31)
        ),
    ],
)
def test_a_good_meter_of_each_system_type_passes(
    suite: str, system_type: int, voltage_v: int, system_voltage_v: int, tmp_path: Path
) -> None:
    nominal = f"{{system_type: {system_type}, voltage_v: {voltage_v}, system_voltage_v: {system_voltage_v}}}"
    bench = tmp_path / "bench.yaml"
    bench.write_text(f"schema: 1\nextends: emulated\nname: type-{system_type}\nnominal: {nominal}\n")
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", suite, "--bench", str(bench), "--json",
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    run = read_last(tmp_path / "records.sqlite")
    assert run is not None
    assert {point.load_point.system_type for point in run.points} == {system_type}
    assert {result.outcome for point in run.points for result in point.results} == {"PASS"}
    assert not {70, 71, 72} & {result.instance for point in run.points for result in point.results} or system_type != 31
