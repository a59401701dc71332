"""Are services that the meter does not have rejected, and answers that do not fit one APDU aborted?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import allure
import pytest
from bacpypes3.apdu import (
    DeleteObjectRequest,
    GetAlarmSummaryRequest,
    SubscribeCOVRequest,
    WritePropertyMultipleRequest,
)
from bacpypes3.basetypes import PropertyValue, WriteAccessSpecification
from bacpypes3.constructeddata import Any as BacnetAny
from bacpypes3.primitivedata import Real

from drivers.meter.requests.packing import THIS_DEVICE
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("Services")]


def _write_multiple() -> Any:
    value = PropertyValue(propertyIdentifier="present-value", value=BacnetAny(Real(10.0)))
    return WritePropertyMultipleRequest(
        listOfWriteAccessSpecs=[WriteAccessSpecification(objectIdentifier=(2, 8), listOfProperties=[value])]
    )


_UNKNOWN: dict[str, Callable[[], Any]] = {
    "SubscribeCOV": lambda: SubscribeCOVRequest(subscriberProcessIdentifier=1, monitoredObjectIdentifier=(0, 1)),
    "DeleteObject": lambda: DeleteObjectRequest(objectIdentifier=(0, 1)),
    "GetAlarmSummary": GetAlarmSummaryRequest,
    "WritePropertyMultiple": _write_multiple,
}


@pytest.mark.parametrize("service", _UNKNOWN)
def test_service_that_is_not_supported_is_rejected(asked: Inquiry, service: str) -> None:
    """Services beyond the PICS (manual page 20) are rejected as unrecognized, and the meter answers on."""
    found = asked.refusal(lambda: asked.properties.send(_UNKNOWN[service](), service))
    asked.check(f"service {service}", "reject unrecognized-service", found)
    asked.check("the meter answers afterwards", "S4100 Energy Meter", asked.answer_in_the_end("model-name"))


def test_answer_beyond_480_octets_is_aborted(asked: Inquiry) -> None:
    """No segmentation, 480 octets (manual pages 20 and 22): the whole Object_List, or 30 present values, do not fit."""
    whole_list = asked.refusal(lambda: asked.properties.read("DE", THIS_DEVICE, "object-list"))
    asked.check("the object list at once", "abort segmentation-not-supported", whole_list)
    thirty = [("AI", instance, ("present-value",)) for instance in range(1, 31)]
    asked.check(
        "30 present values at once",
        "abort segmentation-not-supported",
        asked.refusal(lambda: asked.properties.read_several(thirty)),
    )
    read = asked.properties.read_several(thirty[:29])
    asked.check("29 present values at once", 29, len(read))


def test_special_identifiers_give_property_sets_of_revision_4(asked: Inquiry) -> None:
    """ReadPropertyMultiple (manual page 20) with OPTIONAL: Description and Reliability of an AI (manual page 21)."""
    optional = asked.properties.read_special("AI", 11, "optional")
    required = asked.properties.read_special("AI", 11, "required")
    asked.check("optional properties of an AI", ["description", "reliability"], sorted(optional))
    expected = [
        "event-state", "object-identifier", "object-name", "object-type", "out-of-service", "present-value",
        "status-flags", "units",
    ]  # fmt: skip
    asked.check("required properties of an AI", expected, sorted(required))
    both = sorted(asked.properties.read_special("AI", 11, "all"))
    asked.check("all properties of an AI", sorted([*optional, *expected]), both)
