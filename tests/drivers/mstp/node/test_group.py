"""Several master nodes of one process: to the others on the bus, and to each other, they are nodes like any other."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mstp.codec.frames import BROADCAST, Frame, FrameType
from drivers.mstp.node.group import NodeGroup
from drivers.mstp.node.master import MasterState
from drivers.mstp.settings import NodeSettings
from tests.drivers.mstp.virtual_bus import VirtualBus

REQUEST = bytes.fromhex("01040203070C0C000000011955")
ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F")
WHO_IS = bytes.fromhex("01001008")
GROUP = 1000


def bus_with_group(macs, others=(0,), baud=76800, max_master=40):
    bus = VirtualBus(baud)
    for mac in others:
        bus.join(mac, max_master=max_master)
    group = NodeGroup([NodeSettings(mac, baud, max_master) for mac in macs])
    bus.nodes[GROUP] = group
    return bus, group


def counted(bus, group):
    outside = [node for number, node in bus.nodes.items() if number != GROUP]
    return [node.statistics() for node in (*outside, *group.nodes.values())]


def run_undisturbed(bus, group, duration_s):
    """Run, and return how often each node had the token; nothing may have gone wrong meanwhile."""
    before = counted(bus, group)
    bus.run(duration_s)
    since = [after.since(earlier) for after, earlier in zip(counted(bus, group), before, strict=True)]
    for record in since:
        assert record.tokens_lost == record.token_retries == record.tokens_dropped == 0
        assert record.header_crc_errors == record.data_crc_errors == record.frames_cut_short == 0
    return [record.tokens_received for record in since]


def test_thirty_two_nodes_of_one_process_form_one_ring_with_the_rig():
    bus, group = bus_with_group(range(1, 33))
    bus.run(5.0)
    tokens = run_undisturbed(bus, group, 5.0)
    assert len(tokens) == 33
    assert min(tokens) > 50
    assert max(tokens) - min(tokens) <= 1
    assert bus.collisions == 0
    assert [node.next_station for node in group.nodes.values()] == [*range(2, 33), 0]


def test_the_nodes_of_a_group_may_lie_between_others():
    bus, group = bus_with_group((1, 4, 9), others=(0, 2, 7))
    bus.run(4.0)
    tokens = run_undisturbed(bus, group, 2.0)
    assert max(tokens) - min(tokens) <= 1
    assert bus.collisions == 0


def test_a_request_reaches_the_node_it_is_for_and_that_node_answers():
    bus, group = bus_with_group((1, 2, 3), max_master=5)
    bus.run(2.0)
    for mac in (1, 2, 3):
        bus.send(0, mac, REQUEST, expecting_reply=True)
        while not group.received:
            bus.run(0.001)
        got = group.received.popleft()
        assert (got.source, got.destination, got.npdu, got.expecting_reply) == (0, mac, REQUEST, True)
        group.submit(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 0, mac, ANSWER), bus.now_s)
        bus.run(0.1)
        assert bus.nodes[0].received.popleft().source == mac
    assert [node.statistics().replies_sent for node in group.nodes.values()] == [1, 1, 1]
    assert not group.received


def test_long_answer_of_one_node_loses_no_token_of_others_at_9600_baud():
    bus, group = bus_with_group((1, 2, 3), baud=9600, max_master=3)
    bus.run(4.0)
    bus.send(0, 3, REQUEST, expecting_reply=True)
    while not group.received:
        bus.run(0.001)
    group.submit(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 0, 3, ANSWER[:5] + bytes(480)), bus.now_s)
    tokens = run_undisturbed(bus, group, 3.0)
    assert bus.nodes[0].received.popleft().npdu[5:] == bytes(480)
    assert min(tokens) > 10


def test_a_broadcast_is_told_once_however_many_hear_it():
    bus, group = bus_with_group((1, 2, 3), max_master=3)
    bus.run(2.0)
    bus.send(0, BROADCAST, WHO_IS)
    bus.run(0.2)
    assert [(got.source, got.npdu) for got in group.received] == [(0, WHO_IS)]
    group.received.clear()
    group.submit(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, BROADCAST, 2, WHO_IS), bus.now_s)
    bus.run(0.2)
    assert [(got.source, got.npdu) for got in group.received] == [(2, WHO_IS)]
    assert [got.source for got in bus.nodes[0].received] == [2]


def test_one_that_passes_the_token_to_another_of_the_group_hears_it_used():
    bus, group = bus_with_group((5, 6), others=(), max_master=8)
    bus.run(3.0)
    assert min(run_undisturbed(bus, group, 1.0)) > 50
    assert group.nodes[5].next_station == 6
    assert group.nodes[6].next_station == 5


def test_a_node_that_is_alone_in_its_group_declares_itself_sole_master():
    bus, group = bus_with_group((3,), others=(), max_master=8)
    bus.run(3.0)
    assert group.statistics(3).sole_master_declared == 1


def test_max_master_of_one_node_is_changed_without_the_others():
    bus, group = bus_with_group((1, 2), max_master=6)
    bus.run(2.0)
    group.set_max_master(2, 2)
    bus.run(1.0)
    bus.seen.clear()
    bus.run(3.0)
    polls = bus.frames(FrameType.POLL_FOR_MASTER)
    assert not [poll for poll in polls if poll[0] == 2]
    assert polls or group.nodes[1].next_station == 2


def test_node_off_line_neither_hears_nor_sends_and_the_ring_closes():
    bus, group = bus_with_group((1, 2, 3), max_master=4)
    bus.run(2.0)
    group.set_online(2, False, bus.now_s)
    bus.run(1.0)
    before = group.statistics(2)
    bus.send(0, 2, REQUEST, expecting_reply=True)
    bus.send(0, BROADCAST, WHO_IS)
    bus.run(2.0)
    assert group.statistics(2) == before
    assert [got.destination for got in group.received] == [BROADCAST]
    assert bus.nodes[0].statistics().reply_timeouts == 1
    assert [group.nodes[mac].next_station for mac in (1, 3)] == [3, 0]


def test_a_node_off_line_loses_what_it_had_to_send_and_takes_no_more():
    bus, group = bus_with_group((1, 2), max_master=2)
    bus.run(2.0)
    for mac in (1, 2):
        for _ in range(3):
            group.submit(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 0, mac, WHO_IS), bus.now_s)
    group.set_online(2, False, bus.now_s)
    group.submit(Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 0, 2, WHO_IS), bus.now_s)
    bus.run(1.0)
    group.set_online(2, True, bus.now_s)
    bus.run(2.0)
    assert [got.source for got in bus.nodes[0].received] == [1, 1, 1]
    assert [group.statistics(mac).dropped_off_line for mac in (1, 2)] == [0, 1]


@given(st.floats(0.0, 0.05))
@settings(max_examples=3, deadline=None)
def test_whenever_a_node_goes_and_comes_back_the_ring_is_whole_again(off_s):
    bus, group = bus_with_group((1, 2), max_master=2)
    bus.run(0.8 + off_s)
    group.set_online(2, False, bus.now_s)
    bus.run(off_s)
    group.set_online(2, True, bus.now_s)
    bus.run(1.2)
    assert max(tokens := run_undisturbed(bus, group, 0.3)) - min(tokens) <= 1
    assert [node.next_station for node in group.nodes.values()] == [2, 0]
    assert group.statistics(2).duplicate_address == 0


def test_node_that_comes_back_starts_as_at_power_up_and_goes_on_counting():
    bus, group = bus_with_group((1,), others=(), max_master=8)
    bus.run(3.0)
    group.set_max_master(1, 4)
    group.set_online(1, False, bus.now_s)
    bus.run(1.0)
    group.set_online(1, True, bus.now_s)
    assert group.nodes[1].state is MasterState.IDLE
    assert group.nodes[1].next_station == 1
    assert not group.nodes[1].sole_master
    begin = len(bus.seen)
    bus.run(2.0)
    assert group.statistics(1).sole_master_declared == 2
    assert {seen.frame.destination for seen in bus.seen[begin:]} == {0, 2, 3, 4}


def test_group_with_all_nodes_off_line_drains_the_line_without_waiting():
    bus, group = bus_with_group((1, 2), max_master=2)
    bus.run(2.0)
    for mac in (1, 2):
        group.set_online(mac, False, bus.now_s)
    bus.run(1.0)
    assert group.deadline_s() == math.inf
    group.receive(bytes(5000), bus.now_s)
    assert group.take_transmission(bus.now_s) is None
    assert bus.nodes[0].statistics().sole_master_declared == 1
    group.set_online(2, True, bus.now_s)
    bus.run(2.0)
    assert bus.nodes[0].next_station == 2


def test_being_told_twice_changes_nothing():
    bus, group = bus_with_group((1, 2), max_master=2)
    bus.run(2.0)
    group.set_online(2, True, bus.now_s)
    run_undisturbed(bus, group, 1.0)
    for _ in range(2):
        group.set_online(2, False, bus.now_s)
    bus.run(1.0)
    assert group.statistics(2).tokens_received > 10
