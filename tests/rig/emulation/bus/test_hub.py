"""The hub as a process with real ptys: pacing, hearing, collisions, stamps, and its life and death."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drivers.mstp.codec.frames import Frame
from rig.emulation.bus.process import HubFailed, HubLink, HubProcess

pytestmark = pytest.mark.realtime
BROADCAST_DATA = Frame(6, 255, 1, bytes(range(200))).encode()
TOKEN = Frame(0, 1, 0).encode()


@contextlib.contextmanager
def hub_with_nodes(count, baud, unpaced=False):
    with HubProcess(count, baud, unpaced) as hub, HubLink(hub.endpoint) as link:
        handles = [os.open(port, os.O_RDWR | os.O_NOCTTY) for port in hub.ports]
        try:
            yield hub, link, handles
        finally:
            for handle in handles:
                os.close(handle)


def read_octets(handle, count, timeout_s=5.0):
    octets, deadline_s = b"", time.monotonic() + timeout_s
    while len(octets) < count:
        ready, _, _ = select.select([handle], [], [], max(0.0, deadline_s - time.monotonic()))
        if not ready:
            break
        octets += os.read(handle, 4096)
    return octets


def read_until_quiet(handle, quiet_s=0.1):
    octets = b""
    while select.select([handle], [], [], quiet_s)[0]:
        octets += os.read(handle, 4096)
    return octets


def test_buses_of_one_hub_hear_nothing_of_each_other():
    with HubProcess(2, 76800, buses=2) as hub, HubLink(hub.endpoint, bus=1) as link, HubLink(hub.endpoint) as other:
        assert [len(ports) for ports in hub.ports_by_bus] == [2, 2]
        handles = [os.open(port, os.O_RDWR | os.O_NOCTTY) for port in hub.ports]
        try:
            os.write(handles[2], TOKEN)
            assert read_octets(handles[3], len(TOKEN)) == TOKEN
            assert read_until_quiet(handles[0], 0.02) + read_until_quiet(handles[1], 0.02) == b""
            assert [frame.kind for frame in link.frames_since(0)] == [0]
            assert other.frames_since(0) == []
        finally:
            for handle in handles:
                os.close(handle)
        with HubLink(hub.endpoint, bus=2) as none, pytest.raises(HubFailed, match="buses 0 to 1"):
            none.counters()


@pytest.mark.parametrize("baud", [9600, 76800])
def test_frame_takes_its_time_at_the_baud_rate_and_every_other_node_hears(baud):
    wire_s = len(BROADCAST_DATA) * 10 / baud
    with hub_with_nodes(3, baud) as (_, link, (sender, second, third)):
        started_s = time.monotonic()
        os.write(sender, BROADCAST_DATA)
        assert read_octets(second, len(BROADCAST_DATA)) == BROADCAST_DATA
        taken_s = time.monotonic() - started_s
        assert read_octets(third, len(BROADCAST_DATA)) == BROADCAST_DATA
        assert read_until_quiet(sender, 0.02) == b""
        (frame,) = link.frames_since(0)
    assert taken_s >= wire_s
    assert frame.last_s - frame.first_s == pytest.approx(wire_s, rel=1e-3)
    assert frame.delivered_s >= frame.last_s - 1e-5
    assert (frame.node, frame.kind, frame.source, frame.destination) == (0, 6, 1, 255)
    assert frame.valid
    assert not frame.garbled
    assert frame.first_s >= started_s


def test_octets_of_a_frame_arrive_along_its_time_and_not_at_its_end():
    with hub_with_nodes(2, 9600) as (_, _, (sender, listener)):
        os.write(sender, BROADCAST_DATA)
        chunks = []
        while sum(chunks) < len(BROADCAST_DATA):
            select.select([listener], [], [], 5.0)
            chunks.append(len(os.read(listener, 4096)))
    assert len(chunks) > len(BROADCAST_DATA) / 10


def test_an_unpaced_hub_hands_frames_over_at_once():
    with hub_with_nodes(2, 9600, unpaced=True) as (_, link, (sender, listener)):
        os.write(sender, BROADCAST_DATA)
        assert read_octets(listener, len(BROADCAST_DATA)) == BROADCAST_DATA
        (frame,) = link.frames_since(0)
    assert frame.last_s - frame.first_s < 0.001


def test_two_nodes_talking_at_once_are_garbled_for_the_third_and_counted():
    with hub_with_nodes(3, 9600) as (_, link, (first, second, listener)):
        os.write(first, BROADCAST_DATA)
        os.write(second, BROADCAST_DATA)
        heard = read_until_quiet(listener)
        frames = link.frames_since(0)
        counters = link.counters()
    assert BROADCAST_DATA not in heard
    assert heard
    assert [frame.garbled for frame in frames] == [True, True]
    assert counters["garbled_frames"] == 2


def test_after_a_collision_the_wire_is_clean_again():
    with hub_with_nodes(3, 76800) as (_, _, (first, second, listener)):
        os.write(first, TOKEN)
        os.write(second, TOKEN)
        read_until_quiet(listener)
        os.write(second, TOKEN)
        assert read_octets(listener, len(TOKEN)) == TOKEN


def test_closing_and_reopening_a_node_disturbs_nobody():
    with HubProcess(3, 76800) as hub:
        handles = [os.open(port, os.O_RDWR | os.O_NOCTTY) for port in hub.ports]
        os.close(handles[1])
        os.write(handles[0], TOKEN)
        assert read_octets(handles[2], len(TOKEN)) == TOKEN
        again = os.open(hub.ports[1], os.O_RDWR | os.O_NOCTTY)
        read_until_quiet(again, 0.02)
        os.write(again, TOKEN)
        assert read_octets(handles[0], len(TOKEN)) == TOKEN
        for handle in (handles[0], handles[2], again):
            os.close(handle)


def test_unread_port_drops_old_octets_before_it_is_opened_again():
    with hub_with_nodes(2, 76800, unpaced=True) as (_, link, (sender, listener)):
        for _ in range(60):
            os.write(sender, BROADCAST_DATA)
        while link.counters()["octets_by_node"].get("0", 0) < 60 * len(BROADCAST_DATA):
            time.sleep(0.01)
        assert len(read_until_quiet(listener)) <= 2048 + 512 + 4096


def test_frames_are_numbered_and_counted_by_type_and_node():
    with hub_with_nodes(2, 76800) as (_, link, (first, second)):
        for _ in range(3):
            os.write(first, TOKEN)
            read_octets(second, len(TOKEN))
        mark = link.next_number()
        os.write(second, BROADCAST_DATA)
        read_octets(first, len(BROADCAST_DATA))
        frames = link.frames_since(mark)
        counters = link.counters()
    assert [frame.number for frame in frames] == [3]
    assert counters["frames_by_type"] == {"0": 3, "6": 1}
    assert counters["frames_by_node"] == {"0": 3, "1": 1}
    assert counters["lateness"]["wakes"] > 0


def test_more_frames_than_fit_one_answer_are_fetched_whole():
    with hub_with_nodes(2, 76800, unpaced=True) as (_, link, (first, second)):
        for _ in range(1200):
            os.write(first, TOKEN)
            read_octets(second, len(TOKEN))
        assert [frame.number for frame in link.frames_since(0)] == list(range(1200))


def test_unknown_question_gets_an_error_and_the_hub_goes_on():
    with HubProcess(1, 9600) as hub:
        host, port = hub.endpoint.removeprefix("tcp://").split(":")
        with socket.create_connection((host, int(port))) as asker:
            lines = asker.makefile("rb")
            for question in (b"{}\n", b"nonsense\n", b'{"frames_since": true}\n', b"[1]\n"):
                asker.sendall(question)
                assert "error" in json.loads(lines.readline())
            asker.sendall(b'{"counters": true}\n')
            assert json.loads(lines.readline())["next"] == 0


def test_an_idle_hub_sleeps():
    def wake_ups(pid):
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return int(status["voluntary_ctxt_switches"])

    with hub_with_nodes(3, 76800) as (hub, link, _):
        link.counters()
        before = wake_ups(hub.pid)
        time.sleep(0.5)
        assert wake_ups(hub.pid) - before <= 5


def test_the_hub_dies_with_its_parent():
    code = (
        "from rig.emulation.bus.process import HubProcess\nimport sys, time\n"
        "hub = HubProcess(1, 9600)\nprint(hub.pid, flush=True)\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    with parent:
        hub_pid = int(parent.stdout.readline())
        parent.kill()
    deadline_s = time.monotonic() + 5.0
    while time.monotonic() < deadline_s and is_running(hub_pid):
        time.sleep(0.02)
    assert not is_running(hub_pid)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_hub_that_cannot_start_says_so():
    with pytest.raises(HubFailed, match="before it was ready"):
        HubProcess(0, 9600)
