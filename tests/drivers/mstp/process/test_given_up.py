"""Requests whose caller has given up are not sent: frames that expire, and requests that are taken back."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec.frames import Frame
from drivers.mstp.node.master import MasterState
from drivers.mstp.node.node import QUEUE_LIMIT
from tests.drivers.mstp.node.master_harness import ANSWER, DER, DNER, PEER, REQUEST, TOKEN, TS, Harness

OTHER = bytes.fromhex("01040203080C0C000000011955")  # ReadProperty, invoke id 8
REQUEST_ID, OTHER_ID = 7, 8
TOKEN_FOR_US = Frame(TOKEN, TS, PEER).encode()


def test_a_request_is_sent_in_its_time_and_not_after(ring):
    ring.submit(DER, PEER, REQUEST, life_s=0.100)
    ring.submit(DER, PEER, OTHER, life_s=0.300)
    ring.wait(0.150)
    ring.hear(TOKEN)
    assert [frame.data for frame in ring.sent] == [OTHER]
    assert ring.node.statistics().data_frames_expired == 1


def test_request_expired_in_turnaround_is_not_sent_and_token_passes_on(ring):
    ring.submit(DER, PEER, REQUEST, life_s=0.0003)
    ring.octets(TOKEN_FOR_US)
    assert ring.node.state is MasterState.WAIT_FOR_REPLY
    assert not ring.sent
    ring.wait(0.001)
    assert ring.names[-2:] == ["SEND_FRAME.Expired", "DONE_WITH_TOKEN.SendToken"]
    assert ring.take() == [(TOKEN, PEER)]
    assert ring.node.statistics().data_frames_expired == 1
    assert ring.node.statistics().data_frames_sent == 0


def test_expired_frame_without_expected_answer_does_not_delay_the_next():
    harness = Harness(max_info_frames=2).in_ring()
    harness.submit(DNER, PEER, life_s=0.0003)
    harness.submit(DNER, PEER, data=ANSWER)
    harness.octets(TOKEN_FOR_US)
    harness.wait(0.020)
    assert [frame.data for frame in harness.sent if frame.frame_type == DNER] == [ANSWER]


def test_a_request_taken_back_is_not_sent_and_others_are(ring):
    ring.submit(DER, PEER, REQUEST)
    ring.submit(DER, PEER, OTHER)
    ring.node.withdraw(PEER, REQUEST_ID)
    ring.node.withdraw(PEER + 1, OTHER_ID)
    ring.node.withdraw(PEER, 99)
    ring.hear(TOKEN)
    assert [frame.data for frame in ring.sent] == [OTHER]
    assert ring.node.statistics().requests_withdrawn == 1


def test_an_answer_is_never_taken_back(ring):
    ring.submit(DNER, PEER, ANSWER)
    ring.node.withdraw(PEER, REQUEST_ID)
    ring.hear(TOKEN)
    assert [frame.data for frame in ring.sent if frame.frame_type == DNER] == [ANSWER]


@pytest.mark.parametrize("life_s", [0.010, math.inf])
def test_a_queue_full_of_expired_frames_has_room(ring, life_s):
    for _ in range(QUEUE_LIMIT):
        ring.submit(DNER, PEER, life_s=life_s)
    ring.wait(0.020)
    ring.submit(DNER, PEER)
    counted = ring.node.statistics()
    expected = (QUEUE_LIMIT, 0, 1) if life_s < 1.0 else (0, 1, QUEUE_LIMIT)
    assert (counted.data_frames_expired, counted.queue_overflows, ring.node.queued) == expected


@given(st.lists(st.tuples(st.floats(0.0, 0.4), st.floats(0.0, 0.3)), max_size=8))
def test_each_request_leaves_in_its_time_or_is_counted_as_expired(asked):
    harness = Harness().in_ring()
    deadlines_s = []
    for gap_s, life_s in asked:
        harness.wait(gap_s)
        number = len(deadlines_s)
        deadlines_s.append(harness.now_s + life_s)
        harness.submit(DNER, PEER, bytes([1, 0, 16, number]), life_s=life_s)
        harness.hear(TOKEN)
        harness.wait(0.100)
    harness.hear(TOKEN)
    harness.wait(0.100)
    left = [(f.data[3], at) for f, at in zip(harness.sent, harness.sent_at, strict=True) if f.frame_type == DNER]
    assert all(at_s < deadlines_s[number] for number, at_s in left)
    assert len(left) + harness.node.statistics().data_frames_expired + harness.node.queued == len(asked)
