"""The guardian process: real processes, real signals, a real socket that is switched off."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rig.errors import BenchBusy
from rig.safety.errors import GuardianActed, GuardianLost
from rig.safety.guardian_link import GuardianLink
from rig.safety.journal import append_entry, read_journal
from rig.safety.raw_off import recipe_to_json
from tests.waiting import comes_true

pytestmark = pytest.mark.realtime

RIG = """
import json, sys, time
from rig.safety.guardian_link import GuardianLink
from rig.safety.raw_off import recipe_from_json
link = GuardianLink.start("lab")
link.name_run("run-1")
link.arm([recipe_from_json(json.loads(sys.argv[1]))])
print(link.pid, flush=True)
while True:
    link.beat()
    time.sleep(0.05)
"""


@pytest.fixture
def rig(fake_source):
    """A rig process that is energised and makes progress."""
    argv = [sys.executable, "-c", RIG, json.dumps(recipe_to_json(fake_source.recipe))]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.guardian_pid = int(process.stdout.readline())
    yield process
    process.kill()
    process.communicate()


@pytest.fixture
def link(fake_source):
    link = GuardianLink.start("lab", hang_s=0.5)
    yield link
    link.disarm()
    link.close()


def ends(pid, timeout_s=6.0):
    """Whether the process ends in time; one that is dead but not waited for has ended."""

    def is_gone():
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        return state == "Z"

    return comes_true(is_gone, timeout_s)


def beat_for(link, duration_s):
    give_up_s = time.monotonic() + duration_s
    while time.monotonic() < give_up_s:
        link.beat()
        time.sleep(0.02)


def journal_soon(count=1, timeout_s=4.0):
    comes_true(lambda: len(read_journal()) >= count, timeout_s)
    return read_journal()


def test_a_rig_that_is_killed_leaves_the_source_off_within_two_seconds(rig, fake_source):
    rig.kill()
    assert fake_source.wait_until_off(2.0)
    (entry,) = journal_soon()
    assert entry["switched_off_by"] == "guardian"
    assert entry["guardian_pid"] == rig.guardian_pid
    assert entry["rig_pid"] == rig.pid
    assert entry["run"] == "run-1"
    assert entry["bench"] == "lab"
    assert entry["confirmed"] is True
    assert "gone" in entry["reason"]
    assert ends(rig.guardian_pid)


def test_a_rig_that_hangs_leaves_the_source_off_within_three_and_a_half_seconds(rig, fake_source):
    rig.send_signal(signal.SIGSTOP)
    assert fake_source.wait_until_off(3.5)
    assert "no progress" in journal_soon()[0]["reason"]


def test_a_rig_that_wakes_up_after_a_hang_finds_the_source_switched_off_again(rig, fake_source):
    rig.send_signal(signal.SIGSTOP)
    assert fake_source.wait_until_off(3.5)
    assert journal_soon()[0]["confirmed"]
    fake_source.is_on = True  # what a rig could do that was stopped just before it switched on
    rig.send_signal(signal.SIGCONT)
    assert fake_source.wait_until_off(2.0)
    assert rig.wait(5.0) == 1  # GuardianActed, not caught in this little rig


def test_a_rig_that_makes_progress_is_left_alone(rig, fake_source):
    assert not fake_source.wait_until_off(3.0)
    assert read_journal() == []


def test_the_guardian_does_not_listen_to_the_signals_of_a_terminal(rig, fake_source):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(rig.guardian_pid, number)
    assert not fake_source.wait_until_off(0.3)
    rig.kill()
    assert fake_source.wait_until_off(2.0)


def test_a_source_that_answers_late_is_asked_again_until_it_confirms(rig, fake_source):
    fake_source.behaviour = "deaf"
    rig.kill()
    assert not fake_source.wait_until_off(1.2)
    fake_source.behaviour = "good"
    assert fake_source.wait_until_off(4.0)
    assert journal_soon(1)[-1]["confirmed"]


def test_a_clean_end_switches_nothing_off_and_writes_nothing(link, fake_source):
    link.arm([fake_source.recipe])
    link.beat()
    link.disarm()
    link.close()
    assert ends(link.pid)
    assert fake_source.is_on
    assert read_journal() == []


def test_closing_an_armed_link_switches_off(link, fake_source):
    link.arm([fake_source.recipe])
    link.close()
    assert not fake_source.is_on
    assert read_journal()[0]["confirmed"]


def test_silence_is_harmless_while_nothing_is_armed(link, fake_source):
    assert not fake_source.wait_until_off(0.8)
    assert link.alive()


def test_the_rig_is_told_that_the_guardian_has_acted(link, fake_source):
    link.arm([fake_source.recipe])
    assert fake_source.wait_until_off(2.0)
    journal_soon()
    with pytest.raises(GuardianActed, match=r"no progress for 0.5 s"):
        link.beat()
    with link.quietly():
        link.beat()
    with pytest.raises(GuardianActed):
        link.beat()


def test_a_rig_whose_guardian_is_killed_switches_off_itself_and_says_so(link, fake_source):
    link.arm([fake_source.recipe])
    link.beat()
    os.kill(link.pid, signal.SIGKILL)
    assert ends(link.pid)
    assert not link.alive()
    with pytest.raises(GuardianLost, match=r"has ended.*the source confirms it"):
        link.beat()
    assert not fake_source.is_on


def test_without_a_guardian_nothing_is_armed(link, fake_source):
    os.kill(link.pid, signal.SIGKILL)
    assert ends(link.pid)
    with pytest.raises(GuardianLost, match="nothing has been switched on"):
        link.arm([fake_source.recipe])


def test_the_guardian_switches_off_on_request_and_says_what_came_of_it(link, fake_source):
    link.arm([fake_source.recipe])
    (result,) = link.switch_off("the driver lost its connection")
    assert result.confirmed
    assert read_journal()[0]["reason"] == "the driver lost its connection"


def test_a_request_is_carried_out_from_here_when_the_guardian_is_gone(link, fake_source):
    link.arm([fake_source.recipe])
    os.kill(link.pid, signal.SIGKILL)
    assert ends(link.pid)
    (result,) = link.switch_off("the driver lost its connection")
    assert result.confirmed
    assert not fake_source.is_on


def test_a_second_guardian_waits_for_the_first_and_then_says_that_the_bench_is_busy(link):
    with pytest.raises(BenchBusy, match="guardian of an earlier run"):
        GuardianLink.start("lab")


def test_the_guardian_holds_open_what_it_was_given_to_hold():
    reading, writing = os.pipe()
    link = GuardianLink.start("other", inherit=[writing])
    os.close(writing)
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    link.close()
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_beats_from_two_threads_do_not_disturb_each_other(link, fake_source):
    link.arm([fake_source.recipe])
    threads = [threading.Thread(target=lambda: [link.beat() for _ in range(2000)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake_source.is_on
    link.beat()


def test_a_journal_that_ends_in_half_a_line_loses_that_line_only(tmp_path):
    path = tmp_path / "journal.jsonl"
    append_entry(path, {"id": "1"})
    with path.open("ab") as file:
        file.write(b'{"id": "2", "rea')
    append_entry(path, {"id": "3"})
    assert [entry["id"] for entry in read_journal(path)] == ["1", "3"]


def test_a_journal_that_is_not_there_is_empty(tmp_path):
    assert read_journal(tmp_path / "none.jsonl") == []
