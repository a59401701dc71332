"""A wire with faults on request: the same seed and the same traffic give the same faults."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random

from drivers.mstp.codec.frames import BITS_PER_OCTET, HEADER_OCTETS, PREAMBLE, Frame, FrameType, trailer_octets
from rig.emulation.bus.fault_settings import FaultRefused, FaultSettings
from rig.emulation.bus.wire import Changes, Piece, Wire

VIRTUAL_TALKERS = ("noise", "babble", "silent")
"""Senders without a port, in the order of their numbers after the last port's."""

_FRAMING_ERROR = 0
"""The octet that a Linux tty hands over for one without a good start and stop bit."""

_TURNAROUND_OCTETS = 4
"""Tturnaround, 40 bit times."""


class Hits:
    """Which of many equal trials succeed, ``rate`` of them; costs one random number a hit, none for a miss."""

    def __init__(self, random: Random, rate: float) -> None:
        self._random = random
        self._rate = rate
        self._left = self._gap()

    def among(self, count: int) -> list[int]:
        """Return which of the next ``count`` trials succeed, 0 the first; rate 0 is none of them."""
        hits = []
        while self._left < count:
            hits.append(int(self._left))
            self._left += 1 + self._gap()
        self._left -= count
        return hits

    def _gap(self) -> float:
        if self._rate <= 0.0:
            return math.inf
        if self._rate >= 1.0:
            return 0
        return int(math.log(1.0 - self._random.random()) / math.log1p(-self._rate))


class _Chances:
    """Random numbers of one talker, a stream for each purpose: faults do not move each other."""

    def __init__(self, settings: FaultSettings, node: int) -> None:
        self._settings = settings
        self._node = node
        self._streams: dict[str, Random] = {}
        self._hits: dict[str, Hits] = {}

    def stream(self, purpose: str) -> Random:
        if purpose not in self._streams:
            self._streams[purpose] = Random(f"{self._settings.seed}/{self._node}/{purpose}")
        return self._streams[purpose]

    def among(self, rate_name: str, count: int = 1) -> list[int]:
        """Return which of the next ``count`` trials of the fault succeed."""
        if rate_name not in self._hits:
            rate: float = getattr(self._settings, rate_name)
            self._hits[rate_name] = Hits(self.stream(rate_name), rate)
        return self._hits[rate_name].among(count)


@dataclass(order=True, slots=True)
class _Held:
    """What goes on the wire later; ``frame`` is the whole frame that ends with it."""

    at_s: float
    order: int
    node: int = field(compare=False)
    octets: bytes = field(compare=False)
    changes: Changes = field(compare=False)
    frame: bytes | None = field(compare=False, default=None)


