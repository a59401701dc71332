"""The emulated meter's property sets against a transcription made by hand."""

import pytest

from rig.emulation.meter.application.properties import ALL, OPTIONAL, REQUIRED, property_of, special_set
from tests.meter_model.transcription.manual_property_sets import ABSENT, PROPERTY_SETS

KINDS = sorted(PROPERTY_SETS)


def numbers(kind, special):
    return {each.number for each in special_set(kind, special)}


@pytest.mark.parametrize("kind", KINDS)
def test_required_and_optional_properties_are_those_of_revision_4(kind):
    required, optional = PROPERTY_SETS[kind]
    assert numbers(kind, REQUIRED) == set(required.values())
    assert numbers(kind, OPTIONAL) == set(optional.values())
    assert numbers(kind, ALL) == set(required.values()) | set(optional.values())


@pytest.mark.parametrize("kind", KINDS)
def test_no_property_of_a_later_revision_is_there(kind):
    assert all(property_of(kind, number) is None for number in ABSENT[kind])
