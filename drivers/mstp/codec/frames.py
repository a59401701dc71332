"""MS/TP frames as values: their types, their octets, and a parser for programs that only watch a bus.

Source: ASHRAE 135 clause 9.3. A frame on the wire is ``55 FF | type | DA | SA | length hi lo | header CRC`` and, when
the length is not zero, ``data | CRC lo hi``. Frames of types 32 to 127 carry their data COBS-encoded (clause 9.10): see
``drivers.mstp.codec.cobs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from drivers.mstp.codec import cobs, crc

PREAMBLE = b"\x55\xff"
BROADCAST = 255
"""The destination that every node hears."""

MAX_MASTER_ADDRESS = 127
MAX_DATA_OCTETS = 501
"""Most data octets of a frame that is not an extended one (clause 9.3)."""

MAX_EXTENDED_DATA_OCTETS = 1497
"""Most data octets of an extended BACnet data frame; its fewest are one more than MAX_DATA_OCTETS."""

MAX_LENGTH_FIELD = 2043
"""Largest length field of any frame, encoded ones included; a larger one can only be a damaged header."""

HEADER_OCTETS = 8
FIRST_ENCODED_TYPE = 32
"""Types from here to 127 carry COBS-encoded data with a CRC-32K; a node before Protocol_Revision 16 skips them."""

MAX_EXTENDED_LENGTH_FIELD = 1506
"""Largest length field of an extended BACnet data frame."""

FIRST_PROPRIETARY_TYPE = 128
BITS_PER_OCTET = 10
"""Start bit, eight data bits, stop bit."""


class FrameType(IntEnum):
    """The frame types that clause 9.3 gives a meaning; any other octet is a legal but unknown type."""

    TOKEN = 0
    POLL_FOR_MASTER = 1
    REPLY_TO_POLL_FOR_MASTER = 2
    TEST_REQUEST = 3
    TEST_RESPONSE = 4
    DATA_EXPECTING_REPLY = 5
    DATA_NOT_EXPECTING_REPLY = 6
    REPLY_POSTPONED = 7
    EXTENDED_DATA_EXPECTING_REPLY = 32
    EXTENDED_DATA_NOT_EXPECTING_REPLY = 33


EXTENDED_DATA_TYPES = frozenset((FrameType.EXTENDED_DATA_EXPECTING_REPLY, FrameType.EXTENDED_DATA_NOT_EXPECTING_REPLY))
DATA_EXPECTING_REPLY_TYPES = frozenset((FrameType.DATA_EXPECTING_REPLY, FrameType.EXTENDED_DATA_EXPECTING_REPLY))
DATA_NOT_EXPECTING_REPLY_TYPES = frozenset(
    (FrameType.DATA_NOT_EXPECTING_REPLY, FrameType.EXTENDED_DATA_NOT_EXPECTING_REPLY)
)


class FrameInvalid(ValueError):
    """Octets are not one whole, undamaged frame; ``octets`` is what they were."""

    def __init__(self, octets: bytes, reason: str) -> None:
        super().__init__(f"{octets[:16].hex(' ')}{' ...' if len(octets) > 16 else ''} is not an MS/TP frame: {reason}")
        self.octets = octets
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. ``frame_type`` is any octet (see FrameType); ``destination`` may be BROADCAST.

    ``data`` is 0..501 octets; of an extended data frame (types 32 and 33) 502..1497, decoded.
    """

    frame_type: int
    destination: int
    source: int
    data: bytes = b""

    def encode(self) -> bytes:
        """Return the octets, preamble and CRCs included; raises FrameInvalid if it is no frame that we send."""
        size = len(self.data)
        if size > MAX_DATA_OCTETS or FIRST_ENCODED_TYPE <= self.frame_type < FIRST_PROPRIETARY_TYPE:
            return self._encode_extended(size)
        header = self._header(size)
        return header + self.data + crc.data_crc(self.data) if size else header

    def _header(self, length: int) -> bytes:
        body = bytes((self.frame_type, self.destination, self.source, length >> 8, length & 0xFF))
        return PREAMBLE + body + bytes((crc.header_crc(body),))

    def _encode_extended(self, size: int) -> bytes:
        is_long = MAX_DATA_OCTETS < size <= MAX_EXTENDED_DATA_OCTETS
        if not is_long or self.frame_type not in EXTENDED_DATA_TYPES:
            raise FrameInvalid(self.data, f"type {self.frame_type} with {size} octets is not sent by this node")
        field = cobs.encode_field(self.data)
        return self._header(len(field) - 2) + field


