"""The serial line under an MS/TP port: opened by pyserial, read and written without ever waiting for octets.

Baud rates: 76800 is in no POSIX table. pyserial sets it by ``termios2``/BOTHER on Linux (tried on pseudo-terminals, not
yet on an adapter), by IOSSIOSPEED on macOS (never tried), and hands it to the driver in DCB.BaudRate on Windows (never
tried). Windows has no descriptor to wait for: ``drivers.mstp.wire.open_line`` has the way that does without. RS-485
mode is Linux's TIOCSRS485 by way of pyserial, on Windows RTS_CONTROL_TOGGLE (``rts-high`` only); neither has met
hardware.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import sys

import serial
from serial.rs485 import RS485Settings

from drivers.mstp.codec.frames import frame_time_s
from drivers.mstp.errors import PortUnavailable
from drivers.mstp.host import monotonic_s
from drivers.mstp.settings import Direction, PortSettings
from drivers.mstp.wire.adapter import actual_baud, baud_of_windows
from drivers.mstp.wire.echo import EchoFilter

_READ_OCTETS = 4096
_WRITE_PATIENCE_S = 1.0
_BAUD_TOLERANCE = 0.01
"""Clause 9.2.3: the rate is kept to within one percent."""

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
_WINDOWS_REASONS = {
    "FileNotFoundError": _REASONS[errno.ENOENT],
    "PermissionError": _REASONS[errno.EBUSY],
    "Cannot configure port": "its driver refuses the settings; use an adapter that has this baud rate",
}
"""By what stands in the text of pyserial's error, which has no number on Windows; access is denied there to what is in
use."""


class LineBroken(OSError):
    """The open line stopped working, for instance because the adapter was unplugged; the text says how."""


class SerialLine:
    """One open serial port: 8 data bits, no parity, 1 stop bit, locked against other programs.

    Raises PortUnavailable(device, reason) if it cannot be opened as the settings say. ``fileno`` is for ``select``.
    ``echo`` takes own octets out of what is read.

    One that ``is_silent`` is only read, its transmitter off: unlike in pyserial's own way of opening, RTS is never
    asserted, since on adapters that switch to sending by it that would block the bus.
    """

    def __init__(self, settings: PortSettings, device: str, is_silent: bool = False) -> None:
        self.echo = EchoFilter(settings.echo)
        self._baud = settings.baud
        self._free_s = 0.0
        try:
            self._serial = serial.Serial(baudrate=self._baud, timeout=0, exclusive=True)
            self._serial.port = device
            self._serial.rts = not is_silent
            self._serial.open()
        except (OSError, ValueError) as error:
            raise PortUnavailable(device, open_failure(error)) from error
        try:
            self._make_prompt()
            if not is_silent:
                self._set_up(device, settings.direction)
            self._fd = self._begin()
        except OSError as error:
            self.close()
            raise PortUnavailable(device, open_failure(error)) from error
        except PortUnavailable:
            self.close()
            raise

    def _make_prompt(self) -> None:
        # USB adapters hold octets back for 16 ms by default. pyserial raises ValueError for a driver that has no
        # such setting (a pseudo-terminal, many built-in ports), NotImplementedError on systems that have none (macOS),
        # and has no such call on Windows: all work without; ``adapter.latency_advice`` tells whom it matters to.
        with contextlib.suppress(ValueError, NotImplementedError, AttributeError):
            self._serial.set_low_latency_mode(True)

    def _set_up(self, device: str, direction: Direction) -> None:
        if sys.platform == "win32":
            actual = baud_of_windows(self._serial)
        else:
            actual = actual_baud(self._serial.fileno())
        if actual is not None and abs(actual - self._baud) > _BAUD_TOLERANCE * self._baud:
            raise PortUnavailable(
                device,
                f"its driver runs at {actual} bit/s when asked for {self._baud}; use an adapter that has this rate",
            )
        if direction != "adapter":
            sends_high = direction == "rts-high"
            try:
                self._serial.rs485_mode = RS485Settings(rts_level_for_tx=sends_high, rts_level_for_rx=not sends_high)
            except (ValueError, NotImplementedError) as error:
                reason = (
                    "its driver cannot switch direction by RTS (no RS-485 mode); choose direction 'adapter' if the "
                )
                raise PortUnavailable(device, f"{reason}adapter switches by itself, or use another one") from error

    def _begin(self) -> int:
        """Return what ``select`` is to watch, now that the port is set up."""
        return int(self._serial.fileno())

    def fileno(self) -> int:
        """Return the file descriptor that is readable when octets have come, or the line is lost."""
        return self._fd

    def read(self) -> bytes:
        """Return what others have sent: empty where only the echo of own octets has come; raises LineBroken."""
        octets = self.echo.heard(b"".join(octets for octets, _ in self.take()), monotonic_s())
        if octets:
            self._free_s = 0.0  # another node talks, so ours has left, however early that is on an unpaced line
        return octets

    def take(self) -> list[tuple[bytes, float]]:
        """Return what has come, own echo included, and when it was read; raises LineBroken."""
        try:
            octets = os.read(self._fd, _READ_OCTETS)
        except BlockingIOError:
            return []
        except OSError as error:
            raise LineBroken(error.errno, f"reading failed: {error.strerror}") from error
        if not octets:
            raise LineBroken(errno.EIO, "the device hung up")
        return [(octets, monotonic_s())]

    def write(self, octets: bytes) -> float:
        """Hand ``octets`` to the device and return when, on the monotonic clock, the last one will have left.

        That time is computed from the baud rate: ``tcdrain`` returns at once on a pty and, on many USB adapters,
        when the adapter has the octets and not when the wire has had them. Raises LineBroken.
        """
        began_s = monotonic_s()
        self._free_s = max(began_s, self._free_s) + frame_time_s(len(octets), self._baud)
        self.echo.sent(octets, self._free_s, began_s)
        self._put(octets)
        return self._free_s

    def _put(self, octets: bytes) -> None:
        """Hand over every octet; raises LineBroken."""
        while octets:
            try:
                octets = octets[os.write(self._fd, octets) :]
            except BlockingIOError:
                if not select.select([], [self._fd], [], _WRITE_PATIENCE_S)[1]:
                    raise LineBroken(errno.EIO, "the device takes no more octets") from None
            except OSError as error:
                raise LineBroken(error.errno, f"writing failed: {error.strerror}") from error

    def close(self) -> None:
        """Give the device back; one that is no longer there cannot refuse."""
        with contextlib.suppress(OSError):  # closing an unplugged adapter raises: that is known by then
            self._serial.close()


def open_failure(error: Exception) -> str:
    """Say why opening failed in words for a person."""
    number = getattr(error, "errno", None)
    cause = error.__context__
    if number is None and cause is not None:  # pyserial wraps termios errors without their number
        number = next((arg for arg in getattr(cause, "args", ()) if isinstance(arg, int)), None)
    if number is None:
        return next((reason for mark, reason in _WINDOWS_REASONS.items() if mark in str(error)), str(error))
    return _REASONS.get(number, str(error))
