"""Is every request that the meter cannot fulfil refused with the right error, and does the meter answer on?"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import allure
import pytest
from bacpypes3.apdu import ReadRangeRequest
from bacpypes3.basetypes import DateTime, Range, RangeByTime
from bacpypes3.primitivedata import Boolean, CharacterString, Date, Enumerated, Real, Time, Unsigned

from drivers.meter.logs import LogPage
from drivers.meter.requests.packing import THIS_DEVICE
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Refusals")]

_UNKNOWN_OBJECT, _UNKNOWN_PROPERTY = "object, unknown-object", "property, unknown-property"
_NOT_AN_ARRAY = "property, property-is-not-an-array"
_INVALID_DATATYPE = "property, invalid-data-type"
_WRITE_DENIED = "property, write-access-denied"
_AV8 = bytes.fromhex("0c00800008") + bytes((0x19, 85))
"""Object identifier and property of AV8's Present_Value in a request."""

_MALFORMED = {
    "ReadProperty without anything": (12, ""),
    "ReadProperty of half an object": (12, "0c0080"),
    "ReadProperty without a property": (12, "0c00800008"),
    "ReadProperty with application tags": (12, "c4008000089155"),
    "ReadProperty with something behind it": (12, "0c0080000819552100"),
    "ReadPropertyMultiple of nothing": (14, ""),
    "ReadPropertyMultiple without an end": (14, "0c008000081e0955"),
    "ReadPropertyMultiple of no property": (14, "0c008000081e1f"),
    "WriteProperty without a value": (15, "0c008000081955"),
    "WriteProperty without an end": (15, "0c0080000819553e4441200000"),
    "WriteProperty of a real that is cut short": (15, "0c0080000819553e444120"),
    "ReadRange of no record": (26, "0c0500000119833e210131003f"),
    "DeviceCommunicationControl without a state": (17, ""),
    "DeviceCommunicationControl to a state that is none": (17, "1907"),
    "ReinitializeDevice without a state": (20, ""),
}


@pytest.mark.parametrize("what", _MALFORMED)
def test_malformed_request_is_rejected_and_the_meter_answers_on(asked: Inquiry, what: str) -> None:
    """A request that is not well-formed gets a Reject (the standard, for the services of manual page 20)."""
    service, octets = _MALFORMED[what]
    before = asked.meter.read_configuration()
    found = asked.refusal(lambda: asked.properties.send_octets(service, bytes.fromhex(octets), what))
    asked.check(what, "a reject", found, found.startswith("reject "))
    asked.check("the meter afterwards", "S4100 Energy Meter", asked.answer_in_the_end("model-name"))
    asked.check("its configuration", before, asked.meter.read_configuration())


@pytest.mark.parametrize(("kind", "instance"), [("AI", 0), ("AI", 84), ("AV", 12), ("BI", 16), ("TL", 4), ("DE", None)])
def test_reading_an_object_that_is_not_there_is_refused(asked: Inquiry, kind: str, instance: int | None) -> None:
    """Unknown-object: beyond the objects of manual pages 22 to 31, and a Device of another instance."""
    number = asked.device("object-identifier")[1] + 1 if instance is None else instance
    found = asked.refusal(lambda: asked.properties.read(kind, number, "object-name"))
    asked.check(f"reading {kind}{number}", _UNKNOWN_OBJECT, found)


def test_reading_an_object_of_another_type_is_refused(asked: Inquiry) -> None:
    """Unknown-object: object types are those of the PICS (manual pages 20 and 21), such as no Schedule."""
    found = asked.refusal(lambda: asked.properties.send_octets(12, bytes.fromhex("0c044000011955"), "Schedule 1"))
    asked.check("reading Schedule 1", _UNKNOWN_OBJECT, found)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AI", "priority-array"), ("AI", "cov-increment"), ("AV", "relinquish-default"), ("BI", "units"),
        ("TL", "status-flags"), ("TL", "reliability"), ("TL", "present-value"), ("DE", "property-list"),
    ],
)  # fmt: skip
def test_reading_a_property_that_is_not_there_is_refused(asked: Inquiry, kind: str, name: str) -> None:
    """Unknown-property: only what the PICS lists is there (manual pages 20 to 22), protocol revision 4."""
    instance = THIS_DEVICE if kind == "DE" else 1
    asked.check(
        f"reading {name} of {kind}",
        _UNKNOWN_PROPERTY,
        asked.refusal(lambda: asked.properties.read(kind, instance, name)),
    )


