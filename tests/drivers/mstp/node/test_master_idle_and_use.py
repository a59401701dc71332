"""The master-node state machine, idle and with the token: a test for each named transition, in virtual time."""

import pytest

from drivers.mstp.codec.frames import BROADCAST, Frame, FrameType
from drivers.mstp.events import FrameReceived
from drivers.mstp.node.master import POLL_TOKENS, MasterState
from drivers.mstp.node.node import TURNAROUND_BITS
from tests.drivers.mstp.node.master_harness import (
    ANSWER,
    BAUD,
    DER,
    DNER,
    PEER,
    PFM,
    POSTPONED,
    REPLY_S,
    REPLY_TO_PFM,
    REQUEST,
    TOKEN,
    TS,
    WHO_IS,
    Harness,
)

# --- INITIALIZE, IDLE


def test_done_initializing():
    node = Harness().node
    assert node.transitions == {"INITIALIZE.DoneInitializing": 1}
    assert (node.state, node.next_station, node.poll_station) == (MasterState.IDLE, TS, TS)
    assert (node.token_count, node.sole_master) == (POLL_TOKENS, False)


def test_lost_token_after_500_ms_of_silence(lone):
    lone.wait(0.499)
    assert lone.node.state is MasterState.IDLE
    lone.wait(0.002)
    assert lone.names == ["IDLE.LostToken"]
    assert lone.node.state is MasterState.NO_TOKEN


def test_received_invalid_frame_is_ignored(lone):
    lone.octets(Frame(TOKEN, TS, PEER).encode()[:-1] + b"\x00")
    assert lone.names == ["IDLE.ReceivedInvalidFrame"]
    assert lone.node.state is MasterState.IDLE


@pytest.mark.parametrize(
    ("frame_type", "destination", "data"),
    [
        (TOKEN, BROADCAST, b""),
        (PFM, BROADCAST, b""),
        (FrameType.TEST_REQUEST, BROADCAST, b"x"),
        (REPLY_TO_PFM, TS, b""),
        (POSTPONED, TS, b""),
        (FrameType.TEST_RESPONSE, TS, b"x"),
        (20, TS, b"x"),
        (200, TS, b"\x00\x85x"),
        (DNER, TS, b""),
        (DNER, BROADCAST, REQUEST),  # a confirmed request is never broadcast
    ],
)
def test_received_unwanted_frame_is_silent(lone, frame_type, destination, data):
    lone.hear(frame_type, destination=destination, data=data)
    assert lone.names == ["IDLE.ReceivedUnwantedFrame"]
    assert (lone.take(), list(lone.node.received)) == ([], [])


def test_received_token_is_used(ring):
    ring.hear(TOKEN)
    assert ring.names[:2] == ["IDLE.ReceivedToken", "USE_TOKEN.NothingToSend"]
    assert ring.take() == [(TOKEN, PEER)]


def test_received_pfm_is_answered(lone):
    lone.hear(PFM, source=1)
    assert lone.names == ["IDLE.ReceivedPFM"]
    assert lone.take() == [(REPLY_TO_PFM, 1)]


@pytest.mark.parametrize("destination", [TS, BROADCAST])
def test_received_data_no_reply_goes_up(lone, destination):
    lone.hear(DNER, destination=destination, data=WHO_IS)
    assert lone.names == ["IDLE.ReceivedDataNoReply"]
    assert list(lone.node.received) == [FrameReceived(PEER, destination, False, WHO_IS)]


def test_received_data_needing_reply_goes_up_and_is_awaited(lone):
    lone.hear(DER, data=REQUEST)
    assert lone.names == ["IDLE.ReceivedDataNeedingReply"]
    assert lone.node.state is MasterState.ANSWER_DATA_REQUEST
    assert list(lone.node.received) == [FrameReceived(PEER, TS, True, REQUEST)]


def test_broadcast_data_needing_reply_is_silent_and_goes_nowhere(lone):
    lone.hear(DER, destination=BROADCAST, data=REQUEST)
    assert lone.names == ["IDLE.BroadcastDataNeedingReply"]
    assert (lone.take(), list(lone.node.received)) == ([], [])


def test_data_needing_reply_for_another_station_is_left_alone(lone):
    lone.hear(DER, destination=TS - 1, data=REQUEST)
    assert (lone.names, lone.take(), list(lone.node.received)) == ([], [], [])


def test_test_request_is_answered_with_its_own_data(lone):
    lone.hear(FrameType.TEST_REQUEST, data=b"echo this")
    assert lone.sent == [Frame(FrameType.TEST_RESPONSE, PEER, TS, b"echo this")]


def test_a_test_request_without_data_is_answered_too(lone):
    lone.hear(FrameType.TEST_REQUEST)
    assert lone.sent == [Frame(FrameType.TEST_RESPONSE, PEER, TS)]


# --- USE_TOKEN


