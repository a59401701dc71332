"""The master-node state machine: one test for each named transition, in virtual time."""

import pytest

from drivers.mstp.events import FrameReceived
from drivers.mstp.frames import BROADCAST, Frame, FrameType, decode, frame_time_s
from drivers.mstp.master import (
    NO_TOKEN_S,
    POLL_TOKENS,
    REPLY_DELAY_S,
    SLOT_S,
    MasterNode,
    MasterState,
)
from drivers.mstp.node import QUEUE_LIMIT, TURNAROUND_BITS
from drivers.mstp.settings import NodeSettings

TS = 3
PEER = 5
BAUD = 76800
USAGE_S = 0.030
REPLY_S = 0.295
REQUEST = bytes.fromhex("01040203070C0C000000011955")  # ReadProperty, invoke id 7
ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F")
OTHER_ANSWER = bytes.fromhex("010030080C0C0000000119553E44000000003F")
WHO_IS = bytes.fromhex("01001008")

TOKEN, PFM, REPLY_TO_PFM = FrameType.TOKEN, FrameType.POLL_FOR_MASTER, FrameType.REPLY_TO_POLL_FOR_MASTER
DER, DNER = FrameType.DATA_EXPECTING_REPLY, FrameType.DATA_NOT_EXPECTING_REPLY
POSTPONED = FrameType.REPLY_POSTPONED


class Harness:
    """One node, a clock, and what it sent (frame, begin)."""

    def __init__(self, **settings):
        self.node = MasterNode(NodeSettings(**{"mac": TS, "baud": BAUD, "max_master": 7, **settings}))
        self.now_s = 0.0
        self.sent: list[Frame] = []
        self.sent_at: list[float] = []
        self.names: list[str] = []
        self.node.trace = self.names.append

    def wait(self, duration_s):
        until_s = self.now_s + duration_s
        while (due_s := self.node.deadline_s()) <= until_s:
            self.now_s = max(self.now_s, due_s)
            self.node.advance(self.now_s)
            self.pump()
        self.now_s = until_s

    def pump(self):
        while (octets := self.node.take_transmission(self.now_s)) is not None:
            self.sent.append(decode(octets))
            self.sent_at.append(self.now_s)
            self.node.transmitted(self.now_s + frame_time_s(len(octets), BAUD), self.now_s)

    def octets(self, octets):
        self.node.receive(octets, self.now_s)
        self.pump()

    def hear(self, frame_type, source=PEER, destination=TS, data=b""):
        """A frame that is complete now, and the turnaround after it."""
        self.octets(Frame(frame_type, destination, source, data).encode())
        self.wait(0.001)

    def submit(self, frame_type, destination, data=WHO_IS):
        self.node.submit(Frame(frame_type, destination, TS, data), self.now_s)
        self.pump()

    def take(self):
        """What was sent since the last call, as type and destination."""
        taken = [(frame.frame_type, frame.destination) for frame in self.sent]
        self.sent.clear()
        self.sent_at.clear()
        return taken

    def in_ring(self, successor=PEER):
        """Bring the node into a ring: it has passed the token to ``successor``, which uses it."""
        self.hear(TOKEN)
        while self.sent[-1].destination != successor:
            self.wait(USAGE_S + 0.003)
        self.hear(REPLY_TO_PFM, source=successor)
        self.hear(PFM, source=successor, destination=successor + 1)
        assert self.node.next_station == successor
        assert self.node.state is MasterState.IDLE
        self.take()
        self.names.clear()
        return self

    def as_sole_master(self):
        self.wait(NO_TOKEN_S + SLOT_S * TS + 8 * (USAGE_S + 0.003))
        assert self.node.sole_master
        self.take()
        self.names.clear()
        return self


@pytest.fixture
def lone():
    return Harness()


@pytest.fixture
def ring():
    return Harness().in_ring()


# --- INITIALIZE, IDLE


def test_done_initializing(lone):
    node = lone.node
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


@pytest.fixture
def waiting():
    harness = Harness(max_info_frames=3).in_ring()
    harness.submit(DER, PEER, REQUEST)
    harness.hear(TOKEN)
    assert harness.node.state is MasterState.WAIT_FOR_REPLY
    harness.take()
    harness.names.clear()
    return harness


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


# --- DONE_WITH_TOKEN


def test_next_station_unknown_polls_the_next_address(lone):
    lone.hear(TOKEN)
    assert lone.names[-1] == "DONE_WITH_TOKEN.NextStationUnknown"
    assert lone.take() == [(PFM, TS + 1)]
    assert lone.node.state is MasterState.POLL_FOR_MASTER


