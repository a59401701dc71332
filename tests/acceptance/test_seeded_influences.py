"""A meter whose power follows the frequency: that fails on the bench, and a test of another influence does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(300)]

CHOSEN = "frequency-98pct-PF1-100pct or fifth_harmonic"


def test_a_meter_that_follows_the_frequency_fails_there_only(tmp_path: Path) -> None:
    bench, records = tmp_path / "follows.yaml", tmp_path / "records.sqlite"
    bench.write_text(
        "schema: 1\nextends: emulated\nname: follows-frequency\n"
        'launch:\n  extra_argv: ["--defect", "power-follows-frequency"]\n'
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "certify", "--bench", str(bench), "--programme", "full", "-k", CHOSEN,
            "--records", str(records), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    run = read_last(records)
    assert run is not None
    found = {result.condition or result.procedure: result for point in run.points for result in point.results}
    frequency = found.pop("frequency -2 %")
    (harmonic,) = found.values()
    assert (frequency.outcome, harmonic.outcome) == ("FAIL", "PASS")
    assert frequency.error_pct == pytest.approx(-0.25, abs=0.02)
    assert frequency.basis == "277V-100pct-PF1-ABC"
    assert harmonic.expected_value == pytest.approx(1.04 * 3.0 * 0.277 * 60.0, rel=0.01)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("defect", "code", "outcome"), [("", 0, "PASS"), ("power-follows-temperature", 1, "FAIL")])
def test_temperature_coefficient_in_the_chamber(tmp_path: Path, defect: str, code: int, outcome: str) -> None:
    bench, records = tmp_path / "chamber.yaml", tmp_path / "records.sqlite"
    seeded = f'launch:\n  extra_argv: ["--defect", "{defect}"]\n' if defect else ""
    bench.write_text(f"schema: 1\nextends: emulated-in-a-chamber\nname: chamber\n{seeded}")
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "certify", "--bench", str(bench), "--programme", "full",
            "-k", "temperature-45degC-PF1-100pct", "--records", str(records), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=880, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    run = read_last(records)
    assert run is not None
    (result,) = (result for point in run.points for result in point.results)
    assert (result.outcome, result.condition) == (outcome, "temperature 23 to 45 °C")
