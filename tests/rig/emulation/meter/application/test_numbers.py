"""The numbers of properties and errors that a meter gives are those of another implementation of the standard."""

from __future__ import annotations

import pytest
from bacpypes3.basetypes import ErrorClass, ErrorCode, PropertyIdentifier

from meter_model.objects.points import OBJECT_TYPE_NUMBERS
from rig.emulation.meter.application.errors import CLASSES, CODES
from rig.emulation.meter.application.properties import ALL, special_set

_NAMED_OTHERWISE = {"log-enable": "enable", "property-is-not-a-list": "propertyIsNotAList"}


@pytest.mark.parametrize("kind", sorted(OBJECT_TYPE_NUMBERS))
def test_each_property_has_the_number_that_bacpypes3_gives_it(kind: str) -> None:
    for entry in special_set(kind, ALL):  # type: ignore[arg-type]  # the kinds are literals
        assert entry.number == int(PropertyIdentifier(_NAMED_OTHERWISE.get(entry.name, entry.name))), entry.name


@pytest.mark.parametrize(("numbers", "known"), [(CLASSES, ErrorClass), (CODES, ErrorCode)])
def test_each_error_has_the_number_that_bacpypes3_gives_it(numbers: dict[str, int], known: type) -> None:
    for name, number in numbers.items():
        assert number == int(known(_NAMED_OTHERWISE.get(name, name))), name
