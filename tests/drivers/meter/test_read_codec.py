"""ReadPropertyMultiple as coded here against bacpypes3's codec, octet by octet; and what damaged answers do."""

import math
import struct
from types import SimpleNamespace

import pytest
from bacpypes3.apdu import ReadPropertyMultipleACK, ReadPropertyMultipleRequest
from bacpypes3.basetypes import (
    ErrorType,
    PropertyIdentifier,
    PropertyReference,
    ReadAccessResult,
    ReadAccessResultElement,
    ReadAccessResultElementChoice,
    ReadAccessSpecification,
)
from bacpypes3.constructeddata import Any
from bacpypes3.primitivedata import (
    BitString,
    Boolean,
    CharacterString,
    Date,
    Enumerated,
    ObjectIdentifier,
    Real,
    Time,
    Unsigned,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.meter.errors import AnswerNotUnderstood, MeterRefused
from drivers.meter.requests.packing import Wanted
from drivers.meter.requests.read_multiple import answered, read_results, request_octets, request_text

TYPES = {"AI": "analog-input", "AV": "analog-value", "BI": "binary-input", "TL": "trend-log", "DE": "device"}
NAMES = ("present-value", "reliability", "object-name", "log-device-object-property", "max-master", "local-time")
FLOATS = st.floats(width=32)

objects = st.builds(
    Wanted,
    st.sampled_from(sorted(TYPES)),
    st.integers(1, 2**22 - 2),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True).map(tuple),
)
values = st.one_of(
    FLOATS.map(Real),
    st.integers(0, 2**32 - 1).map(Unsigned),
    st.integers(0, 2**16).map(Enumerated),
    st.booleans().map(Boolean),
    st.text(max_size=300).map(CharacterString),
    st.tuples(st.integers(0, 254), st.integers(1, 12), st.integers(1, 31), st.integers(1, 7)).map(Date),
    st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 99)).map(Time),
    st.integers(1, 83).map(lambda instance: ObjectIdentifier(("analog-input", instance))),
)
answers = st.lists(objects, min_size=1, max_size=8).flatmap(
    lambda wanted: st.tuples(st.just(wanted), st.tuples(*(values for entry in wanted for _ in entry.properties)))
)


def element(name, value):
    choice = (
        ReadAccessResultElementChoice(propertyAccessError=value)
        if isinstance(value, ErrorType)
        else ReadAccessResultElementChoice(propertyValue=Any(value))
    )
    return ReadAccessResultElement(propertyIdentifier=PropertyIdentifier(name), readResult=choice)


def answer_to(wanted, given_values):
    """The answer with ``given_values`` in order, as bacpypes3 encodes it."""
    rest = iter(given_values)
    results = [
        ReadAccessResult(
            objectIdentifier=ObjectIdentifier((TYPES[entry.kind], entry.instance)),
            listOfResults=[element(name, next(rest)) for name in entry.properties],
        )
        for entry in wanted
    ]
    return ReadPropertyMultipleACK(listOfReadAccessResults=results).encode()


def of(octets):
    return SimpleNamespace(pduData=octets)


def plain(value):
    return (
        ("nan",) if isinstance(value, float) and math.isnan(value) else tuple(value) if type(value) is tuple else value
    )


@settings(max_examples=40)
@given(st.lists(objects, min_size=1, max_size=20))
def test_a_request_is_the_octets_that_bacpypes3_makes_of_it(wanted):
    specifications = [
        ReadAccessSpecification(
            objectIdentifier=ObjectIdentifier((TYPES[entry.kind], entry.instance)),
            listOfPropertyReferences=[PropertyReference(propertyIdentifier=name) for name in entry.properties],
        )
        for entry in wanted
    ]
    expected = ReadPropertyMultipleRequest(listOfReadAccessSpecs=specifications).encode().pduData
    assert request_octets(wanted) == bytes(expected)


