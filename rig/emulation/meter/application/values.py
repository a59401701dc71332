"""Property values to octets and back: what the meter's objects hold in Python, what stands on the wire."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from meter_model.objects.points import OBJECT_TYPE_NUMBERS, Kind
from rig.emulation.meter.application.tags import (
    AppTag,
    Element,
    application_tag,
    context_tag,
    encode_object_identifier,
    object_identifier,
    real_octets,
    unsigned_octets,
)

KINDS: dict[int, Kind] = {number: kind for kind, number in OBJECT_TYPE_NUMBERS.items()}
"""Kind of object by BACnet object-type number."""

WILDCARD = 255
"""An unspecified field of a BACnet date or time."""

_CHARACTER_SET_ANSI_X3_4 = 0
_FIRST_YEAR = 1900
_NAMED: dict[Any, int] = {"inactive": 0, "active": 1, **OBJECT_TYPE_NUMBERS}


class DatatypeInvalid(ValueError):
    """A written value has not the datatype of its property."""


class CharacterSetUnsupported(ValueError):
    """A written text is not in ANSI X3.4, the one character set of the meter's PICS."""


def decode_date_time(date: bytes, time: bytes) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Decode the contents of a BACnet date and time: ((year, month, day, day of week), (hour, minute, second, 1/100)).

    255 stays where a field is unspecified, else the year is the full one; raises DatatypeInvalid.
    """
    if len(date) != 4 or len(time) != 4:
        raise DatatypeInvalid("a date and a time have four octets each")
    year = date[0] if date[0] == WILDCARD else date[0] + _FIRST_YEAR
    return (year, date[1], date[2], date[3]), (time[0], time[1], time[2], time[3])


def date_time_octets(moment: datetime.datetime) -> bytes:
    """Encode a moment as an application-tagged date and time of day."""
    return _date(moment.date()) + _time(moment.time())


def _enumerated(value: Any) -> bytes:
    return application_tag(AppTag.ENUMERATED, unsigned_octets(int(_NAMED.get(value, value))))


def _unsigned(value: int) -> bytes:
    return application_tag(AppTag.UNSIGNED, unsigned_octets(int(value)))


def _real(value: float) -> bytes:
    return b"\x44" + real_octets(value)


def _boolean(value: bool) -> bytes:
    return b"\x11" if value else b"\x10"


def _text(value: str) -> bytes:
    octets = bytes((_CHARACTER_SET_ANSI_X3_4,)) + value.encode("ascii", "replace")
    return application_tag(AppTag.CHARACTER_STRING, octets)


def _bits(value: Sequence[bool] | str) -> bytes:
    bits = [bit not in ("0", False, 0) for bit in value]
    unused = -len(bits) % 8
    octets = bytearray((len(bits) + 7) // 8)
    for place, bit in enumerate(bits):
        octets[place // 8] |= bit << (7 - place % 8)
    return application_tag(AppTag.BIT_STRING, bytes((unused,)) + octets)


def _object(value: tuple[str, int]) -> bytes:
    kind, instance = value
    return b"\xc4" + encode_object_identifier(OBJECT_TYPE_NUMBERS[kind], instance)  # type: ignore[index]


def _objects(value: Sequence[tuple[str, int]]) -> bytes:
    return b"".join(_object(entry) for entry in value)


def _date(value: datetime.date | Sequence[int]) -> bytes:
    if isinstance(value, datetime.date):
        value = (value.year, value.month, value.day, value.isoweekday())
    year, month, day, weekday = value
    return b"\xa4" + bytes((year if year == WILDCARD else year - _FIRST_YEAR, month, day, weekday))


def _time(value: datetime.time | Sequence[int]) -> bytes:
    if isinstance(value, datetime.time):
        value = (value.hour, value.minute, value.second, value.microsecond // 10_000)
    return b"\xb4" + bytes(value)


def _date_time(value: datetime.datetime | tuple[Sequence[int], Sequence[int]]) -> bytes:
    if isinstance(value, datetime.datetime):
        return date_time_octets(value)
    date, time = value
    return _date(date) + _time(time)


def _property_reference(value: tuple[str, int, int]) -> bytes:
    kind, instance, number = value
    place = encode_object_identifier(OBJECT_TYPE_NUMBERS[kind], instance)  # type: ignore[index]
    return context_tag(0, place) + context_tag(1, unsigned_octets(number))


def _decoded_real(octets: bytes) -> float:
    if len(octets) != 4:
        raise DatatypeInvalid("a real has four octets")
    return float(struct.unpack(">f", octets)[0])


def _decoded_unsigned(octets: bytes) -> int:
    if not 1 <= len(octets) <= 4:
        raise DatatypeInvalid("an unsigned has one to four octets")
    return int.from_bytes(octets, "big")


def _decoded_text(octets: bytes) -> str:
    if not octets or octets[0] != _CHARACTER_SET_ANSI_X3_4:
        raise CharacterSetUnsupported("only ANSI X3.4 is supported")
    try:
        return octets[1:].decode("ascii")
    except UnicodeDecodeError as error:
        raise CharacterSetUnsupported("only ANSI X3.4 is supported") from error


def _decoded_object(octets: bytes) -> tuple[str, int]:
    object_type, instance = object_identifier(octets)
    return KINDS.get(object_type, str(object_type)), instance


def _decoded_property_reference(place: bytes, number: bytes) -> tuple[str, int, int]:
    return *_decoded_object(place), _decoded_unsigned(number)


class Datatype(Enum):
    """How a property's value stands on the wire: its encoding, and of one that is written tags and decoding.

    Reals: any float, NaN as 7F C0 00 00. Enumerations: the number, or the name of a binary state or object type. Bits:
    a sequence of bools, first bit first, or their text of 0 and 1. Objects: (kind, instance). Dates and times:
    ``datetime`` objects, or tuples of their BACnet octets.
    """

    REAL = (_real, (AppTag.REAL,), _decoded_real)
    UNSIGNED = (_unsigned, (AppTag.UNSIGNED,), _decoded_unsigned)
    ENUMERATED = (_enumerated, (AppTag.ENUMERATED,), _decoded_unsigned)
    BOOLEAN = (_boolean, (AppTag.BOOLEAN,), lambda octets: octets != b"\0")
    TEXT = (_text, (AppTag.CHARACTER_STRING,), _decoded_text)
    BITS = (_bits,)
    OBJECT = (_object, (AppTag.OBJECT_IDENTIFIER,), _decoded_object)
    OBJECT_ARRAY = (_objects,)
    DATE = (_date,)
    TIME = (_time,)
    DATE_TIME = (_date_time, (AppTag.DATE, AppTag.TIME), decode_date_time)
    PROPERTY_REFERENCE = (_property_reference, (0, 1), _decoded_property_reference)
    EMPTY_LIST = (lambda _value: b"",)

    def __init__(
        self, encode: Callable[[Any], bytes], tags: Sequence[int] = (), decode: Callable[..., Any] | None = None
    ) -> None:
        self._encode = encode
        self._tags = tags
        self._decode = decode

    def encode(self, value: Any, index: int | None = None) -> bytes:
        """Encode what an object holds; ``index`` is the array index asked for: 0 is the length of the array."""
        if self is Datatype.OBJECT_ARRAY and index is not None:
            return _unsigned(value) if index == 0 else _object(value)
        return self._encode(value)

    def decode(self, elements: Sequence[Element]) -> Any:
        """Decode the elements of a written value to what ``encode`` takes; raises DatatypeInvalid."""
        is_context = self is Datatype.PROPERTY_REFERENCE
        wanted = [(tag, is_context) for tag in self._tags]
        if self._decode is None or [(element.number, element.context) for element in elements] != wanted:
            raise DatatypeInvalid("the property does not take that datatype")
        return self._decode(*(element.octets for element in elements))
