"""Follow the token: which station holds it, which station passed it, and what explains a frame out of turn."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from drivers.mstp.codec.frames import BITS_PER_OCTET, DEAF_S, HEADER_OCTETS, SeenFrame
from drivers.mstp.observing.station import Station

_HOP_BITS = HEADER_OCTETS * BITS_PER_OCTET + 20
"""A token on its way takes 80 bit times, and its sender turns the line around first."""
_STAMP_S = 0.0003
"""Error of a stamp without lateness of any process, in seconds."""
_EARLY_REPEAT_S = 0.010
"""No master repeats a token so soon: Tusage_timeout is 20 ms at least."""
_DOUBLED_BITS = 20
"""Between a frame and its copy there is no turnaround."""
LATE_FOR_S = 1.0
"""A station that was late may answer for so long what it has heard meanwhile."""


class OutOfTurn(Enum):
    """Reason for a frame of a station that was not in turn."""

    COPY = auto()
    """It is the frame before once more."""
    LATE = auto()
    """Its sender is late: it uses a token, or answers a poll, that was taken back."""
    DEAF = auto()
    """This listener was late, and may have lost what came before."""
    GARBAGE = auto()
    """Octets came before it that make no frame: one that was damaged beyond recognition."""
    MISSED = auto()
    """There was time for a token to its sender that was not heard here."""
    IMPOSSIBLE = auto()
    """There was no time for any frame in between: a second station with this address."""


class Turns:
    """Follows the token. ``holder`` None: the holder is not known."""

    def __init__(self, baud: int) -> None:
        self.holder: int | None = None
        self.passer: int | None = None
        self.granted_s: float | None = None
        self.is_used = True
        self.held_data = 0
        self._bit_s = 1.0 / baud
        self._taken_back: dict[int, float] = {}  # MAC: end of the token or poll that it did not use in time

    def forget(self) -> None:
        """Forget which station holds the token."""
        self.holder = self.passer = self.granted_s = None
        self.is_used = True

    def take(self, source: int) -> None:
        """Note that ``source`` sends as the holder of the token."""
        if source != self.holder:
            self.granted_s = None
            self.held_data = 0
        self.holder = source
        self.is_used = True

    def grant(self, passer: int, successor: int, end_s: float) -> None:
        """A token went from ``passer`` to ``successor``."""
        self.holder, self.passer, self.granted_s = successor, passer, end_s
        self.is_used = False
        self.held_data = 0

    def take_back(self, mac: int, granted_s: float) -> None:
        """What was granted to ``mac`` was not used in time."""
        self._taken_back.setdefault(mac, granted_s)

    def is_early_repeat(self, silence_s: float, before: SeenFrame | None) -> bool:
        """Whether a token comes again sooner than any master repeats one."""
        late_s = before.late_s if before is not None else 0.0
        return silence_s + late_s + _STAMP_S < _EARLY_REPEAT_S

    def late_grant(self, seen: SeenFrame) -> float | None:
        """Return when the token or poll ended that the sender of ``seen`` uses now, after it was taken back."""
        granted_s = self._taken_back.pop(seen.frame.source, None)
        return granted_s if granted_s is not None and seen.start_s - granted_s <= LATE_FOR_S else None

    def in_time(self, mac: int) -> None:
        """``mac`` has used what it was given: nothing of it is outstanding."""
        self._taken_back.pop(mac, None)

    def explain(
        self, seen: SeenFrame, silence_s: float, before: SeenFrame | None, stations: Mapping[int, Station]
    ) -> OutOfTurn:
        """Return why the sender of ``seen`` may send although it neither holds the token nor was asked."""
        late_s = before.late_s if before is not None else 0.0
        if before is not None and before.octets == seen.octets and silence_s < _DOUBLED_BITS * self._bit_s:
            return OutOfTurn.COPY
        if seen.start_s < stations[seen.frame.source].late_until_s:
            return OutOfTurn.LATE
        if seen.late_s >= DEAF_S or late_s >= DEAF_S:
            return OutOfTurn.DEAF
        if seen.strays_before:
            return OutOfTurn.GARBAGE
        hops = self._hops(seen.frame.source, stations)
        if silence_s + late_s + _STAMP_S < hops * _HOP_BITS * self._bit_s:
            return OutOfTurn.IMPOSSIBLE
        return OutOfTurn.MISSED

    def _hops(self, wanted: int, stations: Mapping[int, Station]) -> int:
        """Return how many tokens it takes from the holder to ``wanted``; 1 where the way is not known."""
        mac, hops = self.holder, 0
        while mac is not None and hops <= len(stations):
            station = stations.get(mac)
            mac = station.next_station if station is not None else None
            hops += 1
            if mac == wanted:
                return hops
        return 1
