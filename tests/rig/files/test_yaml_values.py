"""YAML as the rig reads it: the core schema of 1.2, what is easily misread refused with its line, limits that hold."""

import json
import os
import re
import time
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from rig.errors import BenchFileError
from rig.files.file_text import LARGEST_FILE_OCTETS
from rig.files.yaml_file import load_yaml_model, parse_yaml, read_text, validate
from rig.files.yaml_types import Day, Line, Name


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name = "x"
    station: Line = "x"
    on: bool = False
    number: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    whole: int = 1
    day: Day | None = None


def value(text):
    return parse_yaml("f.yaml", f"a: {text}\n")[0]["a"]


def refused(text, name="f.yaml"):
    with pytest.raises(BenchFileError) as caught:
        validate(name, *parse_yaml(name, text), Part)
    return caught.value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("10", 10), ("-3", -3), ("+3", 3), ("0", 0), ("0o10", 8), ("0x1F", 31), ("1.5", 1.5), (".5", 0.5), ("5.", 5.0),
        ("1e3", 1000.0), ("1.0E-3", 0.001), ("0.25", 0.25), ("0e0", 0.0), ("-0.0", 0.0), ("true", True),
        ("FALSE", False),         ("null", None), ("~", None), ("", None), ("yes", "yes"),
        ("No", "No"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("n", "n"), ("2027-02-28", "2027-02-28"), ('"010"', "010"), ("'8:1'", "8:1"), ("12:30pm", "12:30pm"),
        ("192.168.1.20", "192.168.1.20"), ("TCPIP0::10.0.0.1::5025::SOCKET", "TCPIP0::10.0.0.1::5025::SOCKET"),
        ("=", "="), ("0b1x", "0b1x"), ("1,5", "1,5"), ("10 V", "10 V"), ("tRue", "tRue"), ("-", [None]),
    ],
)  # fmt: skip
def test_plain_scalar_is_read_by_the_core_schema(text, wanted):
    if wanted == [None]:
        assert parse_yaml("f", "a:\n  -\n")[0]["a"] == wanted
        return
    found = value(text)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("010", "write 10 for the number"), ("-007", "write -7"), ("00", "write 0 for"), ("08", "write 8"),
        ("01.5", "write 1.5"), ("00.5", "write 0.5"), ("0_10", "write 10"),
        ("8:1", "the ratio 8:1 is 8"), ("1:1", "is 1)"), ("2:1", "is 2)"), ("5:30", "write one number"),
        ("21:20:00", "write one number"), ("-1:30", "sixties"), ("1:30.5", "sixties"), ("190:20:30.15", "sixties"),
        ("1_000", "write the digits alone"), ("0b101", "write the digits alone"), ("0x_1", "write the digits alone"),
        (".inf", "finite"), ("-.Inf", "finite"), (".NaN", "finite"), ("1e999", "too large"), ("1.0e+308", "too large"),
        ("1e16", "too large"), ("1e-300", "too close to 0"), ("1e-9999", "too close to 0"), ("9" * 60, "too large"),
        ("1" * 400, "400 characters"), ("1" + "0" * 5000, "5001 characters"), ("0x" + "f" * 30, "too large"),
    ],
)  # fmt: skip
def test_number_that_is_easily_misread_is_refused_with_line_and_advice(text, advice):
    with pytest.raises(BenchFileError) as caught:
        parse_yaml("f.yaml", f"# a comment\nname: x\nlist: [1, {text}]\n")
    assert caught.value.line == 3
    assert advice in str(caught.value)


@pytest.mark.parametrize("text", ["yes", "no", "on", "off", "y", "n", "Yes", "OFF", "'true'", "1", "maybe"])
def test_boolean_in_other_words_is_refused_with_what_to_write(text):
    error = refused(f"name: a\non: {text}\n")
    assert (error.line, "write true or false" in str(error)) == (2, True)


