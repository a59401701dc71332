"""A rig process at 347 V that meets its end: the emulated source is off in time, and it is written down who did it."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from rig.bench import load_bench, open_bench, switch_bench_off
from rig.errors import BenchBusy
from rig.safety.journal import read_journal
from tests.safety.stand_ins import Control
from tests.waiting import comes_true, wait_for

pytestmark = pytest.mark.realtime

RIG = """
import json, sys, time
from rig.bench import open_bench
from rig.load_point import LoadPoint
from rig.safety.signals import stop_signals_raise
with stop_signals_raise(), open_bench(sys.argv[1], command="rig certify") as bench:
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
    process = subprocess.Popen(
        [sys.executable, "-c", RIG, str(quick_bench)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    known = json.loads(process.stdout.readline() or process.stderr.read())
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


def entry_soon(timeout_s=3.0):
    wait_for(read_journal, "an entry in the journal", timeout_s)
    return read_journal()[-1]


def test_a_rig_killed_at_347_volts_leaves_the_source_off_within_two_seconds_and_the_journal_says_who(rig):
    assert rig.control.status["terminal_volts"][0] == pytest.approx(347.0, rel=5e-3)
    rig.kill()
    assert rig.control.off_within(2.0)
    entry = entry_soon()
    assert entry["switched_off_by"] == "guardian"
    assert entry["guardian_pid"] == rig.guardian_pid
    assert entry["confirmed"] is True
    assert entry["run"] == "run-1"
    assert entry["bench"] == "quick"
    assert rig.control.outputs[-1]["command"] == "OUTP:STAT OFF"


def test_a_rig_that_hangs_at_347_volts_leaves_the_source_off_within_three_and_a_half_seconds(rig):
    rig.send_signal(signal.SIGSTOP)
    assert rig.control.off_within(3.5)
    assert "no progress" in entry_soon()["reason"]


def test_a_hung_rig_that_wakes_up_ends_with_the_guardians_reason(rig):
    rig.send_signal(signal.SIGSTOP)
    assert rig.control.off_within(3.5)
    rig.send_signal(signal.SIGCONT)
    assert rig.wait(15.0) == 1
    assert b"the guardian has switched the outputs off: the rig made no progress" in rig.stderr.read()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_brings_the_bench_down_in_order_and_nothing_is_left_for_the_guardian(rig, number):
    rig.send_signal(number)
    assert rig.control.off_within(10.0)
    assert rig.wait(15.0) != 0
    assert read_journal() == []


def test_a_second_signal_does_not_stop_the_way_down(rig):
    rig.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    rig.send_signal(signal.SIGTERM)
    rig.send_signal(signal.SIGHUP)
    assert rig.control.off_within(10.0)
    rig.wait(15.0)
    assert read_journal() == []


def test_a_bench_in_use_is_busy_and_says_who_holds_it(rig, quick_bench):
    with (
        pytest.raises(BenchBusy, match=rf"'quick' is in use by .*process {rig.pid}.*rig certify"),
        open_bench(quick_bench),
    ):
        pass
    assert rig.control.status["output_on"] is True


def test_rig_off_from_another_terminal_switches_off_what_a_run_has_energised(rig, quick_bench):
    (result,) = switch_bench_off(load_bench(quick_bench))
    assert result.confirmed
    assert rig.control.status["output_on"] is False


def test_rig_off_after_everything_has_ended_finds_nothing_that_could_be_on(rig, quick_bench):
    rig.kill()
    assert gone(rig.guardian_pid)
    assert gone(rig.launched_pid)
    assert switch_bench_off(load_bench(quick_bench)) == []
