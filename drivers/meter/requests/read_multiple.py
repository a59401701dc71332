"""ReadPropertyMultiple in octets (ASHRAE 135 clauses 15.7, 20.2): encode requests, decode values from answers.

Coded here and not by bacpypes3 for its time (see ``_octets``); tests compare it with bacpypes3's codec octet by octet.
What is neither a number nor a Boolean still goes through bacpypes3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bacpypes3.basetypes import ErrorClass, ErrorCode, PropertyIdentifier
from bacpypes3.errors import RejectException
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import CharacterString, Date, ObjectIdentifier, TagList, Time

from drivers.meter.errors import AnswerNotUnderstood, MeterRefused
from drivers.meter.requests.octets import OctetsRequest
from drivers.meter.requests.packing import KINDS, TYPES, Wanted

READ_PROPERTY_MULTIPLE = 14

_BY_TAG = {7: CharacterString, 10: Date, 11: Time, 12: ObjectIdentifier}
_BOOLEAN, _UNSIGNED, _REAL, _ENUMERATED = 1, 2, 4, 9

_CONTEXT, _OPENING, _CLOSING = 0x08, 0x0E, 0x0F
_OBJECT, _PROPERTY, _INDEX = 0x0C, 0x28, 0x38  # context tags 0, 1 or 2, 3 with their class bit; length in the low bits
_REQUEST_PROPERTY = 0x08
_BEGIN_LIST, _END_LIST, _BEGIN_VALUE, _END_VALUE, _BEGIN_ERROR, _END_ERROR = 0x1E, 0x1F, 0x4E, 0x4F, 0x5E, 0x5F
_INSTANCE_BITS = 22
_EXTENDED_NUMBER, _EXTENDED_LENGTH = 0xF0, 5
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One property's value: a float, an int, a text, or a tuple of ints (dates, times, object identifiers)."""

    kind: str
    instance: int
    property_name: str
    value: Any


Element = tuple[str, int, str, bytes | MeterRefused]
"""Of an answer: kind, instance, property name, and its value with all tags or why there is none."""


def read_request(wanted: Sequence[Wanted]) -> OctetsRequest:
    """Make one ReadPropertyMultiple request without destination."""
    return OctetsRequest(READ_PROPERTY_MULTIPLE, request_octets(wanted), request_text(wanted))


def request_octets(wanted: Sequence[Wanted]) -> bytes:
    """Encode the list of read access specifications."""
    octets = bytearray()
    for entry in wanted:
        octets.append(_OBJECT)
        octets += (TYPES[entry.kind] << _INSTANCE_BITS | entry.instance).to_bytes(4, "big")
        octets.append(_BEGIN_LIST)
        for name in entry.properties:
            octets += _property_reference(name)
        octets.append(_END_LIST)
    return bytes(octets)


def request_text(wanted: Sequence[Wanted]) -> str:
    """Say in a few words what a request asks for."""
    shown = ", ".join(f"{entry.kind}{entry.instance}" for entry in wanted[:_MOST_NAMES])
    return f"reading {shown}" + (f" and {len(wanted) - _MOST_NAMES} more" if len(wanted) > _MOST_NAMES else "")


def read_results(address: int, wanted: Sequence[Wanted], answer: Any) -> list[ReadResult]:
    """Take the values out of an answer (a ComplexAckPDU), in the order of the request.

    Raises MeterRefused when a property could not be read, AnswerNotUnderstood when the answer is not of this request.
    """
    results = []
    for kind, instance, name, value in answered(address, answer, request_text(wanted)):
        if isinstance(value, MeterRefused):
            raise value
        results.append(ReadResult(kind, instance, name, _value(address, f"{name} of {kind}{instance}", value)))
    asked = [_place(entry.kind, entry.instance, name) for entry in wanted for name in entry.properties]
    got = [_place(result.kind, result.instance, result.property_name) for result in results]
    if asked != got:
        reason = f"{len(results)} values for {len(asked)} properties, or others than asked for"
        raise AnswerNotUnderstood(address, f"reading {len(wanted)} objects", reason)
    return results


def _place(kind: str, instance: int, name: str) -> tuple[str, int, str]:
    """Name a property; a Device object may be asked for by the instance of any, and gives its own."""
    return kind, 0 if kind == "DE" else instance, name


def answered(address: int, answer: Any, what: str) -> Iterator[Element]:
    """Take an answer (a ComplexAckPDU) apart; raises AnswerNotUnderstood."""
    octets = bytes(answer.pduData)
    try:
        yield from _elements(address, octets)
    except (IndexError, _Unexpected) as error:
        reason = f"octet {error} is not expected" if isinstance(error, _Unexpected) else "it is cut short"
        raise AnswerNotUnderstood(address, what, reason) from error


class _Unexpected(Exception):
    """The octet at this position does not belong there."""


