"""The guardian process: real processes, real signals, a real socket that is switched off."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rig.errors import BenchFault
from rig.safety.errors import GuardianActed, GuardianLost
from rig.safety.guardian.journal import read_journal
from rig.safety.guardian.link import GuardianLink
from rig.safety.state import JOURNAL, Opening
from rig.safety.switching_off.raw_off import recipe_to_json
from tests.waiting import comes_true

pytestmark = pytest.mark.realtime

RIG = """
import json, socket, sys, time
from rig.safety.guardian.link import GuardianLink
from rig.safety.switching_off.raw_off import recipe_from_json
from rig.safety.state import Opening
link = GuardianLink.start(Opening.begin("lab"))
link.name_run("run-1")
recipe = recipe_from_json(json.loads(sys.argv[1]))
link.know([recipe])
connected = socket.create_connection(("127.0.0.1", int(recipe.resource.split("::")[2])))
if sys.argv[2] == "armed":
    link.arm([recipe])
print(link.pid, flush=True)
while True:
    link.beat()
    time.sleep(0.05)
"""


@contextlib.contextmanager
def rig_process(recipe, armed="armed"):
    argv = [sys.executable, "-c", RIG, json.dumps(recipe_to_json(recipe)), armed]
    process: Any = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.guardian_pid = int(process.stdout.readline())
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        # A guardian whose source never confirms goes on for ever.
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.guardian_pid, signal.SIGKILL)


@pytest.fixture
def rig(fake_source):
    """A rig process that is energised and makes progress."""
    with rig_process(fake_source.recipe) as process:
        yield process


@pytest.fixture
def link(fake_source):
    link = GuardianLink.start(Opening.begin("lab"), hang_s=0.5)
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


def test_rig_that_wakes_up_after_a_hang_finds_the_source_switched_off(rig, fake_source):
    rig.send_signal(signal.SIGSTOP)
    assert fake_source.wait_until_off(3.5)
    assert journal_soon()[0]["confirmed"]
    fake_source.is_on = True  # what a rig could do that was stopped just before it switched on
    rig.send_signal(signal.SIGCONT)
    assert fake_source.wait_until_off(2.0)
    assert rig.wait(5.0) == 1  # GuardianActed, not caught in this little rig


def test_a_rig_that_makes_progress_is_left_alone(rig, fake_source):
    assert not fake_source.wait_until_off(2.8)
    assert read_journal() == []


def test_the_guardian_does_not_listen_to_any_signal_that_can_be_ignored(rig, fake_source):
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
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


def test_the_guardian_holds_open_what_it_was_given_to_hold():
    reading, writing = os.pipe()
    late_reading, late_writing = os.pipe()
    link = GuardianLink.start(Opening.begin("other"), inherit=[writing])
    assert link.inherit_later(late_writing)
    os.close(writing)
    os.close(late_writing)
    os.set_blocking(late_reading, False)
    with pytest.raises(BlockingIOError):
        os.read(late_reading, 1)
    os.set_blocking(reading, False)
    with pytest.raises(BlockingIOError):
        os.read(reading, 1)
    link.close()
    assert (os.read(reading, 1), os.read(late_reading, 1)) == (b"", b"")
    os.close(reading)
    os.close(late_reading)


def test_beats_from_two_threads_do_not_disturb_each_other(link, fake_source):
    link.arm([fake_source.recipe])
    threads = [threading.Thread(target=lambda: [link.beat() for _ in range(2000)]) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert fake_source.is_on
    link.beat()


def test_where_the_source_takes_one_client_a_hung_rig_is_ended_first(one_at_a_time):
    """The rig stays connected: no other client would be served."""
    with rig_process(replace(one_at_a_time.recipe, single_client=True)) as rig:
        rig.send_signal(signal.SIGSTOP)
        assert one_at_a_time.wait_until_off(3.0)
        assert rig.wait(5.0) == -signal.SIGKILL
        (entry,) = journal_soon()
        assert "it was ended first" in entry["reason"]
        assert entry["confirmed"]
        assert ends(rig.guardian_pid)
    assert len(read_journal()) == 1, "the death that it brought about itself is no news"


def test_rig_that_dies_with_nothing_on_is_noted_and_the_source_asked(fake_source):
    with rig_process(fake_source.recipe, "unarmed") as rig:
        rig.kill()
        assert fake_source.wait_until_off(2.0)
        (entry,) = journal_soon()
    assert entry["run"] == "run-1"
    assert entry["confirmed"]
    assert "nothing on" in entry["reason"]


def test_guardian_pauses_between_attempts_for_the_sources_own_watchdog(fake_source):
    """A source that obeys no command: its watchdog switches off after silence, and any question would feed it."""
    fake_source.behaviour = "stuck"
    with rig_process(replace(fake_source.recipe, watchdog_s=0.4)) as rig:
        rig.kill()
        assert comes_true(lambda: fake_source.received, 5.0)
        fake_source.watchdog_s = 0.4
        assert fake_source.wait_until_off(6.0)
        journal = journal_soon(2)
    assert [entry["confirmed"] for entry in journal] == [False, True]
    assert [entry["attempt"] for entry in journal] == [1, 2]


def test_running_thread_of_a_hung_rig_does_not_keep_the_guardian_quiet(link, fake_source):
    link.arm([fake_source.recipe])
    stopped = threading.Event()

    def poll():
        while not stopped.wait(0.02):
            link.beat()

    poller = threading.Thread(target=poll)
    poller.start()
    is_off = fake_source.wait_until_off(3.0)
    stopped.set()
    poller.join()
    assert is_off


def test_rig_that_beats_but_gets_the_outputs_off_too_late_is_helped(link, fake_source):
    link.arm([fake_source.recipe])
    link.off_by(0.1)
    link.off_by(None)
    beat_for(link, 0.3)
    assert fake_source.is_on
    link.off_by(0.1)
    with link.quietly():
        beat_for(link, 0.4)
    assert not fake_source.is_on
    assert "in time" in link.trouble()


def test_facts_the_rig_cannot_record_enter_the_journal_in_any_case(link):
    link.name_run("run-7")
    assert link.note("the source says that its output is off", confirmed=True)
    os.kill(link.pid, signal.SIGKILL)
    assert ends(link.pid)
    assert link.note("nobody can say", confirmed=False)
    assert [(entry["run"], entry["switched_off_by"], entry["confirmed"]) for entry in read_journal()] == [
        ("run-7", "rig", True),
        ("run-7", "rig", False),
    ]


def test_without_room_for_its_journal_no_guardian_starts():
    opening = Opening.begin("full")
    opening.file(JOURNAL).mkdir()
    with pytest.raises(BenchFault, match="no room for the guardian's journal"):
        GuardianLink.start(opening)
