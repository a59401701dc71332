"""The way of a port on systems where nothing but pyserial and TCP can be relied on, taken here on pseudo-terminals."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest
import serial

from drivers.mstp import FrameReceived, LineLost, LineRestored, PortFailed, PortSettings, PortUnavailable
from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.link import MstpLink
from drivers.mstp.listener import BusListener
from drivers.mstp.process.owner import accept
from drivers.mstp.wire import line
from drivers.mstp.wire.line import LineBroken, open_failure
from drivers.mstp.wire.line_reader import LineReader
from drivers.mstp.wire.open_line import open_line
from tests.drivers.mstp.test_listener import heard_of
from tests.drivers.mstp.test_port import ANSWER, REQUEST, WHO_IS, is_alive, wait_until

pytestmark = pytest.mark.realtime

SECRET = "0123456789abcdef" * 2


class TestPort:
    def test_it_speaks_with_another_port_as_client_and_as_server(self, make_bridge, open_port):
        bridge = make_bridge(2)
        ports = [open_port(bridge.ports[mac], mac, max_master=1, portable=mac == 0) for mac in (0, 1)]
        for client, server in (ports, ports[::-1]):
            asker, answerer = client.settings.mac, server.settings.mac
            for _ in range(10):
                client.send(answerer, REQUEST, expecting_reply=True)
                assert server.receive(5.0) == FrameReceived(asker, answerer, True, REQUEST)
                server.send(asker, ANSWER, expecting_reply=False)
                assert client.receive(5.0) == FrameReceived(answerer, asker, False, ANSWER)
            assert server.statistics().replies_sent == 10
        threads = [len(list(Path(f"/proc/{port.pid}/task").iterdir())) for port in ports]
        assert threads == [2, 1]  # the first has a thread that reads, the second waits for its descriptor
        seen = ports[0].captured()
        assert all(entry.valid for entry in seen)
        assert {entry.frame.source for entry in seen} == {0, 1}

    def test_it_takes_its_own_echo_out_and_carries_the_largest_npdu(self, make_bridge, open_port):
        bridge = make_bridge(2)
        bridge.echoing = {0}
        client, server = (open_port(bridge.ports[mac], mac, max_master=1, portable=True) for mac in (0, 1))
        largest = b"\x01\x00" + bytes(499)
        client.send(1, largest, expecting_reply=False)
        assert server.receive(5.0).npdu == largest
        counted = client.statistics()
        assert (counted.duplicate_address, counted.echoes_damaged, counted.tokens_dropped) == (0, 0, 0)

    def test_what_cannot_be_opened_is_said_in_the_same_words(self, make_bridge, open_port, tmp_path):
        with pytest.raises(PortUnavailable, match="no such device"):
            open_port("/dev/does-not-exist", 1, portable=True)
        (tmp_path / "file").write_text("")
        with pytest.raises(PortUnavailable, match="not a serial port"):
            open_port(str(tmp_path / "file"), 1, portable=True)
        bridge = make_bridge(1)
        first = open_port(bridge.ports[0], 1, portable=True)
        with pytest.raises(PortUnavailable, match="another program is using it"):
            open_port(bridge.ports[0], 2)
        first.close()
        open_port(bridge.ports[0], 2)

    def test_adapter_unplugged_and_replugged_gives_one_event_each_way(self, make_bridge, open_port, tmp_path):
        bridge = make_bridge(2, tmp_path)
        port, peer = (
            open_port(bridge.ports[mac], mac, max_master=1, portable=mac == 0, replug_wait_s=20.0) for mac in (0, 1)
        )
        wait_until(lambda: port.statistics().tokens_received > 5)
        bridge.hang_up(0)
        lost = port.receive(5.0)
        assert isinstance(lost, LineLost)
        assert lost.reason.startswith(f"{bridge.ports[0]}: ")
        bridge.plug_in(0)
        assert isinstance(port.receive(10.0), LineRestored)
        port.send(1, WHO_IS, expecting_reply=False)
        assert peer.receive(5.0).npdu == WHO_IS
        assert port.receive(0) is None
        assert port.statistics().lines_lost == 1

    def test_an_adapter_that_nobody_waits_for_ends_the_port_with_one_event(self, make_bridge, open_port):
        bridge = make_bridge(1)
        port = open_port(bridge.ports[0], 0, portable=True)
        bridge.hang_up(0)
        assert isinstance(port.receive(5.0), PortFailed)
        assert port.receive(0.1) is None
        wait_until(lambda: not is_alive(port.pid))
        with pytest.raises(PortUnavailable, match="does not work any more"):
            port.send(1, WHO_IS, expecting_reply=False)

    def test_a_killed_process_is_an_event_and_ctrl_c_is_none(self, make_bridge, open_port):
        port = open_port(make_bridge(1).ports[0], 0, portable=True)
        os.kill(port.pid, signal.SIGINT)
        assert port.statistics().octets_sent >= 0
        os.kill(port.pid, signal.SIGKILL)
        event = port.receive(5.0)
        assert isinstance(event, PortFailed)
        assert "ended unexpectedly (exit code -9)" in event.reason

    def test_it_ends_when_its_owner_is_killed(self, make_bridge):
        owner = textwrap.dedent(
            """
            import sys, time
            from drivers.mstp import MstpPort, PortSettings
            port = MstpPort(PortSettings(sys.argv[1], 76800, 1, portable=True))
            port.start()
            print(port.pid, flush=True)
            time.sleep(60)
            """
        )
        command = [sys.executable, "-c", owner, make_bridge(1).ports[0]]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            pid = int(process.stdout.readline())
            assert is_alive(pid)
            process.kill()
        wait_until(lambda: not is_alive(pid))


class TestLine:
    def test_a_rate_that_the_driver_does_not_make_is_refused(self, make_bridge, monkeypatch):
        device = make_bridge(1).ports[0]
        settings = PortSettings(device, 76800, 1, portable=True)
        open_line(settings, device).close()
        monkeypatch.setattr(line, "actual_baud", lambda _descriptor: 74880)
        with pytest.raises(PortUnavailable, match="runs at 74880 bit/s when asked for 76800"):
            open_line(settings, device)

    def test_a_line_that_takes_no_more_octets_is_broken(self, monkeypatch):
        monkeypatch.setattr("drivers.mstp.wire.open_line._WRITE_PATIENCE_S", 0.1)
        master, slave = os.openpty()  # nobody reads
        try:
            opened = open_line(PortSettings(os.ttyname(slave), 76800, 1, portable=True), os.ttyname(slave))
            with pytest.raises(LineBroken, match="Write timeout"):
                opened.write(bytes(1_000_000))
            opened.close()
        finally:
            os.close(master)
            os.close(slave)

    def test_all_that_came_is_taken_before_the_loss_is_told(self, make_bridge):
        bridge = make_bridge(2)
        port = serial.Serial(bridge.ports[0], 76800)
        reader = LineReader(port)
        other = os.open(bridge.ports[1], os.O_RDWR | os.O_NOCTTY)
        os.write(other, b"the last words")
        wait_until(lambda: reader._came)
        bridge.hang_up(0)
        wait_until(lambda: not reader._thread.is_alive())
        assert b"".join(octets for octets, _ in reader.take()) == b"the last words"
        with pytest.raises(OSError):
            reader.take()
        reader.close()
        port.close()
        os.close(other)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("could not open port 'COM3': FileNotFoundError(2, 'no file', None, 2)", "no such device"),
            ("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)", "another program"),
            ("Cannot configure port, something went wrong. Original message: ...", "refuses the settings"),
            ("something else", "something else"),
        ],
    )
    def test_windows_errors_without_number_are_recognised_by_their_text(self, text, reason):
        assert reason in open_failure(serial.SerialException(text))


class TestConnection:
    @pytest.fixture
    def listener(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            yield listener

    def test_only_who_shows_the_secret_is_let_in_and_each_end_only_once(self, listener):
        def speak(hello):
            end = socket.create_connection(listener.getsockname())
            end.sendall(hello)
            return end

        secret = SECRET.encode()
        strangers = [
            speak(hello) for hello in (b"x" * 33, secret[::-1] + b"\0", secret + b"\7", b"GET / HTTP/1.0\r\n\r\n")
        ]
        strangers[-1].shutdown(socket.SHUT_WR)
        second, again, first = (speak(secret + index) for index in (b"\1", b"\1", b"\0"))
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
            ends = accept(listener, SECRET, 2, process)
            process.stdin.close()
        for mine, theirs in zip(ends, (first, second), strict=True):
            theirs.sendall(b"hello")
            assert mine.recv(5) == b"hello"
        for end in (*strangers, again):
            end.settimeout(5.0)
            try:
                assert end.recv(1) == b""
            except ConnectionResetError:
                continue
        for end in (*strangers, again, first, second, *ends):
            end.close()

    def test_a_process_that_ends_instead_of_connecting_is_told(self, listener):
        with (
            subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"]) as process,
            pytest.raises(ConnectionAbortedError, match="exit code 3"),
        ):
            accept(listener, SECRET, 1, process)


class TestListener:
    def test_a_ring_is_heard_in_order_and_the_loss_of_the_line_is_told(self, make_bridge, open_port):
        bridge = make_bridge(3)
        for mac in (0, 1):
            open_port(bridge.ports[mac], mac, max_master=1)
        with BusListener(bridge.ports[2], 76800, portable=True) as listener:
            frames, stray = heard_of(listener, 100)
            assert (len(frames) >= 100, stray) == (True, 0)
            assert all(seen.valid for seen in frames)
            assert all(first.end_s <= second.start_s + 1e-6 for first, second in pairwise(frames))
            assert {seen.frame.source for seen in frames if seen.frame.frame_type == FrameType.TOKEN} == {0, 1}
            assert abs(frames[-1].end_s - time.monotonic()) < 5.0
            bridge.hang_up(2)
            with pytest.raises(PortUnavailable, match="reading failed"):
                heard_of(listener, sys.maxsize)

    def test_it_sends_nothing(self, make_bridge):
        bridge = make_bridge(2)
        other = os.open(bridge.ports[0], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            with BusListener(bridge.ports[1], 76800, portable=True) as listener:
                os.write(other, b"noise" + Frame(FrameType.POLL_FOR_MASTER, 1, 0).encode())
                frames, stray = heard_of(listener, 1)
            assert (len(frames), stray) == (1, 5)
            with pytest.raises(BlockingIOError):
                os.read(other, 1)
        finally:
            os.close(other)


class LoopWithoutReaders(asyncio.SelectorEventLoop):
    """Like the loop that Windows has by default: it cannot watch a socket."""

    def add_reader(self, fd, callback, *args):  # type: ignore[override]
        raise NotImplementedError

    def remove_reader(self, fd):
        raise NotImplementedError


def test_link_hears_every_event_in_a_loop_that_cannot_watch_sockets(make_bridge, open_port):
    bridge = make_bridge(2)
    ports = [open_port(bridge.ports[mac], mac, max_master=1, portable=True) for mac in (0, 1)]
    count = 20

    async def main():
        failures = []
        link = MstpLink(ports[0], failures.append)
        heard = asyncio.Queue()
        link.response = heard.put
        for index in range(count):
            ports[1].send(0, WHO_IS + bytes((index,)), expecting_reply=False)
        order = [bytes((await asyncio.wait_for(heard.get(), 10.0)).pduData)[-1] for _ in range(count)]
        assert order == list(range(count))
        bridge.hang_up(0)
        deadline_s = time.monotonic() + 10.0
        while not failures:
            assert time.monotonic() < deadline_s
            await asyncio.sleep(0.01)
        assert isinstance(link.failure, PortFailed)

    with asyncio.Runner(loop_factory=LoopWithoutReaders) as runner:
        runner.run(main())
    wait_until(lambda: all(thread.name != "MS/TP link" for thread in threading.enumerate()))