@pytest.mark.parametrize("text", ["no", "on", "off", "yes", "y", "n", "NO"])
def test_a_text_that_looks_like_a_boolean_stays_a_text(text):
    assert validate("f", *parse_yaml("f", f"station: {text}\n"), Part).station == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("number: 120 V", "such as 120"), ("number: '8'", "such as 8"), ("whole: 3.5", "3.5"),
        ("name: 5", '"5"'), ("number: 1.0e+6", None), ("number: 1000001", "1000000"), ("whole: true", "integer"),
        ("name: ''", "at least 1"),
        ("name: |\n  a\n  b", "one line"), (f"name: {'x' * 101}", "at most 100"), ('station: "a\\tb"', "one line"),
        ("day: 2027-02-29", "'2027-02-29' is no date of the calendar"), ("day: 2026-13-01", "no date"),
        ("day: 2026-1-1", "YYYY-MM-DD"), ("day: tomorrow", "YYYY-MM-DD"), ("day: 20260101", "YYYY-MM-DD"),
    ],
)  # fmt: skip
def test_value_that_does_not_fit_its_key_is_refused_in_one_sentence(text, said):
    if said is None:
        validate("f", *parse_yaml("f", text), Part)
        return
    error = refused(text)
    assert error.line == 1
    assert said in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: 1\na: 2\n", 2, "stands twice (first in line 1)"), ("a: {b: 1, b: 2}", 1, "'a.b' stands twice"),
        ("x: &x {a: 1}\ny:\n  <<: *x\n", 3, "merge keys"), ("a: !!python/object/apply:os.system [x]", 1, "tags"),
        ("a: !!int '3'", 1, "tags"), ("a: !own 3", 1, "tags"), ("%TAG ! tag:x,2000:\n---\na: 1", 2, "tags"),
        ("%YAML 1.1\n---\na: 1", 2, "YAML 1.1"), ("a: 1\n---\nb: 2\n", 2, "second document"),
        ("1: x", 1, "a key is a word"), ("true: x", 1, "a key is a word"), ("? [a]\n: x", 1, "a key"),
        ("? {a: 1}\n: x", 1, "a key"), ("~: x", 1, "a key is a word"), ("010: x", 1, "leading zeros"),
        ("a: *b", 1, "no anchor &b"), ("a: &p [*p]", 1, "no end"), ("a: &p {b: {c: *p}}", 1, "no end"),
        ("a:\n\tb: 1", 2, "indent with spaces"), ("a: [1, 2", 1, "is not YAML"), ("a: 'x", 1, "is not YAML"),
        ("a: b: c", 1, "is not YAML"), ('a: "\\x1b[31m"', 1, "U+001B"), ('a: "\\ud800"', 1, "surrogate U+D800"),
        ('a: "\\u202e"', 1, "U+202E"), ('a: "\\UFFFFFFFF"', 1, "not YAML"), ('a: "\\q"', 1, "not YAML"),
        ("x: 1\na: b\x07", 2, "U+0007"), ("x: 1\na: b\u2028c", 2, "U+2028"), ("a: \x00", 1, "U+0000"),
        (f"{'k' * 101}: 1", 1, "at most 100"), (f"a: {'x' * 20_001}", 1, "too long"),
    ],
)  # fmt: skip
def test_what_hides_a_value_is_refused_with_its_line(text, line, said):
    with pytest.raises(BenchFileError) as caught:
        parse_yaml("f.yaml", text)
    assert said in str(caught.value)
    assert caught.value.line is not None
    assert abs(caught.value.line - line) <= 1  # PyYAML marks the end of what is unfinished
    assert "\n" not in str(caught.value)


