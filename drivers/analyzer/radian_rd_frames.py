"""Frames of the Radian RD-2x/RD-3x serial protocol, and the TMS320C3x floats in them.

Start (1), packet type (1), length of the data (2), data, 16-bit sum of everything before it (2), most significant octet
first (two open drivers in use). A request starts with A6; so does an answer; a refusal starts with A9.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

REQUEST = 0xA6
REFUSAL = 0xA9
STARTS = (0xA3, REQUEST, REFUSAL, 0xAC)
"""Start octets of what an instrument sends: the low half says which kind of acknowledgement it is [C, meaning of A9
only]."""

LONGEST_DATA = 1024
_HEAD, _SUM = 4, 2
_LARGEST = 3.4e38
"""From this magnitude on a float is "no valid value": 7F7FFFFF is the largest float (an open driver's constant)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame with the right sum; ``is_refusal``: ``data`` is an error code instead of what was asked for."""

    is_refusal: bool
    data: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """What octets hold: a ``frame``; or none, and whether one may be still arriving, or one came damaged."""

    frame: Frame | None
    is_arriving: bool
    is_damaged: bool


def packed(kind: int, data: bytes = b"") -> bytes:
    """Return the frame of a request of packet type ``kind``."""
    body = struct.pack(">BBH", REQUEST, kind, len(data)) + data
    return body + struct.pack(">H", sum(body) & 0xFFFF)


def find_frame(octets: bytes, kind: int) -> Found:
    """Look for the answer to a request of packet type ``kind`` in what has arrived, passing over noise.

    Only a frame of that type counts, so that the late answer to something else is noise as well.
    """
    is_arriving = is_damaged = False
    for begin, start in enumerate(octets):
        if start not in STARTS or (len(octets) > begin + 1 and octets[begin + 1] != kind):
            continue
        rest = octets[begin:]
        if len(rest) < _HEAD:
            is_arriving = True
            continue
        length = int.from_bytes(rest[2:_HEAD], "big")
        if length > LONGEST_DATA:
            continue
        end = _HEAD + length
        if len(rest) < end + _SUM:
            is_arriving = True
        elif sum(rest[:end]) & 0xFFFF == int.from_bytes(rest[end : end + _SUM], "big"):
            return Found(Frame(start == REFUSAL, rest[_HEAD:end]), is_arriving=False, is_damaged=False)
        else:
            is_damaged = True
    return Found(None, is_arriving, is_damaged)


def floats(data: bytes) -> list[float | None]:
    """Return the numbers in ``data``, four octets each; ``None`` is no valid value."""
    if len(data) % 4:
        raise ValueError(f"{len(data)} octets are no whole number of floats")
    return [ti_float(data[place : place + 4]) for place in range(0, len(data), 4)]


def ti_float(octets: bytes) -> float | None:
    """Return a TMS320C3x float: exponent (signed), sign, fraction of 23 bits in two's complement.

    Exponent -128 is zero. ``None`` for the largest magnitudes, which stand for "no valid value".
    """
    word = int.from_bytes(octets, "big")
    exponent = (word >> 24) - (256 if word >> 31 else 0)
    if exponent == -128:
        return 0.0
    fraction = word & 0x7FFFFF
    mantissa = fraction - (1 << 24) if word & 0x800000 else fraction + (1 << 23)
    value = mantissa / 2.0**23 * 2.0**exponent
    return None if abs(value) >= _LARGEST else value
