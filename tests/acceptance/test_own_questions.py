"""A question of one's own, in a folder of any name, is asked, recorded and judged like those that come with the rig."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]

CONFTEST = 'pytest_plugins = ["rig.pytest_plugin", "fixtures.bench", "fixtures.questions"]\n'
QUESTIONS = '''
"""AV5 (PT ratio) takes 0.01 to 320 and refuses what is beyond; and one claim that does not hold."""


def test_av5_takes_its_range(asked):
    with asked.configured({5: 1.0}):
        for good in (0.01, 320.0):
            asked.set_value(5, good)
            asked.check(f"AV5 takes {good:g}", good, asked.meter.read_configuration()[5])
        asked.check("AV5 refuses 321", "property, value-out-of-range", asked.write_refusal(5, 321.0))


def test_meter_reads_its_load(loaded):
    loaded.load(0.0, 50.0)
    loaded.check("AI73 is 100 A", 100.0, loaded.meter.snapshot().values["AI", 73])
'''


def test_own_questions_are_asked_judged_and_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "my questions"
    folder.mkdir()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_mine.py").write_text(QUESTIONS)
    done = subprocess.run(
        [
            sys.executable, "-m", "pytest", str(folder), "-q", "--bench", "emulated",
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=tmp_path, env={**environment(tmp_path / "state"), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 1 passed" in done.stdout
    run = read_last(tmp_path / "records.sqlite")
    assert run is not None
    assert run.outcome == "FAIL"
    assert [(f.name, f.outcome) for f in run.findings] == [
        ("AV5 takes 0.01", "PASS"),
        ("AV5 takes 320", "PASS"),
        ("AV5 refuses 321", "PASS"),
        ("AI73 is 100 A", "FAIL"),
    ]
    assert list((tmp_path / "out" / "bus").glob("*.pcapng")), "what the bus did before the failure is kept"
