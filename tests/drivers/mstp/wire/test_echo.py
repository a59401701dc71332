"""An adapter that hears itself: own octets are taken out of what is heard, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.wire.echo import EchoFilter

OWN = Frame(FrameType.TOKEN, 1, 0).encode()
LONG = Frame(FrameType.DATA_EXPECTING_REPLY, 1, 0, bytes(range(100))).encode()
OTHERS = Frame(FrameType.TOKEN, 0, 1).encode()


def cut(octets, size):
    return [octets[begin : begin + size] for begin in range(0, len(octets), size)]


traffic = st.lists(
    st.tuples(st.booleans(), st.sampled_from([OWN, LONG]), st.sampled_from([OTHERS, LONG[:1], b"\x00\x55\xff"])),
    max_size=12,
)


@given(traffic, st.integers(1, 40), st.sampled_from(["on", "detect"]))
def test_echoing_adapter_yields_exactly_what_others_sent_in_any_chunks(turns, size, mode):
    echo, heard, sent_by_others = EchoFilter(mode), b"", b""
    turns = [(True, OWN, OTHERS), *turns]
    for number, (own_turn, own, others) in enumerate(turns):
        now_s = float(number)
        if own_turn:
            echo.sent(own, now_s + 0.001, now_s)
            stream = own + OTHERS
            sent_by_others += OTHERS
        else:
            stream = others
            sent_by_others += others
        for part in cut(stream, size):
            heard += echo.heard(part, now_s + 0.002)
    assert heard == sent_by_others
    assert echo.is_echoing
    assert echo.damaged == 0


@given(traffic, st.integers(1, 40), st.sampled_from(["off", "detect"]))
def test_of_an_adapter_that_hears_only_others_nothing_is_taken_away(turns, size, mode):
    echo, heard, sent_by_others = EchoFilter(mode), b"", b""
    for number, (own_turn, own, _) in enumerate(turns):
        now_s = float(number)
        if own_turn:
            echo.sent(own, now_s + 0.001, now_s)
        sent_by_others += OTHERS
        for part in cut(OTHERS, size):
            heard += echo.heard(part, now_s + 0.002)
    assert heard == sent_by_others
    assert echo.damaged == 0
    assert not echo.is_echoing


def test_an_adapter_without_echo_is_known_after_five_frames():
    echo = EchoFilter("detect")
    for number in range(6):
        assert echo.is_echoing is None
        echo.sent(OWN, number, number)
    assert echo.is_echoing is False


@pytest.mark.parametrize("damaged_at", [5, 7])
def test_an_echo_that_differs_is_a_collision_and_counted(damaged_at):
    echo = EchoFilter("detect")
    echo.sent(LONG, 0.01, 0.0)
    garbled = LONG[:damaged_at] + bytes([LONG[damaged_at] ^ 0xFF]) + LONG[damaged_at + 1 :]
    assert echo.heard(garbled, 0.01) == garbled[damaged_at:]
    assert (echo.is_echoing, echo.damaged) == (True, 1)
    echo.sent(OWN, 1.0, 1.0)
    assert echo.heard(OWN, 1.0) == b""
    assert echo.damaged == 1


def test_an_echo_that_never_comes_is_counted_where_one_is_expected():
    echo = EchoFilter("on")
    echo.sent(OWN, 0.0, 0.0)
    assert echo.heard(OTHERS, 0.2) == OTHERS
    assert echo.damaged == 1


def test_frames_sent_one_after_the_other_may_come_back_together():
    echo = EchoFilter("detect")
    echo.sent(LONG, 0.01, 0.0)
    echo.sent(OWN, 0.02, 0.01)
    assert echo.heard(LONG + OWN + OTHERS, 0.02) == OTHERS
    assert echo.damaged == 0
