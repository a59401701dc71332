"""Announcements of stations: I-Am, Who-Is and router messages, read from NPDUs.

ASHRAE 135 clauses 6.2 and 6.4 (network layer), 16.10 (Who-Is and I-Am), 20.1 and 20.2 (encoding). Reads no more than
that; what is cut short or something else gives None.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from drivers.mstp.codec.npdu import read_header

_EVERY_NETWORK = b"\xff\xff"
_I_AM_ROUTER = 0x01
_UNCONFIRMED, _COMPLEX_ACK = 1, 3
_I_AM, _WHO_IS = 0, 8
_READ_PROPERTY, _READ_PROPERTY_MULTIPLE = 12, 14
_DEVICE = 8
_INSTANCE = 0x3FFFFF
ANY_DEVICE = 0x3FFFFF
"""The instance that stands for "this device" in a request (clause 12.11)."""


class Said(Enum):
    """What an NPDU says."""

    I_AM = auto()
    WHO_IS = auto()
    ROUTES = auto()
    """I-Am-Router-To-Network: these networks are reached through the sender."""
    OWN_DEVICE = auto()
    """An answer that reads a Device object: the sender has it."""
    OTHER = auto()
    """Something else, but it comes from another network."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """``network`` 0 is the bus itself; else ``address`` is the sender's on that network, in octets.

    ``instance``: of the Device object. ``networks``: those a router names.
    """

    said: Said
    network: int = 0
    address: bytes = b""
    instance: int | None = None
    networks: tuple[int, ...] = ()
    is_global: bool = False


def announcement(npdu: bytes) -> Announcement | None:
    """Read what an NPDU announces; None where it announces nothing."""
    try:
        return _read(npdu)
    except IndexError:
        return None


def _read(npdu: bytes) -> Announcement | None:
    header = read_header(npdu)
    network, address = int.from_bytes(header.source[:2], "big"), header.source[3:]
    if header.is_network_message:
        if header.body[0] != _I_AM_ROUTER:
            return None
        rest = header.body[1:]
        pairs = (rest[i : i + 2] for i in range(0, len(rest) - 1, 2))
        return Announcement(Said.ROUTES, network, address, networks=tuple(int.from_bytes(p, "big") for p in pairs))
    apdu = header.body
    kind = apdu[0] >> 4
    if kind == _UNCONFIRMED and apdu[1] == _WHO_IS:
        return Announcement(Said.WHO_IS, network, address, is_global=header.destination[:2] == _EVERY_NETWORK)
    if kind == _UNCONFIRMED and apdu[1] == _I_AM and apdu[2] == 0xC4 and (i := _device(apdu[3:7])) is not None:
        return Announcement(Said.I_AM, network, address, i)
    if kind == _COMPLEX_ACK and apdu[2] in (_READ_PROPERTY, _READ_PROPERTY_MULTIPLE) and apdu[3] == 0x0C:
        instance = _device(apdu[4:8])
        if instance is not None and instance != ANY_DEVICE:
            return Announcement(Said.OWN_DEVICE, network, address, instance)
    return Announcement(Said.OTHER, network, address) if network else None


def _device(octets: bytes) -> int | None:
    if len(octets) < 4:
        raise IndexError(len(octets))
    number = int.from_bytes(octets, "big")
    return number & _INSTANCE if number >> 22 == _DEVICE else None
