"""A rig process at 347 V as others meet it; what ends it is in tests/rig/safety/matrix."""

import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from rig.bench import load_bench, open_bench, switch_bench_off
from rig.safety.guardian.journal import read_journal
from rig.safety.off import recipes_of
from rig.safety.state import openings_of
from tests.rig.safety.stand_ins import Control
from tests.waiting import comes_true

pytestmark = pytest.mark.realtime

RIG = """
import json, sys, time
from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.signals import StopSignals
StopSignals().install()
with open_bench(sys.argv[1], command="rig certify") as bench:
    bench.guardian.name_run("run-1")
    bench.supervisor.energise(LoadPoint(347.0, 100.0, 0.0))
    known = {"endpoints": bench.launched.endpoints, "guardian": bench.guardian.pid, "launched": bench.launched.pid}
    print(json.dumps(known), flush=True)
    while True:
        bench.analyzer.read()
        time.sleep(0.1)
"""


@pytest.fixture
def rig(quick_bench):
    process: Any = subprocess.Popen(
        [sys.executable, "-c", RIG, str(quick_bench)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    known = json.loads(process.stdout.readline() or process.stderr.read())
    process.endpoints = known["endpoints"]
    process.control = Control(known["endpoints"])
    process.guardian_pid, process.launched_pid = known["guardian"], known["launched"]
    yield process
    process.send_signal(signal.SIGCONT)
    process.kill()
    process.communicate()
    process.control.close()
    assert gone(process.guardian_pid)
    assert gone(process.launched_pid)


def gone(pid, timeout_s=8.0):
    def is_gone():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False

    return comes_true(is_gone, timeout_s)


def test_a_second_signal_does_not_stop_the_way_down(rig):
    rig.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    rig.send_signal(signal.SIGTERM)
    rig.send_signal(signal.SIGHUP)
    assert rig.control.off_within(10.0)
    rig.wait(15.0)
    assert read_journal() == []


def test_private_bench_opens_beside_another_and_both_can_be_switched_off(rig, quick_bench):
    with open_bench(quick_bench) as second:
        before = {path for path in second.opening.folder.iterdir() if second.opening.id in path.name}
        assert before, "it has files of its own"
        assert second.launched.endpoints["source"] != rig.endpoints["source"]
        assert len([each for one in openings_of("quick") for each in recipes_of(one)]) == 2
    assert [path for path in second.opening.folder.iterdir() if second.opening.id in path.name] == []
    assert rig.control.status["output_on"] is True
    (result,) = switch_bench_off(load_bench(quick_bench))
    assert result.confirmed
    assert rig.control.is_off
    rig.kill()
    assert gone(rig.guardian_pid)
    assert gone(rig.launched_pid)
    assert openings_of("quick") == [] or [each for one in openings_of("quick") for each in recipes_of(one)] == []
    assert switch_bench_off(load_bench(quick_bench)) == [], "there is nothing left that could be on"
