"""A meter's delays less the bench's own lateness: what is excused, and what stays the meter's fault."""

import pytest

from drivers.mstp.analysis import figures_of
from rig.procedures.behaviour.bench_lateness import excused, without_lateness
from rig.procedures.behaviour.bus_behaviour import node_of, reply_delay, token_use
from tests.drivers.mstp.tape import Tape
from tests.rig.procedures.behaviour.test_bus_behaviour import METER, RIG, rounds


def judged(tape, spells, question, *more):
    frames = without_lateness(tape.frames, spells)
    return question(node_of(figures_of(frames, tape.baud), METER), *more, excused(frames, METER))


def spells_before(tape, kind_source, late_s):
    """The bench was late for so long before each frame of a station."""
    return [(f.start_s - late_s, f.start_s) for f in tape.frames if f.frame.source == kind_source]


@pytest.mark.parametrize(("late_s", "good"), [(0.0, False), (0.010, False), (0.030, True)])
def test_answers_that_only_the_bench_delayed_are_in_time(late_s, good):
    tape = rounds(Tape(), reply_after_s=0.270)
    answer = judged(tape, spells_before(tape, METER, late_s), reply_delay, 3)
    assert answer.good is good
    assert not answer.excuse


@pytest.mark.parametrize(("late_s", "good"), [(0.0, False), (0.001, False), (0.008, True)])
def test_tokens_that_only_the_bench_delayed_are_used_in_time(late_s, good):
    tape = rounds(Tape(), use_after_s=0.020)
    answer = judged(tape, spells_before(tape, METER, late_s), token_use)
    assert answer.good is good


def unanswered(count):
    tape = rounds(Tape(), count=10)
    asked = []
    for _ in range(count):
        tape.request(RIG, METER)
        asked.append(tape.now_s)
        tape.token(RIG, METER, after_s=0.296).token(METER, RIG)
    return tape, asked


@pytest.mark.parametrize(("late_s", "excuse"), [(0.0, ""), (0.020, ""), (0.060, "the bench was late by up to 60 ms")])
def test_unanswered_request_is_excused_where_the_bench_was_late_enough(late_s, excuse):
    tape, (asked_s,) = unanswered(1)
    answer = judged(tape, [(asked_s - 0.001, asked_s + late_s)] if late_s else [], reply_delay, 11)
    assert not answer.good
    assert answer.excuse.startswith(excuse) is True
    assert bool(answer.excuse) is bool(excuse)


def test_requests_without_answer_at_other_times_stay_the_meters_fault():
    tape, (asked_s, _) = unanswered(2)
    answer = judged(tape, [(asked_s, asked_s + 0.100)], reply_delay, 12)
    assert not answer.good
    assert not answer.excuse


def test_a_token_without_use_is_excused_where_the_bench_was_late_enough():
    def given_up():
        return rounds(Tape()).token(RIG, METER).token(RIG, METER, after_s=0.03).poll(RIG, 2, after_s=0.03)

    tape = given_up()
    first_s = tape.frames[-3].end_s
    assert not judged(tape, [], token_use).excuse
    late = judged(tape, [(first_s, first_s + 0.025)], token_use)
    assert not late.good
    assert late.excuse == "the bench was late by up to 25 ms meanwhile"


@pytest.mark.parametrize(("late_s", "is_excused"), [(0.0, False), (0.100, True)])
def test_request_lost_by_a_station_that_polls_is_excused_where_late(late_s, is_excused):
    tape = rounds(Tape(), count=10).request(RIG, METER)
    asked_s = tape.now_s
    tape.poll(METER, 5, after_s=0.169).poll(METER, 6, after_s=0.03).token(METER, RIG, after_s=0.03)
    frames = without_lateness(tape.frames, [(asked_s + 0.169 - late_s, asked_s + 0.169)] if late_s else [])
    assert excused(frames, METER).requests == int(is_excused)


def test_request_that_is_answered_is_not_excused_however_late():
    tape = rounds(Tape(), reply_after_s=0.100)
    assert excused(without_lateness(tape.frames, spells_before(tape, METER, 0.060)), METER).requests == 0
