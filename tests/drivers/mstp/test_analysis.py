"""The figures of a bus from made-up traffic: token, polls, replies, errors, each against a count made by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.codec.frames import frame_time_s
from tests.drivers.mstp.tape import Tape

TOKEN_S = frame_time_s(8, 76800)


def figures_of(tape, stray=0):
    analysis = BusAnalysis(tape.baud, tape.start_s)
    analysis.take_batch(tape.frames, 0)
    analysis.take_batch((), stray)
    return analysis.figures(tape.now_s)


def node_of(figures, mac):
    return next(node for node in figures.nodes if node.mac == mac)


class TestToken:
    def test_rotation_is_the_time_between_two_tokens_to_one_master(self):
        figures = figures_of(Tape().ring(0, 3, 9, rounds=4, after_s=0.002))
        assert figures.masters == (0, 3, 9)
        assert figures.rotation.mean_s == pytest.approx(3 * (0.002 + TOKEN_S))
        assert node_of(figures, 3).rotation.count == 3
        assert node_of(figures, 3).next_station == 9
        assert node_of(figures, 0).usage.mean_s == pytest.approx(0.002)
        assert node_of(figures, 0).hold.mean_s == pytest.approx(0.002 + TOKEN_S)

    def test_a_repeated_token_is_a_retry_of_its_receiver_and_no_rotation(self):
        tape = Tape().ring(0, 1, rounds=2).token(0, 1).token(0, 1, after_s=0.030).token(1, 0)
        figures = figures_of(tape)
        assert node_of(figures, 1).token_retries == 1
        assert node_of(figures, 1).tokens_unused == 0
        assert figures.token_retries == 1
        assert node_of(figures, 1).tokens_received == node_of(figures, 0).tokens_sent == 3

    def test_a_successor_that_never_takes_the_token_is_told_of(self):
        tape = Tape().ring(0, 1, rounds=2).token(0, 1).token(0, 1, after_s=0.03).poll(0, 2, after_s=0.03)
        assert node_of(figures_of(tape), 1).tokens_unused == 1

    def test_a_silence_of_half_a_second_is_a_lost_token_and_nobody_is_blamed(self):
        tape = Tape().ring(0, 1, rounds=2).poll(1, 2, after_s=0.510).ring(1, 0, rounds=2)
        figures = figures_of(tape)
        assert figures.tokens_lost == 1
        assert figures.longest_silence_s == pytest.approx(0.510)
        assert all(node.unasked == 0 for node in figures.nodes)
        assert figures.rotation.most_s < 0.5

    def test_frames_out_of_turn_are_counted_against_their_sender(self):
        tape = Tape()
        for _ in range(3):
            tape.token(0, 1).reply(1, 0).broadcast(7).token(1, 0)
        assert node_of(figures_of(tape), 7).unasked == 3

    def test_data_frames_of_one_token_are_counted(self):
        tape = Tape().ring(0, 1).broadcast(0).broadcast(0).request(0, 1).reply(1, 0).token(0, 1).broadcast(1)
        assert node_of(figures_of(tape), 0).most_data_frames_a_token == 3
        assert node_of(figures_of(tape), 1).most_data_frames_a_token == 1


class TestPolls:
    def test_a_poll_without_answer_costs_the_frame_and_the_wait(self):
        tape = Tape().poll(0, 5).poll(0, 6, after_s=0.030).poll_reply(6, 0, after_s=0.004).token(0, 6)
        figures = figures_of(tape)
        assert (figures.polls, figures.polls_in_vain) == (2, 1)
        assert figures.poll_wait_s == pytest.approx(TOKEN_S + 0.030)
        assert figures.polled_in_vain == {5}
        assert node_of(figures, 0).highest_polled == 6
        assert node_of(figures, 6).usage.mean_s == pytest.approx(0.004)
        assert figures.masters == (0, 6)

    def test_an_address_that_answers_later_is_not_empty(self):
        tape = Tape().poll(0, 5).poll(0, 5, after_s=0.030).poll_reply(5, 0)
        assert figures_of(tape).polled_in_vain == frozenset()


class TestReplies:
    def test_a_reply_is_timed_from_the_end_of_the_request(self):
        tape = Tape().request(0, 4).reply(4, 0, after_s=0.120).request(0, 4).reply(4, 0, after_s=0.020)
        node = node_of(figures_of(tape), 4)
        assert (node.requests, node.unanswered, node.reply.count) == (2, 0, 2)
        assert (node.reply.least_s, node.reply.most_s) == pytest.approx((0.020, 0.120))

    def test_a_postponed_reply_is_counted_and_not_timed(self):
        node = node_of(figures_of(Tape().request(0, 4).postponed(4, 0).token(0, 1)), 4)
        assert (node.postponed, node.unanswered, node.reply) == (1, 0, None)

    def test_a_request_that_nobody_answers_is_told_of_even_if_nobody_is_there(self):
        figures = figures_of(Tape().request(0, 44).token(0, 1, after_s=0.295))
        assert node_of(figures, 44).unanswered == 1
        assert figures.heard == (0,)

    def test_a_reply_to_somebody_else_is_none(self):
        node = node_of(figures_of(Tape().request(0, 4).reply(4, 2)), 4)
        assert (node.unanswered, node.reply) == (1, None)


class TestDamage:
    def test_a_damaged_header_is_held_against_whoever_was_to_answer(self):
        figures = figures_of(Tape().request(0, 4).reply(4, 0).request(0, 4).say(6, 99, 0, damage="header"))
        assert (figures.header_crc_errors, figures.damaged) == (1, 1)
        assert node_of(figures, 4).damaged == 1
        assert 99 not in figures.heard

    def test_a_damaged_answer_is_no_missing_one(self):
        node = node_of(figures_of(Tape().request(0, 4).reply(4, 0, damage="data").token(0, 1)), 4)
        assert (node.damaged, node.unanswered, node.reply) == (1, 0, None)

    def test_after_damage_nobody_talks_out_of_turn(self):
        tape = Tape().ring(0, 1, 2).token(0, 1, damage="header").token(1, 2).token(2, 0)
        assert all(node.unasked == 0 for node in figures_of(tape).nodes)

    def test_stray_octets_count_as_traffic_except_before_the_first_frame(self):
        analysis = BusAnalysis(76800, 1000.0)
        tape = Tape().ring(0, 1)
        analysis.take_batch((), 3)
        analysis.take_batch(tape.frames, 2)
        analysis.take_batch((), 7)
        figures = analysis.figures(tape.now_s)
        assert (figures.stray_octets, figures.octets) == (7, 16 + 12)

    def test_octets_that_never_make_a_frame_are_all_stray(self):
        analysis = BusAnalysis(76800, 1000.0)
        analysis.take_batch((), 100)
        assert analysis.figures(1001.0).stray_octets == 100


def test_load_is_the_share_of_the_time_with_octets_on_the_wire():
    tape = Tape().ring(0, 1, rounds=50, after_s=TOKEN_S)
    figures = figures_of(tape)
    assert figures.load_pct == pytest.approx(50.0)
    assert figures.frames_per_s == pytest.approx(0.5 / TOKEN_S)
    half = BusAnalysis(tape.baud, tape.start_s)
    half.take_batch(tape.frames[:50], 0)
    _, load_pct = figures.since(half.figures(tape.frames[49].end_s))
    assert load_pct == pytest.approx(50.0)


MACS = st.integers(0, 5)
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["token", "poll", "poll_reply", "request", "reply", "postponed"]),
        MACS,
        MACS,
        st.sampled_from([0.0005, 0.004, 0.03, 0.3, 0.6]),
        st.sampled_from([None, None, None, "header", "data"]),
    ),
    max_size=60,
)


@given(ACTS)
def test_whatever_is_heard_the_counts_add_up(acts):
    tape = Tape()
    for act, source, destination, after_s, damage in acts:
        if damage == "data" and act not in ("request", "reply"):
            damage = "header"
        more = {} if act == "postponed" else {"damage": damage}
        getattr(tape, act)(source, destination, after_s=after_s, **more)
    figures = figures_of(tape)
    assert figures.frames == len(tape.frames)
    assert sum(node.frames for node in figures.nodes) + figures.damaged == figures.frames
    assert figures.damaged == sum(not seen.valid for seen in tape.frames)
    assert sum(node.damaged for node in figures.nodes) <= figures.damaged
    assert figures.polls_in_vain <= figures.polls
    assert 0.0 <= figures.poll_wait_s <= figures.duration_s + 1e-9
    assert 0.0 <= figures.load_pct <= 100.0 + 1e-9
    for node in figures.nodes:
        answered = (node.reply.count if node.reply else 0) + node.postponed
        assert answered + node.unanswered <= node.requests
        assert node.token_retries + node.tokens_unused <= figures.frames
        for spread in (node.rotation, node.hold, node.usage, node.reply):
            assert spread is None or 0.0 <= spread.least_s <= spread.mean_s + 1e-12 <= spread.most_s + 2e-12


@given(st.lists(st.integers(0, 127), min_size=2, max_size=10, unique=True), st.floats(0.0001, 0.014))
def test_a_good_ring_of_any_masters_is_read_without_a_fault(macs, after_s):
    macs = sorted(macs)
    figures = figures_of(Tape().ring(*macs, rounds=5, after_s=after_s))
    assert figures.masters == tuple(macs)
    assert (figures.tokens_lost, figures.token_retries, figures.damaged) == (0, 0, 0)
    assert all(node.unasked == node.tokens_unused == 0 for node in figures.nodes)
    assert figures.rotation.mean_s == pytest.approx(len(macs) * (after_s + TOKEN_S))