@pytest.mark.parametrize(
    ("kind", "name"), [("AI", "present-value"), ("AV", "object-name"), ("BI", "status-flags"), ("TL", "buffer-size")]
)
def test_element_of_what_is_no_array_is_refused(asked: Inquiry, kind: str, name: str) -> None:
    """Property-is-not-an-array: the one array of the meter is Object_List (manual page 23)."""
    found = asked.refusal(lambda: asked.properties.read(kind, 1, name, 1))
    asked.check(f"element 1 of {name} of {kind}1", _NOT_AN_ARRAY, found)


@pytest.mark.parametrize("index", [114, 1000])
def test_element_beyond_the_object_list_is_refused(asked: Inquiry, index: int) -> None:
    """Invalid-array-index: Object_List has 113 elements (manual page 23)."""
    found = asked.refusal(lambda: asked.properties.read("DE", THIS_DEVICE, "object-list", index))
    asked.check(f"element {index} of Object_List", "property, invalid-array-index", found)


def test_writing_an_element_of_what_is_no_array_is_refused(asked: Inquiry) -> None:
    """Property-is-not-an-array: Present_Value of an AV is one REAL (manual page 23); it keeps its value."""
    before = asked.meter.read_configuration()
    found = asked.refusal(lambda: asked.properties.write("AV", 8, "present-value", Real(50.0), index=1))
    asked.check("writing element 1 of AV8", _NOT_AN_ARRAY, found)
    asked.updates(3)
    asked.check("configuration afterwards", before, asked.meter.read_configuration())


def test_one_that_cannot_be_read_does_not_spoil_the_others(asked: Inquiry) -> None:
    """ReadPropertyMultiple (manual page 20) answers each by itself: a value, or why there is none."""
    octets = bytes.fromhex("0c000000521e0955096f09571f" + "0c000000541e09551f")  # AI82: 85, 111, 87; AI84: 85
    answer = asked.properties.send_octets(14, octets, "AI82 and AI84")
    found = [_element(each) for result in answer.listOfReadAccessResults for each in result.listOfResults]
    asked.check("AI82 and AI84 at once", ["value", "value", _UNKNOWN_PROPERTY, _UNKNOWN_OBJECT], found)


def _element(element: Any) -> str:
    error = element.readResult.propertyAccessError
    return "value" if error is None else f"{error.errorClass}, {error.errorCode}"


_DATATYPES: dict[str, tuple[str, int, str, Callable[[], object]]] = {
    "AV8 as an Unsigned": ("AV", 8, "present-value", lambda: Unsigned(20)),
    "AV8 as an Enumerated": ("AV", 8, "present-value", lambda: Enumerated(20)),
    "AV1 as an Unsigned": ("AV", 1, "present-value", lambda: Unsigned(21211)),
    "Max_Master as a text": ("DE", THIS_DEVICE, "max-master", lambda: CharacterString("127")),
    "Location as an Unsigned": ("DE", THIS_DEVICE, "location", lambda: Unsigned(1)),
    "Log_Enable as a Real": ("TL", 1, "log-enable", lambda: Real(1.0)),
    "Stop_When_Full as an Enumerated": ("TL", 1, "stop-when-full", lambda: Enumerated(1)),
    "Log_Interval as a Real": ("TL", 1, "log-interval", lambda: Real(90000.0)),
    "Record_Count as a Boolean": ("TL", 1, "record-count", lambda: Boolean(False)),
    "Start_Time as a Date alone": ("TL", 1, "start-time", lambda: Date((124, 1, 1, 1))),
}


@pytest.mark.parametrize("what", _DATATYPES)
def test_value_of_another_datatype_is_refused_everywhere(asked: Inquiry, what: str) -> None:
    """Invalid-data-type, for each kind of writable property (manual page 21)."""
    kind, instance, name, value = _DATATYPES[what]
    found = asked.refusal(lambda: asked.properties.write(kind, instance, name, value()))
    asked.check(what, _INVALID_DATATYPE, found)


