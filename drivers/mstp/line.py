"""The serial line under an MS/TP port: opened by pyserial, read and written without ever waiting for octets."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import time

import serial

from drivers.mstp.errors import PortUnavailable
from drivers.mstp.frames import frame_time_s

_READ_OCTETS = 4096
_WRITE_PATIENCE_S = 1.0

_REASONS = {
    errno.ENOENT: "there is no such device; check the cable and the name",
    errno.ENODEV: "the device is not there; check the cable",
    errno.ENXIO: "the device is not there; check the cable",
    errno.EIO: "the device does not answer; check the cable",
    errno.EACCES: "this user may not open it; add the user to the group that owns the device",
    errno.EPERM: "this user may not open it; add the user to the group that owns the device",
    errno.EBUSY: "another program is using it; close that program",
    errno.EAGAIN: "another program is using it; close that program",
    errno.ENOTTY: "it is not a serial port; check the name",
    errno.EISDIR: "it is not a serial port; check the name",
}


class LineLost(OSError):
    """The open line stopped working, for instance because the adapter was unplugged; the text says how."""


class SerialLine:
    """One open serial port: 8 data bits, no parity, 1 stop bit, locked against other programs.

    Raises PortUnavailable(device, reason) if it cannot be opened. ``fileno`` is for ``select``.
    """

    def __init__(self, device: str, baud: int) -> None:
        self.baud = baud
        self._free_s = 0.0
        try:
            self._serial = serial.Serial(port=device, baudrate=baud, timeout=0, exclusive=True)
        except (OSError, ValueError) as error:
            raise PortUnavailable(device, _reason(error)) from error
        # USB adapters hold octets back for 16 ms unless told not to; what has no such setting refuses.
        with contextlib.suppress(OSError, ValueError, NotImplementedError):
            self._serial.set_low_latency_mode(True)
        self._fd: int = self._serial.fileno()

    def fileno(self) -> int:
        """Return the file descriptor that is readable when octets have come, or the line is lost."""
        return self._fd

    def read(self) -> bytes:
        """Return what has come, at least one octet if ``select`` said readable; raises LineLost."""
        try:
            octets = os.read(self._fd, _READ_OCTETS)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise LineLost(error.errno, f"reading failed: {error.strerror}") from error
        if not octets:
            raise LineLost(errno.EIO, "the device hung up")
        self._free_s = 0.0  # somebody else talks, so ours has left, however early that is on an unpaced line
        return octets

    def write(self, octets: bytes) -> float:
        """Hand ``octets`` to the device and return when, on the monotonic clock, the last one will have left.

        That time is computed from the baud rate: ``tcdrain`` returns at once on a pty and, on many USB adapters,
        when the adapter has the octets and not when the wire has had them. Raises LineLost.
        """
        start_s = max(time.monotonic(), self._free_s)
        self._free_s = start_s + frame_time_s(len(octets), self.baud)
        while octets:
            try:
                octets = octets[os.write(self._fd, octets) :]
            except BlockingIOError:
                if not select.select([], [self._fd], [], _WRITE_PATIENCE_S)[1]:
                    raise LineLost(errno.EIO, "the device takes no more octets") from None
            except OSError as error:
                raise LineLost(error.errno, f"writing failed: {error.strerror}") from error
        return self._free_s

    def close(self) -> None:
        """Give the device back."""
        with contextlib.suppress(OSError):
            self._serial.close()


def _reason(error: Exception) -> str:
    """Say why opening failed in words for a person."""
    number = getattr(error, "errno", None)
    cause = error.__context__
    if number is None and cause is not None:  # pyserial wraps termios errors without their number
        number = next((arg for arg in getattr(cause, "args", ()) if isinstance(arg, int)), None)
    return _REASONS.get(number, str(error)) if number is not None else str(error)
