"""``rig bus check`` beside a busy machine: no fault on a healthy bus, and every seeded fault found.

``make soak`` runs all of it and keeps each verdict in ``build/soak/bus_check.jsonl`` (``tests.campaign``): what is
there already is not run again; remove the file to restart. ``make test`` runs one case of each kind.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time

import pytest

from rig.emulation.bus.fault_settings import FaultSettings
from rig.emulation.bus.process import HubLink, HubProcess
from tests import campaign
from tests.campaign import busy
from tests.rig.cli.bus_stations import LateSlave, Masters

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(170)]

BAUD = 76800
BEYOND = ((7, b"\x02", 7002), (7, b"\x09", 7009), (8, b"\x0a\x00\x00\x01\xba\xc0", 8001))
HEALTHY = [(count, routed) for count in (1, 3, 32) for routed in (False, True)]
FAULTS = ("late-answer", "lost-token", "duplicate")
KINDS = {"late-answer": "slow-reply", "lost-token": "token-lost", "duplicate": "duplicate-mac"}
SHORT = {("healthy", 3, True, 0), ("duplicate", 0)}


def checked(port, *arguments):
    words = [
        sys.executable,
        "-m",
        "rig.cli",
        "bus",
        "check",
        "--device",
        port,
        "--baud",
        str(BAUD),
        "--json",
        *arguments,
    ]
    done = subprocess.run(words, capture_output=True, text=True, timeout=150)
    assert done.returncode in (0, 10), done.stderr
    return json.loads(done.stdout)


def kept(key, run):
    """Return what ``run`` returns, or what a campaign before this one kept of it."""
    return run() if key in SHORT and "RIG_SOAK_RESULTS" not in os.environ else campaign.kept("bus_check", key, run)


def cases(all_cases):
    return [case if case in SHORT else pytest.param(*case, marks=pytest.mark.soak) for case in all_cases]


def settled(seconds=1.5):
    time.sleep(seconds)  # a ring forms by the clause's timers; nothing tells when it has


@pytest.mark.parametrize(
    ("_kind", "count", "routed", "number"),
    cases([("healthy", count, routed, n) for count, routed in HEALTHY for n in range(10)]),
)
def test_a_healthy_bus_has_no_fault_beside_two_busy_processes(_kind, count, routed, number):
    def run():
        macs = tuple(range(1, count + 1))
        with HubProcess(2, BAUD) as hub, Masters(
            hub.ports[0], BAUD, macs, max(macs) + 1, beyond=BEYOND if routed else ()
        ), busy(2):  # fmt: skip
            settled()
            return checked(hub.ports[1], "--for", "2", *(("--global",) if routed else ()))

    answer = kept(("healthy", count, routed, number), run)
    assert [one for one in answer["findings"] if one["severity"] == "fault"] == []
    local = [one["mac"] for one in answer["devices"] if not one["network"]]
    assert local == list(range(1, count + 1))
    beyond = [(one["network"], one["remote_address"], one["router_mac"]) for one in answer["devices"] if one["network"]]
    assert beyond == ([(7, "2", 1), (7, "9", 1), (8, "0a:00:00:01:ba:c0", 1)] if routed else [])


@contextlib.contextmanager
def interrupted(hub, away_s):
    """A bus whose contact is away for ``away_s`` every other second: the token is lost."""
    ends = threading.Event()

    def interrupt():
        with HubLink(hub.endpoint) as link:
            while not ends.wait(1.0):
                link.set_faults(FaultSettings(drop_frame_rate=1.0))
                ends.wait(away_s)
                link.set_faults(FaultSettings())

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


@pytest.mark.parametrize(("fault", "seed"), cases([(fault, seed) for fault in FAULTS for seed in range(10)]))
def test_a_seeded_fault_is_found_beside_two_busy_processes(fault, seed):
    def run():
        with contextlib.ExitStack() as stack:
            hub = stack.enter_context(HubProcess(4, BAUD))
            slave = 60 + seed
            asks = slave if fault == "late-answer" else None
            together = (1,) if fault == "lost-token" else (1, 3)  # what one process sends to itself is never lost
            stack.enter_context(Masters(hub.ports[0], BAUD, together, 4, asks=asks))
            if fault == "late-answer":
                stack.enter_context(LateSlave(hub.ports[1], slave, 0.32 + 0.02 * seed))
            if fault == "duplicate":
                settled()
                stack.enter_context(Masters(hub.ports[2], BAUD, (1 if seed % 2 else 3,), 4, first_instance=2000))
            if fault == "lost-token":
                stack.enter_context(Masters(hub.ports[1], BAUD, (3,), 4, first_instance=1000))
                settled()
                stack.enter_context(interrupted(hub, 0.6 + 0.03 * seed))
            stack.enter_context(busy(2))
            settled()
            return checked(hub.ports[3], "--for", "4", "--listen-only")

    answer = kept((fault, seed), run)
    assert KINDS[fault] in {one["kind"] for one in answer["findings"] if one["severity"] == "fault"}
    if fault == "late-answer":
        assert (answer["conclusion"]["kind"], answer["conclusion"]["mac"]) == ("slow-reply", 60 + seed)
