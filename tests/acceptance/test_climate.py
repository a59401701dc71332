"""A bench in a room that is too warm judges nothing: every point is INVALID, with the air in its record."""

import subprocess
import sys

import pytest

from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.soak, pytest.mark.realtime, pytest.mark.timeout(300)]


def test_warm_room_makes_every_point_invalid_and_fails_no_meter(tmp_path):
    file, records = tmp_path / "bench.yaml", tmp_path / "records.sqlite"
    file.write_text('schema: 1\nextends: emulated\nname: warm\nlaunch: {extra_argv: ["--room", "27"]}\n')
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "eol", "--bench", str(file),
            "--records", str(records), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 10, done.stdout + done.stderr
    run = read_last(records)
    assert run.outcome == "INVALID"
    assert len(run.points) == 6
    for point in run.points:
        assert point.outcome == "INVALID"
        assert point.reason.startswith("ambient temperature deviates by +")
        assert point.temperature_c == pytest.approx(27.0, abs=0.2)
        assert {result.outcome for result in point.results} == {"INVALID"}
