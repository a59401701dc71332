"""What an observer makes of frames that are missing, late or doubled: only a second station is a second station."""

import random

import pytest

from drivers.mstp.analysis import BusAnalysis
from drivers.mstp.codec.frames import Frame, FrameType, SeenFrame, frame_time_s
from drivers.mstp.diagnosis import diagnose
from drivers.mstp.judging.conclusion import conclude
from drivers.mstp.judging.finding import Severity
from tests.drivers.mstp.tape import Tape

OBJECT = "0c0c020003eb194d"


def confirmed(invoke_id):
    return bytes.fromhex("01040003") + bytes((invoke_id,)) + bytes.fromhex("0c" + OBJECT)


def acknowledged(invoke_id):
    return bytes.fromhex("010030") + bytes((invoke_id,)) + bytes.fromhex("0c" + OBJECT + "3e740061623f")


def i_am(instance, network=0, address=b""):
    source = network.to_bytes(2, "big") + bytes((len(address),)) + address if network else b""
    head = bytes((1, 0x28 if network else 0x20)) + b"\xff\xff\x00" + source + b"\xff"
    return head + b"\x10\x00\xc4" + (8 << 22 | instance).to_bytes(4, "big") + bytes.fromhex("2201e091032203e7")


WHO_IS = bytes.fromhex("0120ffff00ff1008")


class Busy(Tape):
    """A tape on which stations ask, answer, and announce themselves."""

    def ask(self, source, destination, invoke_id, after_s=0.001):
        return self.say(FrameType.DATA_EXPECTING_REPLY, source, destination, confirmed(invoke_id), after_s)

    def answer(self, source, destination, invoke_id, after_s=0.001):
        return self.say(FrameType.DATA_NOT_EXPECTING_REPLY, source, destination, acknowledged(invoke_id), after_s)

    def tell(self, source, npdu, after_s=0.001):
        return self.say(FrameType.DATA_NOT_EXPECTING_REPLY, source, 255, npdu, after_s)


def figures_of(tape, more_s=0.0):
    analysis = BusAnalysis(tape.baud, tape.start_s)
    analysis.take_batch(tape.frames, 0)
    return analysis.figures(tape.now_s + more_s)


def found_in(tape, more_s=0.0):
    return {(finding.kind, finding.mac): finding for finding in diagnose(figures_of(tape, more_s))}


def kinds(tape):
    return {kind for kind, _ in found_in(tape)}


