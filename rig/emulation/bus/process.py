"""The hub seen from outside: starting it as a process of its own, and asking it for its stamped frames."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any, Self

from drivers.errors import RigError
from drivers.mstp.process.lateness import LateSpell
from drivers.mstp.process.owner import end_process
from rig.emulation.bus.fault_settings import FaultSettings

START_TIMEOUT_S = 20.0
ANSWER_TIMEOUT_S = 10.0


class HubFailed(RigError):
    """The hub process did not start, or does not answer; ``reason`` says what it said last."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the emulated RS-485 hub failed: {reason}; start the emulated bench again")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class StampedFrame:
    """One frame as the hub saw it pass.

    Times are seconds of the system's monotonic clock: ``first_s`` the start of the first octet on the wire, ``last_s``
    the end of the last, ``delivered_s`` when the listeners were handed the last octet. ``node`` is the number of the
    hub port that sent it. ``kind`` is the MS/TP frame type, ``valid`` whether its CRCs hold, ``garbled`` whether
    another node talked at the same time. ``altered`` names what the hub's faults did to it, in the order of its octets:
    "bits", "octet-dropped", "octet-duplicated", "truncated", "dropped" (what is heard is not what was sent),
    "delayed", "interrupted", "duplicated" (it is the second copy), "silent" (of a silent node). ``altered_from`` is the
    index of the first octet that is heard otherwise than sent, -1 where none is.
    """

    number: int
    node: int
    kind: int
    source: int
    destination: int
    octets: int
    first_s: float
    last_s: float
    delivered_s: float
    valid: bool
    garbled: bool
    altered: tuple[str, ...] = ()
    altered_from: int = -1


class HubLink:
    """One connection to a hub's endpoint (``tcp://host:port``); not for use from two threads at once.

    ``bus``: which of the hub's buses is meant, 0 the first.
    """

    def __init__(self, endpoint: str, bus: int = 0) -> None:
        self._bus = bus
        host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=ANSWER_TIMEOUT_S)
        self._file = self._socket.makefile("rwb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def counters(self) -> dict[str, Any]:
        """Ask what was counted since the hub started: frames by type and node, garbled and lost octets, lateness."""
        return self._ask({"counters": True})

    def set_faults(self, faults: FaultSettings) -> None:
        """Let these faults hold on the bus from now on, instead of those before.

        Raises HubFailed for a port that is not there.
        """
        self._ask({"faults": faults.as_json()})

    def set_baud(self, baud: int) -> None:
        """Run the bus at another rate; from then on ports of different rates do not understand each other."""
        self._ask({"baud": baud})

    def late_spells(self, since_s: float) -> list[LateSpell]:
        """Ask when the hub was late after ``since_s`` of the monotonic clock; raises HubFailed."""
        return [(float(begun_s), float(ended_s)) for begun_s, ended_s in self._ask({"late_since": since_s})["late"]]

    def next_number(self) -> int:
        """Give the number that the next frame will get: ask for ``frames_since`` it to see only what comes after."""
        return int(self.counters()["next"])

    def frames_since(self, number: int) -> list[StampedFrame]:
        """Fetch all frames still held whose number is ``number`` or more; the hub holds the last 200 000."""
        frames: list[StampedFrame] = []
        while True:
            answer = self._ask({"frames_since": number})
            frames += [StampedFrame(**{**frame, "altered": tuple(frame["altered"])}) for frame in answer["frames"]]
            number = int(answer["next"])
            if not answer["more"]:
                return frames

    def close(self) -> None:
        """Give the connection back."""
        self._file.close()
        self._socket.close()

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        try:
            self._file.write(json.dumps({**question, "bus": self._bus}).encode() + b"\n")
            self._file.flush()
            line = self._file.readline()
        except OSError as error:
            raise HubFailed(str(error)) from error
        if not line:
            raise HubFailed("it closed the connection")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise HubFailed(str(answer["error"]))
        return answer


class HubProcess:
    """A running hub: ``ports`` are the device paths of its nodes, ``endpoint`` its TCP address (``tcp://host:port``).

    It has so many ``buses`` with ``nodes`` ports each; ``ports_by_bus`` has them apart. Faults are those of the first.
    """

    def __init__(
        self, nodes: int, baud: int, unpaced: bool = False, faults: FaultSettings | None = None, buses: int = 1
    ) -> None:
        argv = [sys.executable, "-m", "rig.emulation.bus.hub", "--nodes", str(nodes), "--baud", str(baud), "--json"]
        argv += ["--buses", str(buses)] if buses > 1 else []
        if unpaced:
            argv.append("--unpaced")
        for option in faults.as_options() if faults is not None else ():
            argv += ["--fault", option]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            ready = json.loads(self._first_line())
        except (HubFailed, ValueError):
            self.close()
            raise
        self.ports: tuple[str, ...] = tuple(ready["ports"])
        self.ports_by_bus: tuple[tuple[str, ...], ...] = tuple(tuple(ports) for ports in ready["buses"])
        self.endpoint: str = ready["endpoint"]
        self.baud = baud

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the hub."""
        return self._process.pid

    def close(self) -> None:
        """Stop the hub; its ports vanish. Idempotent."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        end_process(self._process)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _first_line(self) -> bytes:
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        line, deadline_s = b"", time.monotonic() + START_TIMEOUT_S
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([handle], [], [], max(0.0, deadline_s - time.monotonic()))
            if not ready:
                raise HubFailed(f"no answer within {START_TIMEOUT_S:g} s of its start")
            chunk = os.read(handle, 65536)
            if not chunk:
                raise HubFailed(f"it ended with status {self._process.wait()} before it was ready")
            line += chunk
        return line