def test_send_token(ring):
    before = ring.node.token_count
    ring.hear(TOKEN)
    assert ring.names[-1] == "DONE_WITH_TOKEN.SendToken"
    assert ring.node.token_count == before + 1
    assert ring.node.state is MasterState.PASS_TOKEN


def _use_tokens(ring, count):
    for _ in range(count):
        ring.hear(TOKEN)
        ring.hear(PFM, destination=PEER + 1)


def test_maintenance_polls_walk_to_the_successor_one_a_token_then_start_over(ring):
    ring.node.poll_station = TS
    _use_tokens(ring, POLL_TOKENS - 1)
    assert ring.take() == [(TOKEN, PEER)] * (POLL_TOKENS - 1)
    ring.hear(TOKEN)
    assert ring.names[-1] == "DONE_WITH_TOKEN.SendMaintenancePFM"
    assert ring.take() == [(PFM, TS + 1)]
    ring.wait(USAGE_S + 0.003)
    assert ring.names[-1] == "POLL_FOR_MASTER.DoneWithPFM"
    assert ring.take() == [(TOKEN, PEER)]
    ring.hear(PFM, destination=PEER + 1)
    ring.hear(TOKEN)
    assert ring.names[-1] == "DONE_WITH_TOKEN.ResetMaintenancePFM"
    assert ring.take() == [(TOKEN, PEER)]
    assert (ring.node.poll_station, ring.node.token_count) == (TS, 1)


def test_a_successor_at_the_next_address_leaves_nobody_to_poll():
    ring = Harness().in_ring(successor=TS + 1)
    for _ in range(3 * POLL_TOKENS):
        ring.hear(TOKEN, source=TS + 1)
        ring.hear(PFM, source=TS + 1, destination=TS + 2)
    assert {frame_type for frame_type, _ in ring.take()} == {TOKEN}


def test_a_sole_master_uses_the_token_itself_and_polls_in_between():
    sole = Harness().as_sole_master()
    sole.wait(0.5)
    assert sole.names.count("DONE_WITH_TOKEN.SoleMaster") >= POLL_TOKENS - 2
    assert "POLL_FOR_MASTER.SoleMaster" in sole.names
    polled = [destination for frame_type, destination in sole.take() if frame_type == PFM]
    assert TS not in polled
    assert set(polled) == {0, 1, 2, 4, 5, 6, 7}
    assert "DONE_WITH_TOKEN.SoleMasterRestartMaintenancePFM" in sole.names
    assert sole.node.sole_master


def test_a_sole_master_sends_its_data_without_anybody_to_hand_the_token_to():
    sole = Harness().as_sole_master()
    sole.submit(DNER, BROADCAST)
    sole.wait(0.1)
    assert (DNER, BROADCAST) in sole.take()


# --- PASS_TOKEN


def test_saw_token_user(ring):
    ring.hear(TOKEN)
    ring.octets(b"\x55\xff\x01\x06")
    assert ring.node.state is MasterState.PASS_TOKEN  # four octets may be noise
    ring.octets(b"\x05")
    assert ring.names[-1] == "PASS_TOKEN.SawTokenUser"
    assert ring.node.state is MasterState.IDLE


def test_a_frame_of_the_token_user_for_this_node_is_not_missed(ring):
    ring.hear(TOKEN)
    ring.hear(DER, data=REQUEST)
    assert ring.names[-2:] == ["PASS_TOKEN.SawTokenUser", "IDLE.ReceivedDataNeedingReply"]


def test_the_token_is_repeated_once_then_a_new_successor_is_looked_for(ring):
    ring.hear(TOKEN)
    ring.take()
    ring.wait(USAGE_S + 0.003)
    assert ring.names[-1] == "PASS_TOKEN.RetrySendToken"
    assert ring.take() == [(TOKEN, PEER)]
    ring.wait(USAGE_S + 0.003)
    assert ring.names[-1] == "PASS_TOKEN.FindNewSuccessor"
    assert ring.take() == [(PFM, PEER + 1)]
    assert (ring.node.next_station, ring.node.token_count) == (TS, 0)


def test_the_successor_has_all_of_tusage_timeout_after_the_end_of_the_token(ring):
    ring.hear(TOKEN)
    end_s = ring.sent_at[-1] + frame_time_s(8, BAUD)
    ring.wait(0.2)
    assert ring.sent_at[1] == pytest.approx(end_s + USAGE_S, abs=1e-6)


# --- NO_TOKEN


