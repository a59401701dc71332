"""Invariants of a ring with any number of damaged frames: one token, one sender, every node gets the token."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mstp.codec.frames import Frame, FrameType
from drivers.mstp.node.master import MasterState
from tests.drivers.mstp.virtual_bus import SLICE_OCTETS, VirtualBus

HOLDING = {
    MasterState.USE_TOKEN,
    MasterState.WAIT_FOR_REPLY,
    MasterState.DONE_WITH_TOKEN,
    MasterState.POLL_FOR_MASTER,
}
MAX_MASTER = 6
RATES = st.sampled_from([0.02, 0.1, 0.3])
MACS = st.sets(st.integers(0, MAX_MASTER), min_size=2, max_size=4)
SEEDS = st.integers(0, 2**32 - 1)


class Watched:
    """A settled ring that raises AssertionError as soon as two nodes hold the token or talk at the same time."""

    def __init__(self, macs, seed):
        self.bus = VirtualBus(76800, seed)
        for mac in macs:
            self.bus.join(mac, max_master=MAX_MASTER, max_info_frames=2)
        self.bus.run(2.0)
        assert self.bus.is_healthy(0.2)
        self.bus.collisions = 0
        self.dice = random.Random(seed)
        self.bus.watch = self.watch

    def watch(self):
        holders = [mac for mac, node in self.bus.nodes.items() if node.state in HOLDING]
        assert len(holders) <= 1, holders
        assert self.bus.collisions == 0

    def tokens(self):
        return {mac: node.statistics().tokens_received for mac, node in self.bus.nodes.items()}

    def flip_one_bit(self, rate):
        """Damage the beginning of a share of the frames by one flipped bit, which every node sees alike."""

        def damage(octets):
            if self.dice.random() >= rate:
                return octets
            bit = self.dice.randrange(8 * len(octets))
            return bytes(octet ^ (bit // 8 == i) << bit % 8 for i, octet in enumerate(octets))

        self.bus.damage = damage


def test_a_second_token_is_noticed():
    ring = Watched({0, 2, 4}, seed=1)
    ring.bus.say(Frame(FrameType.TOKEN, 4, 2).encode())
    with pytest.raises(AssertionError):
        ring.bus.run(0.1)


@settings(max_examples=6, deadline=None)
@given(macs=MACS, seed=SEEDS, rate=RATES)
def test_damaged_frames_never_make_two_tokens_and_every_node_gets_one(macs, seed, rate):
    ring = Watched(macs, seed)
    ring.flip_one_bit(rate)
    before = ring.tokens()
    ring.bus.run(2.0)
    ring.bus.damage = None
    assert ring.bus.recovers(12.0)  # a successor given up is polled again once in 50 tokens
    assert all(count > before[mac] for mac, count in ring.tokens().items())


@settings(max_examples=6, deadline=None)
@given(macs=MACS, seed=SEEDS, rate=RATES)
def test_data_arrives_as_it_was_sent_and_in_order_or_not_at_all(macs, seed, rate):
    ring = Watched(macs, seed)
    ring.flip_one_bit(rate)
    source, destination, *_ = sorted(macs)
    sent = [bytes((1, 0, 0x10, 8, number)) * SLICE_OCTETS for number in range(60)]
    for npdu in sent:
        ring.bus.send(source, destination, npdu)
    ring.bus.run(3.0)
    arrived = [event.npdu for event in ring.bus.nodes[destination].received]
    rest = iter(sent)
    assert all(npdu in rest for npdu in arrived)  # a subsequence
    assert rate > 0.1 or arrived
