"""Master nodes of one process on one line: to their runner they look like one node, to each other like a bus.

What one of them sends the others hear, whole, when its last octet has left; until then none of them sends, and no timer
of theirs runs out: they are listening. What comes from outside all of them hear. A node may be taken off line, as a
device without power is: it neither receives nor sends, and comes back as after power-up.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from drivers.mstp.codec.frames import BROADCAST, Frame
from drivers.mstp.events import FrameReceived
from drivers.mstp.node.master import MasterNode
from drivers.mstp.settings import NodeSettings
from drivers.mstp.statistics import Statistics


class NodeGroup:
    """One or more master nodes, run like a ``Node``; times are seconds on any one clock.

    ``received`` holds what came for any of them; a broadcast stands there once, however many nodes heard it.
    """

    def __init__(self, settings: Sequence[NodeSettings], now_s: float = 0.0) -> None:
        self.nodes = {each.mac: MasterNode(each, now_s) for each in settings}
        self.received: deque[FrameReceived] = deque()
        self._settings = {each.mac: each for each in settings}
        self._earlier = {each.mac: Statistics() for each in settings}
        self._unheard: Counter[int] = Counter()
        self._is_cut = False
        self._everybody = tuple(self.nodes.values())
        self._is_alone = len(self._everybody) == 1
        self._talker = self._everybody[0]
        self._octets = b""
        self._end_s: float | None = None

    def submit(self, frame: Frame, now_s: float, expires_s: float = math.inf) -> None:
        """Queue a frame at the node of its source address; raises KeyError where there is none.

        What could not be sent before ``expires_s`` is thrown away. A node that is off line drops it.
        """
        node = self.nodes[frame.source]
        if self._is_cut or node not in self._everybody:
            self._unheard[frame.source] += 1
            return
        node.submit(frame, now_s, expires_s)

    def withdraw(self, source: int, destination: int, invoke_id: int) -> None:
        """Take back a confirmed request of the node at ``source`` that has not been sent."""
        self.nodes[source].withdraw(destination, invoke_id)

    def receive(self, octets: bytes, now_s: float) -> None:
        """Take octets that others sent, read at ``now_s``."""
        if self._end_s is not None:  # another node talks, so ours has left, however early that is on an unpaced line
            self._land(now_s)
        for node in self._everybody:
            node.receive(octets, now_s)
        self._collect()

    def advance(self, now_s: float) -> None:
        """Let time pass: fire every timer that is due at ``now_s``."""
        if self._end_s is not None:
            if now_s < self._end_s:
                return
            self._land(now_s)
        for node in self._everybody:
            if node.deadline_s() <= now_s:
                node.advance(now_s)

    def deadline_s(self) -> float:
        """Return when ``advance`` and ``take_transmission`` must be called even if nothing else happens before.

        Never (``inf``) while all nodes are off line.
        """
        if self._end_s is not None:
            return self._end_s
        return min((node.deadline_s() for node in self._everybody), default=math.inf)

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
        """Change Max_Master of the node at ``mac``; it keeps the change when it goes off line and comes back."""
        self._settings[mac] = replace(self._settings[mac], max_master=max(max_master, mac))
        self.nodes[mac].set_max_master(max_master)

    def probe(self, mac: int, addresses: Iterable[int]) -> None:
        """Have the node at ``mac`` poll ``addresses`` once each, with tokens to come."""
        self.nodes[mac].probes.order(addresses)

    def probed(self, mac: int) -> tuple[dict[int, bool], int]:
        """Return which addresses have answered such a poll or not, and how many are still to be polled."""
        probes = self.nodes[mac].probes
        return dict(probes.answered), probes.left

    def set_online(self, mac: int, online: bool, now_s: float) -> None:
        """Take the node at ``mac`` off the line, or bring it back as after power-up (clause 9.5.6.1, INITIALIZE).

        What it had queued or was about to send is gone. A frame that has been handed to the line goes to its end.
        Changes nothing where the node already is as wanted. Raises KeyError where there is no such node.
        """
        if online == (self.nodes[mac] in self._everybody):
            return
        present = set(self._everybody)
        former = self.nodes[mac]
        if online:
            self._start_anew(mac, now_s)
            present.add(self.nodes[mac])
        else:
            present.remove(former)
        self._everybody = tuple(node for node in self.nodes.values() if node in present)

    def line_lost(self) -> None:
        """The line is gone: drop what was to be sent, and queue nothing until ``line_back``."""
        self._is_cut = True
        self._end_s = None

    def line_back(self, now_s: float) -> None:
        """There is a line again: each node that is on line starts as after power-up."""
        self._is_cut = False
        present = [mac for mac, node in self.nodes.items() if node in self._everybody]
        for mac in present:
            self._start_anew(mac, now_s)
        self._everybody = tuple(self.nodes[mac] for mac in present)

    @property
    def has_joined(self) -> bool:
        """Whether a node has had the token since it was started, from others or as the only master."""
        nodes = self._everybody
        return not nodes or any(node.sole_master or node.transitions["IDLE.ReceivedToken"] for node in nodes)

    def _start_anew(self, mac: int, now_s: float) -> None:
        former = self.nodes[mac]
        self._earlier[mac] = self._earlier[mac].plus(former.statistics())
        self.nodes[mac] = MasterNode(self._settings[mac], now_s)
        if self._talker is former:  # what it last said may still be on its way, and is not for itself
            self._talker = self.nodes[mac]

    def statistics(self, mac: int) -> Statistics:
        """Everything that the node at ``mac`` has counted so far, before it was last off line too."""
        counted = self._earlier[mac].plus(self.nodes[mac].statistics())
        return replace(counted, dropped_off_line=self._unheard[mac])

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
