"""Which properties each kind of object has (protocol revision 4), their numbers and their datatypes.

Source: the manual's PICS and object tables (pages 22 to 31); ASHRAE 135-2004 clause 12 for the sets of revision 4.
No Property_List and no Priority_Array: they came with later revisions, or with commandable objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from bacpypes3.basetypes import PropertyIdentifier

from meter_model.objects.points import OBJECT_TYPE_NUMBERS, Kind


class Datatype(Enum):
    """How a property's value stands on the wire."""

    REAL = auto()
    UNSIGNED = auto()
    ENUMERATED = auto()
    BOOLEAN = auto()
    TEXT = auto()
    BITS = auto()
    OBJECT = auto()
    OBJECT_ARRAY = auto()
    DATE = auto()
    TIME = auto()
    DATE_TIME = auto()
    PROPERTY_REFERENCE = auto()
    EMPTY_LIST = auto()


@dataclass(frozen=True, slots=True)
class Property:
    """One property: BACnet hyphen name, number, datatype, whether the standard requires it, whether it is writable."""

    name: str
    number: int
    datatype: Datatype
    required: bool = True
    writable: bool = False

    @property
    def is_array(self) -> bool:
        """Whether an array index may be given."""
        return self.datatype is Datatype.OBJECT_ARRAY


ALL, REQUIRED, OPTIONAL = 8, 105, 80
"""The special property identifiers of ReadPropertyMultiple (clause 15.7.3.1.2)."""

KINDS: dict[int, Kind] = {number: kind for kind, number in OBJECT_TYPE_NUMBERS.items()}
"""Kind of object by BACnet object-type number."""


_RENAMED = {"log-enable": "enable"}
"""bacpypes3 has the names of a later revision."""


def _rows(*rows: tuple[str, Datatype, str]) -> dict[int, Property]:
    """Build a property set; the third column holds ``o`` for optional and ``w`` for writable."""
    table = {}
    for name, datatype, flags in rows:
        number = int(PropertyIdentifier(_RENAMED.get(name, name)))
        table[number] = Property(name, number, datatype, "o" not in flags, "w" in flags)
    return table


_D = Datatype
_HEAD = (
    ("object-identifier", _D.OBJECT, ""),
    ("object-name", _D.TEXT, ""),
    ("object-type", _D.ENUMERATED, ""),
)
_STATE = (
    ("description", _D.TEXT, "o"),
    ("status-flags", _D.BITS, ""),
    ("event-state", _D.ENUMERATED, ""),
    ("reliability", _D.ENUMERATED, "o"),
    ("out-of-service", _D.BOOLEAN, ""),
)

_SETS: dict[Kind, dict[int, Property]] = {
    "AI": _rows(*_HEAD, ("present-value", _D.REAL, ""), *_STATE, ("units", _D.ENUMERATED, "")),
    "AV": _rows(*_HEAD, ("present-value", _D.REAL, "w"), *_STATE, ("units", _D.ENUMERATED, "")),
    "BI": _rows(*_HEAD, ("present-value", _D.ENUMERATED, ""), *_STATE, ("polarity", _D.ENUMERATED, "")),
    "TL": _rows(
        *_HEAD,
        ("description", _D.TEXT, "o"),
        ("log-enable", _D.BOOLEAN, "w"),
        ("start-time", _D.DATE_TIME, "ow"),
        ("stop-time", _D.DATE_TIME, "ow"),
        ("log-device-object-property", _D.PROPERTY_REFERENCE, "ow"),
        ("log-interval", _D.UNSIGNED, "ow"),
        ("stop-when-full", _D.BOOLEAN, "w"),
        ("buffer-size", _D.UNSIGNED, ""),
        ("log-buffer", _D.EMPTY_LIST, ""),
        ("record-count", _D.UNSIGNED, "w"),
        ("total-record-count", _D.UNSIGNED, ""),
        ("event-state", _D.ENUMERATED, ""),
    ),
    "DE": _rows(
        ("object-identifier", _D.OBJECT, "w"),
        ("object-name", _D.TEXT, "w"),
        ("object-type", _D.ENUMERATED, ""),
        ("system-status", _D.ENUMERATED, ""),
        ("vendor-name", _D.TEXT, ""),
        ("vendor-identifier", _D.UNSIGNED, ""),
        ("model-name", _D.TEXT, ""),
        ("firmware-revision", _D.TEXT, ""),
        ("application-software-version", _D.TEXT, ""),
        ("location", _D.TEXT, "ow"),
        ("description", _D.TEXT, "o"),
        ("protocol-version", _D.UNSIGNED, ""),
        ("protocol-revision", _D.UNSIGNED, ""),
        ("protocol-services-supported", _D.BITS, ""),
        ("protocol-object-types-supported", _D.BITS, ""),
        ("object-list", _D.OBJECT_ARRAY, ""),
        ("max-apdu-length-accepted", _D.UNSIGNED, ""),
        ("segmentation-supported", _D.ENUMERATED, ""),
        ("local-time", _D.TIME, "o"),
        ("local-date", _D.DATE, "o"),
        ("apdu-timeout", _D.UNSIGNED, ""),
        ("number-of-apdu-retries", _D.UNSIGNED, ""),
        ("max-master", _D.UNSIGNED, "ow"),
        ("max-info-frames", _D.UNSIGNED, "o"),
        ("device-address-binding", _D.EMPTY_LIST, ""),
        ("database-revision", _D.UNSIGNED, ""),
    ),
}


def property_of(kind: Kind, number: int) -> Property | None:
    """Return the property ``number`` of a kind of object, None where that kind has none."""
    return _SETS[kind].get(number)


def special_set(kind: Kind, special: int) -> Iterator[Property]:
    """Iterate over the properties that ALL, REQUIRED or OPTIONAL stand for."""
    for entry in _SETS[kind].values():
        if special == ALL or entry.required == (special == REQUIRED):
            yield entry
