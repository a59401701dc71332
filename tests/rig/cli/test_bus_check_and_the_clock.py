"""``rig bus check`` while the system's clock is set: stamps are monotonic, so that nothing is seen of it."""

import json
import subprocess
import sys
import time

import pytest

from rig.emulation.bus.process import HubProcess
from tests.rig.cli.bus_stations import Masters
from tests.stepped_clock import SteppedClock, shim

__all__ = ["shim"]

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(170)]


def test_a_step_of_the_clock_in_mid_run_changes_no_verdict(shim, tmp_path):
    clock = SteppedClock(shim, tmp_path)
    environment = {**clock.environment, "RIG_STATE_DIR": str(tmp_path)}
    with HubProcess(2, 76800) as hub, Masters(hub.ports[0], 76800, (1, 2, 3), 4):
        words = [sys.executable, "-m", "rig.cli", "bus", "check", "--device", hub.ports[1], "--baud", "76800"]
        words += ["--for", "4", "--json"]
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, text=True) as checking:
            for seconds in (-3600, 86_400, -86_400, 600):
                time.sleep(1.2)
                clock.set(seconds)
            output, _ = checking.communicate(timeout=120)
    assert clock.told_s() - time.time() == pytest.approx(600, abs=60)  # the step was really made
    answer = json.loads(output)
    assert [one for one in answer["findings"] if one["severity"] == "fault"] == []
    assert answer["heard"]["masters"] == [1, 2, 3]
    assert 3.5 < answer["heard"]["duration_s"] < 30.0
    assert 1.0 < answer["in_ring"]["duration_s"] < 60.0
    assert answer["heard"]["longest_silence_s"] < 30.0  # the steps are of 600 s and more