@settings(max_examples=40)  # bacpypes3 takes its time to encode
@given(answers)
def test_every_value_that_bacpypes3_encodes_is_read_back(case):
    wanted, given_values = case
    results = read_results(1, wanted, answer_to(wanted, given_values))
    assert [(r.kind, r.instance, r.property_name) for r in results] == [
        (entry.kind, entry.instance, name) for entry in wanted for name in entry.properties
    ]
    for result, value in zip(results, given_values, strict=True):
        expected = tuple(value) if isinstance(value, tuple) else value
        assert plain(result.value) == plain(float(value) if isinstance(value, Real) else expected)


@settings(max_examples=40)
@given(answers, st.data())
def test_an_answer_that_is_cut_short_is_not_understood(case, data):
    wanted, given_values = case
    octets = bytes(answer_to(wanted, given_values).pduData)
    cut = data.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(AnswerNotUnderstood):
        read_results(1, wanted, of(octets[:cut]))


@settings(max_examples=40)
@given(answers, st.data())
def test_damaged_answer_is_read_refused_or_not_understood_without_a_crash(case, data):
    wanted, given_values = case
    octets = bytearray(answer_to(wanted, given_values).pduData)
    for _ in range(data.draw(st.integers(1, 3))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        results = read_results(1, wanted, of(bytes(octets)))
    except (AnswerNotUnderstood, MeterRefused):
        return
    assert len(results) == len(given_values)


@given(st.binary(max_size=60))
def test_noise_is_no_answer(octets):
    with pytest.raises((AnswerNotUnderstood, MeterRefused)):
        read_results(1, [Wanted("AI", 11)], of(octets))


def test_an_error_in_an_answer_names_object_property_class_and_code():
    wanted = [Wanted("AI", 1), Wanted("AI", 84, ("reliability",))]
    answer = answer_to(wanted, [Real(1.0), ErrorType(errorClass="object", errorCode="unknown-object")])
    with pytest.raises(MeterRefused, match=r"object, unknown-object \(reading reliability of AI84\)"):
        read_results(1, wanted, answer)
    assert [name for _, _, name, _ in answered(1, answer, "all")] == ["present-value", "reliability"]


def test_value_of_another_datatype_is_not_understood_but_recognised():
    wanted = [Wanted("AI", 1, ("status-flags", "present-value"))]
    answer = answer_to(wanted, [BitString([0, 1, 0, 0]), Real(2.0)])
    assert [name for _, _, name, _ in answered(1, answer, "all")] == ["status-flags", "present-value"]
    with pytest.raises(AnswerNotUnderstood, match=r"another datatype \(reading status-flags of AI1\)"):
        read_results(1, wanted, answer)


def test_constructed_and_long_values_are_told_apart_whole():
    place = b"\x0c" + (11).to_bytes(4, "big") + b"\x1e"
    inner = b"\x2e\xfe\x20\x91\x01\xff\x20\x2f"  # opening 2, opening 32, an enumerated, closing 32, closing 2
    text = b"\x75\xfe\x01\x2c\x00" + b"x" * 299
    octets = place + b"\x29\x84\x4e" + inner + b"\x4f\x29\x4d\x39\x05\x4e" + text + b"\x4f\x1f"
    found = list(answered(1, of(octets), "all"))
    assert [(kind, instance, name, value) for kind, instance, name, value in found] == [
        ("AI", 11, "log-device-object-property", inner),
        ("AI", 11, "object-name", text),
    ]


def test_the_text_of_a_request_names_three_objects_and_how_many_more():
    assert request_text([Wanted("AI", 1)]) == "reading AI1"
    assert request_text([Wanted("AI", n) for n in range(1, 6)]) == "reading AI1, AI2, AI3 and 2 more"


def test_a_real_is_what_the_octets_say():
    wanted = [Wanted("AI", 3)]
    octets = request_octets(wanted)[:5] + b"\x1e\x29\x55\x4e\x44" + struct.pack(">f", 0.1) + b"\x4f\x1f"
    (result,) = read_results(1, wanted, of(octets))
    assert result.value == struct.unpack(">f", struct.pack(">f", 0.1))[0]
