"""The emulated RS-485 bus: a process that joins pseudo-terminals; every node hears every other, at the baud rate.

Run as ``python -m rig.emulation.bus.hub --nodes N --baud B [--buses N] [--unpaced] [--fault NAME=VALUE ...] --json``:
prints one JSON line with its ``ports`` and its ``endpoint`` and runs until its standard input ends. Several buses, with
``--nodes`` ports each, know nothing of each other; a process for each would cost more. The endpoint answers one JSON
object a line, about the first bus or about that of ``"bus": 0 ...``: ``{"frames_since": N}`` with stamped frames,
``{"counters": true}`` with counts and its own lateness, ``{"late_since": SECONDS}`` with the times at which it was late
(``[from, to]``), ``{"faults": {"bit-error-rate": 1e-4}}`` by letting these faults hold from now on (``{}``: none),
``{"baud": 38400}`` by running at another rate: ports of different rates then hear garbage of each other.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import select
import socket
import struct
import sys
import termios
import time
import tty
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.log import log_as, note
from drivers.mstp.host import take_priority
from drivers.mstp.process.lateness import LOOK_S, Lateness, LateSpells
from rig.emulation.bus.fault_settings import FaultRefused, FaultSettings, parse_faults
from rig.emulation.bus.faults import VIRTUAL_TALKERS, FaultyWire
from rig.emulation.bus.lateness import PtyWatch
from rig.emulation.bus.rates import LineRates
from rig.emulation.bus.stamps import FrameLog
from rig.emulation.bus.wire import COARSE_SLICE_S, SLICE_S, Piece, Wire

UNPACED_BAUD = 1_000_000_000
_READ_OCTETS = 4096
_UNREAD_CHECK_OCTETS = 512
_UNREAD_LIMIT_OCTETS = 2048
_LONGEST_QUESTION = 4096
_IN_USE_S = 1.0
"""For so long after a frame the hub measures its own lateness."""


class _Node:
    """One port: the master end the hub talks through, and the slave end it keeps open so that leaving is no error."""

    def __init__(self) -> None:
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        self.lost_octets = 0
        self._unchecked = 0

    def deliver(self, octets: bytes) -> None:
        try:
            taken = os.write(self.master, octets)
        except BlockingIOError:
            taken = 0
        self.lost_octets += len(octets) - taken
        self._unchecked += len(octets)
        if self._unchecked >= _UNREAD_CHECK_OCTETS:
            self._unchecked = 0
            self._forget_what_nobody_reads()

    def read(self) -> bytes:
        try:
            return os.read(self.master, _READ_OCTETS)
        except BlockingIOError:
            return b""

    def _forget_what_nobody_reads(self) -> None:
        # Octets pile up on a port that no process has open; a process that opens it later must not read old octets.
        waiting = struct.unpack("i", fcntl.ioctl(self.slave, termios.FIONREAD, b"\0" * 4))[0]
        if waiting > _UNREAD_LIMIT_OCTETS:
            termios.tcflush(self.slave, termios.TCIFLUSH)
            self.lost_octets += waiting


@dataclass(slots=True)
class _Lateness:
    """How late the hub woke up against its own deadlines, seconds."""

    wakes: int = 0
    total_s: float = 0.0
    worst_s: float = 0.0
    over_1_ms: int = 0
    over_5_ms: int = 0

    def note(self, late_s: float) -> None:
        self.wakes += 1
        self.total_s += late_s
        self.worst_s = max(self.worst_s, late_s)
        self.over_1_ms += late_s > 0.001
        self.over_5_ms += late_s > 0.005

    def as_dict(self) -> dict[str, object]:
        mean_s = self.total_s / self.wakes if self.wakes else 0.0
        return {
            "wakes": self.wakes,
            "mean_s": round(mean_s, 7),
            "worst_s": round(self.worst_s, 6),
            "over_1_ms": self.over_1_ms,
            "over_5_ms": self.over_5_ms,
        }


class _Bus:
    """One pair of wires with its ports, its faults, and the log of its frames."""

    def __init__(self, nodes: int, baud: int, unpaced: bool, faults: FaultSettings, slice_s: float) -> None:
        self.nodes = [_Node() for _ in range(nodes)]
        wire = Wire(UNPACED_BAUD if unpaced else baud, slice_s)
        self._pure_wire, self._is_paced = wire, not unpaced
        self.wire = FaultyWire(wire, nodes, faults, time.monotonic())
        self.log = FrameLog(nodes + len(VIRTUAL_TALKERS), wire.octet_s)
        self._rates = LineRates([node.slave for node in self.nodes])

    def hand_over(self, pieces: list[Piece]) -> None:
        """Deliver what has passed the wire to those that hear it."""
        for piece in pieces:
            if piece.heard:
                for number, node in enumerate(self.nodes):
                    if number not in piece.deaf:
                        node.deliver(self._rates.heard(piece.node, number, piece.heard))
        if pieces:
            delivered_s = time.monotonic()
            for piece in pieces:
                self.log.note(piece, delivered_s)

    def set_baud(self, baud: int) -> dict[str, object]:
        """Pace the bus at another rate; from now on ports of different rates hear garbage of each other."""
        self._rates.is_compared = True
        if self._is_paced:
            self._pure_wire.set_baud(baud)
            self.log.octet_s = self._pure_wire.octet_s
        return {"baud": baud}

    def set_faults(self, wanted: dict[str, Any]) -> dict[str, object]:
        """Let these faults hold from now on."""
        try:
            self.wire.set(FaultSettings.from_json(wanted), time.monotonic())
        except FaultRefused as refusal:
            return {"error": str(refusal)}
        return {"faults": self.wire.settings.as_json()}

    def counters(self, lateness: _Lateness) -> dict[str, object]:
        """Everything counted on this bus; ``lateness`` is the whole hub's."""
        lost = {str(number): node.lost_octets for number, node in enumerate(self.nodes)}
        talkers = {name: number for number, name in enumerate(VIRTUAL_TALKERS, len(self.nodes))}
        return {
            **self.log.counters(),
            "lost_octets_by_node": lost,
            "lateness": lateness.as_dict(),
            "faults": self.wire.settings.as_json(),
            "faults_done": dict(self.wire.done),
            "talkers_without_port": talkers,
        }


