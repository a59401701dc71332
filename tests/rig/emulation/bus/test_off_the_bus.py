"""A meter without control power is off the bus: the token passes it by, and comes to it again when it has started."""

import json
import socket
import time

import pytest

from drivers.mstp import MstpPort, PortSettings
from drivers.mstp.codec.frames import FrameType
from rig.emulation.bench import EmulatedBench, Options

pytestmark = pytest.mark.realtime


@pytest.fixture
def bench():
    with EmulatedBench(Options(meters=2, max_master=3, is_paced=False)) as bench:
        yield bench


@pytest.fixture
def port(bench):
    with MstpPort(PortSettings(bench.endpoints["bus"], bench.endpoints["baud"], 0, max_master=3)) as port:
        yield port


def switch_first_meter(bench, on):
    host, _, number = bench.endpoints["control"].removeprefix("tcp://").partition(":")
    with socket.create_connection((host, int(number)), timeout=10) as connection:
        connection.sendall(json.dumps({"control_power": {"meter": 0, "on": on}}).encode() + b"\n")
        assert json.loads(connection.makefile().readline())["done"]


def wait_for_successor(port, mac):
    """Wait until the rig passes the token to ``mac``."""
    deadline_s = time.monotonic() + 20.0
    while True:
        sent = [seen.frame for seen in port.captured() if seen.frame.source == 0]
        tokens = [frame.destination for frame in sent if frame.frame_type == FrameType.TOKEN]
        if tokens[-3:] == [mac] * 3:
            return
        assert time.monotonic() < deadline_s, f"the rig passes the token to {tokens[-3:]}"
        time.sleep(0.02)


def test_token_skips_a_meter_without_control_power_until_it_has_started(bench, port):
    wait_for_successor(port, 1)
    switch_first_meter(bench, on=False)
    wait_for_successor(port, 2)
    switch_first_meter(bench, on=True)
    wait_for_successor(port, 1)
    assert port.statistics().successors_lost >= 1
