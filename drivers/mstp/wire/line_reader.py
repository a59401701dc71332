"""A thread that reads a serial port which ``select`` cannot watch, and rings a bell that it can watch.

Tried on pseudo-terminals of Linux. It is the way on Windows, where it was never run.
"""

from __future__ import annotations

import contextlib
import errno
import socket
import sys
import threading
from collections import deque

import serial

from drivers.mstp import host as _host

_LOOK_UP_S = 0.25
"""A read ends after this long without an octet, so that the thread sees that it is to end."""
_END_S = 1.0
_SWITCH_S = 0.0005
"""How long the interpreter leaves one thread the lock that another waits for; 5 ms, its default, is a third of
Tusage_delay."""
_BELL_OCTETS = 4096


class LineReader:
    """Reads an open pyserial port from now on; ``fileno`` is for ``select``. ``close`` it before the port."""

    def __init__(self, port: serial.Serial) -> None:
        port.timeout = _LOOK_UP_S
        self._port = port
        self._came: deque[tuple[bytes, float]] = deque()
        self._failure: OSError | None = None
        self._is_closing = False
        self._bell, self._clapper = socket.socketpair()
        self._bell.setblocking(False)
        if self._clapper.family == socket.AF_INET:  # how Windows does it; Nagle's algorithm would hold the bell back
            self._clapper.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sys.setswitchinterval(_SWITCH_S)
        self._thread = threading.Thread(target=self._read_on, name="serial line", daemon=True)
        self._thread.start()

    def fileno(self) -> int:
        """Return the descriptor that is readable when ``take`` has something, or the line is lost."""
        return self._bell.fileno()

    def take(self) -> list[tuple[bytes, float]]:
        """Return what has come, each with the time (``_host.monotonic_s``) at which it was read.

        Raises OSError once the line is lost and everything that came before was taken.
        """
        ended = False
        with contextlib.suppress(BlockingIOError):
            ended = not self._bell.recv(_BELL_OCTETS)
        taken = []
        while self._came:
            taken.append(self._came.popleft())
        if ended and not taken:
            raise self._failure or OSError(errno.EIO, "the reading of the line ended; see its messages on stderr")
        return taken

    def close(self) -> None:
        """End the reading."""
        self._is_closing = True
        with contextlib.suppress(OSError):  # the port may be gone
            self._port.cancel_read()
        self._bell.close()
        self._thread.join(_END_S)

    def _read_on(self) -> None:
        # The bell is closed on every way out: the other side must not wait for a thread that is gone.
        with self._clapper:
            try:
                while not self._is_closing:
                    self._read()
            except OSError as error:
                self._failure = error

    def _read(self) -> None:
        began_s = _host.monotonic_s()
        octets = self._port.read(1)
        waiting = self._port.in_waiting  # raises where the device is gone
        if waiting:
            octets += self._port.read(waiting)
        if octets:
            self._came.append((octets, _host.monotonic_s()))
            # Blocks when nothing has been taken for very long: that bounds what is held here.
            self._clapper.send(b"\0")
        elif not self._is_closing and _host.monotonic_s() - began_s < _LOOK_UP_S / 2:
            raise OSError(errno.EIO, "the device hung up")
