"""The master-node state machine answering requests, and what lies beyond the clause: late hosts, full queues."""

import pytest

from drivers.mstp.codec.frames import BROADCAST, Frame, frame_time_s
from drivers.mstp.node.master import REPLY_DELAY_S, MasterState
from drivers.mstp.node.node import QUEUE_LIMIT
from tests.drivers.mstp.node.master_harness import (
    ANSWER,
    BAUD,
    DER,
    DNER,
    OTHER_ANSWER,
    PEER,
    PFM,
    POSTPONED,
    REQUEST,
    TOKEN,
    TS,
    WHO_IS,
)

# --- ANSWER_DATA_REQUEST


def test_a_reply_in_time_goes_out_without_the_token(lone):
    lone.hear(DER, data=REQUEST)
    lone.wait(0.1)
    lone.submit(DNER, PEER, ANSWER)
    assert lone.names[-1] == "ANSWER_DATA_REQUEST.Reply"
    assert lone.sent == [Frame(DNER, PEER, TS, ANSWER)]
    assert lone.node.state is MasterState.IDLE


def test_only_the_answer_to_this_request_is_the_reply_with_others_queued(lone):
    lone.submit(DNER, PEER, WHO_IS)
    lone.submit(DNER, PEER, OTHER_ANSWER)
    lone.submit(DNER, PEER + 1, ANSWER)
    lone.submit(DER, PEER, REQUEST)
    lone.hear(DER, data=REQUEST)
    assert lone.sent == []
    lone.submit(DNER, PEER, ANSWER)
    assert lone.sent == [Frame(DNER, PEER, TS, ANSWER)]
    assert lone.node.queued == 4


def test_an_answer_that_is_already_queued_goes_at_once(lone):
    lone.submit(DNER, PEER, ANSWER)  # the late answer to an earlier attempt
    lone.hear(DER, data=REQUEST)
    assert lone.sent == [Frame(DNER, PEER, TS, ANSWER)]


def test_deferred_reply_is_announced_in_250_ms_and_goes_with_the_token(ring):
    ring.hear(DER, data=REQUEST)
    asked_s = ring.now_s - 0.001
    ring.wait(0.3)
    assert ring.names[-1] == "ANSWER_DATA_REQUEST.DeferredReply"
    assert ring.sent_at == [pytest.approx(asked_s + REPLY_DELAY_S)]
    assert asked_s + REPLY_DELAY_S + frame_time_s(8, BAUD) < asked_s + 0.250
    assert ring.take() == [(POSTPONED, PEER)]
    ring.submit(DNER, PEER, ANSWER)
    assert ring.take() == []
    ring.hear(TOKEN)
    ring.wait(0.010)
    assert ring.take() == [(DNER, PEER), (TOKEN, PEER)]


def test_a_requester_that_gives_up_is_not_talked_over(ring):
    ring.hear(DER, data=REQUEST)
    ring.hear(TOKEN)  # it went on instead of waiting
    assert "ANSWER_DATA_REQUEST.RequesterGaveUp" in ring.names
    ring.submit(DNER, PEER, ANSWER)
    assert ring.take() == [(TOKEN, PEER)]
    assert ring.node.queued == 1


def test_noise_while_answering_does_not_lose_the_reply(lone):
    lone.hear(DER, data=REQUEST)
    lone.octets(Frame(TOKEN, TS, PEER).encode()[:-1] + b"\x00")
    lone.submit(DNER, PEER, ANSWER)
    lone.wait(0.002)
    assert lone.sent == [Frame(DNER, PEER, TS, ANSWER)]


# --- beyond the clause: a late host, a full queue, a duplicate address


def test_a_token_read_late_together_with_what_came_after_it_is_not_used(ring):
    ring.submit(DNER, BROADCAST)
    token, poll = Frame(TOKEN, TS, PEER).encode(), Frame(PFM, 6, PEER).encode()
    ring.octets(token + poll)
    ring.wait(0.1)
    assert "SEND_FRAME.BusTaken" in ring.names
    assert ring.take() == []
    assert ring.node.queued == 1
    ring.hear(TOKEN)
    assert ring.take()[0] == (DNER, BROADCAST)


def test_a_token_and_its_repetition_read_together_are_one_token(ring):
    ring.octets(Frame(TOKEN, TS, PEER).encode() * 2)
    ring.wait(0.002)
    assert ring.take() == [(TOKEN, PEER)]


def test_a_frame_from_ones_own_address_is_counted_and_not_obeyed(lone):
    lone.hear(TOKEN, source=TS)
    assert lone.take() == []
    assert lone.node.statistics().duplicate_address == 1


def test_a_full_queue_drops_and_counts(lone):
    for _ in range(QUEUE_LIMIT + 2):
        lone.submit(DNER, PEER)
    assert (lone.node.queued, lone.node.statistics().queue_overflows) == (QUEUE_LIMIT, 2)


def test_statistics_tell_what_happened(ring):
    before = ring.node.statistics()
    ring.submit(DER, PEER, REQUEST)
    ring.hear(TOKEN)
    ring.hear(DNER, data=ANSWER)
    ring.wait(0.5)
    counted = ring.node.statistics().since(before)
    assert (counted.tokens_received, counted.data_frames_sent, counted.frames_received) == (1, 1, 2)
    assert (counted.tokens_sent, counted.token_retries, counted.successors_lost) == (1, 1, 1)
    assert counted.frames_sent == len(ring.sent)
    assert counted.octets_sent == sum(len(frame.encode()) for frame in ring.sent)
