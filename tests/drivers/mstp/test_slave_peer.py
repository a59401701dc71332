"""A slave-only peer (MAC 128 to 254) beside masters: it is asked and answers at once, and is never polled."""

import pytest

from drivers.mstp.codec.frames import Frame, FrameType
from tests.drivers.mstp.virtual_bus import VirtualBus

REQUEST = bytes.fromhex("01040203070C0C000000011955")
ANSWER = bytes.fromhex("010030070C0C0000000119553E44000000003F")


@pytest.fixture(params=[128, 254])
def slave_mac(request):
    return request.param


@pytest.fixture
def bus(slave_mac):
    bus = VirtualBus()
    for mac in (0, 2):
        bus.join(mac, max_master=4)
    bus.join_slave(slave_mac, lambda npdu: ANSWER)
    bus.run(2.0)
    return bus


def test_it_is_never_polled_and_never_given_the_token(bus, slave_mac):
    bus.run(3.0)
    to_slave = [seen.frame for seen in bus.seen if seen.frame.destination == slave_mac]
    assert to_slave == []
    assert bus.nodes[0].next_station == 2


def test_a_request_to_it_is_answered_within_the_holding_of_the_token(bus, slave_mac):
    bus.seen.clear()
    bus.send(0, slave_mac, REQUEST, expecting_reply=True)
    bus.run(0.1)
    assert [(event.source, event.npdu) for event in bus.nodes[0].received] == [(slave_mac, ANSWER)]
    kinds = [seen.frame.frame_type for seen in bus.seen]
    asked = kinds.index(FrameType.DATA_EXPECTING_REPLY)
    after = bus.seen[asked + 1].frame
    assert (after.frame_type, after.source, after.destination) == (FrameType.DATA_NOT_EXPECTING_REPLY, slave_mac, 0)
    assert bus.transitions()["WAIT_FOR_REPLY.ReceivedReply"] == 1


def test_it_answers_a_test_request_with_its_data(bus, slave_mac):
    bus.nodes[0].submit(Frame(FrameType.TEST_REQUEST, slave_mac, 0, b"echo this"), bus.now_s)
    bus.run(0.1)
    (answer,) = [seen.frame for seen in bus.seen if seen.frame.frame_type == FrameType.TEST_RESPONSE]
    assert answer == Frame(FrameType.TEST_RESPONSE, 0, slave_mac, b"echo this")
    assert bus.transitions()["WAIT_FOR_REPLY.ReceivedReply"] == 1


def test_one_that_is_gone_costs_one_reply_timeout_and_not_the_token(bus, slave_mac):
    bus.leave(slave_mac)
    before = bus.nodes[0].statistics()
    bus.send(0, slave_mac, REQUEST, expecting_reply=True)
    bus.run(1.0)
    counted = bus.nodes[0].statistics().since(before)
    assert (counted.reply_timeouts, counted.tokens_lost) == (1, 0)
    assert bus.is_healthy(1.0)
