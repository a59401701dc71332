"""Which bus a command of ``rig bus`` listens to, and what ends the listening."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Self

from drivers.mstp.listener import BusListener, Heard
from rig.errors import UsageRefused

_LOOK_UP_S = 0.2


class StopFlag:
    """Ctrl-C and SIGTERM end a listening in order, as do ``for_s`` seconds (None: no end) from ``hear`` on."""

    def __init__(self, for_s: float | None = None) -> None:
        self.is_set = False
        self._for_s = for_s
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_set = True

    def hear(self, listener: BusListener) -> Iterator[Heard | None]:
        """Yield what is heard until stopped; None at least every 0.2 s where nothing comes."""
        end_s = None if self._for_s is None else time.monotonic() + self._for_s
        while not self.is_set:
            left_s = _LOOK_UP_S if end_s is None else min(_LOOK_UP_S, end_s - time.monotonic())
            if left_s <= 0.0:
                return
            yield listener.listen(left_s)


@contextmanager
def open_listener(
    bench: str, device: str | None, baud: int | None, command: str, position: str | None = None
) -> Iterator[tuple[BusListener, str]]:
    """Listen to ``device`` if given, else to the bus of ``bench``; gives the listener, and in words what it hears."""
    from rig.bench.discovery.listening import open_listening_port
    from rig.bench.lock import hold_port

    if device is not None:
        rate = baud_of(device, baud)
        with hold_port(device), BusListener(device, rate) as listener:
            yield listener, device
        return
    refuse_stray_baud(baud)
    with (
        open_listening_port(bench, command, position=position) as port,
        BusListener(port.device, port.baud) as listener,
    ):
        yield listener, f"{port.how}: {port.device}"


def baud_of(device: str, baud: int | None) -> int:
    """Return the baud rate of a device named on the command line; raises UsageRefused where none is given."""
    if baud is None:
        raise UsageRefused(f"--device {device} needs --baud N: 9600, 19200, 38400, 57600, 76800 or 115200")
    return baud


def refuse_stray_baud(baud: int | None) -> None:
    """Raise UsageRefused for a baud rate without a device: that of a bench is in its file."""
    if baud is not None:
        raise UsageRefused("--baud goes with --device; the baud rate of a bench is in its file")
