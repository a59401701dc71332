"""The whole command on the emulated bench: a meter that made choices otherwise, and a proof of the wiring before."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.soak]

CHOICES = {
    "reactive-power": "budeanu",
    "total-apparent": "vector",
    "total-import-export": "arithmetic",
    "rms-window": "fixed_1s",
    "phase-loss": "fraction_of_system_voltage",
    "pair-alarm": "both_phases",
    "power-range": "magnitude",
    "anti-alias": "ideal",
    "rolling-start": "full_interval",
}


def rig(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rig.cli", *words],
        cwd=folder, env=environment(folder / "state") | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


def test_a_meter_with_other_choices_is_characterised_rightly(tmp_path):
    defects = ", ".join(f'"--defect", "choice-{name}={option}"' for name, option in CHOICES.items())
    bench = tmp_path / "otherwise.yaml"
    bench.write_text(f"schema: 1\nextends: emulated\nname: otherwise\nlaunch: {{extra_argv: [{defects}]}}\n")
    done = rig(tmp_path, "characterise", "--bench", str(bench), "--allow-reset", "--records", "r.sqlite")
    assert done.returncode == 0, done.stdout + done.stderr
    text = (tmp_path / "proposed-behaviour.yaml").read_text(encoding="utf-8")
    chosen = [line.strip() for line in text.splitlines() if line.startswith("      ") and "#" not in line]
    assert set(chosen) == {f"{name.replace('-', '_')}: {option}" for name, option in CHOICES.items()}
    assert 'reviewed_by: ""' in text
    run = read_last(tmp_path / "r.sqlite")
    assert run is not None
    assert {finding.outcome for finding in run.findings} == {"NOT_JUDGED"}
    assert (run.header.kind, run.outcome) == ("characterise", "NOT_JUDGED")


def test_page_shows_the_counts_that_the_command_prints(tmp_path):
    page = (ROOT / "docs/how-to/characterise-a-meter.md").read_text(encoding="utf-8")
    shown = re.search(r"\d+ clear, \d+ not asked, \d+ other than the default", page)
    assert shown is not None
    done = rig(tmp_path, "characterise", "--records", "r.sqlite")
    assert shown[0] in done.stdout


def test_a_good_meter_proves_the_wiring_until_a_wire_is_touched(tmp_path):
    wrong = rig(tmp_path, "bench", "prove", "emulated", "--good-meter", "1", "--records", "r.sqlite")
    assert wrong.returncode == 11
    assert "connect the meter that is known to be good" in wrong.stderr
    run = read_last(tmp_path / "r.sqlite")
    assert run is not None
    serial_number = run.units[0].serial_number
    done = rig(tmp_path, "bench", "prove", "emulated", "--good-meter", serial_number, "--records", "r.sqlite")
    assert done.returncode == 0, done.stderr
    assert f"with meter {serial_number}, position 1" in done.stdout
    assert "that holds no longer" in rig(tmp_path, "bench", "rewired", "emulated").stdout
    assert "no wiring of bench emulated was proven" in rig(tmp_path, "bench", "rewired", "emulated").stdout
