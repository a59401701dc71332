"""``rig regress`` while the clock of the host is set by an hour, back and forth: no answer changes.

The questions of timing: loss of control power, behaviour on the bus, the meter's clock. ``make soak`` asks them all,
of several meters on a bus with its real pace; ``make test`` asks two.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.certified import ROOT, read_last
from tests.acceptance.test_regression_suite import write_bench
from tests.campaign import kept
from tests.stepped_clock import SteppedClock, shim

__all__ = ["shim"]

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(600)]

CAMPAIGN = "regress_and_the_clock"
HOUR_S = 3600
STEPS_S = (HOUR_S, -HOUR_S, 0)
TIMED = "test_control_power or test_bus_behaviour or test_clock"
TWO = "test_nothing_is_accumulated_without or test_token_is_used_within"


def asked(shim: Path, folder: Path, bench: Path, questions: str) -> dict[str, Any]:
    """Ask what ``questions`` (-k) names with the clock stepped every two seconds; what came of it."""
    clock = SteppedClock(shim, folder)
    records = folder / "records.sqlite"
    words = [
        sys.executable, "-m", "rig.cli", "regress", "--allow-reset", "-k", questions, "--bench", str(bench),
        "--records", str(records), "--out", str(folder / "out"),
    ]  # fmt: skip
    environment = {**clock.environment, "RIG_STATE_DIR": str(folder / "state")}
    with clock.stepping(STEPS_S, 2.0):
        done = subprocess.run(
            words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False
        )
    run = read_last(records)
    assert run is not None, done.stdout[-3000:] + done.stderr[-3000:]
    return {
        "exit_code": done.returncode,
        "wrong": [f"{f.outcome}: {f.name}: {f.found}" for f in run.findings if f.outcome not in ("PASS", "SKIP")],
        "passed": sum(f.outcome == "PASS" for f in run.findings),
        "steps": clock.steps,
        "output": done.stdout[-2000:] + done.stderr[-2000:],
    }


def test_two_questions_of_timing_pass_while_the_clock_is_set(shim, tmp_path):
    result = asked(shim, tmp_path, write_bench(tmp_path), TWO)
    assert (result["exit_code"], result["wrong"]) == (0, []), result["output"]
    assert result["passed"] > 0
    assert result["steps"] > 2


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 6))
def test_the_questions_of_timing_pass_while_the_clock_is_set(shim, tmp_path, seed):
    bench = tmp_path / "paced.yaml"
    launch = json.dumps(["--seed", str(seed)])
    bench.write_text(f"schema: 1\nextends: emulated\nname: paced\nlaunch: {{extra_argv: {launch}}}\n")
    result = kept(CAMPAIGN, (seed,), lambda: asked(shim, tmp_path, bench, TIMED))
    assert (result["exit_code"], result["wrong"]) == (0, []), result["output"]
    assert result["passed"] > 20
    assert result["steps"] > 5
