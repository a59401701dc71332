"""``rig predict`` answers for every analog input, and refuses bad files with one sentence."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

STIMULUS = """\
frequency_hz: 60
configuration: {system_type: 40, ct_primary_a: 100, ct_secondary: 1, pt_ratio: 1.0, system_voltage_v: 480}
phases:
  a:
    voltage: [{order: 1, rms: 277, phase_deg: 0}]
    current: [{order: 1, rms: 50, phase_deg: -30}]
  b:
    voltage: [{order: 1, rms: 277, phase_deg: -120}]
    current: [{order: 1, rms: 50, phase_deg: -150}]
  c:
    voltage: [{order: 1, rms: 277, phase_deg: 120}]
    current: [{order: 1, rms: 50, phase_deg: 90}]
"""


def rig(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rig.cli", *words], capture_output=True, text=True, timeout=60, check=False
    )


def test_json_holds_every_analog_input_with_closed_form_values(tmp_path: Path) -> None:
    file = tmp_path / "stimulus.yaml"
    file.write_text(STIMULUS)
    done = rig("predict", str(file), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer) == {f"AI{n}" for n in range(1, 84)}
    assert answer["AI11"]["value"] == pytest.approx(3 * 277 * 50 * math.cos(math.radians(30)) / 1000)
    assert answer["AI11"]["name"] == "KW_Total"
    assert answer["AI11"]["unit"] == "kW"
    assert answer["AI12"]["value"] == pytest.approx(3 * 277 * 50 * 0.5 / 1000)
    assert answer["AI28"]["value"] is None


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("frequency_hz", "frequenzy_hz", "stimulus.yaml:1: unknown key 'frequenzy_hz'; did you mean 'frequency_hz'?"),
        ("pt_ratio: 1.0", "pt_ratio: 1000", "stimulus.yaml:2: configuration.pt_ratio: AV5 does not take 1000"),
        ("rms: 50, phase_deg: -150", "rms: -50, phase_deg: -150", "stimulus.yaml:9: phases.b.current[0].rms"),
        ("order: 1, rms: 50, phase_deg: 90", "order: 0, rms: 50, phase_deg: 90", "stimulus.yaml:12: phases.c.current"),
        ("phases:", "phases", "stimulus.yaml:4: is not YAML"),
        ("frequency_hz: 60", "frequency_hz: 1.0e+9", "stimulus.yaml:1: frequency_hz"),
        (
            "rms: 277, phase_deg: 0}]",
            "rms: 277, phase_deg: 0}, {order: 1, rms: 5}]",
            "stimulus.yaml:5: phases.a.voltage[1]: order 1 stands twice",
        ),
        (
            "rms: 50, phase_deg: 90}]",
            "rms: 50, phase_deg: 90}, {order: 42, rms: 5}]",
            "stimulus.yaml:12: phases.c.current[1]: I_C: order 42 at 60 Hz",
        ),
    ],
)
def test_a_bad_file_is_refused_with_file_and_line(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    file = tmp_path / "stimulus.yaml"
    file.write_text(STIMULUS.replace(old, new, 1))
    done = rig("predict", str(file))
    assert done.returncode == 11
    assert complaint in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    done = rig("predict", str(tmp_path / "none.yaml"))
    assert done.returncode == 11
    assert done.stderr.strip().endswith("there is no such file")
