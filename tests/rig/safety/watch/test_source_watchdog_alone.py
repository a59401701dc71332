"""Rig and guardian are both killed at 120 V: the source's own watchdog is what is left, and it switches off."""

import json
import os
import signal
import subprocess
import sys

import pytest

from rig.safety.watch.watchdog import DELAY_S
from tests.rig.safety.stand_ins import Control
from tests.waiting import comes_true, wait_for

pytestmark = [pytest.mark.realtime, pytest.mark.soak]

BENCH = """\
schema: 1
extends: emulated
name: watched
launch: null
clock: {{kind: endpoint, endpoint: '{clock}'}}
bus: null
switch: null
generator: null
counter: null
climate_probe: null
positions: [{{name: "1", meter_type: s4100}}]
source: {{driver: itech_it7800, resource: '{source}', ramp_s: 2.0}}
low_level_source: {{driver: rigol_dg5000, resource: '{low_level_source}'}}
analyzer: {{driver: yokogawa_wt, resource: '{analyzer}', update_s: 0.5}}
wiring: {{current_divider: {{ratio: 5.0}}}}
nominal: {{voltage_v: 120, system_voltage_v: 208}}
"""

RIG = """
import sys, time
from rig.bench import open_bench
from rig.load_point import LoadPoint
with open_bench(sys.argv[1]) as bench:
    bench.supervisor.energise(LoadPoint(120.0, 100.0, 0.0))
    print(bench.guardian.pid, flush=True)
    while True:
        bench.analyzer.read()
        time.sleep(0.1)
"""


@pytest.fixture
def instruments():
    """The emulated instruments in a process of the test's own, which outlives the rig as real ones do."""
    options = [
        "--meters",
        "0",
        "--divider-ratio",
        "5",
        "--source",
        "itech_it7800",
        "--low-level-source",
        "rigol_dg5000",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "rig.emulation", "--json", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.communicate()


@pytest.fixture
def control(instruments):
    control = Control(instruments)
    yield control
    control.close()


def volts(control):
    return max(control.status["terminal_volts"])


def test_volts_are_gone_after_watchdogs_delay_without_rig_and_guardian(tmp_path, instruments, control):
    path = tmp_path / "bench.yaml"
    path.write_text(BENCH.format(**instruments))
    rig = subprocess.Popen([sys.executable, "-c", RIG, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        guardian_pid = int(rig.stdout.readline() or rig.stderr.read())
        assert not comes_true(lambda: volts(control) < 100.0, 2.0 * DELAY_S), "tripped while the rig made progress"
        # Stopped first, so that neither of them can do anything about the other's end.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            os.kill(guardian_pid, number)
            rig.send_signal(number)
        wait_for(lambda: volts(control) < 2.0, "the watchdog's trip", DELAY_S + 5.0)
    finally:
        rig.kill()
        rig.communicate()
    assert control.outputs[-1]["command"] == "watchdog"
