"""Is every object there with the manual's name, units and description, and does it refuse what it has to?"""

from __future__ import annotations

from dataclasses import dataclass

import allure
import pytest
from bacpypes3.primitivedata import CharacterString, Enumerated, Real, Unsigned

from drivers.meter.requests.packing import THIS_DEVICE
from meter_model.behaviour.profile import CurrentErrorNames, PowerFactorUnits
from meter_model.objects.points import (
    ANALOG_INPUTS,
    ANALOG_VALUES,
    BINARY_INPUTS,
    POWER_FACTOR_UNITS,
    TREND_LOGS,
    Point,
    point,
)
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Objects")]

_KINDS = {"AI": ANALOG_INPUTS, "AV": ANALOG_VALUES, "BI": BINARY_INPUTS, "TL": TREND_LOGS}
_TEXTS_AT_A_TIME = 5


def _read(asked: Inquiry, kind: str, names: tuple[str, ...]) -> dict[tuple[int, str], object]:
    objects = _KINDS[kind]
    found: dict[tuple[int, str], object] = {}
    for start in range(0, len(objects), _TEXTS_AT_A_TIME):
        part = [(kind, each.instance, names) for each in objects[start : start + _TEXTS_AT_A_TIME]]
        found |= {(key[1], key[2]): value for key, value in asked.properties.read_several(part).items()}
    return found


def _name(entry: Point, asked: Inquiry) -> str:
    as_printed = asked.profile.bi_names is CurrentErrorNames.AS_PRINTED
    return point("BI", 4).name if as_printed and entry.label in ("BI5", "BI6") else entry.name


@pytest.mark.parametrize("kind", _KINDS)
def test_names_and_descriptions_are_the_manuals(asked: Inquiry, kind: str) -> None:
    """Object_Name, Object_Type, Description of each object of a kind (manual pages 23 to 31)."""
    found = _read(asked, kind, ("object-name", "object-type", "description"))
    wrong = []
    for entry in _KINDS[kind]:
        expected = (_name(entry, asked), entry.object_type, entry.description)
        read = tuple(found[entry.instance, name] for name in ("object-name", "object-type", "description"))
        if read != expected:
            wrong.append(f"{entry.label} is {read}, not {expected}")
    asked.check_none(f"names and descriptions of {kind}", "as the manual prints them", wrong)


@pytest.mark.parametrize("kind", ["AI", "AV"])
def test_units_are_the_manuals(asked: Inquiry, kind: str) -> None:
    """Units of each object; kVARh and kVAh are reported as kWh, as the manual says (pages 23 to 28)."""
    found = _read(asked, kind, ("units",))
    wrong = []
    for entry in _KINDS[kind]:
        is_pf = entry.quantity == "PF" and asked.profile.pf_units is PowerFactorUnits.POWER_FACTOR
        expected = POWER_FACTOR_UNITS if is_pf else entry.bacnet_units
        if found[entry.instance, "units"] != expected:
            wrong.append(f"{entry.label} has units {found[entry.instance, 'units']}, not {expected}")
    asked.check_none(f"units of {kind}", "as the manual prints them", wrong)


@pytest.mark.parametrize("kind", ["AI", "AV", "BI"])
def test_status_properties_are_those_of_an_object_in_service(asked: Inquiry, kind: str) -> None:
    """Event_State normal, Out_Of_Service false; Reliability is there and agrees with Status_Flags (page 20)."""
    wrong = []
    for entry in (_KINDS[kind][0], _KINDS[kind][-1]):
        read = {
            name: asked.properties.read(kind, entry.instance, name)
            for name in ("event-state", "out-of-service", "status-flags", "reliability")
        }
        flags = (False, read["reliability"] != 0, False, False)
        if (read["event-state"], read["out-of-service"], read["status-flags"]) != (0, False, flags):
            wrong.append(f"{entry.label}: {read}")
    asked.check_none(f"status of {kind}", "normal, in service, fault flag as Reliability says", wrong)


@dataclass(frozen=True)
class _Refused:
    what: str
    kind: str
    instance: int
    name: str
    value: object
    expected: str = "property, write-access-denied"


_WRITES = [
    _Refused("KW_Total", "AI", 11, "present-value", Real(1.0)),
    _Refused("an energy register", "AI", 2, "present-value", Real(0.0)),
    _Refused("an alert", "BI", 9, "present-value", Enumerated(1)),
    _Refused("a name", "AI", 1, "object-name", CharacterString("mine")),
    _Refused("units", "AV", 3, "units", Enumerated(95)),
    _Refused("a description", "BI", 1, "description", CharacterString("mine")),
    _Refused("the vendor", "DE", THIS_DEVICE, "vendor-name", CharacterString("mine")),
    _Refused("the buffer size", "TL", 1, "buffer-size", Unsigned(10)),
    _Refused("a property that is not there", "AI", 1, "high-limit", Real(1.0), "property, unknown-property"),
    _Refused("an object that is not there", "AI", 84, "present-value", Real(1.0), "object, unknown-object"),
]


@pytest.mark.parametrize("write", _WRITES, ids=lambda write: f"{write.kind}-{write.name}-{write.what.split()[-1]}")
def test_what_is_read_only_refuses_to_be_written(asked: Inquiry, write: _Refused) -> None:
    """No writable properties but those the PICS lists (manual page 21); the refusal says why."""

    def attempt() -> None:
        asked.properties.write(write.kind, write.instance, write.name, write.value)

    asked.check(f"writing {write.what}", write.expected, asked.refusal(attempt))


@pytest.mark.parametrize(
    ("what", "kind", "instance", "name", "index", "expected"),
    [
        ("an object that is not there", "AI", 84, "present-value", None, "object, unknown-object"),
        ("a property that is not there", "AI", 1, "priority-array", None, "property, unknown-property"),
        ("an element of what is no array", "AI", 1, "present-value", 1, "property, property-is-not-an-array"),
        ("an element beyond the array", "DE", THIS_DEVICE, "object-list", 114, "property, invalid-array-index"),
    ],
)
def test_reading_what_is_not_there_is_refused(
    asked: Inquiry, what: str, kind: str, instance: int, name: str, index: int | None, expected: str
) -> None:
    """Errors of ReadProperty as the standard has them (PICS, manual page 20)."""
    asked.check(f"reading {what}", expected, asked.refusal(lambda: asked.properties.read(kind, instance, name, index)))
