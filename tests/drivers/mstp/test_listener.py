"""Listening to a bus over a real pseudo-terminal: everything is heard, in order and in time, and nothing is sent."""

import os
import select
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from drivers.mstp import PortSettingInvalid, PortUnavailable
from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.listener import BusListener
from tests.drivers.mstp.test_port import is_alive, wait_until

pytestmark = pytest.mark.realtime


def heard_of(listener, count, timeout_s=10.0):
    """All frames until there are ``count``, with the number of stray octets."""
    frames, stray, end_s = [], 0, time.monotonic() + timeout_s
    while len(frames) < count and time.monotonic() < end_s:
        heard = listener.listen(0.5)
        if heard is not None:
            frames += heard.frames
            stray += heard.stray_octets
    return frames, stray


def test_a_ring_is_heard_in_order_and_never_disturbed(make_bridge, open_port):
    bridge = make_bridge(3)
    ports = [open_port(bridge.ports[mac], mac, max_master=1) for mac in (0, 1)]
    with BusListener(bridge.ports[2], 76800) as listener:
        frames, stray = heard_of(listener, 200)
        counted = [port.statistics() for port in ports]
    assert len(frames) >= 200
    assert stray == 0
    assert all(seen.valid for seen in frames)
    assert all(first.end_s <= second.start_s + 1e-6 for first, second in pairwise(frames))
    tokens = [seen.frame.source for seen in frames if seen.frame.frame_type == FrameType.TOKEN]
    assert all(first != second for first, second in pairwise(tokens))
    assert abs(frames[-1].end_s - time.monotonic()) < 5.0
    assert [statistics.frames_cut_short + statistics.header_crc_errors for statistics in counted] == [0, 0]


def test_not_one_octet_is_sent(make_bridge):
    bridge = make_bridge(2)
    other = os.open(bridge.ports[0], os.O_RDWR | os.O_NOCTTY)
    try:
        with BusListener(bridge.ports[1], 9600) as listener:
            for kind in (FrameType.POLL_FOR_MASTER, FrameType.TOKEN, FrameType.TEST_REQUEST):
                os.write(other, b"".join(Frame(kind, mac, 5).encode() for mac in range(128)))
            frames, _ = heard_of(listener, 384)
        assert len(frames) == 384
        assert not select.select([other], [], [], 0.6)[0]
    finally:
        os.close(other)


def test_octets_of_no_frame_are_counted(make_bridge):
    bridge = make_bridge(2)
    other = os.open(bridge.ports[0], os.O_RDWR | os.O_NOCTTY)
    try:
        with BusListener(bridge.ports[1], 76800) as listener:
            os.write(other, b"noise" + Frame(FrameType.TOKEN, 1, 0).encode())
            frames, stray = heard_of(listener, 1)
            assert (len(frames), stray) == (1, 5)
            assert listener.listen(0.1) is None
    finally:
        os.close(other)


def test_a_port_that_is_not_there_and_a_rate_that_is_none_are_refused():
    with pytest.raises(PortUnavailable, match="no such device"), BusListener("/dev/no-such-port", 76800):
        pass
    with pytest.raises(PortSettingInvalid, match="baud"):
        BusListener("/dev/null", 12345)


def test_an_unplugged_adapter_is_told_and_ends_the_process(make_bridge):
    bridge = make_bridge(1)
    with BusListener(bridge.ports[0], 76800) as listener:
        bridge.hang_up(0)
        with pytest.raises(PortUnavailable):
            listener.listen(10.0)


def test_the_listening_ends_when_its_owner_is_killed(make_bridge):
    code = (
        "import sys, time; from drivers.mstp.listener import BusListener\n"
        "listener = BusListener(sys.argv[1], 76800); listener.start()\n"
        "print(listener._process.pid, flush=True); time.sleep(60)"
    )
    arguments = [sys.executable, "-c", code, make_bridge(1).ports[0]]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as owner:
        pid = int(owner.stdout.readline())
        assert is_alive(pid)
        owner.send_signal(signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))