def data_frame(source: int, destination: int, npdu: bytes, expecting_reply: bool) -> Frame:
    """Return the frame that carries ``npdu``: an extended one if it is longer than 501 octets (1497 at most)."""
    if len(npdu) <= MAX_DATA_OCTETS:
        kind = FrameType.DATA_EXPECTING_REPLY if expecting_reply else FrameType.DATA_NOT_EXPECTING_REPLY
    elif expecting_reply:
        kind = FrameType.EXTENDED_DATA_EXPECTING_REPLY
    else:
        kind = FrameType.EXTENDED_DATA_NOT_EXPECTING_REPLY
    return Frame(kind, destination, source, npdu)


def max_length_field(frame_type: int) -> int:
    """Return the largest length field that a frame of ``frame_type`` may have."""
    if frame_type in EXTENDED_DATA_TYPES:
        return MAX_EXTENDED_LENGTH_FIELD
    return MAX_LENGTH_FIELD if FIRST_ENCODED_TYPE <= frame_type < FIRST_PROPRIETARY_TYPE else MAX_DATA_OCTETS


def read_body(frame_type: int, body: bytes) -> bytes | None:
    """Return the data of what followed a header, CRC included, or None where the CRC does not fit.

    ``body`` is empty for a frame without data. Encoded data (types 32..127) comes back decoded.
    """
    if not FIRST_ENCODED_TYPE <= frame_type < FIRST_PROPRIETARY_TYPE:
        return body[:-2] if not body or crc.data_register(body) == crc.DATA_CRC_RESIDUE else None
    if not body:
        return body
    try:
        return cobs.decode_field(body)
    except cobs.FieldInvalid:
        return None


def trailer_octets(length: int) -> int:
    """Octets after the header for a length field of ``length``: the data and its CRC, or none.

    Holds for encoded types too: their length field counts two octets less than the encoded field (clause 9.3).
    """
    return length + 2 if length else 0


def frame_time_s(octet_count: int, baud: int) -> float:
    """Seconds that ``octet_count`` octets occupy the line at ``baud`` bits per second, sent without gaps."""
    return octet_count * BITS_PER_OCTET / baud


def _read_header(octets: bytes | bytearray) -> tuple[bool, int]:
    """Return whether the header that ``octets`` begin with is undamaged, and its length field."""
    length = octets[5] << 8 | octets[6]
    is_whole = crc.header_register(octets[2:HEADER_OCTETS]) == crc.HEADER_CRC_RESIDUE
    return is_whole and length <= MAX_LENGTH_FIELD, length


@dataclass(frozen=True, slots=True)
class SeenFrame:
    """A frame as an observer saw it: header read, CRC verdicts apart, times in seconds on the observer's clock.

    ``start_s`` is when its first preamble octet began, ``end_s`` when its last octet ended. ``octets`` is the whole
    frame as it was on the wire. ``data_crc_ok`` is True where there is no data; where it is False, ``frame.data`` is
    what followed the header, as it was on the wire without its last two octets. With ``header_crc_ok`` False the header
    fields are as received and ``octets`` is the header alone.
    """

    frame: Frame
    start_s: float
    end_s: float
    header_crc_ok: bool
    data_crc_ok: bool
    octets: bytes
    late_s: float = 0.0
    """The observer knows that it read so late: the frame may have passed by up to this much earlier than stamped."""
    strays_before: int = 0
    """Octets that belong to no frame, between the frame before and this one."""

    @classmethod
    def of(cls, octets: bytes, start_s: float, end_s: float, late_s: float = 0.0, strays_before: int = 0) -> SeenFrame:
        """Read ``octets``: a whole frame from its preamble on, or the header alone where that is damaged."""
        body = octets[HEADER_OCTETS:]
        header_ok, _ = _read_header(octets)
        data = read_body(octets[2], body) if header_ok else None
        frame = Frame(octets[2], octets[3], octets[4], body[:-2] if data is None else data)
        return cls(frame, start_s, end_s, header_ok, data is not None, octets, late_s, strays_before)

    @property
    def valid(self) -> bool:
        """Whether every CRC fits."""
        return self.header_crc_ok and self.data_crc_ok


