"""The process that owns one MS/TP port: the wire loop only, so that no other work delays its answers.

Started by ``MstpPort`` as ``python -m drivers.mstp.process.port_process SETTINGS EVENTS QUERIES``, the latter two the
names of sockets. It imports neither bacpypes3 nor numpy; it collects no garbage; it takes real-time priority, or else a
better nice value, where the system permits. It ends when its owner is gone (end of file on either socket, or another
parent) and when the line is lost and does not come back in time.
"""

from __future__ import annotations

import contextlib
import gc
import math
import select
import signal
import socket
import sys
from dataclasses import asdict, replace
from typing import Any

from drivers.mstp.codec.frames import data_frame
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.host import monotonic_s, of_monotonic_s, parent_id, take_priority
from drivers.mstp.node.group import NodeGroup
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.lateness import LOOK_S, Lateness, LateSpells
from drivers.mstp.process.owner import owner_socket
from drivers.mstp.process.ring import FrameRing
from drivers.mstp.settings import PortSettings
from drivers.mstp.wire.adapter import lasting_name, may_be_present
from drivers.mstp.wire.line import LineBroken, SerialLine
from drivers.mstp.wire.open_line import open_line

_REALTIME_PRIORITY = 20
_NICE = -15
_RECEIVE_OCTETS = 65536
_BACKLOG_OCTETS = 4_000_000
"""Received data that waits for a stalled owner; more than this means that the owner hangs."""
_FAREWELL_S = 2.0
_LOOK_FOR_ADAPTER_S = 0.1


class _OwnerGone(Exception):
    """The process that started this one is no longer there, or hangs."""


