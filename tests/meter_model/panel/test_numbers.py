"""Numbers on the display fit it, in the unit that the manual lets them grow through."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.behaviour.panel_choices import PanelRounding, PanelUnitChange
from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.panel import numbers
from meter_model.panel.numbers import NOT_VALID, OVERFLOW, shown

SCALES = [
    numbers.REAL_ENERGY, numbers.REACTIVE_POWER, numbers.APPARENT_ENERGY, numbers.VOLTS, numbers.HERTZ, numbers.NO_UNIT
]  # fmt: skip
PROFILES = [
    BehaviourProfile(panel_rounding=rounding, panel_unit_change=change, panel_digits=digits)
    for rounding in PanelRounding
    for change in PanelUnitChange
    for digits in (4.0, 5.0, 6.0)
]
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.floats(-2000.0, 2000.0)


@pytest.mark.parametrize(
    ("kwh", "text", "unit"),
    [
        (0.0, "0.00", "Wh"),
        (-0.0, "0.00", "Wh"),
        (0.5, "500.00", "Wh"),
        (0.999994, "999.99", "Wh"),
        (0.999996, "1.0000", "kWh"),  # would be 1000.00 Wh: six digits
        (1.0, "1.0000", "kWh"),
        (27.7123456, "27.712", "kWh"),
        (999.996, "1.0000", "MWh"),
        (123456.0, "123.46", "MWh"),
        (1e6, "1.0000", "GWh"),
        (-12345.6, "-12.346", "MWh"),
        (9.9e10, "99000", "GWh"),
        (1e12, OVERFLOW, "GWh"),
        (math.nan, NOT_VALID, ""),
    ],
)
def test_energy_is_shown_in_the_unit_that_keeps_its_resolution(kwh, text, unit):
    number = shown(kwh, numbers.REAL_ENERGY, DEFAULT)
    assert (number.text, number.unit) == (text, unit)


def test_unit_changes_when_the_digits_are_full_where_that_is_chosen():
    profile = BehaviourProfile(panel_unit_change=PanelUnitChange.AT_FULL)
    full, next_one = (shown(each, numbers.REAL_ENERGY, profile) for each in (99.999, 100.0))
    assert (full.text, full.unit) == ("99999", "Wh")
    assert (next_one.text, next_one.unit) == ("100.00", "kWh")


def test_further_digits_are_left_out_where_that_is_chosen():
    profile = BehaviourProfile(panel_rounding=PanelRounding.DOWN)
    assert shown(27.7129, numbers.REAL_POWER, profile).text == "27.712"
    assert shown(-27.7129, numbers.REAL_POWER, profile).text == "-27.712"
    assert shown(0.9999999, numbers.REAL_ENERGY, profile).text == "999.99"


@given(FLOATS, st.sampled_from(SCALES), st.sampled_from(PROFILES))
def test_number_fits_the_display_and_is_off_by_less_than_its_last_digit(value, scale, profile):
    number = shown(value, scale, profile)
    if number.text == OVERFLOW:
        assert number.unit == scale.units[-1]
        return
    assert sum(each.isdigit() for each in number.text) <= profile.panel_digits
    factor = Decimal(1000) ** (scale.units.index(number.unit) - scale.bus_place)
    lost = abs(Decimal(number.text) * factor - Decimal(value))
    is_nearest = profile.panel_rounding is PanelRounding.NEAREST
    assert lost <= number.step / 2 if is_nearest else lost < number.step


@given(st.floats(0.0, 1e9), st.sampled_from(PROFILES))
def test_larger_energy_never_shows_a_smaller_unit_or_value(value, profile):
    smaller, larger = (shown(each, numbers.REAL_ENERGY, profile) for each in (value, value * 1.5 + 0.001))
    units = numbers.REAL_ENERGY.units
    assert units.index(smaller.unit) <= units.index(larger.unit)
    if smaller.unit == larger.unit and OVERFLOW not in (smaller.text, larger.text):
        assert Decimal(smaller.text) <= Decimal(larger.text)
