"""The receive-frame state machine, transition by transition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec import cobs, crc
from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.codec.receive import FRAME_ABORT_S, FrameReceiver, InvalidFrame, ReceiveState, SkippedFrame

STATION = 3
TOKEN = Frame(FrameType.TOKEN, STATION, 9)
DATA = Frame(FrameType.DATA_EXPECTING_REPLY, STATION, 9, b"\x01\x04data")
EXTENDED = Frame(FrameType.EXTENDED_DATA_EXPECTING_REPLY, STATION, 9, bytes(range(256)) * 3)


def take(receiver, octets, now_s=0.0):
    """All indications of ``octets``."""
    indications, position = [], 0
    while position < len(octets):
        position, indication = receiver.receive(octets, position, now_s)
        if indication is not None:
            indications.append(indication)
    return indications


def header(frame_type, destination, source, length):
    body = bytes((frame_type, destination, source, length >> 8, length & 0xFF))
    return b"\x55\xff" + body + bytes((crc.header_crc(body),))


@pytest.fixture
def receiver():
    return FrameReceiver(STATION)


def test_a_frame_without_data_is_indicated_with_its_last_header_octet(receiver):
    octets = TOKEN.encode()
    assert take(receiver, octets[:-1]) == []
    assert receiver.state is ReceiveState.HEADER
    assert take(receiver, octets[-1:]) == [TOKEN]
    assert receiver.state is ReceiveState.IDLE
    assert receiver.transitions["HEADER_CRC.NoData"] == 1


def test_a_frame_with_data_is_indicated_when_its_crc_fits(receiver):
    octets = DATA.encode()
    assert take(receiver, octets[:-1]) == []
    assert receiver.state is ReceiveState.DATA
    assert take(receiver, octets[-1:]) == [DATA]
    assert receiver.transitions["DATA_CRC.GoodCRC"] == 1


def test_broadcasts_are_for_this_station_too(receiver):
    frame = Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 255, 9, b"\x01\x00x")
    assert take(receiver, frame.encode()) == [frame]


def test_idle_eats_octets_that_are_no_preamble_and_counts_them(receiver):
    assert take(receiver, b"\x00\xff\x12") == []
    assert receiver.state is ReceiveState.IDLE
    assert receiver.event_count == 3


def test_repeated_preamble_and_not_preamble(receiver):
    assert take(receiver, b"\x55\x55\x55") == []
    assert receiver.state is ReceiveState.PREAMBLE
    assert take(receiver, b"\xff" + TOKEN.encode()[2:]) == [TOKEN]
    assert take(receiver, b"\x55\x01") == []
    assert receiver.state is ReceiveState.IDLE
    assert receiver.transitions["PREAMBLE.NotPreamble"] == 1


@pytest.mark.parametrize(
    ("octets", "transition"),
    [
        (b"\x55", "PREAMBLE.Abandoned"),
        (TOKEN.encode()[:5], "HEADER.Abandoned"),
        (DATA.encode()[:10], "DATA.Abandoned"),
        (Frame(6, STATION + 1, 9, b"abcdef").encode()[:10], "SKIP_DATA.Abandoned"),
    ],
)
def test_a_frame_under_way_ends_when_this_station_begins_to_talk(receiver, octets, transition):
    take(receiver, octets)
    receiver.abandon()
    assert receiver.transitions[transition] == 1
    assert take(receiver, TOKEN.encode()) == [TOKEN]


def test_nothing_is_abandoned_between_frames(receiver):
    receiver.abandon()
    assert not receiver.transitions


def test_event_count_counts_every_octet(receiver):
    octets = b"\x07" + DATA.encode()
    take(receiver, octets)
    assert receiver.event_count == len(octets)


def test_bad_header_crc_is_an_invalid_frame(receiver):
    octets = TOKEN.encode()[:-1] + b"\x00"
    assert take(receiver, octets) == [InvalidFrame("HEADER_CRC.BadCRC")]
    assert receiver.state is ReceiveState.IDLE


def test_bad_data_crc_is_an_invalid_frame(receiver):
    octets = DATA.encode()[:-1] + b"\x00"
    assert take(receiver, octets) == [InvalidFrame("DATA_CRC.BadCRC")]


def test_frames_for_others_are_skipped_whole_with_a_frame_for_us_inside(receiver):
    inner = TOKEN.encode()
    other = Frame(FrameType.DATA_NOT_EXPECTING_REPLY, STATION + 1, 9, inner)
    assert take(receiver, other.encode()[:10]) == []
    assert receiver.state is ReceiveState.SKIP_DATA
    assert take(receiver, other.encode()[10:] + TOKEN.encode()) == [SkippedFrame(6, STATION + 1, 9), TOKEN]
    assert receiver.transitions["HEADER_CRC.DataNotForUs"] == 1


def test_a_token_for_another_station_is_not_for_us(receiver):
    assert take(receiver, Frame(0, STATION + 1, 9).encode()) == [SkippedFrame(0, STATION + 1, 9)]
    assert receiver.transitions["HEADER_CRC.NotForUs"] == 1


@pytest.mark.parametrize(("frame_type", "length"), [(5, 502), (5, 2043), (200, 502), (32, 1507)])
def test_too_long_a_frame_is_invalid_once_and_skipped(receiver, frame_type, length):
    octets = header(frame_type, STATION, 9, length) + bytes(length + 2)
    assert take(receiver, octets + TOKEN.encode()) == [InvalidFrame("HEADER_CRC.FrameTooLong"), TOKEN]


def test_a_length_that_no_frame_has_does_not_deafen_the_station(receiver):
    octets = header(5, STATION + 1, 9, 0xFFFF)
    assert take(receiver, octets + TOKEN.encode()) == [InvalidFrame("HEADER_CRC.FrameTooLong"), TOKEN]


@pytest.mark.parametrize("frame_type", [34, 100, 127])
def test_foreign_encoded_types_are_skipped_without_losing_the_next_frame(receiver, frame_type):
    octets = header(frame_type, STATION, 9, 40) + bytes(42)
    assert take(receiver, octets + TOKEN.encode()) == [SkippedFrame(frame_type, STATION, 9), TOKEN]


@pytest.mark.parametrize("frame_type", [32, 33])
def test_early_revision_node_skips_extended_frames_and_gets_the_next(frame_type):
    receiver = FrameReceiver(STATION, receive_extended=False)
    octets = Frame(frame_type, STATION, 9, bytes(600)).encode()
    assert take(receiver, octets + TOKEN.encode()) == [SkippedFrame(frame_type, STATION, 9), TOKEN]


@pytest.mark.parametrize("frame_type", [32, 33])
@pytest.mark.parametrize("destination", [STATION, 255])
def test_extended_frames_are_received_decoded(receiver, frame_type, destination):
    frame = Frame(frame_type, destination, 9, b"\x55\xff\x00" * 499)
    assert take(receiver, frame.encode() + TOKEN.encode()) == [frame, TOKEN]
    assert receiver.transitions["DATA_CRC.GoodCRC"] == 1


def test_a_damaged_extended_frame_is_invalid(receiver):
    octets = bytearray(EXTENDED.encode())
    octets[300] ^= 0x10
    assert take(receiver, bytes(octets) + TOKEN.encode()) == [InvalidFrame("DATA_CRC.BadCRC"), TOKEN]


def test_encoded_data_that_is_no_cobs_is_invalid_though_its_checksum_fits(receiver):
    encoded = bytes((0x55 ^ 200, 1, 2, 3))  # a run of 199 octets that are not there
    check = (cobs.crc_32k_register(encoded) ^ 0xFFFFFFFF).to_bytes(4, "little")
    field = encoded + bytes(octet ^ 0x55 for octet in cobs.cobs_encode(check))
    assert take(receiver, header(33, STATION, 9, len(field) - 2) + field) == [InvalidFrame("DATA_CRC.BadCRC")]


@pytest.mark.parametrize("frame_type", [8, 31, 128, 255])
def test_other_unknown_types_are_frames_like_any(receiver, frame_type):
    frame = Frame(frame_type, STATION, 9, b"some data")
    assert take(receiver, frame.encode() + TOKEN.encode()) == [frame, TOKEN]


@pytest.mark.parametrize(
    ("octets", "transition", "reported"),
    [
        (b"\x55", "PREAMBLE.Timeout", False),
        (TOKEN.encode()[:5], "HEADER.Timeout", True),
        (DATA.encode()[:10], "DATA.Timeout", True),
        (Frame(6, STATION + 1, 9, b"abcdef").encode()[:10], "SKIP_DATA.Timeout", False),
    ],
)
def test_silence_in_the_middle_gives_the_frame_up(receiver, octets, transition, reported):
    take(receiver, octets, now_s=1.0)
    assert receiver.abort_deadline_s == pytest.approx(1.0 + FRAME_ABORT_S)
    assert receiver.check_silence(1.0 + 0.9 * FRAME_ABORT_S) is None
    assert receiver.state is not ReceiveState.IDLE
    late = receiver.check_silence(1.0 + FRAME_ABORT_S + 1e-6)
    assert (late == InvalidFrame(transition)) if reported else late is None
    assert receiver.transitions[transition] == 1
    assert receiver.state is ReceiveState.IDLE
    assert receiver.abort_deadline_s is None


def test_octets_after_such_a_silence_begin_a_new_frame(receiver):
    take(receiver, DATA.encode()[:10], now_s=1.0)
    assert take(receiver, TOKEN.encode(), now_s=1.2) == [InvalidFrame("DATA.Timeout"), TOKEN]


@pytest.mark.parametrize(
    ("octets", "transition", "reported"),
    [
        (b"", "IDLE.EatAnError", False),
        (b"\x55", "PREAMBLE.Error", False),
        (TOKEN.encode()[:5], "HEADER.Error", True),
        (DATA.encode()[:10], "DATA.Error", True),
        (Frame(6, STATION + 1, 9, b"abcdef").encode()[:10], "SKIP_DATA.Error", False),
    ],
)
def test_a_line_error_gives_the_frame_up(receiver, octets, transition, reported):
    take(receiver, octets, now_s=1.0)
    indication = receiver.line_error(1.01)
    assert (indication == InvalidFrame(transition)) if reported else indication is None
    assert receiver.state is ReceiveState.IDLE
    assert receiver.transitions[transition] == 1
    assert (receiver.silence_since_s, receiver.event_count) == (1.01, len(octets) + 1)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_how_the_octets_are_cut_makes_no_difference(cuts):
    stream = b"\x31" + DATA.encode() + TOKEN.encode() + Frame(0, 7, 9).encode()
    receiver, indications, position = FrameReceiver(STATION), [], 0
    while position < len(stream):
        size = cuts[position % len(cuts)]
        indications += take(receiver, stream[position : position + size])
        position += size
    assert indications == [DATA, TOKEN, SkippedFrame(0, 7, 9)]