class _Channel:
    """One non-blocking socket to the owner with what could not be sent yet."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.socket.setblocking(False)
        self.backlog = bytearray()
        self._unpacker = _messages.Unpacker()

    def receive(self) -> list[_messages.Message]:
        try:
            octets = self.socket.recv(_RECEIVE_OCTETS)
        except BlockingIOError:  # select said readable, and it was not: it will say so again
            return []
        except OSError as error:
            raise _OwnerGone from error
        if not octets:
            raise _OwnerGone
        return self._unpacker.feed(octets)

    def send(self, kind: str, *values: Any) -> None:
        self.backlog += _messages.pack(kind, *values)
        self.flush()

    def flush(self) -> None:
        try:
            while self.backlog:
                del self.backlog[: self.socket.send(self.backlog)]
        except BlockingIOError:
            if len(self.backlog) > _BACKLOG_OCTETS:
                raise _OwnerGone from None
        except OSError as error:
            raise _OwnerGone from error


class _WireLoop:
    """Runs the nodes of one line until the line is lost for good or the owner gone."""

    def __init__(self, settings: PortSettings, events: _Channel, queries: _Channel) -> None:
        self._settings = settings
        self._device = lasting_name(settings.device)
        self._line = open_line(settings, settings.device)
        self._lost_since_s: float | None = None
        self._lines_lost = self._echoes_damaged = 0
        self._owner = parent_id()
        self._events = events
        self._queries = queries
        self._node = NodeGroup(settings.nodes, monotonic_s())
        self._ring = FrameRing(settings.captured_frames, settings.baud)
        self._late = LateSpells()

    def run(self) -> None:
        """Raises LineBroken and _OwnerGone: there is no other end."""
        while True:
            try:
                self._run_line()
            except LineBroken as broken:
                if not self._settings.replug_wait_s:
                    raise
                self._await_line(broken)

    def close(self) -> None:
        self._line.close()

    def _await_line(self, broken: LineBroken) -> None:
        """Wait for the adapter to be plugged in again, and open it; the owner is served meanwhile."""
        patience_s = self._settings.replug_wait_s
        gone_s = monotonic_s()
        self._line.close()
        self._node.line_lost()
        reason = broken.strerror or str(broken)
        if self._lost_since_s is None:  # else it went again before the node was back in the ring: one loss
            self._lost_since_s = gone_s
            self._lines_lost += 1
            self._events.send(_messages.LINE_LOST, reason)
        last = "there is no such device"
        while monotonic_s() < gone_s + patience_s:
            self._serve_owner(_LOOK_FOR_ADAPTER_S)
            if not may_be_present(self._device):
                continue
            try:
                line = open_line(self._settings, self._device)
            except PortUnavailable as error:
                last = error.reason  # just plugged in, its owner and rights may not be set yet
                continue
            self._echoes_damaged += self._line.echo.damaged
            self._line = line
            self._node.line_back(monotonic_s())
            return
        raise LineBroken(broken.errno, f"{reason}; it did not come back within {patience_s:g} s ({last})")

    def _serve_owner(self, timeout_s: float) -> None:
        channels = (self._events, self._queries)
        sinks = [channel.socket for channel in channels if channel.backlog]
        readable, writable, _ = select.select([channel.socket for channel in channels], sinks, (), timeout_s)
        if self._events.socket in readable:
            self._submit(monotonic_s())
        if self._queries.socket in readable:
            self._answer()
        for channel in channels:
            if channel.socket in writable:
                channel.flush()
        if parent_id() != self._owner:
            raise _OwnerGone

    def _run_line(self) -> None:
        node, line, events, queries = self._node, self._line, self._events, self._queries
        monotonic, wait, parent, owner = monotonic_s, select.select, parent_id, self._owner
        sources: list[SerialLine | socket.socket] = [line, events.socket, queries.socket]
        lateness = Lateness(monotonic()) if self._settings.watchful else None
        late_s = 0.0
        while True:
            deadline_s = node.deadline_s()
            entered_s = monotonic()
            timeout_s = None if deadline_s == math.inf else max(0.0, deadline_s - entered_s)
            if lateness is not None:
                timeout_s = LOOK_S if timeout_s is None else min(timeout_s, LOOK_S)
            sinks = [channel.socket for channel in (events, queries) if channel.backlog]
            readable, writable, _ = wait(sources, sinks, (), timeout_s)
            now_s = monotonic()
            if lateness is not None:
                late_s = lateness.woke(entered_s, timeout_s, now_s)
                self._late.note(now_s, late_s)
            octets = b""
            if line in readable:
                octets = line.read()
            if octets:
                self._ring.heard(octets, now_s, late_s)  # before what is sent in answer to it
                node.receive(octets, now_s)
            else:
                node.advance(now_s)
            if events.socket in readable:
                self._submit(now_s)
            self._transmit()
            while node.received:
                got = node.received.popleft()
                events.send(_messages.NPDU, got.source, got.destination, got.expecting_reply, got.npdu)
            if self._lost_since_s is not None and node.has_joined:
                events.send(_messages.LINE_RESTORED, monotonic() - self._lost_since_s)
                self._lost_since_s = None
            if queries.socket in readable:
                self._answer()
            for channel in (events, queries):
                if channel.socket in writable:
                    channel.flush()
            if parent() != owner:
                raise _OwnerGone

    def _transmit(self) -> None:
        node = self._node
        while (octets := node.take_transmission(monotonic_s())) is not None:
            end_s = self._line.write(octets)
            node.transmitted(end_s, monotonic_s())
            self._ring.sent(octets, end_s)

    def _submit(self, now_s: float) -> None:
        for kind, values in self._events.receive():
            if kind == _messages.MAX_MASTER:
                self._node.set_max_master(*values)
            elif kind == _messages.PROBE:
                self._node.probe(*values)
            elif kind == _messages.ONLINE:
                mac, is_online = values
                self._node.set_online(mac, is_online, now_s)
            elif kind == _messages.WITHDRAW:
                self._node.withdraw(*values)
            else:
                source, destination, expecting_reply, npdu, expires_s = values
                frame = data_frame(source, destination, npdu, expecting_reply)
                self._node.submit(frame, now_s, of_monotonic_s(expires_s))

    def _answer(self) -> None:
        for kind, question in self._queries.receive():
            if kind == _messages.STATISTICS:
                statistics = replace(
                    self._node.statistics(*question),
                    echoes_damaged=self._echoes_damaged + self._line.echo.damaged,
                    lines_lost=self._lines_lost,
                    stray_octets=self._ring.stray_octets,
                )
                self._queries.send(kind, asdict(statistics))
            elif kind == _messages.PROBED:
                self._queries.send(kind, *self._node.probed(*question))
            elif kind == _messages.CAPTURED:
                self._queries.send(kind, *_messages.seen_values(self._ring.frames()))
            elif kind == _messages.LATE:
                self._queries.send(kind, *self._late.since(*question))


def main(arguments: list[str]) -> int:
    """Run the port; the exit code is 0 when the owner went, 1 when the line could not be opened or was lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an operator's Ctrl-C is the owner's to handle; it closes the port
    settings = _messages.read_settings(arguments[0])
    events, queries = (_Channel(owner_socket(name)) for name in arguments[1:3])
    try:
        loop = _WireLoop(settings, events, queries)
    except PortUnavailable as error:
        return _farewell(events, _messages.OPEN_FAILED, error.reason)
    try:
        events.send(_messages.READY)
        take_priority(_REALTIME_PRIORITY, _NICE)
        gc.collect()
        gc.freeze()
        gc.disable()
        loop.run()
    except _OwnerGone:
        return 0
    except LineBroken as error:
        loop.close()  # the device is free before the owner hears of it
        return _farewell(events, _messages.FAILED, error.strerror or str(error))
    finally:
        loop.close()
    return 0


def _farewell(events: _Channel, kind: str, reason: str) -> int:
    """Send the reason for the end of the port, and wait until it is sent."""
    with contextlib.suppress(_OwnerGone):  # the owner has gone, too
        events.send(kind, reason)
        events.socket.settimeout(_FAREWELL_S)
        events.flush()
        # A connection that is closed before all of it was read takes with it what the owner has not read yet.
        with contextlib.suppress(OSError):
            events.socket.shutdown(socket.SHUT_WR)
            while events.socket.recv(_RECEIVE_OCTETS):
                pass
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
