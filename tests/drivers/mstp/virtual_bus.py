"""A bus in virtual time for tests: masters, slaves, octets in slices, collisions, noise; deterministic for a seed."""

import heapq
import random
from collections import Counter
from itertools import count
from typing import Any

from drivers.mstp.codec.frames import BITS_PER_OCTET, Frame, FrameParser, FrameType, SeenFrame
from drivers.mstp.node.master import MasterNode
from drivers.mstp.node.node import Node
from drivers.mstp.settings import NodeSettings

SLICE_OCTETS = 4


class SlaveNode(Node):
    """The slave node of clause 9.5.7: answers requests and Test_Request at once, heeds neither token nor poll."""

    def __init__(self, settings, answer, now_s):
        super().__init__(settings, now_s)
        self.next_station = None
        self._answer = answer

    def _handle(self, indication, now_s):
        if not isinstance(indication, Frame) or indication.destination != self._station:
            return
        self._count(f"SLAVE.TYPE_{indication.frame_type}")
        if indication.frame_type == FrameType.TEST_REQUEST:
            self._send(FrameType.TEST_RESPONSE, indication.source, indication.data)
        elif indication.frame_type == FrameType.DATA_EXPECTING_REPLY:
            self._send(FrameType.DATA_NOT_EXPECTING_REPLY, indication.source, self._answer(indication.data))

    def _step(self, now_s):
        return False

    def _bus_taken(self):
        self._count("SLAVE.BusTaken")

    def _not_sent(self):
        self._count("SLAVE.NotSent")

    def _state_deadline_s(self):
        return float("inf")


class VirtualBus:
    """Nodes by MAC on one line. ``damage`` may be set to a function that changes octets on their way (noise).

    ``watch`` may be set to a function that is called after each thing that happens.
    """

    def __init__(self, baud=76800, seed=0, late_s=0.0002):
        self.now_s = 0.0
        self.nodes: dict[int, Any] = {}
        self.seen: list[SeenFrame] = []
        self.collisions = 0
        self.damage = None
        self.watch = None
        self.random = random.Random(seed)
        self._baud = baud
        self._late_s = late_s
        self._events = []
        self._order = count()
        self._sending: list[tuple[float, float, int]] = []  # begin, end, MAC
        self._parser = FrameParser()

    def join(self, mac, **settings):
        node = MasterNode(NodeSettings(mac, self._baud, **settings), self.now_s)
        self.nodes[mac] = node
        return node

    def join_slave(self, mac, answer):
        """Add a slave-only node: it says ``answer(npdu)`` to a request for it, and nothing else."""
        self.nodes[mac] = SlaveNode(NodeSettings(mac, self._baud), answer, self.now_s)
        return self.nodes[mac]

    def leave(self, mac):
        del self.nodes[mac]

    def send(self, source, destination, npdu, expecting_reply=False):
        kind = FrameType.DATA_EXPECTING_REPLY if expecting_reply else FrameType.DATA_NOT_EXPECTING_REPLY
        self.nodes[source].submit(Frame(kind, destination, source, npdu), self.now_s)
        self._pump(source)

    def say(self, octets, sender=-1):
        """Put octets on the line from outside the nodes, now."""
        self._transmit(octets, sender)

    def run(self, duration_s):
        until_s = self.now_s + duration_s
        while True:
            event_s = self._events[0][0] if self._events else until_s
            wake_s, mac = min(
                ((node.deadline_s() + self.random.uniform(0, self._late_s), mac) for mac, node in self.nodes.items()),
                default=(until_s, -1),
            )
            if min(event_s, wake_s) >= until_s:
                self.now_s = until_s
                return
            if event_s <= wake_s:
                _, _, octets, sender, heard_s = heapq.heappop(self._events)
                self.now_s = max(self.now_s, event_s)
                self._deliver(octets, sender, heard_s)
            else:
                self.now_s = max(self.now_s, wake_s)
                self.nodes[mac].advance(self.now_s)
                self._pump(mac)
            if self.watch is not None:
                self.watch()

    def frames(self, frame_type):
        return [
            (seen.frame.source, seen.frame.destination) for seen in self.seen if seen.frame.frame_type == frame_type
        ]

    def ring(self):
        """The order in which the token goes round, from what each node holds to be its successor."""
        start = min(self.nodes)
        order, at = [start], self.nodes[start].next_station
        while at != start and at in self.nodes and at not in order:
            order.append(at)
            at = self.nodes[at].next_station
        return order

    def is_healthy(self, window_s):
        """Whether, for the next ``window_s``, every node gets the token in one ring, equally often and undisturbed."""
        if self.ring() != sorted(self.nodes):
            return False
        before = {mac: node.statistics() for mac, node in self.nodes.items()}
        collisions = self.collisions
        self.run(window_s)
        counted = {mac: node.statistics().since(before[mac]) for mac, node in self.nodes.items()}
        tokens = [record.tokens_received for record in counted.values()]
        lost = sum(r.tokens_lost + r.token_retries + r.tokens_dropped + r.header_crc_errors for r in counted.values())
        fair = max(tokens) - min(tokens) <= 1 and (min(tokens) > 0 or len(tokens) == 1)
        return fair and lost == 0 and self.collisions == collisions and self.ring() == sorted(self.nodes)

    def recovers(self, within_s):
        """Whether the ring becomes healthy for a whole second within ``within_s``."""
        until_s = self.now_s + within_s
        while self.now_s < until_s:
            if self.is_healthy(1.0):
                return True
            self.run(0.1)
        return False

    def transitions(self):
        return sum((node.transitions for node in self.nodes.values()), Counter())

    def _pump(self, mac):
        node = self.nodes[mac]
        while (octets := node.take_transmission(self.now_s)) is not None:
            node.transmitted(self._transmit(octets, mac), self.now_s)

    def _transmit(self, octets, sender):
        octet_s = BITS_PER_OCTET / self._baud
        end_s = self.now_s + octet_s * len(octets)
        if any(end > self.now_s for _, end, _ in self._sending):
            self.collisions += 1
        self._sending = [entry for entry in self._sending if entry[1] > self.now_s - 1.0]
        self._sending.append((self.now_s, end_s, sender))
        for first in range(0, len(octets), SLICE_OCTETS):
            part = octets[first : first + SLICE_OCTETS]
            begin_s = self.now_s + octet_s * first
            entry = (begin_s + octet_s * len(part), next(self._order), part, sender, begin_s)
            heapq.heappush(self._events, entry)
        return end_s

    def _deliver(self, octets, sender, begin_s):
        talking = {mac for begin, end, mac in self._sending if begin < self.now_s - 1e-9 and end > begin_s + 1e-9}
        if talking - {sender}:
            octets = self.random.randbytes(len(octets))
        if self.damage is not None:
            octets = self.damage(octets)
        self.seen += self._parser.feed(octets, begin_s, (self.now_s - begin_s) / max(1, len(octets)))
        if not octets:
            return
        for mac, node in self.nodes.items():
            if mac not in talking:
                node.receive(octets, self.now_s)
                self._pump(mac)
