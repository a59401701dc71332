"""Announcements of stations: I-Am, Who-Is and router messages, read from NPDUs.

ASHRAE 135 clauses 6.2 and 6.4 (network layer), 16.10 (Who-Is and I-Am), 20.1 and 20.2 (encoding). Reads no more than
that; what is cut short or something else announces nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.mstp.codec.npdu import read_header

_I_AM_ROUTER = 0x01
_UNCONFIRMED, _COMPLEX_ACK = 1, 3
_I_AM, _WHO_IS = 0, 8
_READ_PROPERTY, _READ_PROPERTY_MULTIPLE = 12, 14
_DEVICE = 8
_INSTANCE = 0x3FFFFF
ANY_DEVICE = 0x3FFFFF
"""The instance that stands for "this device" in a request (clause 12.11)."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What an NPDU announces; nothing with all defaults.

    ``network`` 0 is the bus itself; else ``address`` is the sender's on that network, in octets. ``i_am``: the device
    instance of an I-Am; ``own_device``: that of a Device object which an answer reads, so that the sender has it.
    ``routed``: the networks that an I-Am-Router-To-Network names as reached through the sender, None for another NPDU.
    """

    network: int = 0
    address: bytes = b""
    i_am: int | None = None
    own_device: int | None = None
    routed: tuple[int, ...] | None = None
    is_who_is: bool = False


def announcement(npdu: bytes) -> Announcement:
    """Read what an NPDU announces."""
    try:
        return _read(npdu)
    except IndexError:
        return Announcement()


def _read(npdu: bytes) -> Announcement:
    header = read_header(npdu)
    network, address = int.from_bytes(header.source[:2], "big"), header.source[3:]
    if header.is_network_message:
        if header.body[0] != _I_AM_ROUTER:
            return Announcement()
        rest = header.body[1:]
        pairs = (rest[i : i + 2] for i in range(0, len(rest) - 1, 2))
        return Announcement(network, address, routed=tuple(int.from_bytes(pair, "big") for pair in pairs))
    apdu = header.body
    kind = apdu[0] >> 4
    if kind == _UNCONFIRMED and apdu[1] == _WHO_IS:
        return Announcement(network, address, is_who_is=True)
    if kind == _UNCONFIRMED and apdu[1] == _I_AM and apdu[2] == 0xC4:
        return Announcement(network, address, i_am=_device(apdu[3:7]))
    if kind == _COMPLEX_ACK and apdu[2] in (_READ_PROPERTY, _READ_PROPERTY_MULTIPLE) and apdu[3] == 0x0C:
        instance = _device(apdu[4:8])
        return Announcement(network, address, own_device=None if instance == ANY_DEVICE else instance)
    return Announcement(network, address)


def _device(octets: bytes) -> int | None:
    if len(octets) < 4:
        raise IndexError(len(octets))
    number = int.from_bytes(octets, "big")
    return number & _INSTANCE if number >> 22 == _DEVICE else None
