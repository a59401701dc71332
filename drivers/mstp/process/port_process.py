"""The process that owns one MS/TP port: the wire loop only, so that no other work delays its answers.

Started by ``MstpPort`` as ``python -m drivers.mstp.process.port_process SETTINGS EVENTS QUERIES``, the latter two the
names of sockets. It imports neither bacpypes3 nor numpy; it collects no garbage; it takes real-time priority, or else a
better nice value, where the system permits. It ends when its owner is gone (end of file on either socket, or another
parent) and when the line is lost and does not come back in time.
"""

from __future__ import annotations

import gc
import math
import select
import socket
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from drivers.log import log_as, note
from drivers.mstp.codec.frames import data_frame
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.host import monotonic_s, of_monotonic_s, parent_id
from drivers.mstp.node.group import NodeGroup
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.channel import Channel, OwnerGone, run
from drivers.mstp.process.lateness import LOOK_S, Lateness, LateSpells
from drivers.mstp.process.ring import FrameRing
from drivers.mstp.settings import PortSettings
from drivers.mstp.wire.adapter import lasting_name, may_be_present
from drivers.mstp.wire.line import LineBroken, SerialLine
from drivers.mstp.wire.open_line import open_line

_REALTIME_PRIORITY = 20
_NICE = -15
_BACKLOG_OCTETS = 4_000_000
"""Received data that waits for a stalled owner; more than this means that the owner hangs."""
_LOOK_FOR_ADAPTER_S = 0.1


class _WireLoop:
    """Runs the nodes of one line until the line is lost for good or the owner gone."""

    def __init__(self, settings: PortSettings, events: Channel, queries: Channel) -> None:
        self._settings = settings
        self._device = lasting_name(settings.device)
        self._line = open_line(settings, settings.device)
        self._lost_since_s: float | None = None
        self._lines_lost = self._echoes_damaged = 0
        self._owner = parent_id()
        self._events = events
        self._queries = queries
        self._node = node = NodeGroup(settings.nodes, monotonic_s())
        self._ring = FrameRing(settings.captured_frames, settings.baud)
        self._late = LateSpells()
        self._orders: dict[str, Callable[..., None]] = {
            _messages.SUBMIT: self._queue,
            _messages.WITHDRAW: node.withdraw,
            _messages.MAX_MASTER: node.set_max_master,
            _messages.PROBE: node.probe,
            _messages.ONLINE: lambda mac, is_online: node.set_online(mac, is_online, monotonic_s()),
        }
        self._answers: dict[str, Callable[..., Iterable[Any]]] = {
            _messages.STATISTICS: self._statistics,
            _messages.PROBED: node.probed,
            _messages.CAPTURED: lambda: _messages.seen_values(self._ring.frames()),
            _messages.LATE: self._late.since,
        }

    def run(self) -> None:
        """Raises LineBroken and OwnerGone: there is no other end."""
        gc.disable()
        macs = ", ".join(str(node.mac) for node in self._settings.nodes)
        note(__name__, "%s is open at %d baud as MAC %s", self._device, self._settings.baud, macs)
        while True:
            try:
                self._run_line()
            except LineBroken as broken:
                note(__name__, "%s was lost: %s", self._device, broken, level="warning")
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
        readable, writable, _ = select.select([self._events.socket, self._queries.socket], self._sinks(), (), timeout_s)
        if self._events.socket in readable:
            self._submit()
        self._attend(readable, writable)

    def _sinks(self) -> list[socket.socket]:
        return [channel.socket for channel in (self._events, self._queries) if channel.backlog]

    def _attend(self, readable: Sequence[object], writable: Sequence[object]) -> None:
        """Answer questions, go on with what could not be sent, and look whether the owner is there."""
        if self._queries.socket in readable:
            self._answer()
        for channel in (self._events, self._queries):
            if channel.socket in writable:
                channel.flush()
        if parent_id() != self._owner:
            raise OwnerGone

    def _run_line(self) -> None:
        node, line, events = self._node, self._line, self._events
        monotonic, wait = monotonic_s, select.select
        sources: list[SerialLine | socket.socket] = [line, events.socket, self._queries.socket]
        lateness = Lateness(monotonic()) if self._settings.watchful else None
        late_s = 0.0
        while True:
            deadline_s = node.deadline_s()
            entered_s = monotonic()
            timeout_s = None if deadline_s == math.inf else max(0.0, deadline_s - entered_s)
            if lateness is not None:
                timeout_s = LOOK_S if timeout_s is None else min(timeout_s, LOOK_S)
            readable, writable, _ = wait(sources, self._sinks(), (), timeout_s)
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
                self._submit()
            self._transmit()
            while node.received:
                got = node.received.popleft()
                events.send(_messages.NPDU, got.source, got.destination, got.expecting_reply, got.npdu)
            if self._lost_since_s is not None and node.has_joined:
                events.send(_messages.LINE_RESTORED, monotonic() - self._lost_since_s)
                self._lost_since_s = None
                note(__name__, "%s is back, and in the ring again", self._device, level="warning")
            self._attend(readable, writable)

    def _transmit(self) -> None:
        node = self._node
        while (octets := node.take_transmission(monotonic_s())) is not None:
            end_s = self._line.write(octets)
            node.transmitted(end_s, monotonic_s())
            self._ring.sent(octets, end_s)

    def _submit(self) -> None:
        for order, values in self._events.receive():
            self._orders[order](*values)

    def _answer(self) -> None:
        for kind, question in self._queries.receive():
            self._queries.send(kind, *self._answers[kind](*question))

    def _queue(self, source: int, destination: int, expecting_reply: bool, npdu: bytes, expires_s: float) -> None:
        frame = data_frame(source, destination, npdu, expecting_reply)
        self._node.submit(frame, monotonic_s(), of_monotonic_s(expires_s))

    def _statistics(self, mac: int) -> tuple[dict[str, int]]:
        statistics = replace(
            self._node.statistics(mac),
            echoes_damaged=self._echoes_damaged + self._line.echo.damaged,
            lines_lost=self._lines_lost,
            stray_octets=self._ring.stray_octets,
        )
        return (asdict(statistics),)


def main(arguments: list[str]) -> int:
    """Run the port; exit codes as of ``run``."""
    settings = _messages.read_settings(arguments[0])
    log_as("mstp-port", never_waits=True)
    events, queries = (Channel(name, _BACKLOG_OCTETS) for name in arguments[1:3])
    return run(events, lambda: _WireLoop(settings, events, queries), _REALTIME_PRIORITY, _NICE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
