"""One pair of wires: what each node sends reaches every other node at the baud rate, and two at once are garbled."""

from __future__ import annotations

from dataclasses import dataclass, field

BITS_PER_OCTET = 10
SLICE_S = 0.0005
"""Octets are handed over at most this much after their end on the wire (plus the hub's own lateness)."""

_NOISE = 0x5A


@dataclass(slots=True)
class Piece:
    """Octets of one node that have passed the wire since the last look.

    ``sent`` is what the node put on the wire, ``heard`` what arrives (empty when an earlier talker's garbage stands
    for it); ``deaf`` are the nodes that do not hear it, talkers being deaf; ``start_s`` is when the first octet began;
    ``ends`` says that the node has nothing more to send.
    """

    node: int
    sent: bytes
    heard: bytes
    deaf: frozenset[int]
    start_s: float
    end_s: float
    garbled: bool
    ends: bool


@dataclass(slots=True)
class _Transmission:
    node: int
    start_s: float
    octets: bytearray = field(default_factory=bytearray)
    passed: int = 0


class Wire:
    """The shared medium; pure arithmetic on a clock given by the caller (seconds, any origin, never backwards)."""

    def __init__(self, baud: int) -> None:
        self.octet_s = BITS_PER_OCTET / baud
        self._octets_a_slice = max(1, int(SLICE_S / self.octet_s))
        self._active: list[_Transmission] = []

    def transmit(self, node: int, octets: bytes, now_s: float) -> None:
        """Node ``node`` hands ``octets`` to its transmitter at ``now_s``; they follow what it is still sending."""
        for transmission in self._active:
            if transmission.node == node and self._end_s(transmission) >= now_s:
                transmission.octets += octets
                return
        self._active.append(_Transmission(node, now_s, bytearray(octets)))

    def next_deadline_s(self, now_s: float) -> float | None:
        """When to look again: the end of a transmission or of the slice, whichever is first; None when all is quiet."""
        deadline_s: float | None = None
        for transmission in self._active:
            total = len(transmission.octets)
            if transmission.passed < total:
                upto = min(total, transmission.passed + self._octets_a_slice)
                due_s = transmission.start_s + self.octet_s * upto
                deadline_s = due_s if deadline_s is None else min(deadline_s, due_s)
        return None if deadline_s is None else max(deadline_s, now_s)

    def advance(self, now_s: float) -> list[Piece]:
        """Everything that has passed the wire up to ``now_s`` and was not returned before, in the order of its end."""
        active = self._active
        if not active:
            return []
        if len(active) == 1:
            pieces = self._pass_alone(active[0], now_s)
        else:
            pieces = [piece for t in active for piece in self._pass_disputed(t, now_s)]
            pieces.sort(key=lambda piece: piece.end_s)
        # A talker stays one octet longer than it talks, so that an octet it overlapped in part is still garbled.
        self._active = [t for t in active if t.passed < len(t.octets) or self._end_s(t) + self.octet_s > now_s]
        return pieces

    def _end_s(self, transmission: _Transmission) -> float:
        return transmission.start_s + len(transmission.octets) * self.octet_s

    def _due(self, transmission: _Transmission, now_s: float) -> int:
        # A thousandth of an octet of tolerance: the deadline itself must count as the end of its octet.
        whole = int((now_s - transmission.start_s) / self.octet_s + 1e-3)
        return min(whole, len(transmission.octets))

    def _pass_alone(self, transmission: _Transmission, now_s: float) -> list[Piece]:
        due, passed = self._due(transmission, now_s), transmission.passed
        if due <= passed:
            return []
        octets = bytes(transmission.octets[passed:due])
        start_s = transmission.start_s + passed * self.octet_s
        end_s = transmission.start_s + due * self.octet_s
        transmission.passed = due
        deaf = frozenset((transmission.node,))
        ends = due == len(transmission.octets)
        return [Piece(transmission.node, octets, octets, deaf, start_s, end_s, garbled=False, ends=ends)]

    def _pass_disputed(self, transmission: _Transmission, now_s: float) -> list[Piece]:
        pieces: list[Piece] = []
        for index in range(transmission.passed, self._due(transmission, now_s)):
            start_s = transmission.start_s + index * self.octet_s
            end_s = start_s + self.octet_s
            rivals = [
                t for t in self._active if t is not transmission and t.start_s < end_s and self._end_s(t) > start_s
            ]
            octet = transmission.octets[index]
            heard = bytes((octet,))
            if rivals:
                leads = all((transmission.start_s, transmission.node) < (r.start_s, r.node) for r in rivals)
                heard = bytes((octet ^ self._octet_at(rivals[0], start_s) ^ _NOISE,)) if leads else b""
            deaf = frozenset((transmission.node, *(r.node for r in rivals)))
            sent, ends = bytes((octet,)), index + 1 == len(transmission.octets)
            pieces.append(Piece(transmission.node, sent, heard, deaf, start_s, end_s, garbled=bool(rivals), ends=ends))
            transmission.passed = index + 1
        return pieces

    def _octet_at(self, transmission: _Transmission, moment_s: float) -> int:
        index = int((moment_s - transmission.start_s) / self.octet_s)
        return transmission.octets[min(max(index, 0), len(transmission.octets) - 1)]
