"""The network layer header (ASHRAE 135 clause 6.2) as far as a device that is no router needs it."""

from __future__ import annotations

from dataclasses import dataclass

_VERSION = 1
_NETWORK_MESSAGE, _HAS_DESTINATION, _HAS_SOURCE = 0x80, 0x20, 0x08
_EVERY_NETWORK = 0xFFFF
_HOP_COUNT = 255


class InvalidNpdu(ValueError):
    """The octets are no NPDU of version 1."""


@dataclass(frozen=True, slots=True)
class NpduHeader:
    """What an NPDU says about its way, and its APDU.

    ``source`` is the asker's (network, address) where a router has added it. ``destination`` is the network it is
    meant for, None where it is the local one.
    """

    is_network_message: bool
    destination: int | None
    source: tuple[int, bytes] | None
    apdu: bytes

    @property
    def is_for_local_device(self) -> bool:
        """Whether a device that is no router has to look at it: no network is named, or all of them are."""
        return self.destination in (None, _EVERY_NETWORK)

    @property
    def is_broadcast(self) -> bool:
        """Whether it is meant for every network."""
        return self.destination == _EVERY_NETWORK

    @classmethod
    def decode(cls, octets: bytes) -> NpduHeader:
        """Read the header; raises InvalidNpdu."""
        if len(octets) < 2 or octets[0] != _VERSION:
            raise InvalidNpdu("not version 1")
        control, position = octets[1], 2
        destination: int | None = None
        source: tuple[int, bytes] | None = None
        if control & _HAS_DESTINATION:
            (destination, _), position = _address(octets, position)
        if control & _HAS_SOURCE:
            source, position = _address(octets, position)
            if not source[1] or source[0] == _EVERY_NETWORK:
                raise InvalidNpdu("a source is one device")
        if control & _HAS_DESTINATION:
            position += 1
        if position > len(octets):
            raise InvalidNpdu("it ends in the header")
        return cls(bool(control & _NETWORK_MESSAGE), destination, source, octets[position:])


def reply_npdu(asked: NpduHeader, apdu: bytes) -> bytes:
    """Address an answer to the requester, through the router that the request came by if there was one."""
    if asked.source is None:
        return bytes((_VERSION, 0)) + apdu
    network, address = asked.source
    way = network.to_bytes(2, "big") + bytes((len(address),)) + address + bytes((_HOP_COUNT,))
    return bytes((_VERSION, _HAS_DESTINATION)) + way + apdu


def broadcast_npdu(apdu: bytes) -> bytes:
    """Address an APDU to all stations of all networks."""
    return bytes((_VERSION, _HAS_DESTINATION, 0xFF, 0xFF, 0, _HOP_COUNT)) + apdu


def _address(octets: bytes, position: int) -> tuple[tuple[int, bytes], int]:
    if position + 3 > len(octets):
        raise InvalidNpdu("it ends in an address")
    length = octets[position + 2]
    end = position + 3 + length
    if end > len(octets):
        raise InvalidNpdu("it ends in an address")
    return (int.from_bytes(octets[position : position + 2], "big"), octets[position + 3 : end]), end
