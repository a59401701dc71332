"""BACnet tagged values (ASHRAE 135 clause 20.2): a strict reader of a request's octets, and the writing of tags.

The octets are written here and not by bacpypes3's codec, which the rig's client uses: the meter answers in a fraction
of the time, a malformed request gets the Reject it deserves instead of silence, and an error of one codec cannot
cancel itself out by standing on both sides. A test compares the numbers of properties and errors with bacpypes3's.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

MAX_INSTANCE = 0x3FFFFF
OBJECT_INSTANCE_BITS = 22


class RejectReason(IntEnum):
    """Reasons of a Reject APDU (clause 18.8) that this server gives."""

    INVALID_PARAMETER_DATATYPE = 3
    INVALID_TAG = 4
    MISSING_REQUIRED_PARAMETER = 5
    PARAMETER_OUT_OF_RANGE = 6
    TOO_MANY_ARGUMENTS = 7
    UNDEFINED_ENUMERATION = 8
    UNRECOGNIZED_SERVICE = 9


class AppTag(IntEnum):
    """Application tag numbers (clause 20.2.1.4)."""

    NULL = 0
    BOOLEAN = 1
    UNSIGNED = 2
    SIGNED = 3
    REAL = 4
    DOUBLE = 5
    OCTET_STRING = 6
    CHARACTER_STRING = 7
    BIT_STRING = 8
    ENUMERATED = 9
    DATE = 10
    TIME = 11
    OBJECT_IDENTIFIER = 12


class RequestRejected(ValueError):
    """The octets of a request are not a well-formed request; ``reason`` is what the Reject says."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(f"the request is malformed: {reason.name.lower().replace('_', ' ')}")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Element:
    """One primitive value as it stood in a request: its tag ``number``, its contents, and the class of the tag.

    ``number`` is an AppTag, or the number of a context tag where ``context`` is True.
    """

    number: int
    octets: bytes
    context: bool = False


_OPENING, _CLOSING = 6, 7
_CONTEXT = 0x08
_EXTENDED_NUMBER = 15
_EXTENDED_LENGTH = 5


class TagReader:
    """Reads tags from the front of a request; raises RequestRejected at a tag that the service does not expect."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._position = 0

    @property
    def at_end(self) -> bool:
        """Whether every octet was read."""
        return self._position >= len(self._octets)

    def expect_end(self) -> None:
        """Reject what follows the last parameter."""
        if not self.at_end:
            raise RequestRejected(RejectReason.TOO_MANY_ARGUMENTS)

    def next_is_context(self, number: int) -> bool:
        """Whether the next tag is the primitive context tag ``number``."""
        if self.at_end:
            return False
        octet = self._octets[self._position]
        return octet >> 4 == number and bool(octet & _CONTEXT) and octet & 7 not in (_OPENING, _CLOSING)

    def next_is_opening(self, number: int) -> bool:
        """Whether the next tag opens the construct ``number``."""
        return not self.at_end and self._octets[self._position] == number << 4 | _CONTEXT | _OPENING

    def next_is_closing(self, number: int) -> bool:
        """Whether the next tag closes the construct ``number``."""
        return not self.at_end and self._octets[self._position] == number << 4 | _CONTEXT | _CLOSING

    def context_unsigned(self, number: int) -> int:
        """Read context tag ``number`` as an unsigned integer or enumeration."""
        return integer(self.context_octets(number))

    def context_object(self, number: int) -> tuple[int, int]:
        """Read context tag ``number`` as (object type, instance)."""
        return object_identifier(self.context_octets(number))

    def context_octets(self, number: int) -> bytes:
        """Read context tag ``number`` as it is."""
        found, context, kind = self._tag()
        if not context or found != number or kind in (_OPENING, _CLOSING):
            raise RequestRejected(RejectReason.INVALID_TAG)
        return self._contents(kind)

    def opening(self, number: int) -> None:
        """Read the tag that opens construct ``number``."""
        self._construct(number, _OPENING)

    def closing(self, number: int) -> None:
        """Read the tag that closes construct ``number``."""
        self._construct(number, _CLOSING)

    def application(self) -> Element:
        """Read one application-tagged value."""
        element = self._element()
        if element.context:
            raise RequestRejected(RejectReason.INVALID_TAG)
        return element

    def application_integer(self, number: AppTag) -> int:
        """Read one application-tagged integer, UNSIGNED or SIGNED."""
        element = self.application()
        if element.number != number:
            raise RequestRejected(RejectReason.INVALID_PARAMETER_DATATYPE)
        return integer(element.octets, signed=number is AppTag.SIGNED)

    def elements_until_closing(self, number: int) -> list[Element]:
        """Read primitive values up to and with the closing tag ``number``; none of the meter's is nested deeper."""
        elements = []
        while not self.next_is_closing(number):
            elements.append(self._element())
        self.closing(number)
        return elements

    def _element(self) -> Element:
        found, context, kind = self._tag()
        if not context and found == AppTag.BOOLEAN:
            return Element(found, bytes((kind,)))
        return Element(found, self._contents(kind), context)

    def _construct(self, number: int, kind: int) -> None:
        if self._tag() != (number, True, kind):
            raise RequestRejected(RejectReason.INVALID_TAG)

    def _tag(self) -> tuple[int, bool, int]:
        octet = self._take(1)[0]
        number = octet >> 4
        if number == _EXTENDED_NUMBER:
            number = self._take(1)[0]
        return number, bool(octet & _CONTEXT), octet & 7

    def _contents(self, kind: int) -> bytes:
        if kind > _EXTENDED_LENGTH:
            raise RequestRejected(RejectReason.INVALID_TAG)
        if kind == _EXTENDED_LENGTH:
            kind = self._take(1)[0]
            if kind >= 254:
                kind = int.from_bytes(self._take(2 if kind == 254 else 4), "big")
        return self._take(kind)

    def _take(self, count: int) -> bytes:
        end = self._position + count
        if end > len(self._octets):
            raise RequestRejected(RejectReason.MISSING_REQUIRED_PARAMETER)
        octets = self._octets[self._position : end]
        self._position = end
        return octets


