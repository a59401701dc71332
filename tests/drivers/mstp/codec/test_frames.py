"""The frame codec against the standard's worked examples, against itself, and the observer's parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec import crc
from drivers.mstp.codec.frames import Frame, FrameInvalid, FrameParser, FrameType, data_frame, frame_time_s
from tests.drivers.mstp.codec.whole_frame import decode

VECTORS = {
    "55FF007E070000FD": Frame(FrameType.TOKEN, 126, 7),
    "55FF01670700003E": Frame(FrameType.POLL_FOR_MASTER, 103, 7),
    "55FF000007000037": Frame(FrameType.TOKEN, 0, 7),
    "55FF06FF0000081D0120FFFF00FF100815B6": Frame(
        FrameType.DATA_NOT_EXPECTING_REPLY, 255, 0, bytes.fromhex("0120FFFF00FF1008")
    ),
    "55FF050100000D1101040203010C0C00000001195503CA": Frame(
        FrameType.DATA_EXPECTING_REPLY, 1, 0, bytes.fromhex("01040203010C0C000000011955")
    ),
}

frames = st.builds(
    Frame,
    frame_type=st.one_of(st.integers(0, 31), st.integers(128, 255)),
    destination=st.integers(0, 255),
    source=st.integers(0, 254),
    data=st.binary(max_size=501),
)


def test_header_crc_of_annex_g():
    header = bytes.fromhex("0010050000")
    assert crc.header_register(header) == 0x73
    assert crc.header_crc(header) == 0x8C
    assert crc.header_register(header + b"\x8c") == crc.HEADER_CRC_RESIDUE


def test_data_crc_of_annex_g():
    data = bytes.fromhex("012230")
    assert crc.data_register(data) == 0x42EF
    assert crc.data_crc(data) == bytes.fromhex("10BD")
    assert crc.data_register(data + bytes.fromhex("10BD")) == crc.DATA_CRC_RESIDUE


def _data_register_as_the_annex_writes_it(octets):
    register = 0xFFFF
    for octet in octets:
        low = (register & 0xFF) ^ octet
        register = (
            (register >> 8) ^ (low << 8) ^ (low << 3) ^ (low << 12) ^ (low >> 4) ^ (low & 0x0F) ^ ((low & 0x0F) << 7)
        ) & 0xFFFF
    return register


@given(st.binary(max_size=600))
def test_data_crc_is_that_of_the_annex_for_any_octets(octets):
    assert crc.data_register(octets) == _data_register_as_the_annex_writes_it(octets)


@pytest.mark.parametrize("octets", VECTORS, ids=lambda text: text[:16])
def test_known_frames_encode_and_decode(octets):
    assert VECTORS[octets].encode() == bytes.fromhex(octets)
    assert decode(bytes.fromhex(octets)) == VECTORS[octets]


@given(frames)
def test_every_frame_survives_the_wire(frame):
    assert decode(frame.encode()) == frame


@given(frames, st.data())
def test_one_flipped_bit_is_always_noticed(frame, data):
    octets = bytearray(frame.encode())
    bit = data.draw(st.integers(0, 8 * len(octets) - 1))
    octets[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(FrameInvalid):
        decode(bytes(octets))


@pytest.mark.parametrize(
    "frame",
    [
        Frame(5, 1, 0, bytes(502)),
        Frame(32, 1, 0, bytes(501)),
        Frame(33, 1, 0, bytes(1498)),
        Frame(34, 1, 0, bytes(600)),
        Frame(127, 1, 0),
        Frame(200, 1, 0, bytes(502)),
    ],
)
def test_frames_that_the_clause_does_not_have_are_not_encoded(frame):
    with pytest.raises(FrameInvalid, match="is not sent by this node"):
        frame.encode()


def test_a_normal_frame_with_the_length_of_an_extended_one_is_refused():
    body = bytes((5, 1, 0, 0x02, 0x00))
    octets = b"\x55\xff" + body + bytes((crc.header_crc(body),)) + bytes(512) + crc.data_crc(bytes(512))
    with pytest.raises(FrameInvalid, match="no length field of 512"):
        decode(octets)


@pytest.mark.parametrize(("size", "frame_type"), [(1, 6), (501, 6), (502, 33), (1497, 33)])
def test_the_size_of_an_npdu_decides_whether_its_frame_is_an_extended_one(size, frame_type):
    assert data_frame(1, 0, bytes(size), expecting_reply=False) == Frame(frame_type, 0, 1, bytes(size))
    assert data_frame(1, 0, bytes(size), expecting_reply=True).frame_type == frame_type - 1


@pytest.mark.parametrize(
    ("octets", "reason"),
    [("55FF00", "no preamble"), ("55FE007E070000FD", "no preamble"), ("55FF007E070000FDFF", "do not fit a length")],
)
def test_what_is_not_one_whole_frame_is_refused_with_its_reason(octets, reason):
    with pytest.raises(FrameInvalid, match=reason) as caught:
        decode(bytes.fromhex(octets))
    assert caught.value.octets == bytes.fromhex(octets)


def test_frame_time_counts_ten_bits_an_octet():
    assert frame_time_s(8, 76800) == pytest.approx(80 / 76800)


class TestFrameParser:
    @given(st.lists(frames, min_size=1, max_size=5), st.data())
    def test_finds_all_frames_however_the_octets_are_cut(self, sent, data):
        stream = b"".join(frame.encode() + b"\xff" * data.draw(st.integers(0, 1)) for frame in sent)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
        parser, seen = FrameParser(), []
        for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            seen += parser.feed(stream[begin:end], begin * 0.001, 0.001)
        assert [entry.frame for entry in seen] == sent
        assert all(entry.valid for entry in seen)
        assert parser.stray_octets == 0
        for entry, frame in zip(seen, sent, strict=True):
            assert entry.octets == frame.encode()
            assert entry.end_s - entry.start_s == pytest.approx(0.001 * len(entry.octets))

    def test_stamps_begin_of_the_first_and_end_of_the_last_octet(self):
        octets = Frame(5, 1, 0, b"abc").encode()
        parser = FrameParser()
        assert parser.feed(octets[:6], 10.0, 0.001) == []
        (seen,) = parser.feed(octets[6:], 10.050, 0.001)
        assert seen.start_s == pytest.approx(10.0)
        assert seen.end_s == pytest.approx(10.050 + 0.001 * (len(octets) - 6))

    def test_a_damaged_header_is_reported_and_the_next_frame_found(self):
        good = Frame(0, 1, 0).encode()
        damaged = good[:3] + b"\x02" + good[4:]
        seen = FrameParser().feed(damaged + good, 0.0)
        assert [entry.header_crc_ok for entry in seen] == [False, True]
        assert seen[0].octets == damaged

    def test_damaged_data_is_reported_with_its_header(self):
        octets = bytearray(Frame(5, 1, 0, b"abcdef").encode())
        octets[10] ^= 1
        (seen,) = FrameParser().feed(bytes(octets), 0.0)
        assert (seen.header_crc_ok, seen.data_crc_ok, seen.valid) == (True, False, False)
        assert seen.frame.destination == 1

    def test_a_frame_that_stops_in_the_middle_is_given_up_after_silence(self):
        parser = FrameParser(abort_s=0.1)
        assert parser.feed(Frame(5, 1, 0, b"abcdef").encode()[:12], 0.0) == []
        assert [entry.frame for entry in parser.feed(Frame(0, 1, 0).encode(), 0.2)] == [Frame(0, 1, 0)]
        assert parser.stray_octets == 12

    def test_noise_before_a_frame_is_counted_as_stray(self):
        parser = FrameParser()
        (seen,) = parser.feed(b"\x00\x55\x31" + Frame(0, 1, 0).encode(), 0.0)
        assert (seen.frame, parser.stray_octets) == (Frame(0, 1, 0), 3)

    def test_an_extended_frame_is_seen_whole(self):
        frame = data_frame(0, 1, bytes(range(256)) * 3, expecting_reply=True)
        (seen,) = FrameParser().feed(frame.encode(), 0.0)
        assert (seen.frame, seen.valid, seen.octets) == (frame, True, frame.encode())

    @pytest.mark.parametrize("frame_type", [32, 34, 127])
    def test_encoded_data_that_fails_its_checksum_is_reported_unchanged(self, frame_type):
        body = bytes((frame_type, 1, 0, 0, 20))
        octets = b"\x55\xff" + body + bytes((crc.header_crc(body),)) + bytes(range(22))
        (seen,) = FrameParser().feed(octets, 0.0)
        assert (seen.frame.data, seen.header_crc_ok, seen.data_crc_ok) == (bytes(range(20)), True, False)
        with pytest.raises(FrameInvalid, match="data CRC"):
            decode(octets)

    def test_a_length_that_no_frame_has_is_a_damaged_header(self):
        body = bytes((5, 1, 0, 0xFF, 0xFF))
        octets = b"\x55\xff" + body + bytes((crc.header_crc(body),))
        seen = FrameParser().feed(octets + Frame(0, 1, 0).encode(), 0.0)
        assert [entry.valid for entry in seen] == [False, True]
