"""Thirty-two emulated meters on one bus, the manual's daisy-chain limit: each itself, none disturbing the ring."""

import itertools
import json
import subprocess
import sys
import time

import pytest

from drivers.meter.bus import MeterBus
from drivers.meter.client import MeterClient
from drivers.mstp.codec.frames import FrameType
from drivers.mstp.settings import PortSettings
from meter_model.objects.points import OBJECTS
from rig.emulation.bus.process import HubLink

METERS = 32
LOST_TOKEN_S = 0.5


@pytest.fixture(scope="module")
def endpoints():
    command = [sys.executable, "-m", "rig.emulation", "--json", "--meters", str(METERS), "--max-master", str(METERS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(30.0)


@pytest.fixture(scope="module")
def bus(endpoints):
    settings = PortSettings(endpoints["bus"], endpoints["baud"], 0, METERS)
    with MeterBus.open(settings) as bus, HubLink(endpoints["hub"]) as link:
        while len({frame.source for frame in link.frames_since(0) if frame.kind == FrameType.TOKEN}) <= METERS:
            bus.pause(0.2)  # until every meter has passed the token on
        yield bus


def clients(bus, endpoints):
    return [
        MeterClient(bus, meter["mac"], OBJECTS, device_instance=meter["device_instance"])
        for meter in endpoints["meters"]
    ]


def read_rounds(bus, endpoints, is_over):
    """Read the load point of every meter again and again; nothing may be lost, repeated or garbled meanwhile."""
    fleet = clients(bus, endpoints)
    with HubLink(endpoints["hub"]) as link:
        mark, before, counted = link.next_number(), bus.statistics(), link.counters()
        rounds = 0
        while not is_over(rounds):
            for meter in fleet:
                assert len(meter.read_load_point().values) == 29
            rounds += 1
        since, after = bus.statistics().port.since(before.port), link.counters()
        assert bus.statistics().repeats == bus.statistics().timeouts == 0
        assert since.data_frames_sent == rounds * METERS
        assert since.tokens_lost == since.token_retries == since.tokens_dropped == since.reply_timeouts == 0
        for name in ("invalid_frames", "garbled_frames", "stray_octets"):
            assert after[name] == counted[name], name
        frames = link.frames_since(mark)
    for one, following in itertools.pairwise(frames):
        assert following.first_s - one.last_s < LOST_TOKEN_S
        is_repeated = one.kind == following.kind == FrameType.TOKEN and one.source == following.source
        assert not is_repeated, one
    return rounds


@pytest.mark.realtime
@pytest.mark.alone
def test_every_meter_has_an_identity_and_a_configuration_of_its_own(bus, endpoints):
    meters = endpoints["meters"]
    assert len({meter["serial_number"] for meter in meters}) == METERS
    found = {(device.address, device.device_instance) for device in bus.who_is(timeout_s=6.0)}
    assert found == {(meter["mac"], meter["device_instance"]) for meter in meters}
    fleet = clients(bus, endpoints)[:6]
    assert len({tuple(meter.read_configuration().values()) for meter in fleet}) == len(fleet)


@pytest.mark.realtime
@pytest.mark.alone
def test_whole_fleet_reads_its_load_points_without_lost_token_or_retry(bus, endpoints):
    assert read_rounds(bus, endpoints, lambda rounds: rounds == 1) == 1


@pytest.mark.realtime
@pytest.mark.alone
@pytest.mark.soak
def test_fleet_is_read_for_ten_minutes_without_lost_token_or_retry(bus, endpoints):
    end_s = time.monotonic() + 600.0
    assert read_rounds(bus, endpoints, lambda _: time.monotonic() > end_s) > 10
