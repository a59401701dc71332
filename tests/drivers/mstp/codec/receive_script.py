"""Any octets read as a script of what a node may meet on a bus, and what must hold while it is played.

A script is a row of operations, each an octet and its arguments: noise, good frames, good headers with any length,
extended frames, silence, line errors, something to send. It is played to a node whose receiver is mirrored by the
clause's machine, and to an observer's parser. Nothing may raise, what is held stays bounded, and afterwards the next
good frame is received. The fuzzer and the tests play the same scripts.
"""

from typing import Any

from drivers.mstp.codec import crc
from drivers.mstp.codec.frames import (
    HEADER_OCTETS,
    MAX_LENGTH_FIELD,
    Frame,
    FrameInvalid,
    FrameParser,
    FrameType,
    data_frame,
    frame_time_s,
)
from drivers.mstp.codec.receive import FRAME_ABORT_S
from drivers.mstp.node.master import MasterNode
from drivers.mstp.node.node import QUEUE_LIMIT
from drivers.mstp.settings import NodeSettings
from tests.drivers.mstp.codec.mirrored_receiver import MirroredReceiver
from tests.drivers.mstp.codec.whole_frame import decode

STATION, PEER, BAUD = 3, 5, 115200
MAX_FRAME_OCTETS = HEADER_OCTETS + MAX_LENGTH_FIELD + 2
TRANSITION_LIMIT = 60
"""More names than both machines have."""

_POLL = Frame(FrameType.POLL_FOR_MASTER, STATION, PEER)
_ANSWER = Frame(FrameType.REPLY_TO_POLL_FOR_MASTER, PEER, STATION)
_DATA = Frame(FrameType.DATA_NOT_EXPECTING_REPLY, STATION, PEER, b"\x01\x00\x10\x08")
_DESTINATIONS = (STATION, 255, PEER, 0)
_POLLS = 4


class _Reader:
    """Takes arguments off a script; at its end everything is zero."""

    def __init__(self, script):
        self._script = script
        self._position = 0

    @property
    def has_more(self):
        return self._position < len(self._script)

    def octet(self):
        octets = self.octets(1)
        return octets[0] if octets else 0

    def octets(self, count):
        taken = self._script[self._position : self._position + count]
        self._position += count
        return taken


class Player:
    """One node, one parser, and the time; ``play`` raises AssertionError where something does not hold."""

    def __init__(self):
        self.now_s = 0.0
        self.node: Any = MasterNode(NodeSettings(STATION, BAUD, max_master=7))
        self.node.receiver = MirroredReceiver(STATION)
        self.parser = FrameParser(FRAME_ABORT_S)
        self.sent = []

    def play(self, script):
        reader = _Reader(script)
        while reader.has_more:
            self._operation(reader.octet(), reader)
            self._check_bounds()
        self._check_resynchronised()

    def _operation(self, code, reader):
        kind, argument = code & 0x07, code >> 3
        if kind == 0:
            self._hear(reader.octets(argument))
        elif kind == 1:
            self._hear(_encoded(reader.octet(), _DESTINATIONS[argument & 3], reader.octets(argument)))
        elif kind == 2:
            body = bytes((reader.octet(), _DESTINATIONS[argument & 3], PEER)) + reader.octets(2).ljust(2, b"\0")
            self._hear(b"\x55\xff" + body + bytes((crc.header_crc(body),)))
        elif kind == 3:
            data = reader.octets(8).ljust(1, b"\0") * 80
            self._hear(
                data_frame(PEER, _DESTINATIONS[argument & 3], data[:640].ljust(502), bool(argument & 4)).encode()
            )
        elif kind == 4:
            self._wait(argument * 0.001)
        elif kind == 5:
            self._wait(argument * 0.020)
        elif kind == 6:
            self._line_error()
        else:
            destination = _DESTINATIONS[1 + argument % 3]
            self.node.submit(data_frame(STATION, destination, reader.octets(4) or b"\1", argument & 4 > 0), self.now_s)
            self._pump()

    def _hear(self, octets):
        self.node.receive(octets, self.now_s)
        self.parser.feed(octets, self.now_s)
        self._pump()

    def _line_error(self):
        indication = self.node.receiver.line_error(self.now_s)
        if indication is not None:
            self.node._indicate(indication, self.now_s)
        self._pump()

    def _wait(self, duration_s):
        until_s = self.now_s + duration_s
        while (due_s := self.node.deadline_s()) <= until_s:
            self.now_s = max(self.now_s, due_s)
            self.node.advance(self.now_s)
            self._pump()
        self.now_s = until_s

    def _pump(self):
        while (octets := self.node.take_transmission(self.now_s)) is not None:
            self.sent.append(decode(octets))
            self.node.transmitted(self.now_s + frame_time_s(len(octets), BAUD), self.now_s)

    def _check_bounds(self):
        receiver = self.node.receiver
        assert len(receiver._header) < HEADER_OCTETS
        assert len(receiver._data) <= MAX_LENGTH_FIELD + 2
        assert len(self.parser._held) <= MAX_FRAME_OCTETS
        assert len(self.parser._times) <= MAX_FRAME_OCTETS
        assert self.node.queued <= QUEUE_LIMIT
        assert len(self.node.transitions) + len(receiver.transitions) < TRANSITION_LIMIT
        self.node.received.clear()
        self.sent.clear()

    def _check_resynchronised(self):
        """After Tframe_abort of silence a poll is answered, once the node gave up its own, and good data goes up."""
        self._wait(FRAME_ABORT_S + 0.001)
        assert [seen.frame for seen in self.parser.feed(_DATA.encode(), self.now_s)] == [_DATA]
        for _ in range(_POLLS):
            self._hear(_POLL.encode())
            self._wait(0.001)
            if self.sent and self.sent[-1] == _ANSWER:
                break
        else:
            raise AssertionError(f"no answer to {_POLLS} polls in {self.node.state}")
        self.node.received.clear()
        self._hear(_DATA.encode())
        assert [event.npdu for event in self.node.received] == [_DATA.data]


def _encoded(frame_type, destination, data):
    """The octets of a frame, or of a bare header where the type is an encoded one."""
    try:
        return Frame(frame_type, destination, PEER, data).encode()
    except FrameInvalid:
        return Frame(FrameType.TOKEN, destination, PEER).encode()
