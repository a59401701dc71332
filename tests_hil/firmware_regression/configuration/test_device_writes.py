"""Do the Device's writable properties take their ranges, refuse what lies beyond, and take effect?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import allure
import pytest
from bacpypes3.apdu import WhoIsRequest
from bacpypes3.primitivedata import CharacterString, ObjectIdentifier, Unsigned

from drivers.meter.requests.packing import THIS_DEVICE
from meter_model.behaviour.profile import DatabaseRevision, ObjectNameAccess
from rig.procedures import Inquiry
from rig.procedures.behaviour.hearing import answers_to

pytestmark = [allure.epic("Firmware regression"), allure.feature("Device object")]

_OUT_OF_RANGE = "property, value-out-of-range"
_HIGHEST_INSTANCE = 4_193_999


@contextmanager
def _restored(asked: Inquiry, name: str, atom: type) -> Iterator[object]:
    before = asked.device(name)
    try:
        yield before
    finally:
        asked.properties.write("DE", THIS_DEVICE, name, atom(before))


def _write(asked: Inquiry, name: str, value: object) -> str:
    return asked.refusal(lambda: asked.properties.write("DE", THIS_DEVICE, name, value))


def test_location_takes_64_characters(asked: Inquiry) -> None:
    """Location is limited to 64 characters (manual page 21)."""
    with _restored(asked, "location", CharacterString):
        for text in ("Hall 3, panel LP-7", "x" * 64, ""):
            asked.check(
                f"Location of {len(text)} characters", "accepted", _write(asked, "location", CharacterString(text))
            )
            asked.check(f"Location of {len(text)} characters reads", text, asked.device("location"))
        found = _write(asked, "location", CharacterString("y" * 65))
        asked.check("Location of 65 characters", "an error", found, found not in ("accepted", "no answer"))
        asked.check("Location afterwards", "", asked.device("location"))


def test_max_master_takes_its_range(asked: Inquiry) -> None:
    """Max_Master may be written from 1 to 127 (manual page 21)."""
    with _restored(asked, "max-master", Unsigned) as before:
        for value in (126, 127):
            asked.check(f"Max_Master = {value}", "accepted", _write(asked, "max-master", Unsigned(value)))
            asked.check("Max_Master reads", value, asked.device("max-master"))
        for value in (0, 128, 255):
            asked.check(f"Max_Master = {value}", _OUT_OF_RANGE, _write(asked, "max-master", Unsigned(value)))
        asked.check("Max_Master after the refusals", 127, asked.device("max-master"))
    asked.check("Max_Master put back", before, asked.device("max-master"))


def test_device_instance_takes_its_range_and_is_answered_for(asked: Inquiry) -> None:
    """Object_Identifier may be written from 1 to 4,193,999 (manual page 21); Who-Is and Object_List follow it."""
    own = asked.device("object-identifier")[1]
    try:
        for value in (1, _HIGHEST_INSTANCE):
            found = _write(asked, "object-identifier", ObjectIdentifier(("device", value)))
            asked.check(f"instance {value}", "accepted", found)
            asked.check("Object_Identifier", ("DE", value), asked.device("object-identifier"))
            listed = asked.properties.read("DE", THIS_DEVICE, "object-list", 1)
            asked.check("the first object of Object_List", ("DE", value), listed)
            limits = {"deviceInstanceRangeLowLimit": value, "deviceInstanceRangeHighLimit": value}
            asked.check(f"I-Am for {value}", [value], list(answers_to(asked, WhoIsRequest(**limits), 1).instances))
        for value in (0, _HIGHEST_INSTANCE + 1, 4_194_303):
            found = _write(asked, "object-identifier", ObjectIdentifier(("device", value)))
            asked.check(f"instance {value}", _OUT_OF_RANGE, found)
        asked.check("after the refusals", ("DE", _HIGHEST_INSTANCE), asked.device("object-identifier"))
    finally:
        asked.properties.write("DE", THIS_DEVICE, "object-identifier", ObjectIdentifier(("device", own)))
    asked.check("put back", ("DE", own), asked.device("object-identifier"))


def test_object_name_is_as_the_profile_says(asked: Inquiry) -> None:
    """Object_Name is writable by the PICS (manual page 21) and not by the table (page 22): the profile decides."""
    before = str(asked.device("object-name"))
    name = CharacterString("regression")
    if asked.profile.object_name_access is ObjectNameAccess.READ_ONLY:
        asked.check("writing Object_Name", "property, write-access-denied", _write(asked, "object-name", name))
        asked.check("Object_Name", before, asked.device("object-name"))
        return
    with _restored(asked, "object-name", CharacterString):
        asked.check("writing Object_Name", "accepted", _write(asked, "object-name", name))
        asked.check("Object_Name", "regression", asked.device("object-name"))


def test_database_revision_is_as_the_profile_says(asked: Inquiry) -> None:
    """Database_Revision is 0 by the table (manual page 22), though identifiers can be written (PICS, page 21)."""
    own = asked.device("object-identifier")[1]
    before = asked.device("database-revision")
    other = 1 if own != 1 else 2
    try:
        asked.properties.write("DE", THIS_DEVICE, "object-identifier", ObjectIdentifier(("device", other)))
        after = asked.device("database-revision")
    finally:
        asked.properties.write("DE", THIS_DEVICE, "object-identifier", ObjectIdentifier(("device", own)))
    is_constant = asked.profile.database_revision is DatabaseRevision.CONSTANT
    expected = (0, 0) if is_constant else (before, before + 1)
    asked.check("Database_Revision before and after another Object_Identifier", expected, (before, after))


@pytest.mark.parametrize("kind", ["AV", "BI", "TL"])
def test_property_sets_are_those_of_revision_4(asked: Inquiry, kind: str) -> None:
    """ReadPropertyMultiple of ALL: required and optional properties of manual page 21 and no others."""
    state = {"event-state", "out-of-service", "present-value", "reliability", "status-flags"}
    expected = {
        "AV": state | {"units"},
        "BI": state | {"polarity"},
        "TL": {
            "enable", "start-time", "stop-time", "log-device-object-property", "log-interval", "stop-when-full",
            "buffer-size", "log-buffer", "record-count", "total-record-count", "event-state",
        },
    }[kind] | {"description", "object-identifier", "object-name", "object-type"}  # fmt: skip
    asked.check(f"all properties of {kind}1", sorted(expected), sorted(asked.properties.read_special(kind, 1, "all")))
    required = sorted(expected - {"description", "reliability"} - _OPTIONAL_OF_LOGS)
    asked.check(f"required properties of {kind}1", required, sorted(asked.properties.read_special(kind, 1, "required")))


_OPTIONAL_OF_LOGS = {"start-time", "stop-time", "log-device-object-property", "log-interval"}
