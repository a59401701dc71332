"""The owner's side of an MS/TP port: start the port process, send and receive NPDUs, ask for statistics."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
from collections.abc import Iterable
from typing import Any

from drivers.mstp.codec.frames import BROADCAST, MAX_MASTER_ADDRESS, SeenFrame
from drivers.mstp.errors import NpduRefused, PortSettingInvalid
from drivers.mstp.events import FrameReceived, LineLost, LineRestored, PortEvent, PortFailed
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.lateness import LateSpell
from drivers.mstp.process.wire_process import WireProcess
from drivers.mstp.settings import PortSettings
from drivers.mstp.statistics import Statistics

_QUERY_S = 5.0
_RECEIVE_OCTETS = 262_144


class MstpPort(WireProcess):
    """One master node on one serial port, living in a process of its own. A context manager: start and close.

    Where the settings name further nodes on the port, ``mac`` and ``source`` say which one is meant (None: the
    first), and a received frame is for the node that is its destination; a broadcast comes once.

    ``send`` and ``statistics`` may be called from any thread; ``receive`` from one thread at a time.
    """

    MODULE = "drivers.mstp.process.port_process"
    CALLED = "port process"
    SOCKETS = 2

    def __init__(self, settings: PortSettings) -> None:
        super().__init__(settings)
        self._failure: str | None = None
        self._send_lock = threading.Lock()
        self._query_lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the port process, or None before ``start``."""
        return None if self._process is None else self._process.pid

    def fileno(self) -> int:
        """Return a file descriptor that is readable when ``receive(0)`` may have something.

        It stays readable after PortFailed: stop watching it then.
        """
        return self._end(0).fileno()

    def receive(self, timeout_s: float | None) -> PortEvent | None:
        """Return the next event, or None after ``timeout_s`` seconds (None: wait without end).

        LineLost and LineRestored come in turn, where ``replug_wait_s`` lets the port wait for an adapter that was
        unplugged. PortFailed comes once and last; after it the answer is None at once.
        """
        if self._failure is not None or not self._ends:
            return None
        message = self._next(timeout_s)
        return None if message is None else self._event(*message)

    def _event(self, kind: str, values: tuple[Any, ...]) -> PortEvent:
        if kind == _messages.NPDU:
            return FrameReceived(*values)
        if kind == _messages.LINE_LOST:
            return LineLost(f"{self.settings.device}: {values[0]}")
        if kind == _messages.LINE_RESTORED:
            return LineRestored(*values)
        self._failure = values[0]
        with contextlib.suppress(OSError):  # a process that said why it ends waits until it is known to be heard
            self._end(0).shutdown(socket.SHUT_WR)
        return PortFailed(f"{self.settings.device}: {self._failure}")

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
        events = self._end(0)
        try:
            with self._send_lock:
                events.sendall(_messages.pack(kind, *values))
        except OSError as error:
            raise self._unavailable(self._failure or "the port has ended") from error

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
        queries, unpacker = self._end(1), _messages.Unpacker()
        with self._query_lock:
            try:
                queries.settimeout(_QUERY_S)
                queries.sendall(_messages.pack(kind, *question))
                while octets := queries.recv(_RECEIVE_OCTETS):
                    for answered, values in unpacker.feed(octets):
                        if answered == kind:
                            return values
            except TimeoutError as error:
                raise self._unavailable(f"the port process did not answer within {_QUERY_S:g} s") from error
            except OSError as error:
                raise self._unavailable(self._failure or "the port has ended") from error
        raise self._unavailable(self._failure or "the port has ended")
