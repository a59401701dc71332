"""A wire process as its owner has it: started, asked for its next message, ended."""

from __future__ import annotations

import select
import socket
import subprocess
import time
from collections import deque
from typing import ClassVar, Self

from drivers.mstp.errors import PortUnavailable
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.owner import end_process, received, start_process
from drivers.mstp.settings import PortSettings

_START_S = 15.0
_END_S = 2.0


class WireProcess:
    """A process that has a serial port. A context manager: start and close. ``MODULE`` runs in it."""

    MODULE: ClassVar[str]
    CALLED: ClassVar[str]
    SOCKETS: ClassVar[int]

    def __init__(self, settings: PortSettings) -> None:
        self.settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._ends: list[socket.socket] = []
        self._unpacker = _messages.Unpacker()
        self._unread: deque[_messages.Message] = deque()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def start(self) -> None:
        """Start the process and open the device; raises PortUnavailable(device, reason). May be called once."""
        if self._process is not None:
            raise self._unavailable("this port was started before; make a new one")
        arguments, portable = [_messages.settings_text(self.settings)], self.settings.portable
        self._process, self._ends = start_process(
            self.settings.device, self.MODULE, arguments, sockets=self.SOCKETS, portable=portable
        )
        message = self._next(_START_S)
        if message is None or message[0] != _messages.READY:
            reason = f"the {self.CALLED} did not open it within {_START_S:g} s" if message is None else message[1][0]
            self.close()
            raise self._unavailable(reason)

    def _next(self, timeout_s: float | None) -> _messages.Message | None:
        """Return the next message, None after ``timeout_s`` seconds (None: wait without end).

        FAILED is the last: it also says so where the process ended without a word.
        """
        end = self._end(0)
        deadline_s = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._unread:
            left_s = None if deadline_s is None else max(0.0, deadline_s - time.monotonic())
            if not select.select([end], [], [], left_s)[0]:
                return None
            octets = received(end)
            self._unread += self._unpacker.feed(octets) if octets else [(_messages.FAILED, (self._ending(),))]
        return self._unread.popleft()

    def _ending(self) -> str:
        """Say how the process ended, for an end that it did not announce."""
        try:
            code = self._process.wait(_END_S) if self._process is not None else None
        except subprocess.TimeoutExpired:
            code = None
        return f"the {self.CALLED} ended unexpectedly (exit code {code}); see its messages on stderr"

    def _end(self, index: int) -> socket.socket:
        """Return one of the sockets to the process."""
        if not self._ends:
            raise self._unavailable("the port is not open")
        return self._ends[index]

    def _unavailable(self, reason: str) -> PortUnavailable:
        return PortUnavailable(self.settings.device, reason)

    def close(self) -> None:
        """End the process and give the device back; what is still queued is not sent. May be called again."""
        ends, self._ends = self._ends, []
        for end in ends:
            end.close()
        end_process(self._process)
