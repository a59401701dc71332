"""Faults of the running hub: given at its start, switched by its endpoint, counted, and told by the stamps."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.meter.errors import MeterTimeout
from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.settings import PortSettings
from meter_model.objects.points import OBJECTS
from rig.emulation.bus.fault_settings import FaultSettings
from rig.emulation.bus.process import HubFailed, HubLink, HubProcess
from tests.rig.emulation.bus.test_hub import BROADCAST_DATA, TOKEN, read_octets, read_until_quiet
from tests.rig.emulation.meter.fixed_meter import FixedMeter
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = pytest.mark.realtime
BAUD = 76800


@pytest.fixture
def open_hub():
    """Start a hub with faults and open its ports; gives the hub, a link and the handles."""
    opened = []

    def open_(nodes=2, unpaced=False, **faults):
        hub = HubProcess(nodes, BAUD, unpaced, FaultSettings(**faults))
        opened.append(hub.close)
        link = HubLink(hub.endpoint)
        opened.append(link.close)
        handles = [os.open(port, os.O_RDWR | os.O_NOCTTY) for port in hub.ports]
        opened.extend(lambda handle=handle: os.close(handle) for handle in handles)
        return hub, link, handles

    yield open_
    for close in reversed(opened):
        close()


def heard_through(open_hub, seed):
    _, link, (sender, listener) = open_hub(unpaced=True, seed=seed, bit_error_rate=1e-3, drop_frame_rate=0.2)
    heard = []
    for number in range(20):
        os.write(sender, BROADCAST_DATA)
        while link.next_number() <= number:
            time.sleep(0.001)
        heard.append(read_until_quiet(listener, 0.005))
    return heard, [frame.altered for frame in link.frames_since(0)], link.counters()["faults_done"]


def test_same_seed_and_frames_give_the_same_faults_in_another_hub(open_hub):
    first, second = (heard_through(open_hub, 7) for _ in range(2))
    assert first == second
    heard, altered, done = first
    assert done["frames_dropped"] == sum("dropped" in names for names in altered) == heard.count(b"") > 0
    clean = [octets for octets, names in zip(heard, altered, strict=True) if not names]
    assert clean == [BROADCAST_DATA] * len(clean) != []
    assert all(octets != BROADCAST_DATA for octets, names in zip(heard, altered, strict=True) if names)


def test_faults_are_switched_while_the_hub_runs_and_stamps_tell_of_them(open_hub):
    _, link, (sender, listener) = open_hub()
    os.write(sender, TOKEN)
    assert read_octets(listener, len(TOKEN)) == TOKEN
    link.set_faults(FaultSettings(duplicate_frame_rate=1.0))
    os.write(sender, TOKEN)
    assert read_octets(listener, 2 * len(TOKEN)) == TOKEN * 2
    link.set_faults(FaultSettings())
    os.write(sender, TOKEN)
    assert read_octets(listener, len(TOKEN)) == TOKEN
    assert read_until_quiet(listener, 0.02) == b""
    assert [frame.altered for frame in link.frames_since(0)] == [(), (), ("duplicated",), ()]
    counters = link.counters()
    assert counters["faults"] == {}
    assert counters["altered_frames"] == 1
    assert counters["faults_done"] == {"frames_duplicated": 1}


def test_a_frame_is_stamped_as_sent_whatever_was_done_to_it(open_hub):
    _, link, (sender, listener) = open_hub(truncate_frame_rate=1.0)
    os.write(sender, BROADCAST_DATA)
    heard = read_until_quiet(listener)
    (frame,) = link.frames_since(0)
    assert BROADCAST_DATA.startswith(heard)
    assert len(heard) < len(BROADCAST_DATA) == frame.octets
    assert frame.valid
    assert frame.altered == ("truncated",)
    assert frame.altered_from == len(heard)


def test_a_delayed_frame_arrives_although_nothing_else_happens(open_hub):
    _, link, (sender, listener) = open_hub(delay_frame_rate=1.0, delay_s=0.2)
    mark = link.counters()["lateness"]["wakes"]
    os.write(sender, TOKEN)
    assert read_octets(listener, len(TOKEN)) == TOKEN
    (frame,) = link.frames_since(0)
    assert frame.altered == ("delayed",)
    assert link.counters()["lateness"]["wakes"] > mark


def test_a_silent_node_answers_a_poll_through_the_bus(open_hub):
    _, link, (sender, other) = open_hub(silent=(9,))
    reply = Frame(FrameType.REPLY_TO_POLL_FOR_MASTER, 0, 9).encode()
    os.write(sender, Frame(FrameType.POLL_FOR_MASTER, 9, 0).encode())
    assert read_octets(sender, len(reply)) == reply
    assert reply in read_octets(other, 2 * len(reply))
    last = link.frames_since(0)[-1]
    assert (last.node, last.source, last.altered) == (link.counters()["talkers_without_port"]["silent"], 9, ("silent",))


def test_babble_is_heard_by_all_and_counted_as_no_frame(open_hub):
    _, link, (first, second) = open_hub(babble_octets=50, babble_pause_s=0.01)
    assert len(read_octets(first, 200)) >= 200
    assert len(read_octets(second, 200)) >= 200
    counters = link.counters()
    assert counters["faults_done"]["babble_octets"] >= 200
    assert counters["stray_octets"] > 0


def test_a_fault_that_cannot_be_is_refused_and_those_before_go_on(open_hub):
    _, link, _ = open_hub(noise_rate=0.5)
    with pytest.raises(HubFailed, match="ports 0 to 1"):
        link.set_faults(FaultSettings(cut=(2,)))
    assert link.counters()["faults"] == {"noise-rate": 0.5}


@pytest.mark.parametrize(
    ("module", "option", "code"), [("rig.emulation.bus.hub", "--fault", 2), ("rig.emulation", "--bus-fault", 11)]
)
def test_a_fault_that_cannot_be_is_refused_at_the_start(module, option, code):
    nodes = ["--nodes", "2"] if module.endswith("hub") else []
    command = [sys.executable, "-m", module, *nodes, option, "bit-error-rate=3"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60.0)
    assert ended.returncode == code
    assert "bit-error-rate must be a number from 0 to 1" in ended.stderr


def test_an_emulated_bench_starts_with_faults_on_its_bus():
    command = [sys.executable, "-m", "rig.emulation", "--json", "--meters", "0", "--bus-fault", "noise-rate=0.1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            with HubLink(json.loads(process.stdout.readline())["hub"]) as link:
                assert link.counters()["faults"] == {"noise-rate": 0.1}
        finally:
            process.stdin.close()
            process.wait(30.0)


def test_meter_that_was_cut_off_rejoins_the_ring_when_connected_again():
    with HubProcess(2, BAUD, unpaced=True) as hub, HubLink(hub.endpoint) as link:
        node = MeterNode(FixedMeter(), hub.ports[1], BAUD, 1, 1, threading.RLock())
        node.start()
        try:
            with MeterBus.open(PortSettings(hub.ports[0], BAUD, 0, 1), timeout_s=0.5) as bus:
                client = MeterClient(bus, 1, OBJECTS)
                assert len(client.read_load_point().values) == 29
                link.set_faults(FaultSettings(cut=(1,)))
                with pytest.raises(MeterTimeout):
                    client.read_load_point()
                link.set_faults(FaultSettings())
                mark = link.next_number()
                while not any(frame.source == 1 and frame.kind == FrameType.TOKEN for frame in link.frames_since(mark)):
                    bus.pause(0.02)
                assert len(client.read_load_point().values) == 29
                assert bus.statistics().timeouts == 1
        finally:
            node.close()
