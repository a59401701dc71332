"""The encoded data field of extended MS/TP frames: COBS and CRC-32K (ASHRAE 135 clause 9.10, Annex G.3; RFC 8163).

The field is the data, COBS-encoded and then every octet XORed with 55, so that no preamble octet is in it; behind it
the ones-complement of the CRC-32K over that encoded data, least significant octet first, encoded in the same way.
"""

from __future__ import annotations

from functools import reduce

CRC_32K_RESIDUE = 0x0843323B
"""Register after the encoded data and the four CRC octets, if nothing was damaged."""

ENCODED_CRC_OCTETS = 5
"""Octets of the encoded CRC-32K: four, and the one that COBS adds."""

_INITIAL = 0xFFFF_FFFF
_POLYNOMIAL = 0xEB31_D82E
_LONGEST_RUN = 254
_MASK = bytes(octet ^ 0x55 for octet in range(256))


class FieldInvalid(ValueError):
    """Octets are no encoded field: their COBS code or their CRC-32K does not fit."""


def _step(register: int) -> int:
    """Eight shifts to the right, as Annex G.3 writes them."""
    for _ in range(8):
        register = register >> 1 ^ (_POLYNOMIAL if register & 1 else 0)
    return register


_TABLE = tuple(_step(octet) for octet in range(256))


def crc_32k_register(octets: bytes, register: int = _INITIAL) -> int:
    """Run the CRC-32K register over ``octets`` and return it (0..2**32 - 1), not complemented."""
    return reduce(lambda value, octet: _TABLE[(value ^ octet) & 0xFF] ^ value >> 8, octets, register)


def cobs_encode(octets: bytes) -> bytes:
    """Return ``octets`` free of zeros, one octet longer and one more for each full 254 without a zero among them.

    Every run of non-zero octets is preceded by its length plus one and stands for the run and a zero after it; 255
    stands for 254 octets and no zero. The zero after the last run is not meant.
    """
    runs = []
    last_is_full = False
    for run in octets.split(b"\0"):
        position, end = 0, len(run)
        while end - position >= _LONGEST_RUN:
            runs.append(b"\xff" + run[position : position + _LONGEST_RUN])
            position += _LONGEST_RUN
        last_is_full = end > 0 and position == end
        runs.append(bytes((end - position + 1,)) + run[position:])
    if last_is_full:
        runs.pop()
    return b"".join(runs)


def cobs_decode(octets: bytes) -> bytes:
    """Return what ``cobs_encode`` was given; raises FieldInvalid for a code of zero or one that reaches too far."""
    runs = []
    position, end = 0, len(octets)
    while position < end:
        code = octets[position]
        if code == 0 or position + code > end:
            raise FieldInvalid(f"the COBS code {code} at octet {position} of {end} does not fit")
        runs.append(octets[position + 1 : position + code])
        position += code
        if code <= _LONGEST_RUN and position < end:
            runs.append(b"\0")
    return b"".join(runs)


def encode_field(data: bytes) -> bytes:
    """Return the whole field for ``data`` (at least one octet); the frame's length field is two less than its size."""
    encoded = cobs_encode(data).translate(_MASK)
    check = (crc_32k_register(encoded) ^ _INITIAL).to_bytes(4, "little")
    return encoded + cobs_encode(check).translate(_MASK)


def decode_field(field: bytes) -> bytes:
    """Return the data of ``field``; raises FieldInvalid. The inverse of ``encode_field``."""
    encoded = field[:-ENCODED_CRC_OCTETS]
    if not encoded:
        raise FieldInvalid(f"{len(field)} octets hold no data and CRC-32K")
    check = cobs_decode(field[-ENCODED_CRC_OCTETS:].translate(_MASK))
    if len(check) != ENCODED_CRC_OCTETS - 1 or crc_32k_register(encoded + check) != CRC_32K_RESIDUE:
        raise FieldInvalid("the CRC-32K does not fit")
    return cobs_decode(encoded.translate(_MASK))
