"""The process that listens to one serial line: read, stamp, find frames, report to the owner; it never writes.

Started by ``BusListener`` as ``python -m drivers.mstp.process.listening DEVICE BAUD WAY SOCKET``, WAY being
``portable`` or ``native``, and SOCKET the name of a socket. It ends when its owner is gone, and when the line is lost.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import select
import signal
import socket
import sys

import serial

from drivers.mstp.codec.frames import FrameParser, SeenFrame
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.host import monotonic_s, take_priority
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.lateness import LOOK_S, Lateness
from drivers.mstp.process.owner import owner_socket
from drivers.mstp.process.ring import OctetClock
from drivers.mstp.wire.line import open_failure
from drivers.mstp.wire.line_reader import LineReader

_TELL_S = 0.05
"""What was heard is sent to the owner at most this often: a message for each octet would cost more than listening."""
_BACKLOG_OCTETS = 64_000_000
_READ_OCTETS = 4096
_REALTIME_PRIORITY = 10
_NICE = -10


class _OwnerGone(Exception):
    """The process that started this one is no longer there, or hangs."""


class _LineLost(OSError):
    """The open line stopped working, for instance because the adapter was unplugged."""


class _SilentLine:
    """An open serial port that is only read, its transmitter off. ``fileno`` is for ``select``.

    Unlike pyserial's own way of opening, RTS is never asserted: on adapters that switch to sending by it that would
    block the bus. A ``portable`` one is read by a thread. Raises PortUnavailable(device, reason).
    """

    def __init__(self, device: str, baud: int, portable: bool) -> None:
        port = serial.Serial(baudrate=baud, timeout=0, exclusive=True)
        port.port = device
        port.rts = False
        try:
            port.open()
        except (OSError, ValueError) as error:
            raise PortUnavailable(device, open_failure(error)) from error
        # USB adapters hold octets back for 16 ms unless set otherwise; a device without that setting refuses.
        with contextlib.suppress(OSError, ValueError, NotImplementedError, AttributeError):
            port.set_low_latency_mode(True)
        self._serial = port
        self._reader = LineReader(port) if portable or sys.platform == "win32" else None

    def fileno(self) -> int:
        return int(self._serial.fileno()) if self._reader is None else self._reader.fileno()

    def read(self, now_s: float) -> list[tuple[bytes, float]]:
        """Return what has come, and when it was read: ``now_s``, or when the thread had it; raises _LineLost."""
        try:
            if self._reader is not None:
                return self._reader.take()
            octets = os.read(self.fileno(), _READ_OCTETS)
        except BlockingIOError:
            return []
        except OSError as error:
            raise _LineLost(error.errno, f"reading failed: {error.strerror or error}") from error
        if not octets:
            raise _LineLost(errno.EIO, "the device hung up")
        return [(octets, now_s)]

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        with contextlib.suppress(OSError):
            self._serial.close()


class _Ear:
    """Listens until the line is lost or the owner gone."""

    def __init__(self, line: _SilentLine, baud: int, owner: socket.socket) -> None:
        self._line = line
        self._owner = owner
        self._parser = FrameParser()
        self._clock = OctetClock(baud)
        self._backlog = bytearray()
        self._frames: list[SeenFrame] = []
        self._octets = self._strays_told = 0

    def run(self) -> None:
        told_s = monotonic_s()
        sources: list[_SilentLine | socket.socket] = [self._line, self._owner]
        lateness = Lateness(told_s)
        while True:
            entered_s = monotonic_s()
            readable, _, _ = select.select(sources, [], [], LOOK_S)
            now_s = monotonic_s()
            late_s = lateness.woke(entered_s, LOOK_S, now_s)
            if self._line in readable:
                for octets, read_s in self._line.read(now_s):
                    self._octets += len(octets)
                    self._frames += self._parser.feed(octets, *self._clock.place(len(octets), read_s), late_s)
            if self._owner in readable:  # it never says anything: this is its end
                raise _OwnerGone
            if (self._octets or self._backlog) and now_s >= told_s + _TELL_S:
                told_s = now_s
                self._tell()

    def untold(self) -> bytes:
        """Return, as messages, what was not sent to the owner yet; it counts as sent then."""
        if self._octets:
            strays = self._parser.stray_octets
            heard = (_messages.seen_values(self._frames), self._octets, strays - self._strays_told)
            self._backlog += _messages.pack(_messages.HEARD, *heard)
            self._frames, self._octets, self._strays_told = [], 0, strays
        taken = bytes(self._backlog)
        self._backlog.clear()
        return taken

    def _tell(self) -> None:
        self._backlog += self.untold()
        try:
            while self._backlog:
                del self._backlog[: self._owner.send(self._backlog)]
        except BlockingIOError:
            if len(self._backlog) > _BACKLOG_OCTETS:
                raise _OwnerGone from None
        except OSError as error:
            raise _OwnerGone from error


def main(arguments: list[str]) -> int:
    """Listen; the exit code is 0 when the owner went, 1 when the line could not be opened or was lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an operator's Ctrl-C is the owner's to handle
    device, baud, way, name = arguments
    owner = owner_socket(name)
    try:
        line = _SilentLine(device, int(baud), way == "portable")
    except PortUnavailable as error:
        return _farewell(owner, _messages.pack(_messages.OPEN_FAILED, error.reason))
    ear = _Ear(line, int(baud), owner)
    try:
        owner.sendall(_messages.pack(_messages.READY))
        owner.setblocking(False)
        take_priority(_REALTIME_PRIORITY, _NICE)
        gc.collect()
        gc.freeze()
        ear.run()
    except (_OwnerGone, BrokenPipeError, ConnectionResetError):
        return 0
    except _LineLost as error:
        failed = _messages.pack(_messages.FAILED, error.strerror or str(error))
        return _farewell(owner, ear.untold() + failed)
    finally:
        line.close()
    return 0


def _farewell(owner: socket.socket, messages: bytes) -> int:
    """Send the last message, and wait until it is sent."""
    with contextlib.suppress(OSError):
        owner.settimeout(2.0)
        owner.sendall(messages)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