def _elements(address: int, octets: bytes) -> Iterator[Element]:
    position, size = 0, len(octets)
    while position < size:
        position = _expected(octets, position, _OBJECT)
        place, position = _unsigned(octets, position, 4)
        kind, instance = KINDS.get(place >> _INSTANCE_BITS, ""), place & (1 << _INSTANCE_BITS) - 1
        kind = kind or f"object type {place >> _INSTANCE_BITS} "
        position = _expected(octets, position, _BEGIN_LIST)
        while octets[position] != _END_LIST:
            number, position = _unsigned(octets, position + 1, _length(octets, position, _PROPERTY))
            name = _property_name(number)
            if octets[position] & 0xF8 == _INDEX:
                _, position = _unsigned(octets, position + 1, _length(octets, position, _INDEX))
            if octets[position] == _BEGIN_ERROR:
                refusal, position = _refusal(address, f"reading {name} of {kind}{instance}", octets, position + 1)
                yield kind, instance, name, refusal
            else:
                begin = _expected(octets, position, _BEGIN_VALUE)
                end = _end_of_value(octets, begin)
                yield kind, instance, name, octets[begin:end]
                position = end + 1
        position += 1


def _expected(octets: bytes, position: int, octet: int) -> int:
    if octets[position] != octet:
        raise _Unexpected(position)
    return position + 1


def _length(octets: bytes, position: int, tag: int) -> int:
    """Return the length, 1 to 4, that stands in a tag that must be ``tag``."""
    length = octets[position] ^ tag
    if not 1 <= length <= 4:
        raise _Unexpected(position)
    return length


def _unsigned(octets: bytes, position: int, length: int) -> tuple[int, int]:
    end = position + length
    if end > len(octets):
        raise IndexError(end)
    return int.from_bytes(octets[position:end], "big"), end


def _refusal(address: int, what: str, octets: bytes, position: int) -> tuple[MeterRefused, int]:
    numbers = []
    for _ in range(2):
        number, position = _unsigned(octets, position + 1, _length(octets, position, _ENUMERATED << 4))
        numbers.append(number)
    refusal = MeterRefused(address, what, str(ErrorClass(numbers[0])), str(ErrorCode(numbers[1])))
    return refusal, _expected(octets, position, _END_ERROR)


def _end_of_value(octets: bytes, position: int) -> int:
    """Return where the tag stands that closes the value beginning at ``position``."""
    depth = 0
    while True:
        first = octets[position]
        if first == _END_VALUE and not depth:
            return position
        position += 2 if first & 0xF0 == _EXTENDED_NUMBER else 1
        low = first & 0x0F
        if low == _OPENING:
            depth += 1
        elif low == _CLOSING:
            depth -= 1
            if depth < 0:
                raise _Unexpected(position - 1)
        elif low & _CONTEXT or first >> 4 != _BOOLEAN:  # an application-tagged Boolean has its value for a length
            position = _past_content(octets, position, first & 0x07)


def _past_content(octets: bytes, position: int, length: int) -> int:
    if length == _EXTENDED_LENGTH:
        length = octets[position]
        position += 1
        if length > 253:
            length, position = _unsigned(octets, position, 2 if length == 254 else 4)
    return position + length


def _value(address: int, what: str, octets: bytes) -> Any:
    first = octets[0] if octets else 0
    number, length = first >> 4, len(octets) - 1
    if not first & _CONTEXT:
        if number == _REAL and first & 0x07 == length == 4:
            return float(struct.unpack_from(">f", octets, 1)[0])
        if number in (_ENUMERATED, _UNSIGNED) and 1 <= length <= 4 and first & 0x07 == length:
            return int.from_bytes(octets[1:], "big")
        if number == _BOOLEAN and not length:
            return first & 0x07 == 1
        if number in _BY_TAG:
            return _other_value(address, what, number, octets)
    raise AnswerNotUnderstood(address, f"reading {what}", "a value of another datatype")


def _other_value(address: int, what: str, number: int, octets: bytes) -> Any:
    try:
        tags = TagList.decode(PDUData(octets))
        if len(tags) == 1:
            decoded = _BY_TAG[number].decode(tags)
            return tuple(decoded) if isinstance(decoded, tuple) else decoded
    except (RejectException, ValueError, IndexError, struct.error) as error:
        raise AnswerNotUnderstood(address, f"reading {what}", str(error)) from error
    raise AnswerNotUnderstood(address, f"reading {what}", "a value of another datatype")


@lru_cache(maxsize=512)
def _property_reference(name: str) -> bytes:
    number = int(PropertyIdentifier(name))
    size = max(1, -(-number.bit_length() // 8))
    return bytes((_REQUEST_PROPERTY | size,)) + number.to_bytes(size, "big")


@lru_cache(maxsize=512)
def _property_name(number: int) -> str:
    return str(PropertyIdentifier(number))
