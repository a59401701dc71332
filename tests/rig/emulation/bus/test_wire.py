"""The shared wire on paper: pacing, who hears what, and what happens when two talk at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.bus.wire import SLICE_S, Wire


def drain(wire, now_s=0.0):
    """Run the wire by its own deadlines until it is quiet; returns the pieces and when each was handed over."""
    pieces = []
    while (deadline_s := wire.next_deadline_s(now_s)) is not None:
        assert deadline_s - now_s <= SLICE_S + wire.octet_s
        now_s = deadline_s
        pieces += [(piece, now_s) for piece in wire.advance(now_s)]
    return pieces


@given(octets=st.binary(min_size=1, max_size=300), baud=st.sampled_from([9600, 19200, 38400, 76800, 115200]))
def test_a_lone_talker_is_heard_unchanged_and_takes_its_time_on_the_wire(octets, baud):
    wire = Wire(baud)
    wire.transmit(0, octets, 0.0)
    pieces = drain(wire)
    assert b"".join(piece.heard for piece, _ in pieces) == octets
    assert pieces[-1][1] == pytest.approx(len(octets) * 10 / baud)
    assert all(piece.deaf == {0} and not piece.garbled for piece, _ in pieces)


@given(octets=st.binary(min_size=1, max_size=60), wakes=st.lists(st.floats(0.0, 0.1), min_size=1, max_size=20))
def test_no_octet_is_lost_or_early_whenever_the_hub_wakes_up(octets, wakes):
    wire = Wire(9600)
    wire.transmit(0, octets, 0.0)
    heard = b""
    for now_s in [*sorted(wakes), 1.0]:
        heard += b"".join(piece.heard for piece in wire.advance(now_s))
        assert len(heard) <= now_s / wire.octet_s + 0.01
        assert heard == octets[: len(heard)]
    assert heard == octets


def test_octets_handed_over_while_sending_follow_without_a_gap():
    wire = Wire(9600)
    wire.transmit(0, b"ab", 0.0)
    wire.transmit(0, b"cd", wire.octet_s)
    pieces = drain(wire)
    assert b"".join(piece.heard for piece, _ in pieces) == b"abcd"
    assert pieces[-1][1] == pytest.approx(4 * wire.octet_s)


def test_an_answer_right_after_the_last_octet_is_no_collision():
    wire = Wire(76800)
    wire.transmit(0, b"ask", 0.0)
    end_s = drain(wire)[-1][1]
    wire.transmit(1, b"answer", end_s)
    pieces = drain(wire, end_s)
    assert b"".join(piece.heard for piece, _ in pieces) == b"answer"
    assert not any(piece.garbled for piece, _ in pieces)


@given(first=st.binary(min_size=4, max_size=50), second=st.binary(min_size=4, max_size=50), lag=st.floats(0.0, 2.9))
def test_two_at_once_garble_each_other_and_neither_hears_the_overlap(first, second, lag):
    wire = Wire(76800)
    wire.transmit(0, first, 0.0)
    wire.transmit(1, second, lag * wire.octet_s)
    pieces = [piece for piece, _ in drain(wire)]
    overlapped = [piece for piece in pieces if piece.garbled]
    assert {piece.node for piece in overlapped} == {0, 1}
    assert all(piece.deaf >= {0, 1} for piece in overlapped)
    heard = b"".join(piece.heard for piece in pieces)
    assert first not in heard or second not in heard
    assert b"".join(piece.sent for piece in pieces if piece.node == 0) == first
    assert b"".join(piece.sent for piece in pieces if piece.node == 1) == second


def test_two_equal_messages_at_one_instant_do_not_arrive_as_a_good_one():
    wire = Wire(76800)
    wire.transmit(0, b"token", 0.0)
    wire.transmit(1, b"token", 0.0)
    assert b"token" not in b"".join(piece.heard for piece, _ in drain(wire))


def test_a_quiet_wire_asks_for_no_wake_up():
    wire = Wire(76800)
    assert wire.next_deadline_s(5.0) is None
    wire.transmit(0, b"x", 5.0)
    drain(wire, 5.0)
    assert wire.next_deadline_s(6.0) is None
    assert wire.advance(7.0) == []