def test_text_in_another_character_set_is_refused(asked: Inquiry) -> None:
    """ANSI X3.4 is the one character set of the PICS (manual page 21): Location in UCS-2 is refused and kept."""
    before = asked.device("location")
    octets = bytes.fromhex("0c023fffff193a3e750704") + "hall".encode("utf-16-be")[:6] + b"\x3f"
    found = asked.refusal(lambda: asked.properties.send_octets(15, octets, "Location in UCS-2"))
    asked.check("Location in UCS-2", "property, character-set-not-supported", found)
    asked.check("Location afterwards", before, asked.device("location"))


def test_priority_is_of_no_account(asked: Inquiry) -> None:
    """No object of the meter is commandable (manual page 21): a priority from 1 to 16 is accepted and ignored."""
    value = asked.meter.read_configuration()[8]
    for priority in (1, 8, 16):
        found = asked.refusal(
            lambda priority=priority: asked.properties.write("AV", 8, "present-value", Real(value), priority=priority)
        )
        asked.check(f"AV8 at priority {priority}", "accepted", found)
    asked.updates(3)


@pytest.mark.parametrize("priority", [0, 17])
def test_priority_that_is_none_is_refused(asked: Inquiry, priority: int) -> None:
    """A priority is 1 to 16 (the standard's WriteProperty, manual page 20)."""
    value = struct.pack(">f", asked.meter.read_configuration()[8])
    octets = _AV8 + b"\x3e\x44" + value + b"\x3f\x49" + bytes((priority,))
    found = asked.refusal(lambda: asked.properties.send_octets(15, octets, f"AV8 at priority {priority}"))
    asked.check(f"AV8 at priority {priority}", "reject parameter-out-of-range", found)


def test_range_of_what_is_no_list_is_refused(asked: Inquiry) -> None:
    """Property-is-not-a-list: ReadRange (manual page 22, services supported) reads lists, such as Log_Buffer."""
    request = ReadRangeRequest(objectIdentifier=("analog-input", 1), propertyIdentifier="present-value")
    found = asked.refusal(lambda: asked.properties.send(request, "ReadRange of AI1"))
    asked.check("ReadRange of AI1's Present_Value", "services, property-is-not-a-list", found)


def test_range_by_time_is_refused(asked: Inquiry) -> None:
    """ReadRange by position and by sequence number only (the OEM's sister manuals; manual page 31 is lost)."""
    by_time = RangeByTime(referenceTime=DateTime(date=Date((100, 1, 1, 255)), time=Time((0, 0, 0, 0))), count=5)
    request = asked.properties.log_request(1, Range(byTime=by_time))
    found = asked.refusal(lambda: asked.properties.send(request, "ReadRange by time"))
    good = found != "accepted" and found != "no answer"
    asked.check("ReadRange by time", "an error or a reject", found, good)
    page: LogPage = asked.properties.log_by_position(1, 1, 1)
    asked.check("by position it is answered", True, page.first_item or not page.records)


def test_answer_beyond_what_the_client_takes_is_aborted(asked: Inquiry) -> None:
    """The result has to fit 480 octets and the client's own maximum (manual pages 20 and 22)."""
    four = [("AI", instance, ("present-value",)) for instance in range(11, 15)]
    with asked.meter.bus.accepting(50):
        found = asked.refusal(lambda: asked.properties.read_several(four))
        asked.check("four values to a client of 50 octets", "abort segmentation-not-supported", found)
        asked.check("two values to a client of 50 octets", 2, len(asked.properties.read_several(four[:2])))


def test_read_only_device_properties_refuse_to_be_written(asked: Inquiry) -> None:
    """Writable are Object_Identifier, Max_Master, Location, perhaps Object_Name (manual pages 21 and 22)."""
    writes = {
        "database-revision": Unsigned(9), "system-status": Enumerated(1), "apdu-timeout": Unsigned(1000),
        "max-info-frames": Unsigned(5), "description": CharacterString("mine"), "local-time": Time((1, 2, 3, 4)),
        "local-date": Date((124, 1, 1, 1)), "firmware-revision": CharacterString("2"),
    }  # fmt: skip
    for name, value in writes.items():
        found = asked.refusal(lambda name=name, value=value: asked.properties.write("DE", THIS_DEVICE, name, value))
        asked.check(f"writing {name}", _WRITE_DENIED, found)
