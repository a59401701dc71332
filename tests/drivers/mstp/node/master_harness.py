"""One master node in virtual time, and the frames and times its tests speak of."""

import math

from drivers.mstp.codec.frames import Frame, FrameType, frame_time_s
from drivers.mstp.node.master import (
    NO_TOKEN_S,
    SLOT_S,
    MasterNode,
    MasterState,
)
from drivers.mstp.settings import NodeSettings
from tests.drivers.mstp.codec.whole_frame import decode

TS = 3
PEER = 5
BAUD = 76800
USAGE_S = 0.030
REPLY_S = 0.295
REQUEST = bytes.fromhex("01040203070C0C000000011955")  # ReadProperty, invoke id 7
ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F")
OTHER_ANSWER = bytes.fromhex("010030080C0C0000000119553E44000000003F")
WHO_IS = bytes.fromhex("01001008")

TOKEN, PFM, REPLY_TO_PFM = FrameType.TOKEN, FrameType.POLL_FOR_MASTER, FrameType.REPLY_TO_POLL_FOR_MASTER
DER, DNER = FrameType.DATA_EXPECTING_REPLY, FrameType.DATA_NOT_EXPECTING_REPLY
POSTPONED = FrameType.REPLY_POSTPONED


class Harness:
    """One node, a clock, and what it sent (frame, begin)."""

    def __init__(self, **settings):
        self.node = MasterNode(NodeSettings(**{"mac": TS, "baud": BAUD, "max_master": 7, **settings}))
        self.now_s = 0.0
        self.sent: list[Frame] = []
        self.sent_at: list[float] = []
        self.names: list[str] = []
        self.node.trace = self.names.append

    def wait(self, duration_s):
        until_s = self.now_s + duration_s
        while (due_s := self.node.deadline_s()) <= until_s:
            self.now_s = max(self.now_s, due_s)
            self.node.advance(self.now_s)
            self.pump()
        self.now_s = until_s

    def pump(self):
        while (octets := self.node.take_transmission(self.now_s)) is not None:
            self.sent.append(decode(octets))
            self.sent_at.append(self.now_s)
            self.node.transmitted(self.now_s + frame_time_s(len(octets), BAUD), self.now_s)

    def octets(self, octets):
        self.node.receive(octets, self.now_s)
        self.pump()

    def hear(self, frame_type, source=PEER, destination=TS, data=b""):
        """A frame that is complete now, and the turnaround after it."""
        self.octets(Frame(frame_type, destination, source, data).encode())
        self.wait(0.001)

    def submit(self, frame_type, destination, data=WHO_IS, life_s=math.inf):
        self.node.submit(Frame(frame_type, destination, TS, data), self.now_s, self.now_s + life_s)
        self.pump()

    def take(self):
        """What was sent since the last call, as type and destination."""
        taken = [(frame.frame_type, frame.destination) for frame in self.sent]
        self.sent.clear()
        self.sent_at.clear()
        return taken

    def in_ring(self, successor=PEER):
        """Bring the node into a ring: it has passed the token to ``successor``, which uses it."""
        self.hear(TOKEN)
        while self.sent[-1].destination != successor:
            self.wait(USAGE_S + 0.003)
        self.hear(REPLY_TO_PFM, source=successor)
        self.hear(PFM, source=successor, destination=successor + 1)
        assert self.node.next_station == successor
        assert self.node.state is MasterState.IDLE
        self.take()
        self.names.clear()
        return self

    def as_sole_master(self):
        self.wait(NO_TOKEN_S + SLOT_S * TS + 8 * (USAGE_S + 0.003))
        assert self.node.sole_master
        self.take()
        self.names.clear()
        return self