def test_send_no_wait_then_the_token_goes_on(ring):
    ring.submit(DNER, PEER)
    ring.hear(TOKEN)
    assert "USE_TOKEN.SendNoWait" in ring.names
    ring.wait(0.010)
    assert ring.take() == [(DNER, PEER), (TOKEN, PEER)]


def test_a_broadcast_is_never_waited_for(ring):
    ring.submit(DER, BROADCAST)
    ring.hear(TOKEN)
    ring.wait(0.010)
    assert ring.take() == [(DER, BROADCAST), (TOKEN, PEER)]


@pytest.mark.parametrize("frame_type", [DER, FrameType.TEST_REQUEST])
def test_send_and_wait(ring, frame_type):
    ring.submit(frame_type, PEER)
    ring.hear(TOKEN)
    assert ring.names[-1] == "USE_TOKEN.SendAndWait"
    assert ring.node.state is MasterState.WAIT_FOR_REPLY


def test_nothing_is_sent_before_40_bit_times_of_silence(ring):
    ring.octets(Frame(TOKEN, TS, PEER).encode())
    heard_s = ring.now_s
    assert ring.sent == []
    ring.wait(0.002)
    assert ring.sent_at == [pytest.approx(heard_s + TURNAROUND_BITS / BAUD)]


def test_an_octet_during_the_turnaround_starts_it_again(ring):
    ring.octets(Frame(TOKEN, TS, PEER).encode())
    ring.wait(0.0004)
    ring.octets(b"\xff")
    padded_s = ring.now_s
    ring.wait(0.002)
    assert ring.sent_at == [pytest.approx(padded_s + TURNAROUND_BITS / BAUD)]


# --- WAIT_FOR_REPLY


def test_reply_timeout_passes_the_token_whatever_is_left(waiting):
    waiting.submit(DNER, PEER)
    waiting.wait(REPLY_S - 0.002)
    assert waiting.node.state is MasterState.WAIT_FOR_REPLY
    waiting.wait(0.010)
    assert waiting.names[:2] == ["WAIT_FOR_REPLY.ReplyTimeout", "DONE_WITH_TOKEN.SendToken"]
    assert waiting.take() == [(TOKEN, PEER)]


def test_received_reply_goes_up(waiting):
    waiting.hear(DNER, data=ANSWER)
    assert waiting.names[0] == "WAIT_FOR_REPLY.ReceivedReply"
    assert list(waiting.node.received) == [FrameReceived(PEER, TS, False, ANSWER)]
    assert waiting.take() == [(TOKEN, PEER)]


def test_a_test_response_is_a_reply_that_does_not_go_up(waiting):
    waiting.hear(FrameType.TEST_RESPONSE, data=b"x")
    assert waiting.names[0] == "WAIT_FOR_REPLY.ReceivedReply"
    assert list(waiting.node.received) == []


def test_received_postpone(waiting):
    waiting.hear(POSTPONED)
    assert waiting.names[0] == "WAIT_FOR_REPLY.ReceivedPostpone"
    assert waiting.take() == [(TOKEN, PEER)]


def test_an_invalid_frame_ends_the_wait(waiting):
    waiting.octets(Frame(DNER, TS, PEER, ANSWER).encode()[:-1] + b"\x00")
    assert waiting.names[0] == "WAIT_FOR_REPLY.InvalidFrame"
    waiting.wait(0.002)
    assert waiting.take() == [(TOKEN, PEER)]


def test_a_reply_that_breaks_off_ends_the_wait(waiting):
    waiting.octets(Frame(DNER, TS, PEER, ANSWER).encode()[:12])
    waiting.wait(0.110)
    assert waiting.names[0] == "WAIT_FOR_REPLY.InvalidFrame"
    assert waiting.node.statistics().frames_cut_short == 1


@pytest.mark.parametrize(
    ("frame_type", "destination"),
    [(TOKEN, TS), (DER, TS), (DNER, BROADCAST), (TOKEN, PEER), (200, TS)],
)
def test_an_unexpected_frame_drops_the_token(waiting, frame_type, destination):
    waiting.hear(frame_type, source=1, destination=destination, data=WHO_IS if frame_type != TOKEN else b"")
    assert waiting.names == ["WAIT_FOR_REPLY.ReceivedUnexpectedFrame"]
    assert waiting.node.state is MasterState.IDLE
    waiting.wait(0.1)
    assert waiting.take() == []


def test_several_requests_go_out_in_one_holding_of_the_token(waiting):
    waiting.submit(DER, PEER, REQUEST)
    waiting.submit(DER, PEER, REQUEST)
    waiting.submit(DER, PEER, REQUEST)  # one more than Max_Info_Frames allows
    for _ in range(3):
        waiting.hear(DNER, data=ANSWER)
        waiting.wait(0.003)
    assert waiting.names.count("DONE_WITH_TOKEN.SendAnotherFrame") == 2
    assert waiting.take() == [(DER, PEER), (DER, PEER), (TOKEN, PEER)]
    assert waiting.node.queued == 1
