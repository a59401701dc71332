"""Frames that passed the wire: stamped, numbered, counted, and kept in a bounded ring."""

from __future__ import annotations

import json
from collections import Counter, deque
from itertools import islice

from drivers.mstp.codec.frames import FrameParser, SeenFrame
from rig.emulation.bus.wire import CONTENT_FAULTS, Piece

RING_FRAMES = 200_000
FRAMES_AN_ANSWER = 500


class FrameLog:
    """Parses each node's own octets into frames; knows first and last octet's time, and which frames collided.

    A frame is kept as its line of JSON, made once when the frame ends, so that answering a question costs the hub
    no more than joining strings.
    """

    def __init__(self, nodes: int, octet_s: float) -> None:
        self.octet_s = octet_s
        self._parsers = [FrameParser() for _ in range(nodes)]
        self._garbled_until_s = [0.0] * nodes
        self._held = [(bytearray(), 0.0) for _ in range(nodes)]
        self._marks: list[list[tuple[str, float]]] = [[] for _ in range(nodes)]
        self._ring: deque[str] = deque(maxlen=RING_FRAMES)
        self._by_type: Counter[int] = Counter()
        self._by_node: Counter[int] = Counter()
        self._octets: Counter[int] = Counter()
        self.next_number = 0
        self.invalid = 0
        self.garbled = 0
        self.altered = 0

    def note(self, piece: Piece, delivered_s: float) -> None:
        """Take in octets that a node has sent; ``delivered_s`` is when the others were handed them.

        They are parsed when the node has nothing more to send: that is when the hub has time for it.
        """
        if piece.garbled:
            self._garbled_until_s[piece.node] = piece.end_s
        if piece.marks:
            self._marks[piece.node] += piece.marks
        octets, start_s = self._held[piece.node]
        if not octets:
            start_s = piece.start_s
            self._held[piece.node] = (octets, start_s)
        octets += piece.sent
        if not piece.ends:
            return
        self._octets[piece.node] += len(octets)
        for seen in self._parsers[piece.node].feed(bytes(octets), start_s, self.octet_s):
            self._keep(piece.node, seen, delivered_s)
        octets.clear()

    def answer(self, since: int) -> str:
        """Make the JSON answer to ``frames_since``: at most 500 frames, with the number to go on from."""
        oldest = self.next_number - len(self._ring)
        start = min(max(since, oldest), self.next_number)
        frames = list(islice(self._ring, start - oldest, start - oldest + FRAMES_AN_ANSWER))
        following = start + len(frames)
        more = "true" if following < self.next_number else "false"
        lost = max(0, oldest - max(since, 0))
        return f'{{"frames": [{", ".join(frames)}], "next": {following}, "more": {more}, "overwritten": {lost}}}'

    def counters(self) -> dict[str, object]:
        """Frames by MS/TP type and by node, octets by node, and what was invalid, garbled or no frame at all."""
        return {
            "next": self.next_number,
            "frames_by_type": {str(kind): count for kind, count in sorted(self._by_type.items())},
            "frames_by_node": {str(node): count for node, count in sorted(self._by_node.items())},
            "octets_by_node": {str(node): count for node, count in sorted(self._octets.items())},
            "invalid_frames": self.invalid,
            "garbled_frames": self.garbled,
            "altered_frames": self.altered,
            "stray_octets": sum(parser.stray_octets for parser in self._parsers),
        }

    def _keep(self, node: int, seen: SeenFrame, delivered_s: float) -> None:
        frame, garbled = seen.frame, self._garbled_until_s[node] > seen.start_s
        self._by_type[frame.frame_type] += 1
        self._by_node[node] += 1
        self.invalid += not seen.valid
        self.garbled += garbled
        altered, altered_from = self._altered(node, seen)
        self.altered += bool(altered)
        self._ring.append(
            f'{{"number": {self.next_number}, "node": {node}, "kind": {frame.frame_type}, "source": {frame.source}, '
            f'"destination": {frame.destination}, "octets": {len(seen.octets)}, "first_s": {seen.start_s:.6f}, '
            f'"last_s": {seen.end_s:.6f}, "delivered_s": {delivered_s:.6f}, "valid": {str(seen.valid).lower()}, '
            f'"garbled": {str(garbled).lower()}, "altered": {json.dumps(altered)}, '
            f'"altered_from": {altered_from}}}'
        )
        self.next_number += 1

    def _altered(self, node: int, seen: SeenFrame) -> tuple[list[str], int]:
        """Tell what was done to a frame, and from which octet on it was heard otherwise than sent (-1: from none)."""
        if not self._marks[node]:
            return [], -1
        start_s, end_s = seen.start_s - self.octet_s / 2.0, seen.end_s - self.octet_s / 2.0
        marks = [(name, at_s) for name, at_s in self._marks[node] if start_s <= at_s < end_s]
        self._marks[node] = [(name, at_s) for name, at_s in self._marks[node] if at_s >= end_s]
        indexes = [round((at_s - seen.start_s) / self.octet_s) for name, at_s in marks if name in CONTENT_FAULTS]
        return list(dict.fromkeys(name for name, _ in marks)), min(indexes, default=-1)