DEAF_S = 0.1
"""A reader that was so late may have lost octets: buffers overflow, and what was lost is no damage done on the bus."""


class FrameParser:
    """Finds frames in octets as they come, for programs that watch a bus without being a node of it.

    Unlike the receive state machine of a node it has no address, keeps the damaged frames and stamps times. After a
    damaged header it looks for the next preamble right behind the damaged one; a frame that stops in the middle is
    given up after ``abort_s`` seconds of silence. ``stray_octets`` counts octets that belong to no frame, except those
    that were read ``DEAF_S`` late or more.
    """

    def __init__(self, abort_s: float = 0.1) -> None:
        self.stray_octets = 0
        self._abort_s = abort_s
        self._held = bytearray()
        self._enough = 0  # octets to be held before there is anything new to find
        # (octets held before this feed, its time, its octet time, how late it was read)
        self._times: list[tuple[int, float, float, float]] = []
        self._last_s = 0.0
        self._strays_told = 0

    def feed(self, octets: bytes, time_s: float, octet_s: float = 0.0, late_s: float = 0.0) -> list[SeenFrame]:
        """Take ``octets``, the first of which began at ``time_s`` and each next one ``octet_s`` later.

        Returns the frames that these octets complete, oldest first. ``octet_s`` 0 means that all octets of one call
        carry the same time: right for a reader that only knows when ``read`` returned. ``late_s``: as in SeenFrame.
        """
        if not octets:
            return []
        if self._held and time_s - self._last_s > self._abort_s:
            self._drop(len(self._held))
        self._times.append((len(self._held), time_s, octet_s, late_s))
        self._held += octets
        self._last_s = time_s + octet_s * len(octets)
        if len(self._held) < self._enough:
            return []
        found = []
        while (seen := self._next()) is not None:
            found.append(seen)
        return found

    def _next(self) -> SeenFrame | None:
        """Take one whole frame off the held octets, or None when more octets are needed."""
        held = self._held
        while held:
            start = held.find(0x55)
            if start != 0:
                self._drop(len(held) if start < 0 else start)
                continue
            if len(held) < len(PREAMBLE):
                self._enough = len(PREAMBLE)
                return None
            if held[1] != 0xFF:
                self._drop(1)
                continue
            if len(held) < HEADER_OCTETS:
                self._enough = HEADER_OCTETS
                return None
            header_ok, length = _read_header(held)
            size = HEADER_OCTETS + (trailer_octets(length) if header_ok else 0)
            if len(held) < size:
                self._enough = size
                return None
            return self._take(size, header_ok)
        return None

    def _take(self, size: int, header_ok: bool) -> SeenFrame:
        start_s, _ = self._time_of(0)
        _, end_s = self._time_of(size - 1)
        late_s = max(late_s for first, _, _, late_s in self._times if first < size)
        strays, self._strays_told = self.stray_octets - self._strays_told, self.stray_octets
        seen = SeenFrame.of(bytes(self._held[:size]), start_s, end_s, late_s, strays)
        self._forget(size if header_ok else len(PREAMBLE))
        return seen

    def _time_of(self, index: int) -> tuple[float, float]:
        """Begin and end of the held octet ``index``."""
        first, time_s, octet_s, _ = next(entry for entry in reversed(self._times) if entry[0] <= index)
        start_s = time_s + (index - first) * octet_s
        return start_s, start_s + octet_s

    def _drop(self, count: int) -> None:
        is_ours = any(late_s >= DEAF_S for _, _, _, late_s in self._times)
        if not is_ours and self._held[:count].strip(b"\xff"):  # the pad octet FF between frames is no stray
            self.stray_octets += count
        self._forget(count)

    def _forget(self, count: int) -> None:
        del self._held[:count]
        self._enough = 0
        moved = [(first - count, time_s, octet_s, late_s) for first, time_s, octet_s, late_s in self._times]
        later = next((i for i, entry in enumerate(moved) if entry[0] > 0), len(moved))
        self._times = moved[max(0, later - 1) :] if self._held else []