class _Hub:
    """The one loop: waits for octets, for the next deadline of a wire, for questions, and for the end of stdin."""

    def __init__(self, nodes: int, baud: int, unpaced: bool, faults: FaultSettings, buses: int = 1) -> None:
        slice_s = SLICE_S if buses == 1 else COARSE_SLICE_S
        self._buses = [
            _Bus(nodes, baud, unpaced, faults if bus == 0 else FaultSettings(), slice_s) for bus in range(buses)
        ]
        self._by_handle = {node.master: (bus, number) for bus in self._buses for number, node in enumerate(bus.nodes)}
        self._lateness = _Lateness()
        self._late = LateSpells()
        self._ptys = PtyWatch(self._late)
        self._talked_s = -_IN_USE_S
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self._askers: dict[socket.socket, bytearray] = {}
        self.ports = [[node.path for node in bus.nodes] for bus in self._buses]
        self.endpoint = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self, lifeline: int) -> None:
        """Serve until ``lifeline`` (a file descriptor) reaches its end."""
        awake = Lateness(time.monotonic())
        while True:
            now_s = time.monotonic()
            deadlines = [bus.wire.next_deadline_s(now_s) for bus in self._buses]
            deadline_s = min((one for one in deadlines if one is not None), default=None)
            timeout_s = None if deadline_s is None else max(0.0, deadline_s - now_s)
            is_in_use = now_s < self._talked_s + _IN_USE_S  # an idle hub sleeps
            if is_in_use:
                timeout_s = LOOK_S if timeout_s is None else min(LOOK_S, timeout_s)
            handles: list[int | socket.socket] = [
                *self._by_handle,
                self._ptys.fileno(),
                lifeline,
                self._listener,
                *self._askers,
            ]
            readable, _, _ = select.select(handles, [], [], timeout_s)
            woken_s = time.monotonic()
            self._late.note(woken_s, awake.woke(now_s, timeout_s, woken_s))
            if deadline_s is not None and woken_s >= deadline_s:
                self._lateness.note(woken_s - deadline_s)
            for bus in self._buses:
                bus.hand_over(bus.wire.advance(woken_s))
            self._ptys.look(woken_s, self._ptys.fileno() in readable, is_in_use)
            for handle in readable:
                if handle == self._ptys.fileno():
                    continue
                if isinstance(handle, socket.socket):
                    if handle is self._listener:
                        self._welcome()
                    else:
                        self._serve(handle)
                elif handle == lifeline:
                    if not os.read(lifeline, _READ_OCTETS):
                        return
                else:
                    bus, number = self._by_handle[handle]
                    octets = bus.nodes[number].read()
                    if octets:
                        self._talked_s = woken_s
                        bus.wire.transmit(number, octets, time.monotonic())

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
            self._askers[connection] = bytearray()

    def _serve(self, connection: socket.socket) -> None:
        """Answer whole lines; drop a client that does not take its answer at once, since the bus must not wait."""
        pending = self._askers[connection]
        alive = True
        try:
            received = connection.recv(_READ_OCTETS)
            alive = bool(received)
            pending += received
            while b"\n" in pending:
                line, _, rest = bytes(pending).partition(b"\n")
                pending[:] = rest
                answer = self._answer(line).encode() + b"\n"
                alive = alive and connection.send(answer) == len(answer)
        except OSError:
            alive = False
        if not alive or len(pending) > _LONGEST_QUESTION:
            del self._askers[connection]
            connection.close()

    def _answer(self, line: bytes) -> str:
        try:
            question = json.loads(line)
        except ValueError:
            return '{"error": "that is not a line of JSON"}'
        if isinstance(question, dict):
            number = question.get("bus", 0)
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(self._buses):
                return json.dumps({"error": f"the hub has buses 0 to {len(self._buses) - 1}"})
            bus = self._buses[number]
            since = question.get("frames_since")
            if isinstance(since, int) and not isinstance(since, bool):
                return bus.log.answer(since)
            moment_s = question.get("late_since")
            if isinstance(moment_s, int | float) and not isinstance(moment_s, bool):
                return json.dumps({"late": self._ptys.since(moment_s, time.monotonic())})
            if question.get("counters") is True:
                return json.dumps(bus.counters(self._lateness))
            if isinstance(faults := question.get("faults"), dict):
                return json.dumps(bus.set_faults(faults))
            baud = question.get("baud")
            if isinstance(baud, int) and not isinstance(baud, bool) and baud >= 1:
                return json.dumps(bus.set_baud(baud))
        ways = (
            'ask {"frames_since": N}, {"late_since": SECONDS}, {"counters": true}, {"faults": {NAME: VALUE, ...}} or '
            '{"baud": N}'
        )
        return json.dumps({"error": ways})


