"""What instruments answer: numbers, "no data", booleans, error queue entries."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scpi.parsing import parse_bool, parse_error, parse_float, says_over_range, split_answers


@given(st.floats(min_value=-9e37, max_value=9e37))
def test_every_number_python_writes_is_read_back_unchanged(value):
    assert parse_float(f" {value!r}\r") == value


@given(st.floats(min_value=9.9e37, allow_nan=False, allow_infinity=False), st.sampled_from([1, -1]))
def test_numbers_from_the_scpi_infinity_up_are_no_data(value, sign):
    assert parse_float(repr(sign * value)) is None


@pytest.mark.parametrize(
    "text", ["NAN", "nan", "INF", "-INF", "+INF", "9.9E37", "9.91E+37", "----", "---O L---", "-----", "", '""', "1E400"]
)
def test_what_means_no_data_is_none_and_never_a_number(text):
    assert parse_float(text.replace("O L", "OL")) is None


@pytest.mark.parametrize(
    "text", ["1,2", "OFF", "0x10", "1_0", "1.2.3", "-", "E5", "12 V", '"1.5', '1.5"', "1.5é", "٣", "1.5\xa0", "\x851.5"]
)
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(ValueError, match="not a number"):
        parse_float(text)


@pytest.mark.parametrize(("text", "value"), [("1", True), (" on\n", True), ("0", False), ("OFF", False), ("+1", True)])
def test_both_forms_of_a_boolean_are_read(text, value):
    assert parse_bool(text) is value


@pytest.mark.parametrize("text", ["", "2", "YES", "1.0"])
def test_what_is_not_a_boolean_is_refused(text):
    with pytest.raises(ValueError, match="not 0, 1"):
        parse_bool(text)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ('0,"No error"', (0, "No error")),
        ('+0,"No error"', (0, "No error")),
        ('-0, "No error"', (0, "No error")),
        ('-113,"Undefined header",-222,"Data, out"', (-113, 'Undefined header,-222,"Data, out"')),
        ('-222,"Data out of range; RANG"', (-222, "Data out of range; RANG")),
        ('113, "Undefined header"', (113, "Undefined header")),
        ('0,"NO,ERROR"', (0, "NO,ERROR")),
        (":STATUS:ERROR 0,NO ERROR", (0, "NO ERROR")),
    ],
)
def test_error_queue_entries_are_read_in_the_forms_instruments_use(text, entry):
    assert parse_error(text) == entry


@pytest.mark.parametrize(
    "text",
    [
        *("", "NAN", "No error", "12", '0,"No err', '0,No error"', '0,"No error"junk', "0,1.5", "FLUKE,6105A,0,1.0"),
        *("MAKER,MODEL,1,none", '7;0,"No error"', f'{"9" * 5000},"x"'),
    ],
)
def test_what_is_not_an_error_queue_entry_is_refused(text):
    with pytest.raises(ValueError, match="not an error queue entry"):
        parse_error(text)


@given(st.lists(st.text(alphabet="ab,1 .", max_size=5).map(str.strip), min_size=1))
def test_answers_are_split_at_semicolons_outside_of_quotes(parts):
    assert split_answers(";".join(parts)) == parts
    assert split_answers(";".join(f'"{part};"' for part in parts)) == [f'"{part};"' for part in parts]


@pytest.mark.parametrize("text", ["7" * 100_000 + "x", "-" * 100_000 + "x", '"' * 99_999, "A:" * 50_000 + ' 0,"No"'])
def test_a_huge_line_is_refused_like_a_small_one(text):
    for parse in (parse_float, parse_bool, parse_error):
        with contextlib.suppress(ValueError):
            assert parse(text) in (None, (0, "No"))
    assert len(split_answers(text)) == 1
    assert len(split_answers(";" * 100_000)) == 100_001
    assert len(split_answers('"' + ";" * 100_000)) == 1


@pytest.mark.parametrize(
    "text", ["INF", "+INF", "-INF", "Infinity", '"INF"', "OL", "--OL--", "-OF-", "9.9E37", "+9.90000E+37"]
)
def test_infinity_and_overload_marks_say_over_range(text):
    assert says_over_range(text)
    assert parse_float(text) is None


@pytest.mark.parametrize("text", ["NAN", "9.91E37", "9.9100000E+37", "----", "", "ERROR", "277.01", "0", "what"])
def test_what_gives_no_reason_says_no_over_range(text):
    assert not says_over_range(text)
