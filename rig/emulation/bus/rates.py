"""Baud rates of the ports of one bus: what a port hears that runs at another rate than the sender is garbage."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.mstp.wire.adapter import actual_baud

_NOISE = 0x5A


class LineRates:
    """Compares the rates of ports, once the bus has been told one (``is_compared``); until then all hear all.

    ``ports``: descriptors of the ports, by their numbers; a port's rate is the one that was set when it was opened.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.is_compared = False
        self._ports = ports

    def heard(self, talker: int, listener: int, octets: bytes) -> bytes:
        """Return what a port hears of another one; talkers without a port have its own rate."""
        if not self.is_compared or talker >= len(self._ports):
            return octets
        if actual_baud(self._ports[talker]) == actual_baud(self._ports[listener]):
            return octets
        return bytes(each ^ _NOISE for each in octets)
