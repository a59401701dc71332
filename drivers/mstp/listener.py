"""Listen to a bus without being a node: receive frames with their times, send nothing.

A process of its own listens (``drivers.mstp.process.listening``), so that the load of the owner does not spoil the
times.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.mstp.codec.frames import SeenFrame
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.wire_process import WireProcess
from drivers.mstp.settings import PortSettings


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard since the last time: whole frames, damaged ones included, with times of the monotonic clock.

    ``octets`` counts all octets that came; ``stray_octets`` those that belong to no frame: noise, a frame cut short,
    or octets sent at another baud rate.
    """

    frames: tuple[SeenFrame, ...]
    octets: int
    stray_octets: int


class BusListener(WireProcess):
    """A serial port that is only listened to. A context manager: start and close; not for several threads at once.

    ``portable`` is as in ``PortSettings``. Raises PortSettingInvalid for a baud rate that clause 9 does not have.
    """

    MODULE = "drivers.mstp.process.listening"
    CALLED = "listening process"
    SOCKETS = 1

    def __init__(self, device: str, baud: int, portable: bool = False) -> None:
        super().__init__(PortSettings(device, baud, mac=0, portable=portable))
        self.device = device
        self.baud = baud

    def listen(self, timeout_s: float) -> Heard | None:
        """Return what came since the last call, or None after ``timeout_s`` seconds in which nothing came.

        Raises PortUnavailable when the line is lost or the listening process gone.
        """
        message = self._next(timeout_s)
        if message is None:
            return None
        kind, values = message
        if kind == _messages.FAILED:
            raise self._unavailable(*values)
        frames, octets, stray_octets = values
        return Heard(tuple(SeenFrame.of(*each) for each in frames), octets, stray_octets)
