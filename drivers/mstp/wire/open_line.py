"""Open the serial line in the way that the system allows: watched by ``select``, or read by a thread."""

from __future__ import annotations

import errno
import sys

from drivers.mstp.settings import PortSettings
from drivers.mstp.wire.line import LineBroken, SerialLine
from drivers.mstp.wire.line_reader import LineReader

_WRITE_PATIENCE_S = 5.0
"""Windows returns from a write when the octets have left: 1.6 s for the longest frame at 9600 bit/s."""


def open_line(settings: PortSettings, device: str, is_silent: bool = False) -> SerialLine:
    """Open ``device`` as the settings say; raises PortUnavailable(device, reason). ``is_silent``: see SerialLine."""
    kind = _ThreadedLine if settings.portable or sys.platform == "win32" else SerialLine
    return kind(settings, device, is_silent)


class _ThreadedLine(SerialLine):
    """A line that uses nothing of the port but pyserial's own calls: ``select`` watches the thread that reads it.

    What it returns was read a moment before; for a node it came when ``read`` returned it, as on any other line, since
    a node's time must not go backwards. Tried on pseudo-terminals of Linux, never on Windows or macOS.
    """

    _reader: LineReader | None = None

    def _begin(self) -> int:
        self._serial.write_timeout = _WRITE_PATIENCE_S
        self._reader = LineReader(self._serial)
        return self._reader.fileno()

    def take(self) -> list[tuple[bytes, float]]:
        """Return what has come, own echo included, and when the thread had it; raises LineBroken."""
        assert self._reader is not None
        try:
            return self._reader.take()
        except OSError as error:
            raise LineBroken(errno.EIO, f"reading failed: the device does not work any more: {error}") from error

    def _put(self, octets: bytes) -> None:
        try:
            written = self._serial.write(octets)
        except OSError as error:  # pyserial's errors are such, that of a write that takes too long among them
            raise LineBroken(errno.EIO, f"writing failed: {error}") from error
        if written != len(octets):
            raise LineBroken(errno.EIO, f"the device took {written} of {len(octets)} octets")

    def close(self) -> None:
        """Give the device back; one that is no longer there cannot refuse."""
        if self._reader is not None:
            self._reader.close()
        super().close()