def laughs(levels):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        laughs(12), "a: " + "[" * 10_000, "a: " + "{b: " * 3000, "- " * 5000, "? " * 3000,
        "a: [" + "x, " * 30_000 + "]",
        "".join(f"k{n}: 1\n" for n in range(30_000)), "\n".join(" " * n + "a:" for n in range(700)),
        "x: &a [[[[[[[[[[1]]]]]]]]]]\n" + "".join(f"y{n}: &a [[[*a]]]\n" for n in range(20)),
        "a: " + "[" * 200 + "]" * 200,
    ],
)  # fmt: skip
def test_text_that_is_too_deep_or_too_large_is_refused_at_once(text):
    began_s = time.process_time()
    with pytest.raises(BenchFileError):
        parse_yaml("f.yaml", text)
    assert time.process_time() - began_s < 20.0


def test_an_alias_stands_for_what_it_names_with_the_lines_of_the_anchor():
    data, lines = parse_yaml("f", "a: &x {b: 1}\nc: *x\nd: [*x, 2]\n")
    assert data == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, 2]}
    assert lines["c",] == 2
    assert lines["d", 1] == 3


@pytest.mark.parametrize(
    ("octets", "line", "said"),
    [
        (b"\xff\xfea\x00", None, "UTF-16"), (b"\xfe\xff\x00a", None, "UTF-16"),
        (b"a: 1\nb: \xe4\n", 2, "0xe4 is not UTF-8"),
        (b"a: 1\nb: \x00", 2, "U+0000"), (b"a: \x1b[31m", 1, "U+001B"), (b"a: \xc2\x85", 1, "U+0085"),
        (b"#" * (LARGEST_FILE_OCTETS + 1), None, "larger than"),
    ],
)  # fmt: skip
def test_octets_that_are_no_plain_text_are_refused(tmp_path, octets, line, said):
    path = tmp_path / "f.yaml"
    path.write_bytes(octets)
    with pytest.raises(BenchFileError, match=re.escape(said)) as caught:
        read_text(path)
    assert caught.value.line == line


def test_a_byte_order_mark_and_other_line_ends_change_nothing(tmp_path):
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: a\r\nstation: b\rwhole: 2\r\n")
    part = load_yaml_model(path, Part)
    assert (part.name, part.station, part.whole) == ("a", "b", 2)


def test_pipe_device_folder_and_odd_names_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "loop.yaml").symlink_to(tmp_path / "loop.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name, said in (
        ("fifo.yaml", "regular"), ("folder.yaml", "folder"), ("none.yaml", "no such file"),
        ("loop.yaml", "cannot be read"),
        ("x" * 300 + ".yaml", "cannot be read"), ("a\0.yaml", "no name"),
        ("/dev/zero", "regular"), ("/dev/null", "regular"),
    ):  # fmt: skip
        with pytest.raises(BenchFileError, match=said):
            read_text(tmp_path / name)


NUMBERS = st.floats(1e-12, 1e12).map(lambda x: round(x, 9)) | st.integers(-(10**12), 10**12) | st.just(0)
PLAIN = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf"]), max_size=20)
DATA = st.recursive(
    NUMBERS | st.booleans() | st.none() | PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(PLAIN.filter(bool), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=100)
@given(st.dictionaries(PLAIN.filter(lambda key: bool(key) and key != "<<"), DATA, max_size=4))
def test_json_of_any_data_is_read_back(data):
    assert parse_yaml("f", json.dumps(data, ensure_ascii=False))[0] == data


@settings(max_examples=300)
@given(st.text(st.sampled_from("ab: -[]{},&*!|>'\"%@`#\n\t0189_.eExo<?~+\\u") | st.characters(), max_size=60))
def test_any_text_gives_data_or_one_sentence(text):
    said = None
    try:
        _, lines = parse_yaml("f.yaml", text)
    except BenchFileError as error:
        lines, said = {}, str(error)
    assert said is None or "\n" not in said
    assert all(line >= 1 for line in lines.values())


@pytest.mark.parametrize("key", ["<", "<<x", "<rows>"])
def test_unknown_key_that_begins_with_an_angle_bracket_has_its_line(key):
    error = refused(f"name: x\n'{key}': 1\n")
    assert error.line == 2
    assert f"unknown key {key!r}" in str(error)
