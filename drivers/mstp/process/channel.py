"""A wire process as it runs: its connection to the owner, and how it begins and ends."""

from __future__ import annotations

import contextlib
import gc
import signal
import socket
from collections.abc import Callable
from typing import Any, Protocol

from drivers.mstp.errors import PortUnavailable
from drivers.mstp.host import take_priority
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.owner import owner_socket
from drivers.mstp.wire.line import LineBroken

_RECEIVE_OCTETS = 65536
_FAREWELL_S = 2.0


class OwnerGone(Exception):
    """The process that started this one is no longer there, or hangs."""


class Channel:
    """One non-blocking socket to the owner with what could not be sent yet.

    ``name``: of the socket. More than ``backlog_octets`` that wait for a stalled owner mean that it hangs.
    """

    def __init__(self, name: str, backlog_octets: int) -> None:
        self.socket = owner_socket(name)
        self.socket.setblocking(False)
        self.backlog = bytearray()
        self._backlog_octets = backlog_octets
        self._unpacker = _messages.Unpacker()

    def receive(self) -> list[_messages.Message]:
        """Return what the owner has sent; raises OwnerGone."""
        try:
            octets = self.socket.recv(_RECEIVE_OCTETS)
        except BlockingIOError:  # select said readable, and it was not: it will say so again
            return []
        except OSError as error:
            raise OwnerGone from error
        if not octets:
            raise OwnerGone
        return self._unpacker.feed(octets)

    def send(self, kind: str, *values: Any) -> None:
        """Send a message, as far as the owner takes it; raises OwnerGone."""
        self.backlog += _messages.pack(kind, *values)
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the owner takes it; raises OwnerGone."""
        try:
            while self.backlog:
                del self.backlog[: self.socket.send(self.backlog)]
        except BlockingIOError:
            if len(self.backlog) > self._backlog_octets:
                raise OwnerGone from None
        except OSError as error:
            raise OwnerGone from error


class Loop(Protocol):
    """The work of a process on an open line; ``run`` ends by LineBroken or OwnerGone only."""

    def run(self) -> None:
        """Work."""

    def close(self) -> None:
        """Give the line back; may be called again."""


def run(owner: Channel, open_loop: Callable[[], Loop], realtime_priority: int, nice: int) -> int:
    """Open the line and work; the exit code is 0 when the owner went, 1 when the line was not opened or was lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an operator's Ctrl-C is the owner's to handle; it closes the port
    try:
        loop = open_loop()
    except PortUnavailable as error:
        return _farewell(owner, error.reason)
    try:
        owner.send(_messages.READY)
        take_priority(realtime_priority, nice)
        gc.collect()
        gc.freeze()
        loop.run()
    except OwnerGone:
        return 0
    except LineBroken as error:
        loop.close()  # the device is free before the owner hears of it
        return _farewell(owner, error.strerror or str(error))
    finally:
        loop.close()
    return 0


def _farewell(owner: Channel, reason: str) -> int:
    """Send the reason for the end, and wait until it is sent."""
    with contextlib.suppress(OwnerGone):  # the owner has gone, too
        owner.socket.settimeout(_FAREWELL_S)
        owner.send(_messages.FAILED, reason)
        # A connection that is closed before all of it was read takes with it what the owner has not read yet.
        with contextlib.suppress(OSError):
            owner.socket.shutdown(socket.SHUT_WR)
            while owner.socket.recv(_RECEIVE_OCTETS):
                pass
    return 1
