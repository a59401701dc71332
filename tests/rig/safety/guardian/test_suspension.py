"""A host that slept and a process that was stopped, found by injected clocks, by the guardian and by the rig's link."""

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from rig.safety.errors import GuardianActed, RigSlept
from rig.safety.guardian.journal import read_journal
from rig.safety.guardian.link import GuardianLink
from rig.safety.guardian.suspension import Gap, Waking
from rig.safety.state import Opening
from rig.safety.switching_off.raw_off import recipe_to_json
from tests.waiting import wait_for


class Clocks:
    """Seconds awake and asleep."""

    def __init__(self):
        self.awake_s = 1000.0
        self.asleep_s = 0.0

    def watched(self, stall_s=2.5):
        return Waking(stall_s, lambda: self.awake_s, lambda: self.awake_s + self.asleep_s)


def test_a_process_that_runs_has_no_gap():
    clocks = Clocks()
    clocks.asleep_s = 86_400.0  # what was slept before does not count
    waking = clocks.watched()
    for _ in range(10):
        clocks.awake_s += 2.5
        assert waking.look() is None


@pytest.mark.parametrize("slept_s", [0.6, 20.0, 86_400.0])
def test_a_suspended_host_is_found_once_by_the_boot_clock(slept_s):
    clocks = Clocks()
    waking = clocks.watched()
    clocks.asleep_s += slept_s
    assert waking.look() == Gap(pytest.approx(slept_s), host=True)
    assert waking.look() is None


def test_a_stopped_process_is_found_a_busy_one_is_not():
    clocks = Clocks()
    waking = clocks.watched(stall_s=2.5)
    clocks.awake_s += 2.9
    assert waking.look() is None
    clocks.awake_s += 20.0
    assert waking.look() == Gap(20.0, host=False)
    clocks.awake_s += 7.0
    waking.go_on()
    assert waking.look() is None
    clocks.awake_s += 20.0
    waking.go_on()
    assert waking.look() == Gap(20.0, host=False), "no work takes so long"


def test_work_between_two_looks_hides_no_suspension():
    clocks = Clocks()
    waking = clocks.watched()
    clocks.asleep_s += 20.0
    waking.go_on()
    assert waking.look() == Gap(20.0, host=True)


def test_a_wall_clock_that_jumps_is_no_gap(monkeypatch):
    waking = Waking(2.5)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert waking.look() is None


@pytest.fixture
def link(fake_source):
    link = GuardianLink.start(Opening.begin("lab"))
    yield link
    link.disarm()
    link.close()


@pytest.mark.realtime
@pytest.mark.parametrize("host", [True, False], ids=["suspended", "stopped"])
def test_a_rig_that_wakes_first_switches_off_and_has_it_written_down(link, fake_source, host):
    clocks = Clocks()
    link._waking = clocks.watched()
    link.arm([fake_source.recipe])
    link.beat()
    clocks.asleep_s, clocks.awake_s = (20.0, 1000.0) if host else (0.0, 1020.0)
    with pytest.raises(RigSlept, match=r"for 20\.0 s"):
        link.beat()
    assert not fake_source.is_on
    wait_for(lambda: read_journal(), "the entry of the journal", 5.0)
    (entry,) = read_journal()
    assert "20.0 s" in entry["reason"]
    assert entry["confirmed"] is True


@pytest.mark.realtime
def test_a_gap_on_the_way_down_is_told_and_disturbs_nothing(link, fake_source):
    clocks = Clocks()
    link._waking = clocks.watched()
    link.arm([fake_source.recipe])
    with link.quietly():
        clocks.asleep_s = 20.0
        link.beat()
        assert link.trouble() == "the host was suspended for 20.0 s on the way down"
    link.disarm()
    assert link.trouble() is None


@pytest.mark.realtime
def test_a_guardian_on_a_host_that_slept_switches_off(fake_source, tmp_path):
    """The guardian of a host that slept: its boot clock is moved on by 20 s through a file."""
    asleep = tmp_path / "asleep"
    asleep.write_text("0")
    code = (
        "import sys, rig.safety.guardian.suspension as waking\n"
        f"waking.boottime_s = lambda: waking.monotonic_s() + float(open({str(asleep)!r}).read() or 0)\n"
        "from rig.safety.guardian.process import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    opening = Opening.begin("lab")
    argv = ["--bench", "lab", "--opening", opening.id, "--state", str(opening.folder), "--hang-s", "30"]
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen(
            [sys.executable, "-c", code, *argv], stdin=theirs.fileno(), stdout=subprocess.PIPE, bufsize=0
        ) as guardian,
    ):
        theirs.close()
        assert b"ready" in guardian.stdout.readline()
        message = {"do": "arm", "recipes": [recipe_to_json(fake_source.recipe)]}
        ours.sendall(json.dumps(message).encode() + b"\n")
        assert b"armed" in guardian.stdout.readline()
        asleep.write_text("20")
        assert fake_source.wait_until_off(3.0)
        acted = json.loads(guardian.stdout.readline())["acted"]
        assert "the host was suspended for 20.0 s" in acted["reason"]
        assert acted["confirmed"]
        ours.sendall(b'{"do": "disarm"}\n{"do": "end"}\n')
        ours.close()
        assert guardian.wait(10.0) == 0


@pytest.mark.realtime
def test_a_guardian_that_was_stopped_switches_off_when_woken(link, fake_source):
    """Stopped for longer than a hang, the guardian only, then woken while the rig goes on with its beats."""
    link.arm([fake_source.recipe])
    link.beat()
    wait_for(lambda: link.trouble() is None and link._waiting_since_s is None, "the guardian's answer", 5.0)
    os.kill(link.pid, signal.SIGSTOP)
    time.sleep(3.2)
    os.kill(link.pid, signal.SIGCONT)
    link._waking.restart()  # as a rig that was woken later: it saw nothing itself
    assert fake_source.wait_until_off(2.0)
    wait_for(link.trouble, "word of what the guardian did", 5.0)
    with pytest.raises(GuardianActed, match=r"the guardian was stopped for 3\.\d s"):
        link.beat()