def integer(octets: bytes, signed: bool = False) -> int:
    """Decode the one to four octets of an integer or enumeration."""
    if not 1 <= len(octets) <= 4:
        raise RequestRejected(RejectReason.INVALID_PARAMETER_DATATYPE)
    return int.from_bytes(octets, "big", signed=signed)


def object_identifier(octets: bytes) -> tuple[int, int]:
    """Decode the four octets of an object identifier into (object type, instance)."""
    if len(octets) != 4:
        raise RequestRejected(RejectReason.INVALID_PARAMETER_DATATYPE)
    number = int.from_bytes(octets, "big")
    return number >> OBJECT_INSTANCE_BITS, number & MAX_INSTANCE


def encode_object_identifier(object_type: int, instance: int) -> bytes:
    """Encode the four octets of an object identifier."""
    return (object_type << OBJECT_INSTANCE_BITS | instance).to_bytes(4, "big")


def context_tag(number: int, contents: bytes) -> bytes:
    """Encode a primitive context tag with its contents."""
    return _tagged(number << 4 | _CONTEXT, contents)


def application_tag(number: int, contents: bytes) -> bytes:
    """Encode an application tag with its contents (not for booleans, whose value stands in the tag)."""
    return _tagged(number << 4, contents)


def opening_tag(number: int) -> bytes:
    """Encode the tag that opens construct ``number``."""
    return bytes((number << 4 | _CONTEXT | _OPENING,))


def closing_tag(number: int) -> bytes:
    """Encode the tag that closes construct ``number``."""
    return bytes((number << 4 | _CONTEXT | _CLOSING,))


def unsigned_octets(value: int) -> bytes:
    """Encode the shortest octets of an unsigned integer or enumeration."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


_MINUS_ZERO = b"\x80\0\0\0"


def real_octets(value: float) -> bytes:
    """Encode an IEEE 754 single: a NaN as the quiet NaN 7F C0 00 00, what is too large as infinity, -0 as 0."""
    if value != value:
        return b"\x7f\xc0\x00\x00"
    try:
        octets = struct.pack(">f", value)
    except OverflowError:
        return b"\x7f\x80\x00\x00" if value > 0 else b"\xff\x80\x00\x00"
    return b"\0\0\0\0" if octets == _MINUS_ZERO else octets


def _tagged(head: int, contents: bytes) -> bytes:
    length = len(contents)
    if length < _EXTENDED_LENGTH:
        return bytes((head | length,)) + contents
    if length < 254:
        return bytes((head | _EXTENDED_LENGTH, length)) + contents
    return bytes((head | _EXTENDED_LENGTH, 254)) + length.to_bytes(2, "big") + contents
