"""ReadPropertyMultiple by bacpypes3's codec: making requests, and values out of answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import ReadPropertyMultipleRequest
from bacpypes3.basetypes import PropertyReference, ReadAccessSpecification
from bacpypes3.primitivedata import (
    Boolean,
    CharacterString,
    Date,
    Enumerated,
    ObjectIdentifier,
    Real,
    TagClass,
    Time,
    Unsigned,
)

from drivers.meter._packing import Wanted
from drivers.meter.errors import AnswerNotUnderstood, MeterRefused

_TYPE_NAMES = {
    "AI": "analog-input",
    "AV": "analog-value",
    "BI": "binary-input",
    "TL": "trend-log",
    "DE": "device",
}
_KINDS = {name: kind for kind, name in _TYPE_NAMES.items()}
_BY_TAG = {
    1: Boolean,
    2: Unsigned,
    4: Real,
    7: CharacterString,
    9: Enumerated,
    10: Date,
    11: Time,
    12: ObjectIdentifier,
}
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One property's value: a float, an int, a text, or a tuple of ints (dates, times, object identifiers)."""

    kind: str
    instance: int
    property_name: str
    value: Any


def read_request(wanted: Sequence[Wanted]) -> Any:  # noqa: ANN401
    """Make one ReadPropertyMultiple request without destination."""
    return ReadPropertyMultipleRequest(
        listOfReadAccessSpecs=[
            ReadAccessSpecification(
                objectIdentifier=ObjectIdentifier((_TYPE_NAMES[entry.kind], entry.instance)),
                listOfPropertyReferences=[PropertyReference(propertyIdentifier=name) for name in entry.properties],
            )
            for entry in wanted
        ]
    )


def request_text(request: Any) -> str:  # noqa: ANN401
    """Say in a few words what a ReadPropertyMultiple request asks for."""
    objects = [_label(entry.objectIdentifier) for entry in request.listOfReadAccessSpecs]
    shown = ", ".join(objects[:_MOST_NAMES])
    return f"reading {shown}" + (f" and {len(objects) - _MOST_NAMES} more" if len(objects) > _MOST_NAMES else "")


def read_results(address: int, wanted: Sequence[Wanted], answer: Any) -> list[ReadResult]:  # noqa: ANN401
    """Take the values out of an answer, in the order of the request.

    Raises MeterRefused when a property could not be read, AnswerNotUnderstood when the answer is not of this request.
    """
    results = list(_values(address, answer))
    asked = [(entry.kind, name) for entry in wanted for name in entry.properties]
    answered = [(result.kind, result.property_name) for result in results]
    same_instances = [entry.instance for entry in wanted if entry.kind != "DE" for _ in entry.properties] == [
        result.instance for result in results if result.kind != "DE"
    ]
    if asked != answered or not same_instances:
        reason = f"{len(results)} values for {len(asked)} properties, or others than asked for"
        raise AnswerNotUnderstood(address, f"reading {len(wanted)} objects", reason)
    return results


def _values(address: int, answer: Any) -> Iterator[ReadResult]:  # noqa: ANN401
    for result in answer.listOfReadAccessResults:
        place = result.objectIdentifier
        kind, instance = _KINDS.get(str(place[0]), str(place[0])), int(place[1])
        for element in result.listOfResults:
            name = str(element.propertyIdentifier)
            error = element.readResult.propertyAccessError
            if error is not None:
                where = f"reading {name} of {_label(place)}"
                raise MeterRefused(address, where, str(error.errorClass), str(error.errorCode))
            yield ReadResult(kind, instance, name, _value(address, place, name, element.readResult.propertyValue))


def _value(address: int, place: Any, name: str, value: Any) -> Any:  # noqa: ANN401
    tags = list(value.tagList)[1:-1]
    if len(tags) != 1 or tags[0].tag_class != TagClass.application or tags[0].tag_number not in _BY_TAG:
        raise AnswerNotUnderstood(address, f"reading {name} of {_label(place)}", "a value of another datatype")
    decoded = value.cast_out(_BY_TAG[tags[0].tag_number])
    return tuple(decoded) if isinstance(decoded, tuple) else decoded


def _label(place: Any) -> str:  # noqa: ANN401
    return f"{_KINDS.get(str(place[0]), str(place[0]))}{place[1]}"
