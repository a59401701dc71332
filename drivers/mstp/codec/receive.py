"""The receive-frame state machine of a node (ASHRAE 135 clause 9.5.4), with the clause's names and no clock inside.

The clause takes one octet at a time from the UART; a host gets them in the lumps that ``read`` returns. All octets of
one lump carry the time at which it was read. The states HEADER_CRC and DATA_CRC are passed in no time and are
therefore not seen from outside.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum

from drivers.mstp.codec import crc
from drivers.mstp.codec.frames import (
    BROADCAST,
    EXTENDED_DATA_TYPES,
    FIRST_ENCODED_TYPE,
    FIRST_PROPRIETARY_TYPE,
    HEADER_OCTETS,
    MAX_LENGTH_FIELD,
    PREAMBLE,
    Frame,
    max_length_field,
    read_body,
    trailer_octets,
)

FRAME_ABORT_S = 0.100
"""Tframe_abort: silence in the middle of a frame after which it is given up. The clause allows 60 bit times to 100 ms;
gaps between a host's reads say little about gaps on the wire, so the longest is right here."""

_PREAMBLE1, _PREAMBLE2 = PREAMBLE
_HEADER_REST = HEADER_OCTETS - len(PREAMBLE)


class ReceiveState(Enum):
    """The states in which octets are awaited."""

    IDLE = "IDLE"
    PREAMBLE = "PREAMBLE"
    HEADER = "HEADER"
    DATA = "DATA"
    SKIP_DATA = "SKIP_DATA"


@dataclass(frozen=True, slots=True)
class InvalidFrame:
    """ReceivedInvalidFrame: octets began like a frame and were not one; ``transition`` names the error."""

    transition: str


@dataclass(frozen=True, slots=True)
class SkippedFrame:
    """A whole frame with a good header that is not this node's: for another station, or of a type it cannot decode."""

    frame_type: int
    destination: int
    source: int


Indication = Frame | InvalidFrame | SkippedFrame


