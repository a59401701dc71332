"""What real adapters do, on pseudo-terminals: they hear themselves, want RTS, miss a baud rate, are pulled out."""

import time

import pytest
import serial

from drivers.mstp import FrameReceived, LineLost, LineRestored, PortFailed, PortSettings, PortUnavailable
from drivers.mstp.wire import line
from drivers.mstp.wire.line import SerialLine
from tests.drivers.mstp.test_port import ANSWER, REQUEST, WHO_IS, is_alive, wait_until

pytestmark = pytest.mark.realtime


class TestEcho:
    @pytest.mark.parametrize("mode", ["detect", "on"])
    def test_a_port_on_an_adapter_that_hears_itself_works_like_any_other(self, make_bridge, open_port, mode):
        bridge = make_bridge(2)
        bridge.echoing = {0}
        client, server = (open_port(bridge.ports[mac], mac, max_master=1, echo=mode) for mac in (0, 1))
        for _ in range(5):
            client.send(1, REQUEST, expecting_reply=True)
            assert server.receive(5.0) == FrameReceived(0, 1, True, REQUEST)
            server.send(0, ANSWER, expecting_reply=False)
            assert client.receive(5.0) == FrameReceived(1, 0, False, ANSWER)
        counted = client.statistics()
        assert (counted.duplicate_address, counted.echoes_damaged, counted.tokens_dropped) == (0, 0, 0)

    def test_echoing_adapter_taken_for_a_plain_one_looks_like_two_stations(self, make_bridge, open_port):
        bridge = make_bridge(1)
        bridge.echoing = {0}
        port = open_port(bridge.ports[0], 0, max_master=1, echo="off")
        wait_until(lambda: port.statistics().duplicate_address > 0)

    def test_own_frames_that_come_back_damaged_are_counted(self, make_bridge, open_port):
        bridge = make_bridge(2)
        bridge.echoing = {0}
        client, server = (open_port(bridge.ports[mac], mac, max_master=1) for mac in (0, 1))
        client.send(1, WHO_IS, expecting_reply=False)
        assert server.receive(5.0).npdu == WHO_IS
        assert client.statistics().echoes_damaged == 0
        bridge.garble = lambda octets: octets[:-1] + bytes([octets[-1] ^ 0xFF])
        wait_until(lambda: client.statistics().echoes_damaged > 3)


class TestOpening:
    @pytest.fixture
    def device(self, make_bridge):
        return make_bridge(1).ports[0]

    @pytest.mark.parametrize("direction", ["rts-high", "rts-low"])
    def test_a_driver_without_rs485_mode_is_refused_with_what_to_do(self, device, open_port, direction):
        with pytest.raises(PortUnavailable, match=r"cannot switch direction by RTS .* choose direction 'adapter'"):
            open_port(device, 1, direction=direction)

    @pytest.mark.parametrize(
        ("direction", "sending", "listening"), [("rts-high", True, False), ("rts-low", False, True)]
    )
    def test_a_driver_with_rs485_mode_is_told_which_level_sends(
        self, device, monkeypatch, direction, sending, listening
    ):
        asked = []
        monkeypatch.setattr(serial.Serial, "_set_rs485_mode", lambda _self, settings: asked.append(settings))
        SerialLine(PortSettings(device, 76800, 1, direction=direction), device).close()
        assert (asked[-1].rts_level_for_tx, asked[-1].rts_level_for_rx) == (sending, listening)
        assert not asked[-1].loopback

    def test_a_driver_that_makes_another_rate_than_asked_for_is_refused(self, device, monkeypatch):
        monkeypatch.setattr(line, "actual_baud", lambda _descriptor: 74880)
        with pytest.raises(PortUnavailable, match="runs at 74880 bit/s when asked for 76800"):
            SerialLine(PortSettings(device, 76800, 1), device)
        monkeypatch.setattr(line, "actual_baud", lambda _descriptor: 76923)
        SerialLine(PortSettings(device, 76800, 1), device).close()

    def test_the_rate_that_no_table_has_is_what_the_driver_says_it_runs_at(self, device):
        opened = SerialLine(PortSettings(device, 76800, 1), device)
        assert line.actual_baud(opened.fileno()) == 76800
        opened.close()


class TestUnplugging:
    @pytest.fixture
    def bridge(self, make_bridge, tmp_path):
        return make_bridge(2, tmp_path)

    @pytest.fixture
    def pair(self, bridge, open_port):
        ports = [open_port(bridge.ports[mac], mac, max_master=1, replug_wait_s=20.0 * (mac == 0)) for mac in (0, 1)]
        wait_until(lambda: all(port.statistics().tokens_received > 5 for port in ports))
        return ports

    def test_adapter_that_returns_gives_one_event_each_way_and_node_rejoins(self, bridge, pair):
        port, peer = pair
        before = port.statistics()
        started_s = time.monotonic()
        bridge.hang_up(0)
        event = port.receive(5.0)
        assert isinstance(event, LineLost)
        assert event.reason.startswith(f"{bridge.ports[0]}: ")
        port.send(1, REQUEST, expecting_reply=True)
        assert port.receive(0.3) is None
        assert port.statistics().dropped_off_line == 1
        bridge.plug_in(0)
        event = port.receive(10.0)
        assert isinstance(event, LineRestored)
        assert 0.3 < event.lost_s < time.monotonic() - started_s
        port.send(1, WHO_IS, expecting_reply=False)
        assert peer.receive(5.0).npdu == WHO_IS
        after = port.statistics()
        assert (after.lines_lost, after.octets_sent > before.octets_sent) == (1, True)
        assert port.receive(0) is None

    def test_adapter_unplugged_again_before_it_has_the_token_was_lost_once(self, bridge, open_port):
        port = open_port(bridge.ports[0], 0, max_master=40, replug_wait_s=20.0)
        bridge.hang_up(0)
        assert isinstance(port.receive(5.0), LineLost)
        before = port.statistics()
        bridge.plug_in(0)
        wait_until(lambda: port.statistics().polls_sent > before.polls_sent)
        bridge.hang_up(0)
        bridge.plug_in(0)
        assert isinstance(port.receive(10.0), LineRestored)
        assert port.statistics().lines_lost == 1

    def test_one_that_does_not_come_back_in_time_ends_the_port_and_says_so(self, bridge, open_port):
        port = open_port(bridge.ports[0], 0, max_master=1, replug_wait_s=0.3)
        bridge.hang_up(0)
        assert isinstance(port.receive(5.0), LineLost)
        failed = port.receive(5.0)
        assert isinstance(failed, PortFailed)
        assert "did not come back within 0.3 s (there is no such device)" in failed.reason
        wait_until(lambda: not is_alive(port.pid))

    def test_a_port_that_waits_for_its_adapter_ends_with_its_owner(self, bridge, pair):
        port, _ = pair
        bridge.hang_up(0)
        assert isinstance(port.receive(5.0), LineLost)
        pid = port.pid
        port.close()
        assert not is_alive(pid)
