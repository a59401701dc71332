"""The meter's behaviour on its bus, judged from made-up traffic: what is good passes, each fault fails its answer."""

import pytest

from drivers.meter.application import FoundDevice
from drivers.mstp.analysis import figures_of
from rig.procedures.behaviour.bus_behaviour import (
    address_conflict,
    goes_on_alone,
    node_of,
    polling,
    reply_delay,
    token_hold,
    token_use,
)
from tests.drivers.mstp.tape import Tape

RIG, METER = 0, 1


def meter_on(tape):
    return node_of(figures_of(tape.frames, tape.baud), METER)


def rounds(tape, count=3, reply_after_s=0.005, use_after_s=0.002):
    """The rig asks, the meter answers, and the token goes round."""
    tape.token(METER, RIG)
    for _ in range(count):
        tape.request(RIG, METER).reply(METER, RIG, reply_after_s).token(RIG, METER).token(METER, RIG, use_after_s)
    return tape


class TestReplyDelay:
    def test_answers_in_time_are_good_and_the_times_are_told(self):
        answer = reply_delay(meter_on(rounds(Tape())), 3)
        assert answer.good
        assert answer.found.startswith("5.0 ms on average, 5.0 ms at most, of 3")

    def test_answers_that_are_late_are_not(self):
        assert not reply_delay(meter_on(rounds(Tape(), reply_after_s=0.270)), 3).good

    def test_a_request_without_answer_is_not(self):
        tape = rounds(Tape()).request(RIG, METER).token(RIG, METER, after_s=0.300).token(METER, RIG)
        answer = reply_delay(meter_on(tape), 4)
        assert not answer.good
        assert "1 of 4 unanswered" in answer.found


class TestToken:
    def test_a_token_used_at_once_is_good(self):
        assert token_use(meter_on(rounds(Tape()))).good

    def test_a_token_used_late_is_not(self):
        assert not token_use(meter_on(rounds(Tape(), use_after_s=0.017))).good

    def test_a_token_never_used_is_not(self):
        tape = rounds(Tape()).token(RIG, METER).token(RIG, METER, after_s=0.03).poll(RIG, 2, after_s=0.03)
        assert not token_use(meter_on(tape)).good

    @pytest.mark.parametrize(("sent", "good"), [(1, True), (2, False)])
    def test_a_token_is_held_for_max_info_frames(self, sent, good):
        tape = rounds(Tape()).token(RIG, METER)
        for _ in range(sent):
            tape.broadcast(METER)
        tape.token(METER, RIG)
        assert token_hold(meter_on(tape), 1).good is good


class TestAlone:
    def test_a_node_that_polls_when_its_partner_has_gone_is_good(self):
        tape = rounds(Tape()).poll(METER, 2, after_s=0.6).poll(METER, 3, after_s=0.03)
        assert goes_on_alone(meter_on(tape)).good

    def test_a_node_that_falls_silent_is_not(self):
        assert not goes_on_alone(meter_on(rounds(Tape()))).good
        assert not goes_on_alone(None).good


class TestPolling:
    @pytest.mark.parametrize(("highest", "good"), [(3, True), (4, False)])
    def test_polls_stay_within_max_master(self, highest, good):
        tape = rounds(Tape())
        for mac in range(2, highest + 1):
            tape.token(RIG, METER).poll(METER, mac).token(METER, RIG, after_s=0.03)
        assert polling(meter_on(tape), 3).good is good

    def test_a_master_that_never_polls_is_not_good(self):
        assert not polling(meter_on(rounds(Tape())), 3).good


class TestAddress:
    def test_one_device_that_speaks_in_turn_is_good(self):
        assert address_conflict(meter_on(rounds(Tape())), [FoundDevice(METER, 77, 480, 133)]).good

    def test_two_devices_at_one_address_are_not(self):
        found = [FoundDevice(METER, 77, 480, 133), FoundDevice(METER, 78, 480, 133), FoundDevice(2, 79, 480, 133)]
        answer = address_conflict(meter_on(rounds(Tape())), found)
        assert not answer.good
        assert answer.found.startswith("devices 77, 78 at MAC 1")

    def test_a_station_that_talks_out_of_turn_is_not(self):
        tape = rounds(Tape()).token(RIG, 2)
        for _ in range(2):
            tape.token(2, 5).broadcast(METER).token(5, 2)
        assert not address_conflict(meter_on(tape), [FoundDevice(METER, 77, 480, 133)]).good


def test_a_station_that_was_not_heard_has_no_figures():
    assert node_of(figures_of(rounds(Tape()).frames, 76800), 9) is None
    assert figures_of([], 76800).frames == 0
