"""Frames of the Radian protocol and the floats in them: found in any noise, never taken when damaged."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.analyzer.radian_rd_frames import find_frame, floats, packed, ti_float
from tests.drivers.analyzer.radian_octets import frame


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        # By the floating-point format of the TMS320C3x user's guide
        ("00000000", 1.0),
        ("00400000", 1.5),
        ("ff000000", 0.5),
        ("ff800000", -1.0),
        ("00c00000", -1.5),
        ("00800000", -2.0),
        ("06700000", 120.0),
        ("80000000", 0.0),
        ("80123456", 0.0),
        ("7f7fffff", None),
        ("7f800000", None),
    ],
)
def test_floats_are_those_of_the_processor_and_the_largest_is_no_value(octets, value):
    assert ti_float(bytes.fromhex(octets)) == value


@given(st.binary(min_size=4, max_size=4))
def test_any_four_octets_are_a_finite_number_or_no_value(octets):
    value = ti_float(octets)
    assert value is None or abs(value) < 3.4e38


def test_octets_that_are_no_whole_number_of_floats_are_an_error():
    with pytest.raises(ValueError, match="no whole number of floats"):
        floats(b"\0" * 6)


@settings(max_examples=50)
@given(st.binary(max_size=64), st.integers(0, 255), st.binary(max_size=64))
def test_frame_is_found_behind_any_noise_without_a_frame_of_its_kind(data, kind, noise):
    whole = frame(kind, data)
    clean = bytes(octet for octet in noise if octet not in (0xA3, 0xA6, 0xA9, 0xAC))
    found = find_frame(clean + whole, kind)
    assert found.frame.data == data
    assert not found.frame.is_refusal


@settings(max_examples=50)
@given(st.binary(min_size=1, max_size=40), st.integers(0, 45), st.integers(1, 255))
def test_a_frame_with_one_wrong_octet_is_never_taken(data, place, change):
    whole = bytearray(frame(0x2E, data))
    whole[place % len(whole)] ^= change
    found = find_frame(bytes(whole), 0x2E)
    assert found.frame is None or found.frame.data != data


@settings(max_examples=50)
@given(st.binary(max_size=200), st.integers(0, 255))
def test_nothing_that_arrives_stops_the_search(octets, kind):
    find_frame(octets, kind)


def test_requests_are_framed_as_open_drivers_frame_them():
    assert packed(0x02) == bytes.fromhex("A6 02 0000 00A8")
    assert packed(0x0D, bytes.fromhex("0024 0000 0014 FFFD")) == bytes.fromhex("A6 0D 0008 0024 0000 0014 FFFD 02EF")
