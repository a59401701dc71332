"""Suspend is inhibited for as long as a bench is open, by a program that may be missing, refuse or hang."""

import json
import signal
import subprocess
import sys

import pytest

from rig.safety import inhibit
from rig.safety.inhibit import suspend_inhibited
from tests.waiting import wait_for


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Put a systemd-inhibit of this text in front of the system's own."""

    def put(text):
        path = tmp_path / "systemd-inhibit"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        return tmp_path

    return put


HOLDS = """
echo "$@" > "$(dirname "$0")/asked"
while [ "$1" != sh ]; do shift; done
"$@"
echo over > "$(dirname "$0")/over"
"""


def test_the_lock_is_held_within_the_context_and_given_up_after_it(program):
    folder = program(HOLDS)
    with suspend_inhibited("bench lab is open") as said:
        assert said == "suspend is inhibited while this bench is open"
        assert not (folder / "over").exists()
        assert "--what=sleep:idle --mode=block" in (folder / "asked").read_text()
        assert "--why=bench lab is open" in (folder / "asked").read_text()
    assert (folder / "over").exists()


@pytest.mark.parametrize("text", ["exit 1", "echo Access denied; exit 1"])
def test_a_refusal_is_said_and_is_no_error(program, text):
    program(text)
    with suspend_inhibited("x") as said:
        assert "was refused" in said


def test_a_system_without_the_program_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with suspend_inhibited("x") as said:
        assert "there is no systemd-inhibit" in said


def test_a_program_that_hangs_holds_nothing_up_for_long(program, monkeypatch):
    monkeypatch.setattr(inhibit, "_ANSWER_S", 0.2)
    program("exec sleep 30")
    with suspend_inhibited("x") as said:
        assert "was refused" in said


def test_a_rig_that_is_killed_leaves_no_lock_behind(program):
    folder = program(HOLDS)
    code = (
        "import time\nfrom rig.safety.inhibit import suspend_inhibited\n"
        "with suspend_inhibited('x') as said:\n    print(said, flush=True)\n    time.sleep(30)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as rig:
        assert b"is inhibited" in rig.stdout.readline()
        rig.send_signal(signal.SIGKILL)
        wait_for((folder / "over").exists, "the end of the lock", 5.0)


def test_the_reason_reaches_the_program_whatever_is_in_it(program):
    folder = program('printf "%s" "$4" > "$(dirname "$0")/why"; exit 1')
    name = "bench 'a b'; $(rm -rf x)"
    with suspend_inhibited(name):
        pass
    assert (folder / "why").read_text() == f"--why={name}", json.dumps(name)
