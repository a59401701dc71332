"""The written form of SCPI: numbers in, numbers out, mnemonics, separators."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.scpi.syntax import (
    Boolean,
    Choice,
    Number,
    ScpiError,
    engineering,
    parse_number,
    parse_unit,
    scientific,
    short_form,
    split_outside,
)

finite = st.floats(min_value=1e-9, max_value=1e9) | st.floats(min_value=-1e9, max_value=-1e-9)


@given(finite)
def test_scientific_keeps_nine_digits_of_any_number(value):
    assert float(scientific(value)) == pytest.approx(value, rel=1e-8)


@pytest.mark.parametrize(
    ("value", "text"),
    [(14.4, "1.44E1"), (10.55, "1.055E1"), (0.0, "0.0E0"), (-0.25, "-2.5E-1"), (25.0, "2.5E1"), (-120.0, "-1.2E2")],
)
def test_scientific_writes_as_the_fluke_manual_prints(value, text):
    assert scientific(value) == text


@given(finite, st.integers(3, 9))
def test_engineering_keeps_its_digits_and_an_exponent_of_three(value, digits):
    text = engineering(value, digits)
    mantissa, exponent = text.split("E")
    assert float(text) == pytest.approx(value, rel=10.0 ** (1 - digits))
    assert int(exponent) % 3 == 0
    assert 1.0 <= abs(float(mantissa)) < 1000.0


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1000.0, 4, "1.000E+03"),
        (30.0, 3, "30.0E+00"),
        (10.0, 4, "10.00E+00"),
        (0.5, 4, "500.0E-03"),
        (104.75, 5, "104.75E+00"),
        (-0.38, 2, "-380E-03"),
        (0.0, 5, "0.0000E+00"),
        (999.9999, 5, "1.0000E+03"),
        (50.0, 5, "50.000E+00"),
    ],
)
def test_engineering_writes_as_the_yokogawa_manual_prints(value, digits, text):
    assert engineering(value, digits) == text


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("600V", "V", 600.0),
        ("500MV", "V", 0.5),
        ("500 ms", "S", 0.5),
        ("5.5kHz", "HZ", 5500.0),
        ("1MHz", "HZ", 1e6),
        ("-.5", "", -0.5),
        ("1.44E1", "", 14.4),
        ("#B101", "", 5.0),
        ("#hFF", "", 255.0),
    ],
)
def test_a_number_may_carry_multiplier_and_unit(text, unit, value):
    assert parse_number(text, unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "unit", "code"),
    [("abc", "", -104), ("5A", "V", -131), ("5V", "", -138), ("", "V", -104), ("1e", "", -138), ("#B2", "", -104)],
)
def test_a_bad_number_is_refused_with_its_own_code(text, unit, code):
    with pytest.raises(ScpiError) as caught:
        parse_number(text, unit)
    assert caught.value.code == code


@pytest.mark.parametrize("text", ["101", "-1", "1e999"])
def test_a_number_outside_its_limits_is_data_out_of_range(text):
    with pytest.raises(ScpiError) as caught:
        Number(0, 100).parse(text)
    assert caught.value.code == -222


@pytest.mark.parametrize(("text", "value"), [("ON", True), ("off", False), ("1", True), ("0", False), ("0.4", False)])
def test_booleans_are_words_or_rounded_numbers(text, value):
    assert Boolean().parse(text) is value


@pytest.mark.parametrize("text", ["RES", "reset", "Reset"])
def test_a_choice_takes_short_and_long_form(text):
    assert Choice(("RESet", "STOP")).parse(text) == "RES"


@pytest.mark.parametrize("text", ["R", "RESE", "RESETS", ""])
def test_a_choice_takes_nothing_between(text):
    with pytest.raises(ScpiError):
        Choice(("RESet", "STOP")).parse(text)


@pytest.mark.parametrize(("long", "short"), [("VOLTage", "VOLT"), ("P3W4", "P3W4"), ("ALL", "ALL"), ("NUMber", "NUM")])
def test_the_short_form_is_what_is_printed_in_capitals(long, short):
    assert short_form(long) == short


def test_separators_in_quotes_and_parentheses_do_not_split():
    assert split_outside('a,"b,c",(EXT,10V),d', ",") == ["a", '"b,c"', "(EXT,10V)", "d"]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else(text):
    with contextlib.suppress(ScpiError):
        unit = parse_unit(text)
        assert unit.path
        assert all(part == part.upper() for part in unit.path)


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["", "V", "HZ"]))
def test_whatever_python_writes_as_a_number_is_read_or_refused(value, unit):
    try:
        parsed = parse_number(f"{value!r}{unit}", unit)
    except ScpiError:
        assert math.isnan(value) or math.isinf(value)
    else:
        assert parsed == value
