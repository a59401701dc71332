"""The short form of the fuzzing campaign: the same scripts, from hypothesis and from a seed."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.mstp.codec import receive
from tests.drivers.mstp.codec.receive_script import Player

SEEDED_SCRIPTS = 150


@settings(max_examples=300)
@given(st.binary(min_size=10, max_size=200))
def test_no_script_breaks_the_receive_path(script):
    Player().play(script)


def test_seeded_scripts_break_no_receive_path_and_reach_most_of_it():
    dice = random.Random(135)
    reached = set()
    for _ in range(SEEDED_SCRIPTS):
        player = Player()
        player.play(dice.randbytes(dice.randrange(1, 400)))
        reached |= set(player.node.transitions) | set(player.node.receiver.clause.transitions)
    assert len(reached) > 50


def test_a_receiver_that_is_one_octet_off_is_noticed(monkeypatch):
    monkeypatch.setattr(receive, "trailer_octets", lambda length: length + 3)
    a_good_frame_for_this_station = bytes((4 << 3 | 1, 6, 1, 0, 16, 8))
    with pytest.raises(AssertionError):
        Player().play(a_good_frame_for_this_station)
