"""The encoded field of extended frames: its checksum against a published value, its code against the rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec.cobs import (
    CRC_32K_RESIDUE,
    FieldInvalid,
    cobs_decode,
    cobs_encode,
    crc_32k_register,
    decode_field,
    encode_field,
)
from drivers.mstp.codec.frames import FrameInvalid, data_frame
from tests.drivers.mstp.codec import clause_receiver
from tests.drivers.mstp.codec.whole_frame import decode

# Runs of 253 to 255 octets without a zero are where COBS has its corners.
runs = st.tuples(st.integers(1, 255), st.sampled_from([1, 100, 253, 254, 255])).map(lambda run: bytes(run[:1]) * run[1])
any_data = st.lists(st.one_of(runs, st.just(b"\0"), st.binary(max_size=40)), max_size=8).map(b"".join)


def test_the_register_of_the_nine_digits_is_the_published_one():
    assert crc_32k_register(b"123456789") == 0xD2C22F51  # catalogued as CRC-32/MEF, which has this polynomial


@given(any_data)
def test_the_register_is_that_of_the_annex_bit_by_bit(octets):
    assert crc_32k_register(octets) == clause_receiver.crc_32k_register(octets)


@given(any_data)
def test_the_complement_sent_behind_the_data_leaves_the_residue(octets):
    check = (crc_32k_register(octets) ^ 0xFFFFFFFF).to_bytes(4, "little")
    assert crc_32k_register(octets + check) == CRC_32K_RESIDUE


@pytest.mark.parametrize(
    ("octets", "encoded"),
    [
        (b"\x00", "0101"),
        (b"\x00\x00", "010101"),
        (b"\x11\x22\x00\x33", "0311220233"),
        (b"\x11\x00\x00\x00", "0211010101"),
        (b"\x07" * 254, "ff" + "07" * 254),
        (b"\x07" * 255, "ff" + "07" * 254 + "0207"),
        (b"\x07" * 254 + b"\x00", "ff" + "07" * 254 + "0101"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:12],
)
def test_runs_are_preceded_by_their_length(octets, encoded):
    assert cobs_encode(octets).hex() == encoded


@given(any_data)
def test_encoded_data_has_no_zero_and_comes_back(octets):
    encoded = cobs_encode(octets)
    assert 0 not in encoded
    assert len(encoded) <= len(octets) + len(octets) // 254 + 1
    assert cobs_decode(encoded) == octets


@pytest.mark.parametrize("octets", [b"\x00", b"\x03\x11", b"\x02\x11\x00"])
def test_a_code_that_does_not_fit_is_refused(octets):
    with pytest.raises(FieldInvalid, match="COBS code"):
        cobs_decode(octets)


@given(any_data.filter(len))
def test_a_field_holds_no_preamble_octet_and_comes_back(octets):
    field = encode_field(octets)
    assert 0x55 not in field
    assert decode_field(field) == octets


@pytest.mark.parametrize("size", [0, 4, 5])
def test_a_field_too_short_for_data_and_its_checksum_is_refused(size):
    with pytest.raises(FieldInvalid, match="hold no data"):
        decode_field(bytes(size))


@given(st.binary(min_size=502, max_size=1497), st.booleans(), st.data())
def test_extended_frames_survive_the_wire_and_each_flipped_bit_is_noticed(npdu, expecting_reply, data):
    frame = data_frame(9, 3, npdu, expecting_reply)
    octets = bytearray(frame.encode())
    assert frame.frame_type == (32 if expecting_reply else 33)
    assert 0x55 not in octets[8:]
    assert decode(bytes(octets)) == frame
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(FrameInvalid):
        decode(bytes(octets))


@pytest.mark.parametrize(
    ("octets", "length"), [(bytes(502), 506), (b"\x07" * 502, 507), (bytes(1497), 1501), (b"\x07" * 1497, 1506)]
)
def test_the_length_field_counts_two_less_than_the_encoded_field(octets, length):
    encoded = data_frame(9, 3, octets, expecting_reply=True).encode()
    assert (encoded[5] << 8 | encoded[6], len(encoded)) == (length, 8 + length + 2)