class TestUnheard:
    @pytest.mark.parametrize(
        ("macs", "share"), [((1, 2, 3), 0.002), ((0, 1), 0.02), ((1, 2, 3, 4, 9), 0.1), ((5, 7), 0.1)]
    )
    def test_frames_that_only_this_listener_missed_make_no_duplicate(self, macs, share):
        tape, chance = Busy().ring(*macs, rounds=1000 // len(macs), after_s=0.0008), random.Random(7)
        tape.frames = [seen for seen in tape.frames if chance.random() > share]
        found = found_in(tape)
        assert ("noise", None) in found
        assert "was not heard here" in found["noise", None].what
        assert not {"duplicate-mac", "token-unused"} & {kind for kind, _ in found}

    def test_the_example_of_six_missing_tokens_is_noise(self):
        tape = Busy().ring(1, 2, 3, rounds=1000, after_s=0.0008)
        tape.frames = [seen for k, seen in enumerate(tape.frames) if k not in {400, 801, 1202, 1603, 2004, 2405}]
        assert figures_of(tape).unseen_frames == 6
        assert kinds(tape) == {"noise"}

    def test_what_a_late_listener_may_have_lost_is_held_against_nobody(self):
        tape = Busy().ring(1, 2, 3, rounds=20)
        late = [SeenFrame.of(s.octets, s.start_s, s.end_s, 0.3) for s in Busy(start_s=tape.now_s).token(2, 3).frames]
        tape.frames += late
        assert (figures_of(tape).own_gaps, figures_of(tape).unseen_frames) == (1, 0)
        assert kinds(tape) == {"read-late"}

    def test_the_listeners_own_lateness_is_no_slow_station(self):
        tape = Busy().ring(0, 1, rounds=5)
        prompt = Busy(start_s=tape.now_s).request(0, 1).reply(1, 0, after_s=0.4)
        tape.frames += [SeenFrame.of(s.octets, s.start_s, s.end_s, 0.39) for s in prompt.frames]
        assert "slow-reply" not in kinds(tape)
        silent = Busy().ring(0, 1, rounds=5)
        after = Busy(start_s=silent.now_s).token(0, 1, after_s=0.7)
        silent.frames += [SeenFrame.of(s.octets, s.start_s, s.end_s, 0.68) for s in after.frames]
        assert figures_of(silent).tokens_lost == 0

    def test_damage_read_too_late_is_no_noise(self):
        tape = Busy().ring(0, 1, rounds=5)
        broken = Busy(start_s=tape.now_s).reply(1, 0, damage="data").frames
        tape.frames += [SeenFrame.of(s.octets, s.start_s, s.end_s, 0.5) for s in broken]
        assert "noise" not in kinds(tape)


class TestLate:
    def late_answers(self, wait_s=0.05):
        tape = Busy()
        for i in range(13):
            tape.ring(0, 1, 3, rounds=20, after_s=0.0008).ask(0, 3, i)
            tape.token(0, 1, 0.295).token(1, 3).token(1, 3, 0.030).answer(3, 0, i, wait_s).token(3, 0)
        return tape

    def test_an_answer_after_the_requester_gave_up_is_late_and_not_missing(self):
        tape = self.late_answers()
        node = next(node for node in figures_of(tape).nodes if node.mac == 3)
        assert (node.unanswered, node.late_answers, node.reply.count) == (0, 13, 13)
        finding = found_in(tape)["slow-reply", 3]
        assert finding.severity is Severity.FAULT
        assert f"after {node.reply.most_s * 1000:.0f} ms" in finding.what
        assert not {"no-reply", "duplicate-mac"} & kinds(tape)

    def test_late_answer_is_known_by_its_invoke_id_while_another_is_polled(self):
        tape = Busy()
        for i in range(3):
            tape.ring(0, 1, 3, rounds=5).ask(0, 3, i).token(0, 1, 0.295).poll(1, 2)
            tape.answer(3, 0, i, 0.1).token(1, 3, 0.002).token(3, 0)
        assert ("slow-reply", 3) in found_in(tape)
        assert not {"no-reply", "duplicate-mac"} & kinds(tape)

    def test_an_answer_to_the_request_before_is_late_and_the_next_is_awaited(self):
        tape = Busy().ring(0, 3, rounds=5).ask(0, 3, 1).token(0, 3, 0.295).token(3, 0).ask(0, 3, 2)
        tape.answer(3, 0, 1, 0.1).token(0, 3).token(3, 0).answer(3, 0, 2, 0.15).token(0, 3, 0.001)
        node = next(node for node in figures_of(tape).nodes if node.mac == 3)
        assert (node.late_answers, node.unanswered, node.unasked) == (2, 0, 0)

    def test_a_station_that_was_late_may_act_on_what_it_heard_long_ago(self):
        tape = self.late_answers().ask(0, 3, 99).token(0, 1, 0.295).answer(3, 0, 99, 0.1)
        tape.token(3, 0, 0.0003).token(1, 3, 0.0003).token(3, 1, 0.0003)
        assert "duplicate-mac" not in kinds(tape)

    def test_a_token_used_after_it_was_taken_back_is_slow_use(self):
        tape = Busy()
        for _ in range(8):
            tape.ring(0, 1, 2, rounds=2).token(0, 1).token(0, 1, 0.030).poll(0, 2, 0.030).token(1, 2, 0.0002).token(
                2, 0
            )
        found = found_in(tape)
        assert found["slow-token-use", 1].severity is Severity.FAULT
        assert "duplicate-mac" not in kinds(tape)
        assert conclude(list(found.values())).finding.kind == "slow-token-use"

    def test_a_poll_answered_late_is_slow_use_too(self):
        tape = Busy().ring(0, 1, rounds=5)
        for _ in range(3):
            tape.poll(0, 5).token(0, 1, 0.030).poll_reply(5, 0, 0.0003).token(1, 0, 0.002)
        assert ("slow-token-use", 5) in found_in(tape)
        assert "duplicate-mac" not in kinds(tape)

    def test_a_station_that_never_answers_and_passes_the_token_has_power(self):
        tape = Busy()
        for i in range(4):
            tape.ring(0, 1, 4, rounds=3).ask(0, 4, i).token(0, 1, 0.295).token(1, 4).token(4, 0)
        finding = found_in(tape)["no-reply", 4]
        assert "passed the token" in finding.what
        assert "power" not in finding.advice or "has power" in finding.advice


class TestSecondStation:
    def test_two_answers_to_one_request_are_two_stations(self):
        tape = Busy()
        for i in range(3):
            tape.ring(0, 1, 3).ask(0, 3, i).answer(3, 0, i).token(0, 1).answer(3, 0, i, 0.003).token(1, 3).token(3, 0)
        finding = found_in(tape)["duplicate-mac", 3]
        assert "answered twice" in finding.what
        assert conclude(list(found_in(tape).values())).finding is not None

    def test_a_repeated_request_with_two_answers_is_one_station(self):
        tape = Busy()
        for i in range(4):
            tape.ring(0, 1, 3).ask(0, 3, i).answer(3, 0, i).token(0, 1).token(1, 3).token(3, 0)
            tape.ask(0, 3, i).answer(3, 0, i).token(0, 1).token(1, 3).token(3, 0)
        assert kinds(tape) == set()

    def test_two_devices_announced_from_one_address_are_two_stations(self):
        tape = Busy().ring(0, 1, 2).tell(0, i_am(100)).token(0, 1).tell(1, i_am(101)).tell(1, i_am(7)).ring(1, 2, 0)
        assert "7, 101" in found_in(tape)["duplicate-mac", 1].what
        assert ("duplicate-mac", 0) not in found_in(tape)

    def test_frame_that_no_token_could_bring_in_time_is_a_second_station(self):
        tape = Busy()
        for _ in range(4):
            tape.ring(1, 2, 3, rounds=20, after_s=0.0008).token(1, 2, 0.0008).token(2, 3, 0.0008).token(2, 3, 0.0006)
            tape.token(3, 1, 0.0008)
        assert ("duplicate-mac", 2) in found_in(tape)

    def test_polls_that_only_garbage_answers_are_answered_by_two(self):
        tape = Busy()
        for k in range(4):
            tape.ring(0, 1, rounds=10).poll(0, 2).token(0, 1, 0.006)
            broken = tape.frames[-1]
            tape.frames[-1] = SeenFrame.of(broken.octets, broken.start_s, broken.end_s, strays_before=10)
            tape.token(1, 0).poll(0, 3 + k).token(0, 1, 0.030).token(1, 0)
        found = found_in(tape)
        assert "two talk at once" in found["duplicate-mac", 2].what
        assert ("duplicate-mac", 3) not in found
        assert figures_of(tape).polled_in_vain == {3, 4, 5, 6}

    def test_a_poll_answered_twice_is_answered_by_two(self):
        tape = Busy()
        for _ in range(3):
            tape.ring(0, 1, rounds=10).poll(0, 2).poll_reply(2, 0).poll_reply(2, 0, 0.002).token(0, 2).token(2, 0)
        assert "answered twice" in found_in(tape)["duplicate-mac", 2].what

    def test_noise_after_polls_for_many_addresses_is_no_second_station(self):
        tape = Busy()
        for mac in range(2, 12):
            tape.ring(0, 1, rounds=3).poll(0, mac).token(0, 1, 0.006).token(1, 0)
            noisy = tape.frames[-2]
            tape.frames[-2] = SeenFrame.of(noisy.octets, noisy.start_s, noisy.end_s, strays_before=15)
        assert "duplicate-mac" not in kinds(tape)

    def test_a_frame_that_comes_doubled_is_no_second_station(self):
        tape = Busy().ring(1, 2, 3, rounds=3)
        for _ in range(5):
            tape.token(1, 2).token(1, 2, 0.00005).token(2, 3).token(2, 3, 0.00005).token(3, 1)
        assert "duplicate-mac" not in kinds(tape)


class TestNames:
    def test_a_station_that_answers_for_another_is_named(self):
        tape = Busy()
        for i in range(3):
            tape.ring(0, 3, 4).ask(0, 4, i).answer(3, 0, i).token(0, 3).token(3, 4).token(4, 0)
        found = found_in(tape)
        assert "sent to MAC 4" in found["answers-for-another", 3].what
        assert "MAC 3 (3 times) answered for it" in found["no-reply", 4].what
        assert conclude(list(found.values())).finding.mac == 3

    def test_who_floods_the_bus_with_who_is_is_named(self):
        tape = Busy()
        for _ in range(40):
            tape.ring(0, 1, 2).tell(0, WHO_IS).token(0, 1, 0.02).token(1, 2).token(2, 0)
        assert found_in(tape)["who-is-flood", 0].severity is Severity.FAULT
        assert conclude(list(found_in(tape).values())).finding.mac == 0

    def test_devices_behind_a_router_are_not_stations_of_the_bus(self):
        tape = Busy().ring(1, 2, rounds=5).tell(1, i_am(1001)).tell(1, i_am(7002, 7, b"\x02")).token(1, 2)
        tape.tell(2, i_am(1002)).token(2, 1).tell(1, i_am(7009, 7, b"\x09")).tell(
            1, i_am(8001, 8, b"\x0a\x00\x00\x01\xba\xc0")
        )
        figures = figures_of(tape)
        assert figures.heard == (1, 2)
        assert figures.routers == ((1, (7, 8)),)
        beyond = [(one.network, one.address_text, one.router, one.device_instance) for one in figures.remote_devices]
        assert beyond == [(7, "2", 1, 7002), (7, "9", 1, 7009), (8, "0a:00:00:01:ba:c0", 1, 8001)]
        assert [node.device_instances for node in figures.nodes] == [(1001,), (1002,)]
        assert kinds(tape) == set()

    def test_a_router_that_names_its_networks_is_listed(self):
        tape = Busy().ring(1, 2).tell(1, bytes.fromhex("018001 0007 0100".replace(" ", "")))
        assert figures_of(tape).routers == ((1, (7, 256)),)


class TestToTheEnd:
    def test_a_bus_that_dies_is_counted_to_the_end(self):
        tape = Busy().ring(0, 1, 2, rounds=50)
        figures = figures_of(tape, more_s=20.0)
        assert (figures.tokens_lost, round(figures.dead_s)) == (1, 20)
        finding = found_in(tape, more_s=20.0)["token-lost", None]
        assert "did not come back" in finding.what

    def test_octets_without_one_good_frame_are_a_dead_bus_too(self):
        tape = Busy().ring(0, 1, 2, rounds=50)
        for _ in range(40):
            tape.say(9, 9, 9, after_s=0.06, damage="header")
        found = found_in(tape)
        assert ("token-lost", None) in found
        assert conclude(list(found.values())).finding.kind == "noise"

    def test_a_reply_that_is_awaited_at_the_end_is_no_dead_bus(self):
        assert figures_of(Busy().ring(0, 1, rounds=50).request(0, 1), more_s=0.29).tokens_lost == 0


def test_there_is_no_conclusion_where_only_notes_were_found():
    assert conclude(diagnose(figures_of(Busy().ring(0, 1, 2, rounds=9).poll(0, 5).token(0, 1, 0.03)))) is None


def test_a_good_ring_of_32_with_requests_and_a_router_has_no_findings():
    tape, macs = Busy(), tuple(range(32))
    for i in range(20):
        tape.ring(*macs, after_s=0.0008).ask(0, 5, i).answer(5, 0, i).tell(0, i_am(7000 + i, 7, b"\x05")).token(0, 1)
        for mac in macs[1:]:
            tape.token(mac, (mac + 1) % 32, 0.0008)
    assert kinds(tape) == set()


def test_times_of_the_tape_are_those_of_the_wire():
    tape = Busy().token(0, 1)
    assert tape.now_s - tape.start_s == pytest.approx(0.001 + frame_time_s(len(Frame(0, 1, 0).encode()), 76800))


@pytest.mark.parametrize(("times", "is_second"), [(2, False), (6, True)])
def test_frames_out_of_turn_after_a_token_was_late_need_to_be_many(times, is_second):
    tape = Busy().ring(1, 2, 3, rounds=20, after_s=0.0008)
    tape.token(1, 2, 0.0008).token(2, 3, 0.110)  # used 110 ms late: a second token may have gone round for a while
    tape.ring(3, 1, 2, rounds=20, after_s=0.0008)
    for _ in range(times):
        tape.ring(1, 2, 3, rounds=20, after_s=0.0008).token(1, 2, 0.0008).token(2, 3, 0.0008).token(2, 3, 0.0006)
        tape.token(3, 1, 0.0008)
    assert (("duplicate-mac", 2) in found_in(tape)) is is_second
