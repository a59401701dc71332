"""The owner's side of an MS/TP port: start the port process, send and receive NPDUs, ask for statistics."""

from __future__ import annotations

import contextlib
import math
import select
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from drivers.mstp.codec.frames import BROADCAST, MAX_MASTER_ADDRESS, SeenFrame
from drivers.mstp.errors import NpduRefused, PortSettingInvalid, PortUnavailable
from drivers.mstp.events import FrameReceived, LineLost, LineRestored, PortEvent, PortFailed
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.lateness import LateSpell
from drivers.mstp.process.owner import end_process, received, start_process
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics

_START_S = 15.0
_QUERY_S = 5.0
_END_S = 2.0
_RECEIVE_OCTETS = 262_144


class MstpPort:
    """One master node on one serial port, living in a process of its own. A context manager: start and close.

    Where the settings name further nodes on the port, ``mac`` and ``source`` say which one is meant (None: the
    first), and a received frame is for the node that is its destination; a broadcast comes once.

    ``send`` and ``statistics`` may be called from any thread; ``receive`` from one thread at a time.
    """

    def __init__(self, settings: PortSettings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._events: socket.socket | None = None
        self._queries: socket.socket | None = None
        self._unpacker = _messages.Unpacker()
        self._inbox: deque[PortEvent] = deque()
        self._failure: str | None = None
        self._send_lock = threading.Lock()
        self._query_lock = threading.Lock()

    def __enter__(self) -> MstpPort:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the port process and open the device; raises PortUnavailable(device, reason). May be called once."""
        if self._process is not None:
            raise PortUnavailable(self.settings.device, "this port was started before; make a new one")
        arguments, portable = [_messages.settings_text(self.settings)], self.settings.portable
        self._process, (self._events, self._queries) = start_process(
            self.settings.device, "drivers.mstp.process.port_process", arguments, sockets=2, portable=portable
        )
        reason = self._await_ready(self._events)
        if reason is not None:
            self.close()
            raise PortUnavailable(self.settings.device, reason)

    def _await_ready(self, events: socket.socket) -> str | None:
        """Wait for the process to say that the device is open; returns why not otherwise."""
        deadline_s = time.monotonic() + _START_S
        while select.select([events], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
            octets = received(events)
            if not octets:
                return self._ending()
            for kind, values in self._unpacker.feed(octets):
                if kind == _messages.READY:
                    return None
                if kind == _messages.OPEN_FAILED:
                    return str(values[0])
        return f"the port process did not open it within {_START_S:g} s"

    @property
    def pid(self) -> int | None:
        """Process id of the port process, or None before ``start``."""
        return None if self._process is None else self._process.pid

    def fileno(self) -> int:
        """Return a file descriptor that is readable when ``receive(0)`` may have something.

        It stays readable after PortFailed: stop watching it then.
        """
        return self._open_events().fileno()

    def receive(self, timeout_s: float | None) -> PortEvent | None:
        """Return the next event, or None after ``timeout_s`` seconds (None: wait without end).

        LineLost and LineRestored come in turn, where ``replug_wait_s`` lets the port wait for an adapter that was
        unplugged. PortFailed comes once and last; after it the answer is None at once.
        """
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._inbox:
            if self._failure is not None or self._events is None:
                return None
            left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            if not select.select([self._events], [], [], left_s)[0]:
                return None
            self._take(self._events)
        return self._inbox.popleft()

    def _take(self, events: socket.socket) -> None:
        """Read what the process has sent into the inbox."""
        octets = received(events)
        for kind, values in self._unpacker.feed(octets):
            if kind == _messages.NPDU:
                self._inbox.append(FrameReceived(*values))
            elif kind == _messages.LINE_LOST:
                self._inbox.append(LineLost(f"{self.settings.device}: {values[0]}"))
            elif kind == _messages.LINE_RESTORED:
                self._inbox.append(LineRestored(*values))
            elif kind == _messages.FAILED:
                self._fail(*values)
        if not octets and self._failure is None:
            self._fail(self._ending())

    def _fail(self, reason: str) -> None:
        self._failure = reason
        if self._events is not None:
            with contextlib.suppress(OSError):  # a process that said why it ends waits until it is known to be heard
                self._events.shutdown(socket.SHUT_WR)
        self._inbox.append(PortFailed(f"{self.settings.device}: {reason}"))

    def _ending(self) -> str:
        """Say how the process ended, for an end that it did not announce."""
        try:
            code = self._process.wait(_END_S) if self._process is not None else None
        except subprocess.TimeoutExpired:
            code = None
        return f"the port process ended unexpectedly (exit code {code}); see its messages on stderr"

    def send(
        self,
        destination: int,
        npdu: bytes,
        expecting_reply: bool,
        source: int | None = None,
        expires_s: float = math.inf,
    ) -> None:
        """Send ``npdu`` to ``destination`` (0..254, or 255 = broadcast) with the next token, or as the answer awaited.

        An NPDU that answers a frame received with ``expecting_reply`` (same station, same invoke id) goes out while
        the requester waits; after 240 ms the port sends Reply Postponed and the answer goes with the token.
        What could not be sent before ``expires_s`` (``time.monotonic``) is never sent, and counted: a command must not
        reach a device after its caller has given up.
        Raises NpduRefused for an NPDU that is no MS/TP frame, PortUnavailable when the port has ended.
        """
        source = self._mac(source)
        if not 0 <= destination <= BROADCAST or destination == source:
            raise NpduRefused(self.settings.device, destination, len(npdu), "a destination is 0 to 255, not this node")
        if not 1 <= len(npdu) <= self.settings.max_npdu_octets:
            rule = f"a frame carries 1 to {self.settings.max_npdu_octets} octets"
            raise NpduRefused(self.settings.device, destination, len(npdu), rule)
        self._tell(_messages.SUBMIT, source, destination, expecting_reply, npdu, expires_s)

    def withdraw(self, destination: int, invoke_id: int, source: int | None = None) -> None:
        """Take back a confirmed request that still waits for the token; one that has been sent is past that.

        ``invoke_id``: the request's, 0 to 255. Raises PortUnavailable when the port has ended.
        """
        self._tell(_messages.WITHDRAW, self._mac(source), destination, invoke_id)

    def set_max_master(self, max_master: int, mac: int | None = None) -> None:
        """Change the highest address that the node polls, 1 to 127, while it is in the ring.

        Raises PortSettingInvalid for another number, PortUnavailable when the port has ended. A number below the
        node's own address counts as that address.
        """
        if not 1 <= max_master <= MAX_MASTER_ADDRESS:
            rule = f"it is 1 to {MAX_MASTER_ADDRESS}"
            raise PortSettingInvalid(self.settings.device, "max_master", max_master, rule)
        self._tell(_messages.MAX_MASTER, self._mac(mac), max_master)

    def probe(self, addresses: Iterable[int], mac: int | None = None) -> None:
        """Have the node poll each of ``addresses`` (0..127) once, however far its Max_Master goes, one with each token.

        A master that answers is given the token, and the ring is left as it was when it has come round. ``probed``
        reports the result. Raises PortSettingInvalid for another address, PortUnavailable when the port has ended.
        """
        wanted = [address for address in addresses if address != self._mac(mac)]
        for address in wanted:
            if not 0 <= address <= MAX_MASTER_ADDRESS:
                raise PortSettingInvalid(self.settings.device, "probe", address, f"it is 0 to {MAX_MASTER_ADDRESS}")
        self._tell(_messages.PROBE, self._mac(mac), wanted)

    def probed(self, mac: int | None = None) -> tuple[dict[int, bool], int]:
        """Return which addresses answered such a poll and which did not, and how many are left to be polled."""
        answered, left = self._ask(_messages.PROBED, self._mac(mac))
        return answered, left

    def set_online(self, mac: int, online: bool) -> None:
        """Take the node at ``mac`` off the line, as a device without power is, or bring it back as after power-up.

        Off line it neither hears nor sends; what it had queued is gone, and what is sent from it is thrown away and
        counted (``dropped_off_line``). Orders and NPDUs take effect in the order in which they were given.
        Raises PortSettingInvalid where the port has no such node, PortUnavailable when the port has ended.
        """
        self._tell(_messages.ONLINE, self._mac(mac), online)

    def _mac(self, mac: int | None) -> int:
        if mac is not None and mac not in self.settings.macs:
            raise PortSettingInvalid(self.settings.device, "mac", mac, "this port has no such node")
        return self.settings.mac if mac is None else mac

    def _tell(self, kind: str, *values: Any) -> None:
        events = self._open_events()
        try:
            with self._send_lock:
                events.sendall(_messages.pack(kind, *values))
        except OSError as error:
            raise PortUnavailable(self.settings.device, self._failure or "the port has ended") from error

    def statistics(self, mac: int | None = None) -> Statistics:
        """Ask the port process for a node's counters; raises PortUnavailable when the port has ended."""
        (counts,) = self._ask(_messages.STATISTICS, self._mac(mac))
        return Statistics(**counts)

    def captured(self) -> list[SeenFrame]:
        """Ask for the last frames on the bus, own ones included, in the order of their times.

        Times are seconds of the monotonic clock (``drivers.mstp.clock``).
        """
        return [SeenFrame.of(*each) for each in self._ask(_messages.CAPTURED)]

    def late_spells(self, since_s: float) -> list[LateSpell]:
        """Ask when the port process was late after ``since_s`` (monotonic clock); none where it is not ``watchful``."""
        return list(self._ask(_messages.LATE, since_s))

    def _ask(self, kind: str, *question: Any) -> tuple[Any, ...]:
        queries = self._queries
        if queries is None:
            raise PortUnavailable(self.settings.device, "the port is not open")
        unpacker = _messages.Unpacker()
        with self._query_lock:
            try:
                queries.settimeout(_QUERY_S)
                queries.sendall(_messages.pack(kind, *question))
                while octets := queries.recv(_RECEIVE_OCTETS):
                    for answered, values in unpacker.feed(octets):
                        if answered == kind:
                            return values
            except TimeoutError as error:
                reason = f"the port process did not answer within {_QUERY_S:g} s"
                raise PortUnavailable(self.settings.device, reason) from error
            except OSError as error:
                raise PortUnavailable(self.settings.device, self._failure or "the port has ended") from error
        raise PortUnavailable(self.settings.device, self._failure or "the port has ended")

    def _open_events(self) -> socket.socket:
        if self._events is None:
            raise PortUnavailable(self.settings.device, "the port is not open")
        return self._events

    def close(self) -> None:
        """End the port process and give the device back; what is still queued is not sent. May be called again."""
        for end in (self._events, self._queries):
            if end is not None:
                end.close()
        self._events = self._queries = None
        end_process(self._process)