class FrameReceiver:
    """Receives frames for one station. SilenceTimer is kept as the time it was last reset, ``silence_since_s``.

    ``event_count`` is EventCount; the master node resets both. ``transitions`` counts each named transition
    that ends or damages a frame, as ``STATE.Transition``. With ``receive_extended`` False extended data frames are
    skipped, as a device before Protocol_Revision 16 does; all other encoded types always are.
    """

    def __init__(self, station: int, now_s: float = 0.0, receive_extended: bool = True) -> None:
        self.state = ReceiveState.IDLE
        self.silence_since_s = now_s
        self.event_count = 0
        self.transitions: Counter[str] = Counter()
        self._station = station
        self._decoded_types = EXTENDED_DATA_TYPES if receive_extended else frozenset()
        self._header = bytearray()
        self._data = bytearray()
        self._remaining = 0
        self._skip_silently = False

    @property
    def abort_deadline_s(self) -> float | None:
        """When the frame under way is given up unless an octet comes, or None if none is under way."""
        return None if self.state is ReceiveState.IDLE else self.silence_since_s + FRAME_ABORT_S

    def check_silence(self, now_s: float) -> InvalidFrame | None:
        """Fire the Timeout transitions if the line has been silent for longer than Tframe_abort."""
        state = self.state
        if state is ReceiveState.IDLE or now_s < self.silence_since_s + FRAME_ABORT_S:
            return None
        return self._give_up(f"{state.value}.Timeout")

    def line_error(self, now_s: float) -> InvalidFrame | None:
        """Take a ReceiveError of the UART (framing, overrun): EatAnError in IDLE, Error in all other states."""
        self.silence_since_s = now_s
        self.event_count += 1
        if self.state is ReceiveState.IDLE:
            self.transitions["IDLE.EatAnError"] += 1
            return None
        return self._give_up(f"{self.state.value}.Error")

    def abandon(self) -> None:
        """Drop the frame under way because this station begins to send: the rest of it cannot arrive."""
        if self.state is not ReceiveState.IDLE:
            self.transitions[f"{self.state.value}.Abandoned"] += 1
            self.state = ReceiveState.IDLE

    def _give_up(self, transition: str) -> InvalidFrame | None:
        """Go back to IDLE; only a frame for this station that had reached its header is reported as invalid."""
        reported = self.state in (ReceiveState.HEADER, ReceiveState.DATA)
        self.state = ReceiveState.IDLE
        self.transitions[transition] += 1
        return InvalidFrame(transition) if reported else None

    def receive(self, octets: bytes, position: int, now_s: float) -> tuple[int, Indication | None]:
        """Take octets from ``position`` up to and including the one that gives an indication.

        Returns the position of the next octet to take and the indication, or None when all octets are taken without
        one. Call again with the returned position until it is ``len(octets)``.
        """
        late = self.check_silence(now_s)
        self.silence_since_s = now_s
        if late is not None:
            return position, late
        size = len(octets)
        while position < size:
            state = self.state
            if state is ReceiveState.IDLE:
                position = self._seek(octets, position)
            elif state is ReceiveState.PREAMBLE:
                self._preamble(octets[position])
                position += 1
                self.event_count += 1
            else:
                part = octets[position : position + self._remaining]
                position += len(part)
                self.event_count += len(part)
                indication = self._collect(part, state)
                if indication is not None:
                    return position, indication
        return position, None

    def _seek(self, octets: bytes, position: int) -> int:
        """IDLE: Preamble1 takes the octet 55; EatAnOctet any other."""
        found = octets.find(_PREAMBLE1, position)
        end = len(octets) if found < 0 else found + 1
        self.event_count += end - position
        if found >= 0:
            self.state = ReceiveState.PREAMBLE
        return end

    def _preamble(self, octet: int) -> None:
        if octet == _PREAMBLE2:
            self.state = ReceiveState.HEADER
            self._header.clear()
            self._remaining = _HEADER_REST
        elif octet != _PREAMBLE1:  # RepeatedPreamble1 stays
            self.state = ReceiveState.IDLE
            self.transitions["PREAMBLE.NotPreamble"] += 1

    def _collect(self, part: bytes, state: ReceiveState) -> Indication | None:
        """HEADER, DATA, SKIP_DATA: gather octets until the field is whole, then decide."""
        self._remaining -= len(part)
        if state is ReceiveState.HEADER:
            self._header += part
            return None if self._remaining else self._header_crc()
        if state is ReceiveState.DATA:
            self._data += part
            return None if self._remaining else self._data_crc()
        return None if self._remaining else self._skipped()

    def _header_crc(self) -> Indication | None:
        """HEADER_CRC: what to do with the rest of the frame."""
        header = self._header
        self.state = ReceiveState.IDLE
        if crc.header_register(header) != crc.HEADER_CRC_RESIDUE:
            return self._invalid("HEADER_CRC.BadCRC")
        frame_type, destination, source = header[:3]
        length = header[3] << 8 | header[4]
        ours = destination == self._station or destination == BROADCAST
        if ours and FIRST_ENCODED_TYPE <= frame_type < FIRST_PROPRIETARY_TYPE:
            ours = frame_type in self._decoded_types
        self._skip_silently = False
        if length > MAX_LENGTH_FIELD:  # no such frame exists: skipping it would deafen the node for seconds
            return self._invalid("HEADER_CRC.FrameTooLong")
        if not ours:
            if not length:
                self.transitions["HEADER_CRC.NotForUs"] += 1
                return SkippedFrame(frame_type, destination, source)
            self.transitions["HEADER_CRC.DataNotForUs"] += 1
            self._skip(length)
            return None
        if not length:
            self.transitions["HEADER_CRC.NoData"] += 1
            return Frame(frame_type, destination, source)
        if length > max_length_field(frame_type):
            self._skip_silently = True
            self._skip(length)
            return self._invalid("HEADER_CRC.FrameTooLong")
        self.state = ReceiveState.DATA
        self._data.clear()
        self._remaining = trailer_octets(length)
        return None

    def _invalid(self, transition: str) -> InvalidFrame:
        self.transitions[transition] += 1
        return InvalidFrame(transition)

    def _skip(self, length: int) -> None:
        self.state = ReceiveState.SKIP_DATA
        self._remaining = trailer_octets(length)

    def _skipped(self) -> SkippedFrame | None:
        self.state = ReceiveState.IDLE
        return None if self._skip_silently else SkippedFrame(*self._header[:3])

    def _data_crc(self) -> Indication:
        """DATA_CRC: GoodCRC or BadCRC."""
        frame_type, destination, source = self._header[:3]
        data = read_body(frame_type, bytes(self._data))
        self.state = ReceiveState.IDLE
        if data is None:
            return self._invalid("DATA_CRC.BadCRC")
        self.transitions["DATA_CRC.GoodCRC"] += 1
        return Frame(frame_type, destination, source, data)
