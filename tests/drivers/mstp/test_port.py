"""Ports as they are used: real processes on real pseudo-terminals."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.errors import RigError
from drivers.mstp import (
    BAUD_RATES,
    FrameReceived,
    MstpPort,
    NpduRefused,
    PortFailed,
    PortSettingInvalid,
    PortSettings,
    PortUnavailable,
)
from drivers.mstp.capture import read_pcapng, write_pcapng
from drivers.mstp.codec.frames import FrameType

REQUEST = bytes.fromhex("01040203070C0C000000011955")
ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F")
OTHER_REQUEST = bytes.fromhex("01040203080C0C000000011955")
WHO_IS = bytes.fromhex("01001008")


def wait_until(condition, timeout_s=10.0):
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline_s, "the condition did not come true in time"
        time.sleep(0.005)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("baud", 12345),
        ("mac", -1),
        ("mac", 128),
        ("max_master", 0),
        ("max_master", 128),
        ("max_info_frames", 0),
        ("usage_timeout_s", 0.1),
        ("reply_timeout_s", 0.25),
        ("captured_frames", -1),
        ("echo", "maybe"),
        ("direction", "rts"),
        ("replug_wait_s", -1.0),
    ],
)
def test_settings_that_clause_9_does_not_allow_are_refused_by_name(field, value):
    with pytest.raises(PortSettingInvalid, match=field) as caught:
        PortSettings(**{"device": "/dev/null", "baud": 9600, "mac": 1, field: value})
    assert (caught.value.field, caught.value.value, caught.value.device) == (field, value, "/dev/null")


def test_an_address_above_max_master_is_refused():
    with pytest.raises(PortSettingInvalid, match="mac = 5"):
        PortSettings("/dev/null", 9600, mac=5, max_master=4)


@pytest.mark.realtime
class TestOpening:
    def test_a_missing_device_is_said_to_be_missing(self, open_port):
        with pytest.raises(PortUnavailable, match="no such device") as caught:
            open_port("/dev/does-not-exist", 1)
        assert isinstance(caught.value, RigError)
        assert caught.value.device == "/dev/does-not-exist"

    def test_a_file_is_said_to_be_no_serial_port(self, open_port, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(PortUnavailable, match="not a serial port"):
            open_port(str(tmp_path / "file"), 1)

    def test_a_directory_is_said_to_be_no_serial_port(self, open_port, tmp_path):
        with pytest.raises(PortUnavailable, match="not a serial port"):
            open_port(str(tmp_path), 1)

    def test_a_device_in_use_is_said_to_be_in_use(self, make_bridge, open_port):
        bridge = make_bridge(1)
        open_port(bridge.ports[0], 1)
        with pytest.raises(PortUnavailable, match="another program is using it"):
            open_port(bridge.ports[0], 2)

    @pytest.mark.parametrize("baud", BAUD_RATES)
    def test_every_baud_rate_of_the_clause_opens_and_carries_data(self, make_bridge, open_port, baud):
        bridge = make_bridge(2)
        first, second = (open_port(bridge.ports[mac], mac, baud, max_master=1) for mac in (0, 1))
        first.send(1, WHO_IS, expecting_reply=False)
        assert second.receive(5.0) == FrameReceived(0, 1, False, WHO_IS)

    def test_a_closed_port_gives_its_device_back(self, make_bridge, open_port):
        bridge = make_bridge(1)
        open_port(bridge.ports[0], 1).close()
        open_port(bridge.ports[0], 2)

    def test_a_port_that_was_never_started_says_so(self):
        port = MstpPort(PortSettings("/dev/null", 9600, 1))
        for use in (port.fileno, port.statistics, lambda: port.send(2, WHO_IS, expecting_reply=False)):
            with pytest.raises(PortUnavailable, match="not open"):
                use()
        port.close()


@pytest.mark.realtime
class TestTraffic:
    @pytest.fixture
    def pair(self, make_bridge, open_port):
        bridge = make_bridge(2)
        return [open_port(bridge.ports[mac], mac, max_master=1) for mac in (0, 1)]

    def test_broadcasts_reach_everybody_else(self, make_bridge, open_port):
        bridge = make_bridge(3)
        ports = [open_port(bridge.ports[mac], mac) for mac in range(3)]
        wait_until(lambda: all(port.statistics().tokens_received for port in ports))
        ports[1].send(255, WHO_IS, expecting_reply=False)
        assert ports[0].receive(5.0) == ports[2].receive(5.0) == FrameReceived(1, 255, False, WHO_IS)
        assert ports[1].receive(0.05) is None

    def test_a_request_is_answered_while_the_requester_holds_the_token(self, pair):
        client, server = pair
        for _ in range(20):
            client.send(1, REQUEST, expecting_reply=True)
            assert server.receive(5.0) == FrameReceived(0, 1, True, REQUEST)
            server.send(0, ANSWER, expecting_reply=False)
            assert client.receive(5.0) == FrameReceived(1, 0, False, ANSWER)
        assert server.statistics().replies_sent == 20
        assert server.statistics().replies_postponed == 0

    def test_a_late_answer_is_postponed_and_arrives(self, pair):
        client, server = pair
        client.send(1, REQUEST, expecting_reply=True)
        assert server.receive(5.0).expecting_reply
        wait_until(lambda: server.statistics().replies_postponed == 1)
        server.send(0, ANSWER, expecting_reply=False)
        assert client.receive(5.0) == FrameReceived(1, 0, False, ANSWER)
        assert client.statistics().postponements_received == 1

    def test_the_largest_npdu_passes_and_a_larger_one_is_refused(self, pair):
        largest = b"\x01\x00" + bytes(499)
        pair[0].send(1, largest, expecting_reply=False)
        assert pair[1].receive(5.0).npdu == largest
        with pytest.raises(NpduRefused, match="1 to 501") as caught:
            pair[0].send(1, largest + b"x", expecting_reply=False)
        assert (caught.value.size, caught.value.destination) == (502, 1)

    @pytest.mark.parametrize("destination", [-1, 256, 0])
    def test_a_destination_that_is_none_is_refused(self, pair, destination):
        with pytest.raises(NpduRefused, match="not this node"):
            pair[0].send(destination, WHO_IS, expecting_reply=False)

    def test_request_that_its_sender_gave_up_is_never_sent_by_the_port(self, pair):
        client, server = pair
        os.kill(client.pid, signal.SIGSTOP)
        client.send(1, REQUEST, expecting_reply=True, expires_s=time.monotonic() + 0.01)
        client.send(1, OTHER_REQUEST, expecting_reply=True)
        client.withdraw(1, 8)
        client.send(1, WHO_IS, expecting_reply=False, expires_s=time.monotonic() + 60.0)
        assert server.receive(0.02) is None
        os.kill(client.pid, signal.SIGCONT)
        assert server.receive(10.0) == FrameReceived(0, 1, False, WHO_IS)
        counted = client.statistics()
        assert (counted.data_frames_expired, counted.requests_withdrawn, counted.data_frames_sent) == (1, 1, 1)

    def test_a_node_that_goes_is_left_out_and_one_that_comes_is_let_in(self, make_bridge, open_port):
        bridge = make_bridge(3)
        ports = [open_port(bridge.ports[mac], mac) for mac in range(3)]
        wait_until(lambda: all(port.statistics().tokens_received > 5 for port in ports))
        ports[1].close()
        before = ports[2].statistics().tokens_received
        wait_until(lambda: ports[2].statistics().tokens_received > before + 50)
        again = open_port(bridge.ports[1], 1)
        wait_until(lambda: again.statistics().tokens_received > 5)

    def test_captured_frames_tell_both_sides_and_go_to_a_file(self, pair, tmp_path):
        client, server = pair
        client.send(1, REQUEST, expecting_reply=True)
        server.receive(5.0)
        server.send(0, ANSWER, expecting_reply=False)
        client.receive(5.0)
        seen = client.captured()
        asked = next(i for i, entry in enumerate(seen) if entry.frame.frame_type == FrameType.DATA_EXPECTING_REPLY)
        assert (seen[asked].frame.data, seen[asked + 1].frame.data) == (REQUEST, ANSWER)
        assert all(entry.valid for entry in seen)
        assert abs(seen[-1].end_s - time.monotonic()) < 5.0
        write_pcapng(tmp_path / "bus.pcapng", seen, baud=76800)
        assert [e.octets for e in read_pcapng(tmp_path / "bus.pcapng").frames] == [e.octets for e in seen]

    def test_frames_stay_in_order_in_a_port_that_wakes_late(self, pair):
        _, server = pair
        for _ in range(15):
            os.kill(server.pid, signal.SIGSTOP)
            time.sleep(0.004)
            os.kill(server.pid, signal.SIGCONT)
            time.sleep(0.02)
        seen = server.captured()
        assert all(first.start_s <= second.start_s for first, second in pairwise(seen))
        at_once = [
            first for first, second in pairwise(seen)
            if first.frame == second.frame and second.start_s - first.end_s < 0.015
        ]  # fmt: skip
        assert at_once == []


@pytest.mark.realtime
class TestEnding:
    def test_an_unplugged_adapter_gives_one_clear_event_and_ends_the_process(self, make_bridge, open_port):
        bridge = make_bridge(2)
        port, _ = open_port(bridge.ports[0], 0), open_port(bridge.ports[1], 1)
        wait_until(lambda: port.statistics().tokens_received > 5)
        bridge.hang_up(0)
        event = port.receive(5.0)
        assert isinstance(event, PortFailed)
        assert event.reason.startswith(bridge.ports[0])
        assert port.receive(0.2) is None
        wait_until(lambda: not is_alive(port.pid))
        with pytest.raises(PortUnavailable):
            port.statistics()

    def test_a_killed_port_process_is_an_event_too(self, make_bridge, open_port):
        port = open_port(make_bridge(1).ports[0], 0)
        os.kill(port.pid, signal.SIGKILL)
        event = port.receive(5.0)
        assert isinstance(event, PortFailed)
        assert "ended unexpectedly (exit code -9)" in event.reason

    def test_ctrl_c_does_not_end_the_port_process(self, make_bridge, open_port):
        bridge = make_bridge(2)
        ports = [open_port(bridge.ports[mac], mac, max_master=1) for mac in (0, 1)]
        os.kill(ports[0].pid, signal.SIGINT)
        ports[0].send(1, WHO_IS, expecting_reply=False)
        assert ports[1].receive(5.0).npdu == WHO_IS

    def test_the_port_process_ends_when_its_owner_is_killed(self, make_bridge):
        bridge = make_bridge(1)
        owner = textwrap.dedent(
            """
            import sys, time
            from drivers.mstp import MstpPort, PortSettings
            port = MstpPort(PortSettings(sys.argv[1], 76800, 1))
            port.start()
            print(port.pid, flush=True)
            time.sleep(60)
            """
        )
        with subprocess.Popen([sys.executable, "-c", owner, bridge.ports[0]], stdout=subprocess.PIPE) as process:
            pid = int(process.stdout.readline())
            assert is_alive(pid)
            process.kill()
        wait_until(lambda: not is_alive(pid))

    def test_the_port_process_stays_free_of_what_could_hold_it_up(self):
        code = "import drivers.mstp.process.port_process, sys; print(*sys.modules)"
        loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
        assert not {"bacpypes3", "numpy", "pytest", "asyncio"} & set(loaded)


@pytest.mark.realtime
class TestSeveralNodesOnOnePort:
    MACS = (1, 2, 3)

    @pytest.fixture
    def rig_and_group(self, make_bridge, open_port):
        bridge = make_bridge(2)
        group = open_port(bridge.ports[1], 1, max_master=3, further_macs=(2, 3))
        return open_port(bridge.ports[0], 0, max_master=3), group

    def test_each_of_them_answers_for_itself(self, rig_and_group):
        rig, group = rig_and_group
        for mac in self.MACS:
            rig.send(mac, REQUEST, expecting_reply=True)
            assert group.receive(10.0) == FrameReceived(0, mac, True, REQUEST)
            group.send(0, ANSWER, expecting_reply=False, source=mac)
            assert rig.receive(5.0) == FrameReceived(mac, 0, False, ANSWER)
        assert [group.statistics(mac).replies_sent for mac in self.MACS] == [1, 1, 1]

    def test_a_broadcast_comes_once(self, rig_and_group):
        rig, group = rig_and_group
        wait_until(lambda: all(group.statistics(mac).tokens_received for mac in self.MACS))
        rig.send(255, WHO_IS, expecting_reply=False)
        assert group.receive(5.0) == FrameReceived(0, 255, False, WHO_IS)
        assert group.receive(0.05) is None

    def test_one_that_is_off_line_is_gone_and_answers_again_when_it_is_back(self, rig_and_group):
        rig, group = rig_and_group
        wait_until(lambda: all(group.statistics(mac).tokens_received for mac in self.MACS))
        for mac in self.MACS:
            group.set_online(mac, False)
        rig.send(2, REQUEST, expecting_reply=True)
        wait_until(lambda: rig.statistics().reply_timeouts == 1)
        assert group.receive(0) is None
        group.send(0, ANSWER, expecting_reply=False, source=2)
        assert group.statistics(2).dropped_off_line == 1
        for mac in self.MACS:
            group.set_online(mac, True)
        rig.send(2, REQUEST, expecting_reply=True)
        assert group.receive(10.0) == FrameReceived(0, 2, True, REQUEST)
        assert rig.receive(0) is None

    def test_an_address_that_the_port_has_not_is_refused(self, rig_and_group):
        _, group = rig_and_group
        for use in (
            group.statistics,
            lambda mac: group.set_max_master(3, mac),
            lambda mac: group.set_online(mac, True),
        ):
            with pytest.raises(PortSettingInvalid, match="no such node"):
                use(4)
        with pytest.raises(PortSettingInvalid, match="no such node"):
            group.send(0, WHO_IS, expecting_reply=False, source=0)


@pytest.mark.realtime
def test_a_max_master_set_while_the_port_runs_bounds_its_polls(make_bridge, open_port):
    bridge = make_bridge(1)
    port = open_port(bridge.ports[0], 0, max_master=4)
    wait_until(lambda: port.statistics().sole_master_declared == 1)
    port.set_max_master(2)
    end = port.statistics().polls_sent
    wait_until(lambda: port.statistics().polls_sent > end + 3)
    mark = len(port.captured())
    wait_until(lambda: len(port.captured()) > mark + 20)
    polled = {s.frame.destination for s in port.captured()[mark:] if s.frame.frame_type == FrameType.POLL_FOR_MASTER}
    assert polled == {1, 2}
    for refused in (0, 128):
        with pytest.raises(PortSettingInvalid, match="1 to 127"):
            port.set_max_master(refused)


def test_nodes_of_one_port_have_addresses_of_their_own():
    for macs in ((1, (1,)), (1, (2, 2)), (1, (5,)), (1, (-1,))):
        with pytest.raises(PortSettingInvalid, match="further_macs"):
            PortSettings("/dev/null", 9600, macs[0], max_master=4, further_macs=macs[1])
