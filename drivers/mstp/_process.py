"""The process that owns one MS/TP port: the wire loop, and nothing that could ever keep it from answering in time.

Started by ``MstpPort`` as ``python -m drivers.mstp._process SETTINGS EVENTS_FD QUERIES_FD``. It imports neither
bacpypes3 nor numpy; it collects no garbage; it takes real-time priority, or else a better nice value, where the system
permits. It ends when its owner is gone (end of file on either socket, or another parent) and when the line is lost.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import select
import signal
import socket
import sys
import time

from drivers.mstp import _messages
from drivers.mstp.capture import FrameRing
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.frames import Frame, FrameType
from drivers.mstp.group import NodeGroup
from drivers.mstp.line import LineLost, SerialLine
from drivers.mstp.settings import PortSettings

_REALTIME_PRIORITY = 20
_NICE = -15
_RECEIVE_OCTETS = 65536
_BACKLOG_OCTETS = 4_000_000
"""Received data that waits for a stalled owner; more than this means that the owner hangs."""
_FAREWELL_S = 2.0


class _OwnerGone(Exception):
    """Whoever started this process is no longer there, or hangs."""


class _Channel:
    """One non-blocking socket to the owner with what could not be sent yet."""

    def __init__(self, descriptor: int) -> None:
        self.socket = socket.socket(fileno=descriptor)
        self.socket.setblocking(False)
        self.backlog = bytearray()
        self._unpacker = _messages.Unpacker()

    def receive(self) -> list[tuple[bytes, bytes]]:
        try:
            octets = self.socket.recv(_RECEIVE_OCTETS)
        except BlockingIOError:
            return []
        except OSError as error:
            raise _OwnerGone from error
        if not octets:
            raise _OwnerGone
        return self._unpacker.feed(octets)

    def send(self, kind: bytes, body: bytes = b"") -> None:
        self.backlog += _messages.pack(kind, body)
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
    """Runs the nodes of one line until the line is lost or the owner gone."""

    def __init__(self, settings: PortSettings, line: SerialLine, events: _Channel, queries: _Channel) -> None:
        self._line = line
        self._events = events
        self._queries = queries
        self._node = NodeGroup(settings.nodes, time.monotonic())
        self._ring = FrameRing(settings.captured_frames, settings.baud)

    def run(self) -> None:
        node, line, events, queries = self._node, self._line, self._events, self._queries
        monotonic, wait = time.monotonic, select.select
        owner = os.getppid()
        sources: list[SerialLine | socket.socket] = [line, events.socket, queries.socket]
        while True:
            deadline_s = node.deadline_s()
            timeout_s = None if deadline_s == math.inf else max(0.0, deadline_s - monotonic())
            sinks = [channel.socket for channel in (events, queries) if channel.backlog]
            readable, writable, _ = wait(sources, sinks, (), timeout_s)
            now_s = monotonic()
            octets = b""
            if line in readable:
                octets = line.read()
                node.receive(octets, now_s)
            else:
                node.advance(now_s)
            if events.socket in readable:
                self._submit(now_s)
            self._transmit()
            while node.received:
                got = node.received.popleft()
                body = _messages.npdu_body(got.source, got.destination, got.expecting_reply, got.npdu)
                events.send(_messages.NPDU, body)
            if octets:
                self._ring.heard(octets, now_s)
            if queries.socket in readable:
                self._answer()
            for channel in (events, queries):
                if channel.socket in writable:
                    channel.flush()
            if os.getppid() != owner:
                raise _OwnerGone

    def _transmit(self) -> None:
        node = self._node
        while (octets := node.take_transmission(time.monotonic())) is not None:
            end_s = self._line.write(octets)
            node.transmitted(end_s, time.monotonic())
            self._ring.sent(octets, end_s)

    def _submit(self, now_s: float) -> None:
        for kind, body in self._events.receive():
            if kind == _messages.MAX_MASTER:
                self._node.set_max_master(*_messages.read_max_master(body))
                continue
            if kind == _messages.ONLINE:
                self._node.set_online(*_messages.read_online(body), now_s)
                continue
            request = _messages.read_npdu(body)
            expecting = request.expecting_reply
            frame_type = FrameType.DATA_EXPECTING_REPLY if expecting else FrameType.DATA_NOT_EXPECTING_REPLY
            self._node.submit(Frame(frame_type, request.destination, request.source, request.npdu), now_s)

    def _answer(self) -> None:
        for kind, question in self._queries.receive():
            if kind == _messages.STATISTICS:
                statistics = self._node.statistics(_messages.read_statistics_query(question))
                self._queries.send(kind, _messages.statistics_body(statistics))
            elif kind == _messages.CAPTURED:
                offset_s = time.time() - time.monotonic()
                self._queries.send(kind, _messages.captured_body(self._ring.frames(), offset_s))


def _take_priority() -> None:
    """Ask for real-time priority, then for a better nice value; without either the port works, with more jitter."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_REALTIME_PRIORITY))
    except (OSError, AttributeError):
        with contextlib.suppress(OSError):
            os.nice(_NICE)


def main(arguments: list[str]) -> int:
    """Run the port; the exit code is 0 when the owner went, 1 when the line could not be opened or was lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an operator's Ctrl-C is the owner's to handle; it closes the port
    settings = _messages.read_settings(arguments[0])
    events, queries = _Channel(int(arguments[1])), _Channel(int(arguments[2]))
    try:
        line = SerialLine(settings.device, settings.baud)
    except PortUnavailable as error:
        return _farewell(events, _messages.OPEN_FAILED, error.reason)
    try:
        loop = _WireLoop(settings, line, events, queries)
        events.send(_messages.READY)
        _take_priority()
        gc.collect()
        gc.freeze()
        gc.disable()
        loop.run()
    except _OwnerGone:
        return 0
    except LineLost as error:
        return _farewell(events, _messages.FAILED, error.strerror or str(error))
    finally:
        line.close()
    return 0


def _farewell(events: _Channel, kind: bytes, reason: str) -> int:
    """Say why the port ends, and wait until that is said."""
    with contextlib.suppress(_OwnerGone):
        events.send(kind, reason.encode())
        events.socket.settimeout(_FAREWELL_S)
        events.flush()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
