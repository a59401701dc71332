"""The object table is whole and usable as BACnet objects."""

from __future__ import annotations

import re

from meter_model.objects.points import ANALOG_INPUTS, ANALOG_VALUES, LOAD_POINT_INPUTS, OBJECTS, point


def test_the_meter_has_113_objects_in_the_order_of_its_object_list() -> None:
    kinds = [each.kind for each in OBJECTS]
    assert kinds == ["DE"] + ["AI"] * 83 + ["AV"] * 11 + ["BI"] * 15 + ["TL"] * 3
    for kind, count in (("AI", 83), ("AV", 11), ("BI", 15), ("TL", 3)):
        assert [each.instance for each in OBJECTS if each.kind == kind] == list(range(1, count + 1))


def test_object_names_are_unique_and_free_of_the_prints_line_breaks() -> None:
    names = [each.name for each in OBJECTS]
    assert len(set(names)) == len(names)
    with_space = {each.name for each in OBJECTS if " " in each.name and each.kind != "DE"}
    assert with_space == {"Current Average", "Pulse Count"}
    assert not any(re.search(r"Al\d", each.name) for each in ANALOG_INPUTS), "an l read for an I"


def test_varh_and_vah_report_kilowatt_hours_as_the_manual_says() -> None:
    numbers = {each.unit: each.bacnet_units for each in ANALOG_INPUTS}
    assert (numbers["kWh"], numbers["kVARh"], numbers["kVAh"]) == (19, 19, 19)
    assert (numbers["kW"], numbers["kVAR"], numbers["kVA"]) == (48, 12, 9)
    assert (numbers["Volts"], numbers["Amps"], numbers["Hz"], numbers[""]) == (5, 3, 27, 95)


def test_only_analog_values_are_writable() -> None:
    assert {each.kind for each in OBJECTS if each.writable} == {"AV"}
    assert all(each.writable for each in ANALOG_VALUES)


def test_a_load_point_is_read_with_29_objects() -> None:
    assert len(LOAD_POINT_INPUTS) == 29
    assert {point("AI", each).quantity for each in LOAD_POINT_INPUTS} == {"P", "Q", "S", "PF", "V_LL", "V_LN", "I", "F"}
