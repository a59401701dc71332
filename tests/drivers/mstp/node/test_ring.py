"""Whole rings of master nodes on a bus in virtual time: joining, leaving, losing the token, noise."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.node.master import MasterState
from drivers.mstp.settings import BAUD_RATES
from tests.drivers.mstp.virtual_bus import VirtualBus

pytestmark = pytest.mark.untraced

REQUEST = bytes.fromhex("01040203070C0C000000011955")
ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F")


def make_ring(macs, baud=76800, seed=0, **node):
    bus = VirtualBus(baud, seed)
    for mac in macs:
        bus.join(mac, **{"max_master": 8, **node})
    return bus


@pytest.mark.parametrize("baud", BAUD_RATES)
def test_nodes_that_start_together_form_one_ring_in_order_of_address(baud):
    bus = make_ring([4, 0, 7, 2], baud)
    bus.run(3.0)
    assert bus.ring() == [0, 2, 4, 7]
    assert bus.is_healthy(1.0)
    assert bus.collisions == 0


def test_only_the_lowest_address_generates_the_token():
    bus = make_ring([2, 5, 6])
    bus.run(2.0)
    assert [node.transitions["NO_TOKEN.GenerateToken"] for node in bus.nodes.values()] == [1, 0, 0]


def test_a_token_pass_costs_the_frame_and_the_turnaround_only():
    bus = make_ring([0, 1], max_master=1)
    bus.run(1.0)
    bus.seen.clear()
    bus.run(1.0)
    limit = 76800 / (80 + 40)
    assert 0.8 * limit < len(bus.frames(FrameType.TOKEN)) <= limit


def test_nodes_that_wait_before_they_send_turn_the_ring_more_slowly():
    bus = make_ring([0, 1], max_master=1, usage_delay_s=0.008)
    bus.run(1.0)
    bus.seen.clear()
    bus.run(1.0)
    limit = 1.0 / (0.008 + 80 / 76800)
    assert 0.8 * limit < len(bus.frames(FrameType.TOKEN)) <= limit + 1
    assert bus.is_healthy(1.0)


def test_a_newcomer_is_found_and_let_in():
    bus = make_ring([0, 3])
    bus.run(2.0)
    bus.join(5, max_master=8)
    bus.run(3.0)
    assert bus.ring() == [0, 3, 5]
    assert bus.is_healthy(1.0)


def test_a_node_that_leaves_is_left_out_and_the_token_goes_on():
    bus = make_ring([0, 3, 5, 7])
    bus.run(2.0)
    while bus.nodes[7].state is not MasterState.PASS_TOKEN:
        bus.run(0.0003)
    lost = bus.transitions()["IDLE.LostToken"] - bus.nodes[3].transitions["IDLE.LostToken"]
    bus.leave(3)
    bus.run(0.5)
    assert bus.ring() == [0, 5, 7]
    assert bus.is_healthy(1.0)
    assert bus.transitions()["IDLE.LostToken"] == lost


def test_a_node_that_dies_holding_the_token_costs_one_lost_token():
    bus = make_ring([0, 3, 5])
    bus.run(2.0)
    lost = {mac: node.transitions["IDLE.LostToken"] for mac, node in bus.nodes.items()}
    while bus.nodes[3].state is not MasterState.PASS_TOKEN:
        bus.run(0.0003)
    bus.leave(3)
    bus.run(2.0)
    assert bus.ring() == [0, 5]
    assert bus.is_healthy(1.0)
    assert all(node.transitions["IDLE.LostToken"] - lost[mac] <= 1 for mac, node in bus.nodes.items())


def test_a_lone_node_declares_itself_sole_master_and_lets_the_next_one_in():
    bus = make_ring([4])
    bus.run(2.0)
    assert bus.nodes[4].sole_master
    bus.join(1, max_master=8)
    bus.run(3.0)
    assert bus.ring() == [1, 4]
    assert bus.is_healthy(1.0)
    assert not any(node.sole_master for node in bus.nodes.values())


def test_no_address_above_max_master_is_ever_polled():
    bus = make_ring([0, 2], max_master=5)
    bus.run(2.0)
    bus.seen.clear()
    bus.run(5.0)
    polled = {destination for _, destination in bus.frames(FrameType.POLL_FOR_MASTER)}
    assert polled == {1, 3, 4, 5}


def test_a_node_above_max_master_of_the_others_never_gets_the_token():
    bus = make_ring([0, 2], max_master=5)
    bus.run(1.0)
    bus.join(7, max_master=7)
    bus.run(5.0)
    assert bus.nodes[7].statistics().tokens_received == 0


def test_running_ring_of_neighbours_up_to_max_master_polls_no_address():
    bus = make_ring([0, 1], max_master=1)
    bus.run(1.0)
    bus.seen.clear()
    bus.run(5.0)
    assert bus.frames(FrameType.POLL_FOR_MASTER) == []


def test_the_full_address_range_forms_a_ring():
    bus = VirtualBus()
    for mac in (0, 64, 127):
        bus.join(mac)
    bus.run(12.0)
    assert bus.ring() == [0, 64, 127]


def test_a_request_is_answered_within_the_holding_of_the_token():
    bus = make_ring([0, 1, 2])
    bus.run(2.0)
    bus.seen.clear()
    bus.send(0, 1, REQUEST, expecting_reply=True)
    while not bus.nodes[1].received:
        bus.run(0.0005)
    bus.send(1, 0, ANSWER)
    bus.run(0.020)
    assert [event.npdu for event in bus.nodes[0].received] == [ANSWER]
    kinds = [seen.frame.frame_type for seen in bus.seen]
    asked = kinds.index(FrameType.DATA_EXPECTING_REPLY)
    assert kinds[asked + 1] == FrameType.DATA_NOT_EXPECTING_REPLY


def test_a_late_answer_arrives_after_reply_postponed():
    bus = make_ring([0, 1])
    bus.run(2.0)
    bus.send(0, 1, REQUEST, expecting_reply=True)
    bus.run(0.4)
    assert bus.frames(FrameType.REPLY_POSTPONED) == [(1, 0)]
    bus.send(1, 0, ANSWER)
    bus.run(0.1)
    assert [event.npdu for event in bus.nodes[0].received] == [ANSWER]
    assert bus.is_healthy(1.0)


def test_every_frame_queued_arrives_once_and_in_order_in_a_quiet_ring():
    bus = make_ring([0, 1, 2], max_info_frames=3)
    bus.run(2.0)
    sent = [bytes((1, 0, 0x10, 8, number)) for number in range(40)]
    for npdu in sent:
        bus.send(0, 2, npdu)
        bus.send(1, 2, npdu)
    bus.run(2.0)
    for source in (0, 1):
        assert [event.npdu for event in bus.nodes[2].received if event.source == source] == sent


def test_a_second_token_from_nowhere_does_not_last():
    bus = make_ring([0, 2, 4, 6])
    bus.run(2.0)
    bus.say(Frame(FrameType.TOKEN, 4, 2).encode())
    bus.run(5.0)
    assert bus.is_healthy(1.0)


@settings(max_examples=15, deadline=None)
@given(
    macs=st.sets(st.integers(0, 6), min_size=1, max_size=4),
    baud=st.sampled_from([9600, 38400, 76800]),
    seed=st.integers(0, 2**32 - 1),
    error_rate=st.sampled_from([0.01, 0.05, 0.3]),
    noise_s=st.floats(0.1, 2.0),
)
def test_after_any_noise_the_ring_recovers_by_itself(macs, baud, seed, error_rate, noise_s):
    bus = make_ring(macs, baud, seed, max_master=6)
    bus.run(2.0)
    dice = random.Random(seed)

    def damage(octets):
        kept = bytearray()
        for octet in octets:
            if dice.random() >= error_rate:
                kept.append(octet)
            elif dice.random() < 0.5:
                kept.append(octet ^ 1 << dice.randrange(8))  # else the octet is lost
        return bytes(kept)

    bus.damage = damage
    for _ in range(5):
        bus.say(dice.randbytes(dice.randrange(1, 30)))
        bus.run(noise_s / 5)
    bus.damage = None
    assert bus.recovers(20.0)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.floats(0.0, 3.0)), min_size=1, max_size=8), st.integers(0, 2**32 - 1))
def test_whoever_comes_and_goes_whoever_stays_forms_one_ring(moves, seed):
    bus = make_ring([3], 19200, seed, max_master=6)
    for mac, pause_s in moves:
        if mac in bus.nodes and len(bus.nodes) > 1:
            bus.leave(mac)
        elif mac not in bus.nodes:
            bus.join(mac, max_master=6)
        bus.run(pause_s)
    assert bus.recovers(10.0)
    assert bus.ring() == sorted(bus.nodes)


def polled_by(bus, mac, duration_s):
    bus.seen.clear()
    bus.run(duration_s)
    return {destination for source, destination in bus.frames(FrameType.POLL_FOR_MASTER) if source == mac}


def test_written_max_master_bounds_the_addresses_polled_afterwards():
    bus = make_ring([0, 2], max_master=20)
    bus.run(3.0)
    assert polled_by(bus, 2, 20.0) == set(range(3, 21))
    bus.nodes[2].set_max_master(5)
    bus.run(1.0)
    assert polled_by(bus, 2, 10.0) == {3, 4, 5}
    bus.nodes[2].set_max_master(9)
    assert polled_by(bus, 2, 10.0) == set(range(3, 10))
    assert bus.is_healthy(1.0)


def test_successor_beyond_a_written_max_master_is_replaced_by_one_within():
    bus = make_ring([0, 3, 7], max_master=8)
    bus.run(2.0)
    assert bus.ring() == [0, 3, 7]
    bus.nodes[3].set_max_master(5)
    bus.run(2.0)
    assert bus.nodes[3].next_station == 0


@given(max_master=st.integers(1, 127), mac=st.integers(0, 20))
@settings(max_examples=30)
def test_node_with_address_beyond_max_master_still_finds_it_is_alone(max_master, mac):
    bus = make_ring([mac], max_master=127)
    bus.nodes[mac].set_max_master(max_master)
    bus.run(10.0)
    assert bus.nodes[mac].sole_master
