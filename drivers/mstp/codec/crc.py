"""The two checksums of an MS/TP frame: the header CRC-8 and the data CRC-16 (ASHRAE 135 Annex G).

Both are carried in the frame as their ones-complement, so that running the register over the received octets
*including* the CRC always ends in a constant, the residue.
"""

from __future__ import annotations

from binascii import crc_hqx

HEADER_CRC_RESIDUE = 0x55
"""Header register after the five header octets and their CRC, if nothing was damaged."""

DATA_CRC_RESIDUE = 0xF0B8
"""Data register after the data octets and their two CRC octets, if nothing was damaged."""

_HEADER_INITIAL = 0xFF
_DATA_INITIAL = 0xFFFF


def _header_step(register: int) -> int:
    """Eight shifts of x^8 + x^7 + 1 at once, as Annex G.1 writes them."""
    crc = register ^ (register << 1) ^ (register << 2) ^ (register << 3)
    crc ^= (register << 4) ^ (register << 5) ^ (register << 6) ^ (register << 7)
    return (crc & 0xFE) ^ ((crc >> 8) & 1)


_HEADER_TABLE = bytes(_header_step(register) for register in range(256))
_REVERSED = bytes(int(f"{octet:08b}"[::-1], 2) for octet in range(256))


def header_register(octets: bytes | bytearray, register: int = _HEADER_INITIAL) -> int:
    """Run the CRC-8 register over ``octets`` and return it (0..255), not complemented."""
    for octet in octets:
        register = _HEADER_TABLE[register ^ octet]
    return register


def header_crc(octets: bytes) -> int:
    """Return the header CRC octet as it is sent, for the five octets from Frame Type to Length."""
    return header_register(octets) ^ 0xFF


def data_register(octets: bytes) -> int:
    """Run the CRC-16 register over ``octets`` from its initial value and return it, not complemented.

    The register of Annex G.2 shifts right; ``crc_hqx`` has the same polynomial shifting left, so mirroring every
    octet on the way in and the register on the way out gives the same number at the speed of C.
    """
    mirrored = crc_hqx(octets.translate(_REVERSED), _DATA_INITIAL)
    return _REVERSED[mirrored & 0xFF] << 8 | _REVERSED[mirrored >> 8]


def data_crc(octets: bytes) -> bytes:
    """Return the two data CRC octets as they are sent: ones-complement, least significant octet first."""
    return (data_register(octets) ^ 0xFFFF).to_bytes(2, "little")
