"""One pair of wires: what each node sends reaches every other node at the baud rate, and two at once are garbled."""

from __future__ import annotations

from dataclasses import dataclass, field

BITS_PER_OCTET = 10
SLICE_S = 0.0005
"""Octets are handed over at most this much after their end on the wire (plus the hub's own lateness)."""

COARSE_SLICE_S = 0.002
"""The same where a hub has many buses: a token is then handed over whole, which costs a third of the time."""

CONTENT_FAULTS = frozenset(("bits", "octet-dropped", "octet-duplicated", "truncated", "dropped"))
"""Marks of octets that are heard otherwise than they were sent; all other marks are about time."""

_NOISE = 0x5A
_TOLERANCE_OCTETS = 1e-3


@dataclass(slots=True)
class Changes:
    """What is heard instead of certain octets of a transmission, by index; and why, as marks on octets.

    An octet may be heard as none or as several. A mark may also stand where nothing is changed but the time.
    """

    heard_by_index: dict[int, bytes] = field(default_factory=dict)
    marks: list[tuple[int, str]] = field(default_factory=list)

    def put(self, index: int, heard: bytes, mark: str) -> None:
        """Let ``heard`` arrive instead of the octet at ``index``."""
        self.heard_by_index[index] = heard
        self.marks.append((index, mark))

    def heard(self, octets: bytes | bytearray, index: int) -> bytes:
        """Return what arrives of the octet at ``index``."""
        return self.heard_by_index.get(index, bytes(octets[index : index + 1]))

    def divided(self, first: int) -> tuple[Changes, Changes]:
        """Return the changes of the first ``first`` octets, and those of the rest with its own indexes."""
        head, tail = Changes(), Changes()
        for index, heard in self.heard_by_index.items():
            part, shift = (head, 0) if index < first else (tail, first)
            part.heard_by_index[index - shift] = heard
        for index, mark in self.marks:
            part, shift = (head, 0) if index < first else (tail, first)
            part.marks.append((index - shift, mark))
        return head, tail


@dataclass(slots=True)
class Piece:
    """Octets of one node that have passed the wire since the last look.

    ``sent`` is what the node put on the wire, ``heard`` what arrives (empty when an earlier talker's garbage stands
    for it); ``deaf`` are the nodes that do not hear it, talkers being deaf; ``start_s`` is when the first octet began;
    ``ends`` says that the node has nothing more to send. ``marks`` say what was done to it, with the time at which
    the octet concerned began.
    """

    node: int
    sent: bytes
    heard: bytes
    deaf: frozenset[int]
    start_s: float
    end_s: float
    garbled: bool
    ends: bool
    marks: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class _Transmission:
    node: int
    start_s: float
    octets: bytearray = field(default_factory=bytearray)
    passed: int = 0
    changes: Changes = field(default_factory=Changes)

    def take(self, octets: bytes, changes: Changes | None) -> None:
        """Send ``octets`` behind what there is."""
        if changes is not None:
            shift = len(self.octets)
            for index, heard in changes.heard_by_index.items():
                self.changes.heard_by_index[shift + index] = heard
            self.changes.marks += [(shift + index, mark) for index, mark in changes.marks]
        self.octets += octets


class Wire:
    """The shared medium; pure arithmetic on a clock given by the caller (seconds, any origin, never backwards).

    ``slice_s``: octets are handed over at most so much after their end.
    """

    def __init__(self, baud: int, slice_s: float = SLICE_S) -> None:
        self._slice_s = slice_s
        self._active: list[_Transmission] = []
        self.set_baud(baud)

    def set_baud(self, baud: int) -> None:
        """Run at another rate from now on; what is under way ends at that rate too."""
        self.octet_s = BITS_PER_OCTET / baud
        self._octets_a_slice = max(1, int(self._slice_s / self.octet_s))

    def transmit(self, node: int, octets: bytes, now_s: float, changes: Changes | None = None) -> float:
        """Node ``node`` hands ``octets`` to its transmitter at ``now_s``; they follow what it is still sending.

        Returns when the last of them will have passed.
        """
        # The tolerance is for a caller that has computed the end of the transmission itself.
        earliest_s = now_s - _TOLERANCE_OCTETS * self.octet_s
        for transmission in self._active:
            if transmission.node == node and self._end_s(transmission) >= earliest_s:
                break
        else:
            transmission = _Transmission(node, now_s)
            self._active.append(transmission)
        transmission.take(octets, changes)
        return self._end_s(transmission)

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
        # A sender stays listed one octet longer than it sends, so that a partly overlapped octet is still garbled.
        self._active = [t for t in active if t.passed < len(t.octets) or self._end_s(t) + self.octet_s > now_s]
        return pieces

    def _end_s(self, transmission: _Transmission) -> float:
        return transmission.start_s + len(transmission.octets) * self.octet_s

    def _due(self, transmission: _Transmission, now_s: float) -> int:
        # The deadline itself must count as the end of its octet.
        whole = int((now_s - transmission.start_s) / self.octet_s + _TOLERANCE_OCTETS)
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
        heard, marks = octets, self._marks(transmission, range(passed, due))
        if marks:
            heard = b"".join(transmission.changes.heard(transmission.octets, index) for index in range(passed, due))
        return [Piece(transmission.node, octets, heard, deaf, start_s, end_s, garbled=False, ends=ends, marks=marks)]

    def _pass_disputed(self, transmission: _Transmission, now_s: float) -> list[Piece]:
        pieces: list[Piece] = []
        for index in range(transmission.passed, self._due(transmission, now_s)):
            start_s = transmission.start_s + index * self.octet_s
            end_s = start_s + self.octet_s
            rivals = [
                t for t in self._active if t is not transmission and t.start_s < end_s and self._end_s(t) > start_s
            ]
            octet = transmission.octets[index]
            heard = transmission.changes.heard(transmission.octets, index)
            if rivals:
                leads = all((transmission.start_s, transmission.node) < (r.start_s, r.node) for r in rivals)
                heard = bytes((octet ^ self._octet_at(rivals[0], start_s) ^ _NOISE,)) if leads else b""
            deaf = frozenset((transmission.node, *(r.node for r in rivals)))
            sent, ends = bytes((octet,)), index + 1 == len(transmission.octets)
            marks = self._marks(transmission, range(index, index + 1))
            garbled = bool(rivals)
            pieces.append(Piece(transmission.node, sent, heard, deaf, start_s, end_s, garbled, ends, marks))
            transmission.passed = index + 1
        return pieces

    def _marks(self, transmission: _Transmission, indexes: range) -> tuple[tuple[str, float], ...]:
        return tuple(
            (mark, transmission.start_s + index * self.octet_s)
            for index, mark in transmission.changes.marks
            if index in indexes
        )

    def _octet_at(self, transmission: _Transmission, moment_s: float) -> int:
        index = int((moment_s - transmission.start_s) / self.octet_s)
        return transmission.octets[min(max(index, 0), len(transmission.octets) - 1)]
