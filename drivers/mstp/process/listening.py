"""The process that listens to one serial line: read, stamp, find frames, report to the owner; it never writes.

Started by ``BusListener`` as ``python -m drivers.mstp.process.listening SETTINGS SOCKET``, SOCKET being the name of a
socket. It ends when its owner is gone, and when the line is lost.
"""

from __future__ import annotations

import select
import socket
import sys

from drivers.mstp.codec.frames import FrameParser, SeenFrame
from drivers.mstp.host import monotonic_s
from drivers.mstp.process import messages as _messages
from drivers.mstp.process.channel import Channel, run
from drivers.mstp.process.lateness import LOOK_S, Lateness
from drivers.mstp.process.ring import OctetClock
from drivers.mstp.settings import PortSettings
from drivers.mstp.wire.line import LineBroken, SerialLine
from drivers.mstp.wire.open_line import open_line

_TELL_S = 0.05
"""What was heard is sent to the owner at most this often: a message for each octet would cost more than listening."""
_BACKLOG_OCTETS = 64_000_000
_REALTIME_PRIORITY = 10
_NICE = -10


class _Ear:
    """Listens until the line is lost or the owner gone."""

    def __init__(self, settings: PortSettings, owner: Channel) -> None:
        self._line = open_line(settings, settings.device, is_silent=True)
        self._owner = owner
        self._parser = FrameParser()
        self._clock = OctetClock(settings.baud)
        self._frames: list[SeenFrame] = []
        self._octets = self._strays_told = 0
        self.close = self._line.close

    def run(self) -> None:
        told_s = monotonic_s()
        sources: list[SerialLine | socket.socket] = [self._line, self._owner.socket]
        lateness = Lateness(told_s)
        while True:
            entered_s = monotonic_s()
            readable, _, _ = select.select(sources, [], [], LOOK_S)
            now_s = monotonic_s()
            late_s = lateness.woke(entered_s, LOOK_S, now_s)
            if self._line in readable:
                self._read(late_s)
            if self._owner.socket in readable:  # it never says anything: this is its end
                self._owner.receive()
            if (self._octets or self._owner.backlog) and now_s >= told_s + _TELL_S:
                told_s = now_s
                self._tell()

    def _read(self, late_s: float) -> None:
        try:
            for octets, read_s in self._line.take():
                self._octets += len(octets)
                self._frames += self._parser.feed(octets, *self._clock.place(len(octets), read_s), late_s)
        except LineBroken:
            self._tell()
            raise

    def _tell(self) -> None:
        """Send what was heard and not sent yet."""
        if self._octets:
            strays = self._parser.stray_octets
            heard = (_messages.seen_values(self._frames), self._octets, strays - self._strays_told)
            self._frames, self._octets, self._strays_told = [], 0, strays
            self._owner.send(_messages.HEARD, *heard)
        else:
            self._owner.flush()


def main(arguments: list[str]) -> int:
    """Listen; exit codes as of ``run``."""
    settings, owner = _messages.read_settings(arguments[0]), Channel(arguments[1], _BACKLOG_OCTETS)
    return run(owner, lambda: _Ear(settings, owner), _REALTIME_PRIORITY, _NICE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
