"""Bad input: one clear sentence, the documented exit code, nothing energised."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(180)]

NOBODY = "a port on which nobody answers"

CASES = {
    "an unknown key": ("setling: {sets: 5}", 11, "bench.yaml:4: unknown key 'setling'; did you mean 'settling'?"),
    "a voltage above the meter's rating": (
        "nominal: {voltage_v: 400, system_voltage_v: 660}",
        11,
        "voltage A-N 400 V is beyond 347 V: accuracy envelope of S4100, rating UL",
    ),
    "a CT mode that does not match the injection": (
        "wiring: {ct: {primary_a: 100, secondary_v: 0.333}, current_divider: {ratio: 20}}",
        11,
        "the meter is set to 1 V transducers (AV4 = 1) but the bench injects for 1/3 V",
    ),
    "instruments of a real bench without calibrations": (
        "simulated: false",
        11,
        "no certification with this bench: analyzer: calibration not recorded; climate probe: calibration not recorded",
    ),
    "a serial port that is not there": ("bus: {port: /dev/ttyNONE}", 10, "/dev/ttyNONE: there is no such device"),
    NOBODY: ("bus: {port: PORT, apdu_timeout_s: 1}", 10, "nothing answers on PORT: not one octet was received"),
    "an instrument that is not there": (
        "source: {resource: 'TCPIP0::127.0.0.1::9::SOCKET'}",
        10,
        "TCPIP0::127.0.0.1::9::SOCKET",
    ),
}


@pytest.mark.parametrize("what", CASES)
def test_bad_input_is_refused_in_one_sentence_and_nothing_is_energised(what: str, tmp_path: Path) -> None:
    text, exit_code, sentence = CASES[what]
    controller, terminal = os.openpty()
    port = os.ttyname(terminal)
    file, log = tmp_path / "bench.yaml", tmp_path / "events.jsonl"
    file.write_text(
        f"schema: 1\nextends: emulated\nname: bad\n{text.replace('PORT', port)}\n"
        f'launch: {{extra_argv: ["--log", "{log}"]}}\n'
    )
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "certify", "--bench", str(file),
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env={**environment(tmp_path / "state"), "COLUMNS": "400"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    os.close(controller)
    os.close(terminal)
    said = done.stdout + done.stderr
    assert done.returncode == exit_code, said
    assert sum(sentence.replace("PORT", port) in line for line in said.splitlines()) == 1, said
    assert "Traceback" not in said
    if log.exists():
        assert '"on": true' not in log.read_text()
