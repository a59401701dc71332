"""Children of the rig that live on: none of them keeps the guardian from seeing the rig's end, or makes progress."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest

from rig.safety.guardian.journal import read_journal
from rig.safety.guardian.link import GuardianLink
from rig.safety.state import Opening
from rig.safety.switching_off.raw_off import recipe_to_json
from tests.waiting import wait_for

pytestmark = pytest.mark.realtime

RIG = """
import ctypes, json, os, subprocess, sys, time
from rig.safety.guardian.link import GuardianLink
from rig.safety.switching_off.raw_off import recipe_from_json
from rig.safety.state import Opening
link = GuardianLink.start(Opening.begin("lab"))
recipe = recipe_from_json(json.loads(sys.argv[1]))
link.arm([recipe])
if sys.argv[2] == "spawned":
    child = subprocess.Popen(["sleep", "30"], stdout=subprocess.DEVNULL, close_fds=False).pid
else:
    child = os.fork() if sys.argv[2] == "forked" else ctypes.CDLL(None).fork()
    if child == 0:
        os.close(1)
        give_up_s = time.monotonic() + 30.0
        while time.monotonic() < give_up_s:
            if sys.argv[2] == "forked":
                link.beat()
            time.sleep(0.05)
        os._exit(0)
print(child, flush=True)
while True:
    link.beat()
    time.sleep(0.05)
"""


@pytest.mark.parametrize("way", ["forked", "forked by a library", "spawned"])
def test_a_child_that_lives_on_hides_no_death_of_the_rig(fake_source, way):
    argv = [sys.executable, "-W", "ignore", "-c", RIG, json.dumps(recipe_to_json(fake_source.recipe)), way]
    rig = subprocess.Popen(argv, stdout=subprocess.PIPE)
    child = int(rig.stdout.readline())
    try:
        assert not fake_source.wait_until_off(0.3)
        rig.kill()
        assert fake_source.wait_until_off(2.0)
        os.kill(child, 0)  # it is still there
        wait_for(lambda: read_journal(), "the entry of the journal", 5.0)
        assert "the rig process is gone" in read_journal()[0]["reason"]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        rig.kill()
        rig.communicate()


def test_a_forked_child_cannot_disarm_the_guardian_of_its_parent(fake_source):
    link = GuardianLink.start(Opening.begin("lab"), hang_s=30.0)
    try:
        link.arm([fake_source.recipe])
        child = os.fork()
        if child == 0:
            code = 1
            with contextlib.suppress(BaseException):
                link.disarm()
                link.close()
                code = 0
            os._exit(code)
        assert os.waitpid(child, 0)[1] == 0
        assert link.armed
        link.beat()
        assert link.trouble() is None
        link.switch_off("as if asked")
        assert not fake_source.is_on
    finally:
        link.disarm()
        link.close()