class FaultyWire:
    """Stands before a ``Wire`` and has its methods; what it does not change passes unchanged.

    A fault is decided when a node hands its octets over, and marked on the octets for the frame stamps. ``done``
    counts what was done. Talkers without a port (``VIRTUAL_TALKERS``) have the numbers after the last port's.
    """

    def __init__(self, wire: Wire, ports: int, settings: FaultSettings, now_s: float) -> None:
        self._wire = wire
        self._ports = ports
        self._noise, self._babble, self._silent = range(ports, ports + len(VIRTUAL_TALKERS))
        self._order = 0
        self._held: list[_Held] = []
        self._free_s = [0.0] * (ports + len(VIRTUAL_TALKERS))
        self.done: Counter[str] = Counter()
        self.set(settings, now_s)

    def set(self, settings: FaultSettings, now_s: float) -> None:
        """Let these faults hold from now on, with their random numbers from the start; raises FaultRefused.

        Frames that are held back still come.
        """
        beyond = [port for port in sorted(settings.ports) if port >= self._ports]
        if beyond:
            raise FaultRefused(f"port {beyond[0]} is not there; the bus has ports 0 to {self._ports - 1}")
        self.settings = settings
        self._is_clean = settings == FaultSettings(seed=settings.seed)
        self._chances = [_Chances(settings, node) for node in range(self._ports + len(VIRTUAL_TALKERS))]
        self._deafened = frozenset((*settings.cut, *settings.deaf))
        self._muted = frozenset((*settings.cut, *settings.mute))
        self._held = [held for held in self._held if held.node != self._babble]
        heapq.heapify(self._held)
        if settings.babble_octets:
            self._babble_at(now_s)

    def transmit(self, node: int, octets: bytes, now_s: float) -> None:
        """Node ``node`` hands ``octets`` to its transmitter at ``now_s``."""
        if self._is_clean and not self._held:
            self._wire.transmit(node, octets, now_s)
        elif node in self._muted:
            self.done["muted_octets"] += len(octets)
        else:
            for frame in frames_in(octets):
                self._send(node, frame, now_s)

    def next_deadline_s(self, now_s: float) -> float | None:
        """When to look again; None when all is quiet and nothing is held back."""
        deadline_s = self._wire.next_deadline_s(now_s)
        if not self._held:
            return deadline_s
        held_s = max(self._held[0].at_s, now_s)
        return held_s if deadline_s is None else min(deadline_s, held_s)

    def advance(self, now_s: float) -> list[Piece]:
        """Everything that has passed the wire up to ``now_s`` and was not returned before."""
        pieces: list[Piece] = []
        while self._held and self._held[0].at_s <= now_s:
            held = heapq.heappop(self._held)
            pieces += self._wire.advance(held.at_s)
            self._put(held)
        pieces += self._wire.advance(now_s)
        if self._deafened:
            pieces = [replace(piece, deaf=piece.deaf | self._deafened) for piece in pieces]
        return pieces

    # --- one frame --------------------------------------------------------------------------------------------------

    def _send(self, node: int, frame: bytes, now_s: float) -> None:
        settings, chances = self.settings, self._chances[node]
        is_meant = (not settings.talkers or node in settings.talkers) and (
            not settings.frame_types or (len(frame) > len(PREAMBLE) and frame[2] in settings.frame_types)
        )
        if not is_meant:
            self._hold_or_put(_Held(now_s, 0, node, frame, Changes(), frame), now_s)
            return
        changes = self._changes(chances, frame)
        late_s = self._lateness_s(chances)
        if late_s:
            changes.marks.append((0, "delayed"))
            self.done["frames_delayed"] += 1
        start_s = now_s + late_s
        if chances.among("interrupt_frame_rate") and len(frame) > 1:
            first = chances.stream("interrupt position").randrange(1, len(frame))
            head, tail = changes.divided(first)
            tail.marks.insert(0, (0, "interrupted"))
            self.done["frames_interrupted"] += 1
            end_s = self._hold_or_put(_Held(start_s, 0, node, frame[:first], head), now_s)
            self._hold_or_put(_Held(end_s + settings.gap_s, 0, node, frame[first:], tail, frame), now_s)
        else:
            self._hold_or_put(_Held(start_s, 0, node, frame, changes, frame), now_s)
        if chances.among("duplicate_frame_rate"):
            self.done["frames_duplicated"] += 1
            again = Changes(marks=[(0, "duplicated")])
            self._hold_or_put(_Held(start_s, 0, node, frame, again, frame), now_s)

    def _changes(self, chances: _Chances, frame: bytes) -> Changes:
        """What happens to the octets themselves."""
        changes = Changes()
        hit_octets: dict[int, int] = {}
        for hit in chances.among("bit_error_rate", len(frame) * BITS_PER_OCTET):
            self.done["bit_errors"] += 1
            index, bit = divmod(hit, BITS_PER_OCTET)
            is_data = 0 < bit < BITS_PER_OCTET - 1
            hit_octets[index] = hit_octets.get(index, frame[index]) ^ 1 << (bit - 1) if is_data else _FRAMING_ERROR
        for index, octet in hit_octets.items():
            if octet != frame[index]:
                changes.put(index, bytes((octet,)), "bits")
        for index in chances.among("drop_octet_rate", len(frame)):
            self.done["octets_dropped"] += 1
            changes.put(index, b"", "octet-dropped")
        for index in chances.among("duplicate_octet_rate", len(frame)):
            self.done["octets_duplicated"] += 1
            changes.put(index, changes.heard(frame, index) * 2, "octet-duplicated")
        if chances.among("truncate_frame_rate") and len(frame) > 1:
            self.done["frames_truncated"] += 1
            for index in range(chances.stream("truncate position").randrange(1, len(frame)), len(frame)):
                changes.put(index, b"", "truncated")
        if chances.among("drop_frame_rate"):
            self.done["frames_dropped"] += 1
            for index in range(len(frame)):
                changes.put(index, b"", "dropped")
        return changes

    def _lateness_s(self, chances: _Chances) -> float:
        settings = self.settings
        late_s = settings.delay_s if chances.among("delay_frame_rate") else 0.0
        if settings.jitter_s:
            late_s += settings.jitter_s * chances.stream("jitter").random()
        return late_s

    # --- what goes on the wire, now or later --------------------------------------------------------------------------

    def _hold_or_put(self, sending: _Held, now_s: float) -> float:
        """Put it on the wire now if it is to begin now and nothing of the node is held back; returns its end."""
        node = sending.node
        waits = any(held.node == node for held in self._held)
        if sending.at_s <= now_s and not waits:
            return self._put(sending)
        return self._hold(sending)

    def _hold(self, sending: _Held) -> float:
        """Keep it until its time, behind what the node has to send before; returns its end."""
        self._order += 1
        sending.order = self._order
        sending.at_s = max(sending.at_s, self._free_s[sending.node])
        self._free_s[sending.node] = sending.at_s + len(sending.octets) * self._wire.octet_s
        heapq.heappush(self._held, sending)
        return self._free_s[sending.node]

    def _put(self, sending: _Held) -> float:
        """Put it on the wire, and let happen what follows its end."""
        node = sending.node
        end_s = self._wire.transmit(node, sending.octets, sending.at_s, sending.changes)
        self._free_s[node] = max(self._free_s[node], end_s)
        if node == self._babble:
            self._babble_at(end_s + self.settings.babble_pause_s)
        elif node < self._ports and sending.frame is not None:
            self._noise_after(node, end_s)
            self._answer_poll(sending, end_s)
        return end_s

    def _later(self, at_s: float, node: int, octets: bytes, mark: str) -> None:
        self._hold(_Held(at_s, 0, node, octets, Changes(marks=[(0, mark)])))

    def _noise_after(self, node: int, end_s: float) -> None:
        chances = self._chances[node]
        if not chances.among("noise_rate"):
            return
        random = chances.stream("noise")
        octets = random.randbytes(random.randint(1, self.settings.noise_octets))
        self.done["noise_bursts"] += 1
        self.done["noise_octets"] += len(octets)
        self._later(end_s + random.random() * _TURNAROUND_OCTETS * self._wire.octet_s, self._noise, octets, "noise")

    def _babble_at(self, at_s: float) -> None:
        octets = self._chances[self._babble].stream("babble").randbytes(self.settings.babble_octets)
        self.done["babble_octets"] += len(octets)
        self._later(at_s, self._babble, octets, "babble")

    def _answer_poll(self, sending: _Held, end_s: float) -> None:
        """Answer a Poll For Master to a silent node, as long as it was heard unchanged."""
        frame = sending.frame or b""
        if len(frame) != HEADER_OCTETS or frame[2] != FrameType.POLL_FOR_MASTER or sending.changes.heard_by_index:
            return
        if frame[3] in self.settings.silent:
            self.done["silent_polls_answered"] += 1
            reply = Frame(FrameType.REPLY_TO_POLL_FOR_MASTER, frame[4], frame[3]).encode()
            self._later(end_s + _TURNAROUND_OCTETS * self._wire.octet_s, self._silent, reply, "silent")


def frames_in(octets: bytes) -> list[bytes]:
    """Divide octets into frames, going by their length fields; what is no whole frame is a part of its own."""
    parts, start = [], 0
    while start < len(octets):
        end = len(octets)
        if octets.startswith(PREAMBLE, start):
            if end - start >= HEADER_OCTETS:
                length = octets[start + 5] << 8 | octets[start + 6]
                end = min(end, start + HEADER_OCTETS + trailer_octets(length))
        else:
            found = octets.find(PREAMBLE, start)
            end = end if found < 0 else found
        parts.append(octets[start:end])
        start = end
    return parts
