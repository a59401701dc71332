"""Is the Device object what the manual says it is?"""

from __future__ import annotations

import re

import allure
import pytest
from bacpypes3.apdu import WhoIsRequest

from drivers.meter.requests.packing import THIS_DEVICE
from meter_model.behaviour.profile import ObjectTypesSupported, ServicesSupported
from meter_model.objects.points import OBJECTS
from rig.procedures import Inquiry
from rig.procedures.behaviour.hearing import answers_to

pytestmark = [allure.epic("Firmware regression"), allure.feature("Device object")]

_AS_PRINTED = {
    "vendor-name": "Leviton Mfg.",
    "vendor-identifier": 133,
    "model-name": "S4100 Energy Meter",
    "object-type": 8,
    "protocol-version": 1,
    "protocol-revision": 4,
    "segmentation-supported": 3,
    "max-info-frames": 1,
    "max-apdu-length-accepted": 480,
    "apdu-timeout": 60000,
    "number-of-apdu-retries": 0,
    "system-status": 0,
    "device-address-binding": (),
}


@pytest.mark.parametrize("name", _AS_PRINTED)
def test_device_property_reads_as_the_manual_prints_it(asked: Inquiry, name: str) -> None:
    """Table of the Device object's properties (manual pages 22 and 23)."""
    asked.check(f"Device {name}", _AS_PRINTED[name], asked.device(name))


def test_name_and_description_carry_the_serial_number(asked: Inquiry) -> None:
    """Object_Name and Description end in the unit's serial number, the same in both (manual page 22)."""
    name, description = str(asked.device("object-name")), str(asked.device("description"))
    named = re.fullmatch(r"Leviton S4100 Series Energy Meter - S/N: (\S+)", name)
    described = re.fullmatch(r"S4100 DIN-Rail Energy Meter S/N: (\S+)", description)
    good = named is not None and described is not None and named[1] == described[1]
    asked.check(
        "names with the serial number", "... S/N: <serial number>, twice the same", f"{name}; {description}", good
    )


def test_versions_have_the_manuals_form(asked: Inquiry) -> None:
    """Firmware_Revision "xyyy", Application_Software_Version "RS= xyyy, OS=xyyy, BACnet Gateway=xyyy" (page 22)."""
    firmware, application = str(asked.device("firmware-revision")), str(asked.device("application-software-version"))
    fits = re.fullmatch(r"RS= ?\d{4}, OS= ?\d{4}, BACnet Gateway= ?(\d{4})", application)
    good = re.fullmatch(r"\d{4}", firmware) is not None and fits is not None
    asked.check("versions", "xyyy; RS= xyyy, OS=xyyy, BACnet Gateway=xyyy", f"{firmware}; {application}", good)


def test_device_instance_is_in_its_range_and_answers_to_who_is(asked: Inquiry) -> None:
    """1 to 4,193,999 (manual page 22); a Who-Is for it is answered by this meter, with 480 octets and vendor 133."""
    kind, instance = asked.device("object-identifier")
    asked.check("device instance", "DE, 1 to 4193999", (kind, instance), kind == "DE" and 1 <= instance <= 4_193_999)
    limits = {"deviceInstanceRangeLowLimit": instance, "deviceInstanceRangeHighLimit": instance}
    found = answers_to(asked, WhoIsRequest(**limits), 1).devices
    said = [(each.device_instance, each.max_apdu_octets, each.vendor_identifier) for each in found]
    asked.check("I-Am", [(instance, 480, 133)], said)


def test_supported_services_are_what_the_meter_says(asked: Inquiry) -> None:
    """Bits 12, 14, 15, 17, 32 to 35 as printed; 20 (ReinitializeDevice) is in the PICS only (manual pages 20, 22)."""
    bits = [number for number, bit in enumerate(asked.device("protocol-services-supported")) if bit]
    with_restart = asked.profile.services_supported is ServicesSupported.WITH_REINITIALIZE_DEVICE
    expected = [12, 14, 15, 17, *([20] if with_restart else []), 32, 33, 34, 35]
    asked.check("services supported", expected, bits)


def test_supported_object_types_are_those_that_exist(asked: Inquiry) -> None:
    """AI, AV, BI, Device and Trend_Log; the print lost a zero before the last (manual page 22)."""
    bits = [number for number, bit in enumerate(asked.device("protocol-object-types-supported")) if bit]
    last = 20 if asked.profile.object_types_supported is ObjectTypesSupported.TREND_LOG else 19
    asked.check("object types supported", [0, 2, 3, 8, last], bits)


def test_object_list_has_the_113_objects_in_order(asked: Inquiry) -> None:
    """Device, AI1 to AI83, AV1 to AV11, BI1 to BI15, TL1 to TL3 (manual page 23), read element by element."""
    instance = asked.device("object-identifier")[1]
    count = asked.properties.read("DE", THIS_DEVICE, "object-list", 0)
    asked.check("length of the object list", 113, count)
    listed = asked.properties.read_elements("DE", THIS_DEVICE, "object-list", range(1, 114))
    expected = [("DE", instance), *((each.kind, each.instance) for each in OBJECTS[1:])]
    wrong = [f"[{n}] is {f}, not {e}" for n, (f, e) in enumerate(zip(listed, expected, strict=True), 1) if f != e]
    asked.check_none("object list", "DE, AI1-83, AV1-11, BI1-15, TL1-3", wrong)
