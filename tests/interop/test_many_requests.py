"""Thousands of confirmed requests between this stack and one that is not ours, both ways at once on one bus of four."""

import asyncio
import contextlib
import threading
import time
from collections import Counter
from types import SimpleNamespace

import pytest
from bacpypes3.apdu import ReadPropertyRequest
from bacpypes3.primitivedata import ObjectIdentifier as OurIdentifier
from bacpypes3.primitivedata import Real
from rusty_bacnet import BACnetClient, MstpEndpoint, ObjectIdentifier, ObjectType, PropertyIdentifier

from drivers.meter.bus import MeterBus
from drivers.mstp.codec.frames import FrameType
from drivers.mstp.settings import PortSettings
from meter_model.device.meter import S4100
from rig.emulation.bus.process import HubLink, HubProcess
from tests.interop.test_independent_stack import LOADED, discover
from tests.rig.emulation.meter.one_node import MeterNode

pytestmark = pytest.mark.realtime

RIG_MAC, METER_MAC, SERVER_MAC, PEER_MAC = range(4)
MAX_MASTER = 3
INFO_FRAMES = 8
AT_ONCE = 8
DRAIN_S = 0.5
INPUTS = {number: number + 0.25 for number in range(1, 17)}
"""Analog inputs of the other stack's server and what they read."""

METER_INPUTS = (11, 12, 13, 14, 15, 16, 17, 18)
LOST_S = 600.0


def peer_settings(hub, mac):
    return {
        "serial_port": hub.ports[mac],
        "mstp_baud": hub.baud,
        "mstp_mac": mac,
        "mstp_max_master": MAX_MASTER,
        "mstp_max_info_frames": INFO_FRAMES,
    }


async def they_read_us(client, meter, count):
    """Read the meter ``count`` times, several reads under way at once; returns how many gave the right value."""
    numbers, right = iter(range(count)), 0
    held = {number: meter.read("AI", number, "present-value") for number in METER_INPUTS}

    async def reader():
        nonlocal right
        for number in numbers:
            instance = METER_INPUTS[number % len(METER_INPUTS)]
            place = ObjectIdentifier(ObjectType.ANALOG_INPUT, instance)
            answer = await client.read_property(str(METER_MAC), place, PropertyIdentifier.PRESENT_VALUE)
            right += answer.value == held[instance]

    await asyncio.gather(*(reader() for _ in range(AT_ONCE)))
    return right


def we_read_them(bus, count):
    """Read the other stack's server ``count`` times, several reads under way at once; returns how many were right."""
    right = 0
    for first in range(0, count, AT_ONCE):
        numbers = [number % len(INPUTS) + 1 for number in range(first, min(first + AT_ONCE, count))]
        requests = [
            ReadPropertyRequest(
                objectIdentifier=OurIdentifier(("analog-input", number)), propertyIdentifier="present-value"
            )
            for number in numbers
        ]
        for number, exchange in zip(numbers, bus.exchange(SERVER_MAC, requests), strict=True):
            right += float(exchange.answer.propertyValue.cast_out(Real)) == INPUTS[number]
    return right


class Frames:
    """Counts the stamped frames of a hub as they come, since the hub forgets the oldest."""

    def __init__(self, link):
        self._link = link
        self._next = link.next_number()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.by_source = Counter()
        self.invalid = 0

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._ending.set()
        self._thread.join()
        self._count()

    def _watch(self):
        while not self._ending.wait(DRAIN_S):
            self._count()

    def _count(self):
        frames = self._link.frames_since(self._next)
        self._next += len(frames)
        self.by_source.update((frame.source, frame.kind) for frame in frames if frame.valid)
        self.invalid += sum(not frame.valid or frame.garbled for frame in frames)


@contextlib.contextmanager
def ring_of_four(baud, unpaced):
    """Four masters: our client, our meter, and the other stack's server and client, each on a port of its own."""
    meter = S4100(serial_number="44", device_instance=3_456_789)
    meter.advance(3.0, LOADED)
    server_loop = asyncio.new_event_loop()
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(HubProcess(4, baud, unpaced))
        node = MeterNode(meter, hub.ports[METER_MAC], baud, METER_MAC, MAX_MASTER, threading.RLock())
        stack.callback(node.close)
        node.start()
        server = MstpEndpoint(300, **peer_settings(hub, SERVER_MAC))
        for number, value in INPUTS.items():
            server.add_analog_input(number, f"input {number}", 62, value)
        thread = threading.Thread(target=server_loop.run_forever)
        thread.start()
        stack.callback(server_loop.close)
        stack.callback(thread.join)
        stack.callback(server_loop.call_soon_threadsafe, server_loop.stop)
        asyncio.run_coroutine_threadsafe(_awaited(server.start), server_loop).result(20.0)
        stack.callback(lambda: asyncio.run_coroutine_threadsafe(_awaited(server.close), server_loop).result(20.0))
        settings = PortSettings(hub.ports[RIG_MAC], baud, RIG_MAC, MAX_MASTER, max_info_frames=INFO_FRAMES)
        bus = stack.enter_context(MeterBus.open(settings))
        link = stack.enter_context(HubLink(hub.endpoint))
        yield SimpleNamespace(hub=hub, meter=meter, bus=bus, link=link)


async def _awaited(call):
    return await call()


def exchange_both_ways(ring, count):
    """Both read each other ``count`` times at once; returns what was right each way, the frames, and our statistics."""
    theirs = []

    async def browse():
        async with BACnetClient(transport="mstp", **peer_settings(ring.hub, PEER_MAC)) as client:
            await discover(client)
            is_ready.set()
            theirs.append(await they_read_us(client, ring.meter, count))

    is_ready = threading.Event()
    before = ring.bus.statistics()
    with Frames(ring.link) as frames:
        other = threading.Thread(target=lambda: asyncio.run(asyncio.wait_for(browse(), LOST_S)))
        other.start()
        started_s = time.monotonic()
        try:
            assert is_ready.wait(30.0)
            ours = we_read_them(ring.bus, count)
            ours_s = time.monotonic() - started_s
        finally:
            other.join(LOST_S)
    after = ring.bus.statistics()
    both_s = time.monotonic() - started_s
    print(f"\n{count} each way: ours {count / ours_s:.0f}/s, both done after {both_s:.1f} s; {frames.by_source}")
    return ours, theirs, frames, before, after


def judge(count, ours, theirs, frames, before, after):
    """Each request was answered, rightly, and was on the wire once."""
    assert ours == count
    assert theirs == [count]
    assert after.requests - before.requests == count
    assert after.repeats == before.repeats
    assert after.timeouts == before.timeouts
    requests = {mac: frames.by_source[mac, FrameType.DATA_EXPECTING_REPLY] for mac in (RIG_MAC, PEER_MAC)}
    assert requests == {RIG_MAC: count, PEER_MAC: count}
    tokens = {mac for mac, kind in frames.by_source if kind == FrameType.TOKEN}
    assert tokens == {RIG_MAC, METER_MAC, SERVER_MAC, PEER_MAC}


def test_two_thousand_requests_are_all_answered():
    with ring_of_four(115200, unpaced=True) as ring:
        judge(1000, *exchange_both_ways(ring, 1000))


@pytest.mark.soak
def test_ten_thousand_requests_each_way_are_all_answered():
    with ring_of_four(76800, unpaced=False) as ring:
        judge(10_000, *exchange_both_ways(ring, 10_000))
