"""Does the meter void what a system type does not have, and nothing else?"""

from __future__ import annotations

import math

import allure
import pytest

from meter_model.behaviour.profile import MissingReliability
from meter_model.objects.points import ANALOG_INPUTS
from meter_model.system_type import SYSTEM_TYPES
from rig.procedures import Inquiry

pytestmark = [allure.epic("Firmware regression"), allure.feature("System types")]

_UNRELIABLE_OTHER = 7
_ANY_VALUE = frozenset(each.instance for each in ANALOG_INPUTS if each.quantity == "RESERVED")


@pytest.mark.parametrize("number", SYSTEM_TYPES)
def test_what_a_system_type_lacks_reads_qnan_and_nothing_else_does(loaded: Inquiry, number: int) -> None:
    """Values that are not valid in a system type are QNAN (manual page 8); reserved inputs may read anything."""
    loaded.load(-30.0)
    with loaded.configured({2: float(number)}):
        loaded.updates(3)
        read = loaded.inputs(range(1, 84))
        existing = SYSTEM_TYPES[number].existing_inputs(loaded.profile)
        wrong = [
            f"AI{instance} {ANALOG_INPUTS[instance - 1].name} is {value:g}"
            for instance, value in read.items()
            if instance not in _ANY_VALUE and math.isnan(value) == (instance in existing)
        ]
        missing = [n for n in (67, 70, 72, 73, 75) if n not in existing][:2]
        faults = {n: loaded.reliability("AI", n) for n in missing}
    expected = f"QNAN for what system type {number} ({SYSTEM_TYPES[number].name}) lacks"
    loaded.check_none(f"inputs in system type {number}", expected, wrong)
    is_fault = loaded.profile.missing_reliability is MissingReliability.UNRELIABLE_OTHER
    loaded.check("reliability of what is missing", dict.fromkeys(missing, _UNRELIABLE_OTHER if is_fault else 0), faults)
