"""Which properties each kind of object has (protocol revision 4), their numbers and their datatypes.

Source: the manual's PICS and object tables (pages 22 to 31); ASHRAE 135-2004 clause 12 for the sets of revision 4.
No Property_List and no Priority_Array: they came with later revisions, or with commandable objects.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meter_model.objects.points import Kind
from rig.emulation.meter.application.values import Datatype


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


ALL, REQUIRED, OPTIONAL = SPECIAL = 8, 105, 80
"""The special property identifiers of ReadPropertyMultiple: all, required, optional (clause 15.7.3.1.2)."""


def _rows(*rows: tuple[str, int, Datatype, str]) -> dict[int, Property]:
    """Build a property set; the last column holds ``o`` for optional and ``w`` for writable."""
    table = {}
    for name, number, datatype, flags in rows:
        table[number] = Property(name, number, datatype, "o" not in flags, "w" in flags)
    return table


_D = Datatype
_HEAD = (
    ("object-identifier", 75, _D.OBJECT, ""),
    ("object-name", 77, _D.TEXT, ""),
    ("object-type", 79, _D.ENUMERATED, ""),
)
_STATE = (
    ("description", 28, _D.TEXT, "o"),
    ("status-flags", 111, _D.BITS, ""),
    ("event-state", 36, _D.ENUMERATED, ""),
    ("reliability", 103, _D.ENUMERATED, "o"),
    ("out-of-service", 81, _D.BOOLEAN, ""),
)

_SETS: dict[Kind, dict[int, Property]] = {
    "AI": _rows(*_HEAD, ("present-value", 85, _D.REAL, ""), *_STATE, ("units", 117, _D.ENUMERATED, "")),
    "AV": _rows(*_HEAD, ("present-value", 85, _D.REAL, "w"), *_STATE, ("units", 117, _D.ENUMERATED, "")),
    "BI": _rows(*_HEAD, ("present-value", 85, _D.ENUMERATED, ""), *_STATE, ("polarity", 84, _D.ENUMERATED, "")),
    "TL": _rows(
        *_HEAD,
        ("description", 28, _D.TEXT, "o"),
        ("log-enable", 133, _D.BOOLEAN, "w"),
        ("start-time", 142, _D.DATE_TIME, "ow"),
        ("stop-time", 143, _D.DATE_TIME, "ow"),
        ("log-device-object-property", 132, _D.PROPERTY_REFERENCE, "ow"),
        ("log-interval", 134, _D.UNSIGNED, "ow"),
        ("stop-when-full", 144, _D.BOOLEAN, "w"),
        ("buffer-size", 126, _D.UNSIGNED, ""),
        ("log-buffer", 131, _D.EMPTY_LIST, ""),
        ("record-count", 141, _D.UNSIGNED, "w"),
        ("total-record-count", 145, _D.UNSIGNED, ""),
        ("event-state", 36, _D.ENUMERATED, ""),
    ),
    "DE": _rows(
        ("object-identifier", 75, _D.OBJECT, "w"),
        ("object-name", 77, _D.TEXT, "w"),
        ("object-type", 79, _D.ENUMERATED, ""),
        ("system-status", 112, _D.ENUMERATED, ""),
        ("vendor-name", 121, _D.TEXT, ""),
        ("vendor-identifier", 120, _D.UNSIGNED, ""),
        ("model-name", 70, _D.TEXT, ""),
        ("firmware-revision", 44, _D.TEXT, ""),
        ("application-software-version", 12, _D.TEXT, ""),
        ("location", 58, _D.TEXT, "ow"),
        ("description", 28, _D.TEXT, "o"),
        ("protocol-version", 98, _D.UNSIGNED, ""),
        ("protocol-revision", 139, _D.UNSIGNED, ""),
        ("protocol-services-supported", 97, _D.BITS, ""),
        ("protocol-object-types-supported", 96, _D.BITS, ""),
        ("object-list", 76, _D.OBJECT_ARRAY, ""),
        ("max-apdu-length-accepted", 62, _D.UNSIGNED, ""),
        ("segmentation-supported", 107, _D.ENUMERATED, ""),
        ("local-time", 57, _D.TIME, "o"),
        ("local-date", 56, _D.DATE, "o"),
        ("apdu-timeout", 11, _D.UNSIGNED, ""),
        ("number-of-apdu-retries", 73, _D.UNSIGNED, ""),
        ("max-master", 64, _D.UNSIGNED, "ow"),
        ("max-info-frames", 63, _D.UNSIGNED, "o"),
        ("device-address-binding", 30, _D.EMPTY_LIST, ""),
        ("database-revision", 155, _D.UNSIGNED, ""),
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
