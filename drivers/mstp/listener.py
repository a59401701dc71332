"""Listen to a bus without being a node: receive frames with their times, send nothing.

A process of its own listens (``drivers.mstp.process.listening``), so that the load of the owner does not spoil the
times.
"""

from __future__ import annotations

import select
import socket
import subprocess
import time
from dataclasses import dataclass
from typing import Self

from drivers.mstp.codec.frames import SeenFrame
from drivers.mstp.errors import PortSettingInvalid, PortUnavailable
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.owner import end_process, received, start_process
from drivers.mstp.settings import BAUD_RATES

_START_S = 15.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard since the last time: whole frames, damaged ones included, with times of the monotonic clock.

    ``octets`` counts all octets that came; ``stray_octets`` those that belong to no frame: noise, a frame cut short,
    or octets sent at another baud rate.
    """

    frames: tuple[SeenFrame, ...]
    octets: int
    stray_octets: int


class BusListener:
    """A serial port that is only listened to. A context manager: start and close; not for several threads at once.

    ``portable`` is as in ``PortSettings``. Raises PortSettingInvalid for a baud rate that clause 9 does not have.
    """

    def __init__(self, device: str, baud: int, portable: bool = False) -> None:
        if baud not in BAUD_RATES:
            raise PortSettingInvalid(device, "baud", baud, f"use one of {', '.join(map(str, BAUD_RATES))}")
        self.device = device
        self.baud = baud
        self._portable = portable
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._unpacker = _messages.Unpacker()
        self._messages: list[_messages.Message] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        """Open the device and begin to listen; raises PortUnavailable(device, reason)."""
        arguments = [self.device, str(self.baud), "portable" if self._portable else "native"]
        self._process, (self._socket,) = start_process(
            self.device, "drivers.mstp.process.listening", arguments, sockets=1, portable=self._portable
        )
        try:
            message = self._next(_START_S)
        except PortUnavailable:
            self.close()
            raise
        if message is None or message[0] != _messages.READY:
            self.close()
            reason = f"the listening process did not open it within {_START_S:g} s"
            raise PortUnavailable(self.device, reason if message is None else message[1][0])

    def listen(self, timeout_s: float) -> Heard | None:
        """Return what came since the last call, or None after ``timeout_s`` seconds in which nothing came.

        Raises PortUnavailable when the line is lost or the listening process gone.
        """
        message = self._next(timeout_s)
        if message is None:
            return None
        kind, values = message
        if kind == _messages.FAILED:
            raise PortUnavailable(self.device, *values)
        frames, octets, stray_octets = values
        return Heard(tuple(SeenFrame.of(*each) for each in frames), octets, stray_octets)

    def _next(self, timeout_s: float) -> _messages.Message | None:
        end = self._socket
        if end is None:
            raise PortUnavailable(self.device, "it is not being listened to")
        deadline_s = time.monotonic() + timeout_s
        while not self._messages:
            if not select.select([end], [], [], max(0.0, deadline_s - time.monotonic()))[0]:
                return None
            octets = received(end)
            if not octets:
                raise PortUnavailable(self.device, "the listening process ended; see its messages on stderr")
            self._messages += self._unpacker.feed(octets)
        return self._messages.pop(0)

    def close(self) -> None:
        """Stop listening and give the device back; may be called again."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        end_process(self._process)
