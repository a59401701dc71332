"""Ask the operating system about a serial adapter: its lasting name, its latency timer, its true baud rate."""

from __future__ import annotations

import array
import errno
import sys
from dataclasses import dataclass
from pathlib import Path

import serial

if sys.platform == "win32":
    import ctypes

    from serial import win32
else:
    import fcntl

_BY_ID = Path("/dev/serial/by-id")
_SYSFS = Path("/sys")
_LATENCY_LIMIT_MS = 1

_TCGETS2 = 0x802C542A
"""Linux on x86 and ARM; elsewhere the number is another one, and the question is refused."""
_OUTPUT_SPEED = 10
"""Index, in 32-bit words, of ``c_ospeed`` in ``struct termios2``."""


def lasting_name(device: str, by_id: Path = _BY_ID) -> str:
    """Return the name under which ``device`` will be found again when it is unplugged and plugged in.

    ``/dev/ttyUSB0`` may come back as ``/dev/ttyUSB1``; its name in ``/dev/serial/by-id`` (Linux, udev) stays. A device
    that has none, and one that was named by a link, keep the name given.
    """
    path = Path(device)
    if not by_id.is_dir() or path.is_symlink():
        return device
    for link in sorted(by_id.iterdir()):
        if link.resolve() == path.resolve():
            return str(link)
    return device


def may_be_present(device: str) -> bool:
    """Return whether ``device`` may exist; always True on Windows, which has no list of device files."""
    return sys.platform == "win32" or Path(device).exists()


def latency_timer_ms(device: str, sysfs: Path = _SYSFS) -> int | None:
    """Return for how long a USB adapter may hold received octets back, ms; None where it has no such timer.

    Read from Linux's sysfs, where FTDI adapters have it.
    """
    try:
        return int(_latency_file(device, sysfs).read_text())
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class Advice:
    """What is wrong with an adapter, and how to put it right."""

    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.what}: {self.how}"


def latency_advice(device: str, sysfs: Path = _SYSFS) -> Advice | None:
    """Return advice where the latency timer is too slow for MS/TP, None where nothing is to be done."""
    timer_ms = latency_timer_ms(device, sysfs)
    if timer_ms is None or timer_ms <= _LATENCY_LIMIT_MS:
        return None
    return Advice(
        f"the adapter {device} may hold received octets back for {timer_ms} ms; MS/TP wants an answer within 15 ms",
        f"set its latency timer: echo {_LATENCY_LIMIT_MS} | sudo tee {_latency_file(device, sysfs)}",
    )


def actual_baud(descriptor: int) -> int | None:
    """Return the rate that the driver has set for an open port, bits per second; None where it does not say.

    A driver that cannot make a rate takes the nearest it can, without an error. Linux only (``termios2``); tried on
    pseudo-terminals of Linux, which take every rate. macOS is not asked: what it says after IOSSIOSPEED is documented
    nowhere, and it has not been tried.
    """
    baud = None
    if sys.platform.startswith("linux"):
        words = array.array("i", [0] * 64)
        try:
            fcntl.ioctl(descriptor, _TCGETS2, words)
        except OSError as error:
            if error.errno not in (errno.ENOTTY, errno.EINVAL):
                raise
        else:
            baud = words[_OUTPUT_SPEED]
    return baud


def baud_of_windows(port: serial.Serial) -> int | None:
    """Return the rate that Windows' driver says it has set for an open port (DCB.BaudRate); None on other systems.

    Never run: it asks as pyserial itself does when it opens a port. Most drivers refuse a rate that they do not have.
    """
    if sys.platform == "win32":
        state = win32.DCB()
        if win32.GetCommState(port._port_handle, ctypes.byref(state)):  # noqa: SLF001  (pyserial has no public name)
            return int(state.BaudRate)
    return None


def _latency_file(device: str, sysfs: Path) -> Path:
    return sysfs / "bus" / "usb-serial" / "devices" / Path(device).resolve().name / "latency_timer"