def test_saw_frame_leaves_the_token_to_the_lower_address(lone):
    lone.wait(NO_TOKEN_S + 0.001)
    lone.hear(PFM, source=0, destination=1)
    assert lone.names == ["IDLE.LostToken", "NO_TOKEN.SawFrame"]
    assert lone.node.state is MasterState.IDLE


@pytest.mark.parametrize("mac", [0, 3, 7])
def test_generate_token_in_the_slot_of_ones_own_address(mac):
    lone = Harness(mac=mac)
    lone.wait(1.0)
    assert lone.names[:2] == ["IDLE.LostToken", "NO_TOKEN.GenerateToken"]
    assert lone.sent_at[0] == pytest.approx(NO_TOKEN_S + SLOT_S * mac)
    assert lone.sent[0] == Frame(PFM, (mac + 1) % 8, mac)


def test_a_node_that_missed_its_slot_waits_for_the_end_of_all_slots(lone):
    lone.now_s = NO_TOKEN_S + SLOT_S * (TS + 1) + 0.001  # the host was busy
    lone.node.advance(lone.now_s)
    assert lone.node.state is MasterState.NO_TOKEN
    lone.wait(0.3)
    assert lone.sent_at[0] == pytest.approx(NO_TOKEN_S + SLOT_S * 8)


def test_a_few_octets_of_noise_only_put_the_new_token_off(lone):
    lone.wait(NO_TOKEN_S + 0.001)
    lone.octets(b"\x00\x00\x00")
    noise_s = lone.now_s
    lone.wait(0.8)
    assert lone.sent_at[0] == pytest.approx(noise_s + NO_TOKEN_S + SLOT_S * TS)


# --- POLL_FOR_MASTER


def test_received_reply_to_pfm_gives_it_the_token(lone):
    lone.hear(TOKEN)
    lone.take()
    lone.hear(REPLY_TO_PFM, source=TS + 1)
    assert lone.names[-1] == "POLL_FOR_MASTER.ReceivedReplyToPFM"
    assert lone.take() == [(TOKEN, TS + 1)]
    assert (lone.node.next_station, lone.node.poll_station, lone.node.token_count) == (TS + 1, TS, 0)


@pytest.mark.parametrize(("frame_type", "destination"), [(TOKEN, TS), (DNER, BROADCAST), (TOKEN, 6), (REPLY_TO_PFM, 6)])
def test_any_other_frame_while_polling_drops_the_token(lone, frame_type, destination):
    lone.hear(TOKEN)
    lone.hear(frame_type, source=1, destination=destination, data=WHO_IS if frame_type == DNER else b"")
    assert lone.names[-1] == "POLL_FOR_MASTER.ReceivedUnexpectedFrame"
    assert lone.node.state is MasterState.IDLE


def test_send_next_pfm_up_to_max_master_and_round_then_declare_sole_master(lone):
    lone.hear(TOKEN)
    lone.wait(7.5 * (USAGE_S + 0.002))
    polled = [destination for _, destination in lone.take()]
    assert polled[:7] == [4, 5, 6, 7, 0, 1, 2]
    assert lone.names.count("POLL_FOR_MASTER.SendNextPFM") == 6
    assert "POLL_FOR_MASTER.DeclareSoleMaster" in lone.names
    assert lone.node.sole_master


def test_an_invalid_answer_to_a_poll_counts_as_none(lone):
    lone.hear(TOKEN)
    lone.take()
    lone.octets(Frame(REPLY_TO_PFM, TS, 4).encode()[:-1] + b"\x00")
    assert lone.names[-1] == "POLL_FOR_MASTER.SendNextPFM"


def test_a_sole_master_that_hears_a_token_is_one_no_more():
    sole = Harness().as_sole_master()
    sole.wait(0.010)
    sole.hear(REPLY_TO_PFM, source=sole.node.poll_station)
    assert sole.names[-1] == "POLL_FOR_MASTER.ReceivedReplyToPFM"
    assert not sole.node.sole_master


# --- ANSWER_DATA_REQUEST


def test_a_reply_in_time_goes_out_without_the_token(lone):
    lone.hear(DER, data=REQUEST)
    lone.wait(0.1)
    lone.submit(DNER, PEER, ANSWER)
    assert lone.names[-1] == "ANSWER_DATA_REQUEST.Reply"
    assert lone.sent == [Frame(DNER, PEER, TS, ANSWER)]
    assert lone.node.state is MasterState.IDLE


def test_only_the_answer_to_this_request_is_the_reply_whatever_is_queued_before_it(lone):
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


def test_deferred_reply_is_announced_before_250_ms_and_goes_with_the_token(ring):
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