def main(arguments: list[str] | None = None) -> int:
    """Run the hub in the foreground; returns 0 when standard input has ended."""
    parser = argparse.ArgumentParser(prog="python -m rig.emulation.bus.hub", description=__doc__)
    parser.add_argument("--nodes", type=int, required=True, help="how many ports to make on each bus")
    parser.add_argument("--buses", type=int, default=1, help="how many buses to make (1)")
    parser.add_argument("--baud", type=int, default=76800, help="what the octets are paced at")
    parser.add_argument("--unpaced", action="store_true", help="hand octets over at once")
    parser.add_argument(
        "--fault", action="append", default=[], metavar="NAME=VALUE", help="what is to go wrong, on the first bus"
    )
    parser.add_argument("--json", action="store_true", help="print the endpoints as one JSON line")
    options = parser.parse_args(arguments)
    if min(options.nodes, options.baud, options.buses) < 1:
        parser.error("--nodes, --baud and --buses must be at least 1")
    try:
        hub = _Hub(options.nodes, options.baud, options.unpaced, parse_faults(options.fault), options.buses)
    except FaultRefused as refusal:
        parser.error(str(refusal))
    take_priority(20, -10)
    with contextlib.suppress(OSError, ValueError):  # sharp timers are a wish, no need
        Path("/proc/self/timerslack_ns").write_text("1000")
    log_as("hub", never_waits=True)
    note(__name__, "%d ports at %d baud on each of %d buses", options.nodes, options.baud, options.buses)
    paths = [path for ports in hub.ports for path in ports]
    if options.json:
        ready = {"ports": paths, "buses": hub.ports, "endpoint": hub.endpoint, "baud": options.baud}
        sys.stdout.write(json.dumps(ready) + "\n")
    else:
        sys.stdout.write("\n".join([f"endpoint {hub.endpoint}", *(f"port {path}" for path in paths)]) + "\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        hub.run(sys.stdin.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
