"""Polls that a diagnosis orders: one with each token, beyond Max_Master; who answers gets the token; the ring stays."""

import pytest

from drivers.mstp.node.master import MasterState
from tests.drivers.mstp.node.master_harness import PEER, PFM, REPLY_TO_PFM, TOKEN, USAGE_S, Harness


@pytest.fixture
def ring():
    made = Harness()
    made.in_ring()
    made.take()
    return made


def test_ordered_address_is_polled_with_the_token_which_then_goes_on(ring):
    ring.node.probes.order([100, 120])
    ring.hear(TOKEN)
    assert ring.names[-1] == "DONE_WITH_TOKEN.SendProbe"
    ring.wait(USAGE_S + 0.003)
    assert ring.take() == [(PFM, 100), (TOKEN, PEER)]
    ring.hear(PFM, source=PEER, destination=6)
    ring.hear(TOKEN)
    ring.wait(USAGE_S + 0.003)
    assert ring.take() == [(PFM, 120), (TOKEN, PEER)]
    assert (ring.node.probes.answered, ring.node.probes.left) == ({100: False, 120: False}, 0)


def test_a_master_that_answers_gets_the_token_once_and_the_ring_stays(ring):
    ring.node.probes.order([100])
    ring.hear(TOKEN)
    ring.hear(REPLY_TO_PFM, source=100)
    assert ring.take() == [(PFM, 100), (TOKEN, 100)]
    assert ring.node.next_station == 100
    ring.hear(TOKEN, source=100)
    assert ring.take() == [(TOKEN, PEER)]
    assert ring.node.probes.answered == {100: True}


def test_a_found_master_that_does_not_use_the_token_costs_no_ring(ring):
    ring.node.probes.order([100])
    ring.hear(TOKEN)
    ring.hear(REPLY_TO_PFM, source=100)
    ring.take()
    ring.wait(3 * (USAGE_S + 0.003))
    ring.hear(REPLY_TO_PFM, source=PEER)
    assert ring.take()[-1] == (TOKEN, PEER)
    assert ring.node.next_station == PEER


def test_a_disturbed_poll_is_made_again(ring):
    ring.node.probes.order([100])
    ring.hear(TOKEN)
    ring.hear(TOKEN, source=1, destination=6)
    assert ring.node.state is MasterState.IDLE
    assert (ring.node.probes.answered, ring.node.probes.left) == ({}, 1)
    ring.hear(TOKEN)
    ring.wait(USAGE_S + 0.003)
    assert ring.node.probes.answered == {100: False}


def test_nothing_beyond_max_master_is_polled_unless_ordered(ring):
    for _ in range(200):
        ring.hear(TOKEN)
        ring.wait(USAGE_S + 0.003)
        ring.hear(PFM, source=PEER, destination=6)
    polled = {destination for kind, destination in ring.take() if kind == PFM}
    assert polled
    assert max(polled) <= 7
