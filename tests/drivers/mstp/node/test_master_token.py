"""The master-node state machine passing, losing and finding the token: a test for each named transition."""

import pytest

from drivers.mstp.codec.frames import BROADCAST, Frame, frame_time_s
from drivers.mstp.node.master import NO_TOKEN_S, POLL_TOKENS, SLOT_S, MasterState
from tests.drivers.mstp.node.master_harness import (
    BAUD,
    DER,
    DNER,
    PEER,
    PFM,
    REPLY_TO_PFM,
    REQUEST,
    TOKEN,
    TS,
    USAGE_S,
    WHO_IS,
    Harness,
)

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


def test_maintenance_polls_walk_to_the_successor_one_a_token_then_restart(ring):
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


def test_sole_master_sends_its_data_without_a_token_to_pass_on():
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


def test_node_right_after_its_lost_successor_does_not_poll_itself():
    ring = Harness().in_ring(successor=TS - 1)
    ring.hear(TOKEN, source=TS - 1)
    ring.wait(2 * (USAGE_S + 0.003))
    assert ring.names[-1] == "PASS_TOKEN.FindNewSuccessorUnknown"
    assert ring.take() == [(TOKEN, TS - 1), (TOKEN, TS - 1), (PFM, TS + 1)]
    ring.wait(0.5)
    assert TS not in [destination for _, destination in ring.take()]
    assert ring.node.statistics().successors_lost == 1


def test_successor_has_all_of_tusage_timeout_after_the_token_ends(ring):
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


def test_next_pfm_goes_to_max_master_and_round_then_sole_master(lone):
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


def test_broken_off_frame_does_not_swallow_answers_to_later_polls(lone):
    lone.hear(TOKEN)
    lone.octets(Frame(DNER, 6, PEER, bytes(400)).encode()[:20])
    lone.wait(USAGE_S + 0.003)
    assert lone.take() == [(PFM, TS + 1), (PFM, TS + 2)]
    lone.hear(REPLY_TO_PFM, source=TS + 2)
    assert lone.names[-1] == "POLL_FOR_MASTER.ReceivedReplyToPFM"
    assert lone.node.statistics().frames_cut_short == 1


def test_a_sole_master_that_hears_a_token_is_one_no_more():
    sole = Harness().as_sole_master()
    sole.wait(0.010)
    sole.hear(REPLY_TO_PFM, source=sole.node.poll_station)
    assert sole.names[-1] == "POLL_FOR_MASTER.ReceivedReplyToPFM"
    assert not sole.node.sole_master
