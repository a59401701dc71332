"""Tests of registers with ``rig certify`` on the emulated bench: a creeping meter, and a current that is left on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(300)]


def no_load(folder: Path, defect: str):
    bench = folder / "bench.yaml"
    bench.write_text(f'schema: 1\nextends: emulated\nname: bad\nlaunch:\n  extra_argv: ["--defect", "{defect}"]\n')
    words = [
        sys.executable, "-m", "rig.cli", "certify", "--programme", "full", "-k", "no_load-115pct-active_energy",
        "--bench", str(bench), "--records", str(folder / "records.sqlite"), "--out", str(folder / "out"),
    ]  # fmt: skip
    done = subprocess.run(
        words, cwd=ROOT, env=environment(folder / "state"), capture_output=True, text=True, timeout=250, check=False
    )
    run = read_last(folder / "records.sqlite")
    assert run is not None, done.stdout + done.stderr
    return done.returncode, {result.instance: result.outcome for point in run.points for result in point.results}


@pytest.mark.parametrize(
    ("defect", "code", "outcomes"),
    [
        ("creeps-without-current", 1, {2: "FAIL", 3: "FAIL", 11: "PASS"}),
        pytest.param(
            "source-pickup=0.03%", 10, {2: "INVALID", 3: "INVALID", 11: "INVALID"}, marks=pytest.mark.soak
        ),  # in-process: tests/rig/procedures/registers/test_no_load.py
    ],
)
def test_creep_is_fail_and_a_current_that_is_left_is_invalid(tmp_path, defect, code, outcomes):
    exit_code, found = no_load(tmp_path, defect)
    assert (exit_code, found) == (code, outcomes)
