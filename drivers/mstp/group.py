"""Master nodes of one process on one line: to whoever runs them they look like one node, to each other like a bus.

What one of them sends the others hear, whole, when its last octet has left; until then none of them sends, and no timer
of theirs runs out: they are listening. What comes from outside all of them hear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from drivers.mstp.events import FrameReceived
from drivers.mstp.frames import BROADCAST, Frame
from drivers.mstp.master import MasterNode
from drivers.mstp.settings import NodeSettings
from drivers.mstp.statistics import Statistics


class NodeGroup:
    """One or more master nodes, run like a ``Node``; times are seconds on any one clock.

    ``received`` holds what came for any of them; a broadcast stands there once, however many nodes heard it.
    """

    def __init__(self, settings: Sequence[NodeSettings], now_s: float = 0.0) -> None:
        self.nodes = {each.mac: MasterNode(each, now_s) for each in settings}
        self.received: deque[FrameReceived] = deque()
        self._everybody = tuple(self.nodes.values())
        self._is_alone = len(self._everybody) == 1
        self._talker = self._everybody[0]
        self._octets = b""
        self._end_s: float | None = None

    def submit(self, frame: Frame, now_s: float) -> None:
        """Queue a frame at the node of its source address; raises KeyError where there is none."""
        self.nodes[frame.source].submit(frame, now_s)

    def receive(self, octets: bytes, now_s: float) -> None:
        """Take octets that others sent, read at ``now_s``."""
        if self._end_s is not None:  # somebody else talks, so ours has left, however early that is on an unpaced line
            self._land(now_s)
        for node in self._everybody:
            node.receive(octets, now_s)
        self._collect()

    def advance(self, now_s: float) -> None:
        """Let time pass: fire whatever is due at ``now_s``."""
        if self._end_s is not None:
            if now_s < self._end_s:
                return
            self._land(now_s)
        for node in self._everybody:
            if node.deadline_s() <= now_s:
                node.advance(now_s)

    def deadline_s(self) -> float:
        """Return when ``advance`` and ``take_transmission`` must be called even if nothing else happens before."""
        if self._end_s is not None:
            return self._end_s
        return min(node.deadline_s() for node in self._everybody)

    def take_transmission(self, now_s: float) -> bytes | None:
        """Return the octets to be written now, or None: nothing to send, or it is not the time yet."""
        if self._end_s is not None:
            return None
        for node in self._everybody:
            octets = node.take_transmission(now_s)
            if octets is not None:
                self._talker, self._octets = node, octets
                return octets
        return None

    def transmitted(self, end_s: float, now_s: float) -> None:
        """Learn that the last octet of the transmission just taken leaves the line at ``end_s``."""
        if not self._is_alone:
            self._end_s = end_s
        self._talker.transmitted(end_s, now_s)

    def set_max_master(self, mac: int, max_master: int) -> None:
        """Change Max_Master of the node at ``mac``."""
        self.nodes[mac].set_max_master(max_master)

    def statistics(self, mac: int) -> Statistics:
        """Everything that the node at ``mac`` has counted so far."""
        return self.nodes[mac].statistics()

    def _land(self, now_s: float) -> None:
        """Let the others hear what one of them has sent."""
        assert self._end_s is not None
        heard_s = min(self._end_s, now_s)
        self._end_s = None
        for node in self._everybody:
            if node is not self._talker:
                node.receive(self._octets, heard_s)
        self._collect()

    def _collect(self) -> None:
        broadcasts: list[FrameReceived] = []
        for node in self._everybody:
            if node.received:
                heard = [frame for frame in node.received if frame.destination == BROADCAST]
                self.received.extend(frame for frame in node.received if frame.destination != BROADCAST)
                node.received.clear()
                if len(heard) > len(broadcasts):
                    broadcasts = heard
        self.received.extend(broadcasts)
