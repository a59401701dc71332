"""Faults of the bus on paper: what is heard, when, what is marked and counted; the same seed gives the same faults."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.mstp.codec.frames import Frame, FrameType
from rig.emulation.bus.fault_settings import FaultRefused, FaultSettings, parse_faults
from rig.emulation.bus.faults import FaultyWire, frames_in
from rig.emulation.bus.wire import Wire

BAUD = 76800
OCTET_S = 10 / BAUD
PORTS = 3
DATA = Frame(FrameType.DATA_NOT_EXPECTING_REPLY, 255, 1, bytes(range(1, 200))).encode()
TOKEN = Frame(FrameType.TOKEN, 1, 0).encode()
POLL = Frame(FrameType.POLL_FOR_MASTER, 9, 0).encode()
SPACING_S = 0.05


EVERYTHING = {
    "bit_error_rate": 1e-3,
    "drop_octet_rate": 1e-3,
    "duplicate_octet_rate": 1e-3,
    "drop_frame_rate": 0.1,
    "truncate_frame_rate": 0.1,
    "duplicate_frame_rate": 0.1,
    "delay_frame_rate": 0.1,
    "delay_s": 0.01,
    "interrupt_frame_rate": 0.1,
    "gap_s": 0.002,
    "jitter_s": 0.002,
    "noise_rate": 0.2,
}


class Bus:
    """A faulty wire under time control; remembers its pieces."""

    def __init__(self, **faults):
        self.wire = FaultyWire(Wire(BAUD), PORTS, FaultSettings(**faults), 0.0)
        self.now_s = 0.0
        self.pieces = []

    def send(self, node, octets, at_s):
        self.run(at_s)
        self.wire.transmit(node, octets, at_s)
        return self

    def run(self, until_s):
        while (deadline_s := self.wire.next_deadline_s(self.now_s)) is not None and deadline_s <= until_s:
            self.now_s = deadline_s
            self.pieces += self.wire.advance(deadline_s)
        self.now_s = until_s
        return self

    def send_each(self, frames, node=0):
        for number, frame in enumerate(frames):
            self.send(node, frame, number * SPACING_S)
        return self.run(len(frames) * SPACING_S)

    def heard_from(self, *nodes):
        return b"".join(piece.heard for piece in self.pieces if piece.node in nodes)

    def marks(self):
        return [mark for piece in self.pieces for mark, _ in piece.marks]


class TestWithoutFaults:
    @given(octets=st.binary(min_size=1, max_size=300))
    def test_everything_passes_unchanged_and_unmarked(self, octets):
        bus = Bus().send_each([octets])
        assert bus.heard_from(0) == octets
        assert bus.marks() == []
        assert not bus.wire.done

    def test_a_rate_of_zero_beside_other_faults_does_nothing(self):
        bus = Bus(jitter_s=0.001).send_each([DATA] * 20)
        assert bus.heard_from(0) == DATA * 20
        assert set(bus.marks()) == {"delayed"}


class TestSeeds:
    @given(seed=st.integers(0, 2**63 - 1))
    def test_the_same_seed_and_traffic_give_the_same_faults(self, seed):
        first, second = (Bus(seed=seed, **EVERYTHING).send_each([DATA, TOKEN] * 10) for _ in range(2))
        assert first.pieces == second.pieces
        assert first.wire.done == second.wire.done

    def test_another_seed_gives_other_faults(self):
        first, second = (Bus(seed=seed, **EVERYTHING).send_each([DATA, TOKEN] * 10) for seed in (1, 2))
        assert first.heard_from(0) != second.heard_from(0)

    @given(wakes=st.lists(st.floats(0.0, 1.0), max_size=30))
    def test_they_do_not_depend_on_when_the_hub_wakes_up(self, wakes):
        calm = Bus(**EVERYTHING).send_each([DATA] * 10)
        restless = Bus(**EVERYTHING)
        sends = [(number * SPACING_S, DATA) for number in range(10)]
        for at_s, octets in sorted([*sends, *((wake, b"") for wake in wakes)]):
            restless.pieces += restless.wire.advance(at_s)
            if octets:
                restless.wire.transmit(0, octets, at_s)
        restless.pieces += restless.wire.advance(1.0)
        assert restless.wire.done == calm.wire.done
        assert restless.heard_from(0) == calm.heard_from(0)

    def test_one_nodes_faults_do_not_depend_on_what_the_others_send(self):
        alone = Bus(bit_error_rate=1e-3).send_each([DATA] * 5)
        joined = Bus(bit_error_rate=1e-3)
        for number in range(5):
            joined.send(0, DATA, number * SPACING_S).send(1, TOKEN, number * SPACING_S + 0.03)
        joined.run(5 * SPACING_S)
        assert joined.heard_from(0) == alone.heard_from(0)

    def test_one_fault_does_not_move_another(self):
        alone = Bus(bit_error_rate=1e-3).send_each([DATA] * 5)
        joined = Bus(bit_error_rate=1e-3, jitter_s=0.001, noise_rate=0.5).send_each([DATA] * 5)
        assert joined.heard_from(0) == alone.heard_from(0)

    def test_setting_the_same_faults_again_starts_their_random_numbers_again(self):
        bus = Bus(bit_error_rate=1e-3).send_each([DATA] * 5)
        first, bus.pieces = bus.heard_from(0), []
        bus.wire.set(bus.wire.settings, bus.now_s)
        for _ in range(5):
            bus.send(0, DATA, bus.now_s + SPACING_S)
        bus.run(bus.now_s + SPACING_S)
        assert bus.heard_from(0) == first


class TestOctets:
    def test_bits_are_hit_as_often_as_the_rate_says(self):
        bus = Bus(bit_error_rate=0.01).send_each([DATA] * 100)
        expected = 0.01 * 100 * len(DATA) * 10
        assert bus.wire.done["bit_errors"] == pytest.approx(expected, rel=0.1)
        differing = [(one, other) for one, other in zip(DATA * 100, bus.heard_from(0), strict=True) if one != other]
        assert bus.marks() == ["bits"] * len(differing)
        single = [one ^ other for one, other in differing if other and (one ^ other).bit_count() == 1]
        assert len(single) > 0.7 * len(differing)
        assert Counter(single).keys() == {1 << bit for bit in range(8)}
        assert sum(other == 0 for _, other in differing) == pytest.approx(0.2 * len(differing), rel=0.3)

    def test_dropped_octets_are_missing_and_duplicated_ones_come_twice(self):
        fewer = Bus(drop_octet_rate=0.02).send_each([DATA] * 20)
        more = Bus(duplicate_octet_rate=0.02).send_each([DATA] * 20)
        assert len(fewer.heard_from(0)) == 20 * len(DATA) - fewer.wire.done["octets_dropped"] < 20 * len(DATA)
        assert len(more.heard_from(0)) == 20 * len(DATA) + more.wire.done["octets_duplicated"] > 20 * len(DATA)
        assert set(fewer.marks()) == {"octet-dropped"}
        assert set(more.marks()) == {"octet-duplicated"}


class TestFrames:
    def test_a_dropped_frame_takes_its_time_and_is_heard_by_nobody(self):
        bus = Bus(drop_frame_rate=1.0).send_each([DATA])
        assert bus.heard_from(0) == b""
        assert b"".join(piece.sent for piece in bus.pieces) == DATA
        assert bus.pieces[-1].end_s == pytest.approx(len(DATA) * OCTET_S)
        assert bus.wire.done == {"frames_dropped": 1}

    def test_a_truncated_frame_loses_its_end_and_at_least_one_octet_is_heard(self):
        bus = Bus(truncate_frame_rate=1.0).send_each([DATA])
        assert DATA.startswith(bus.heard_from(0))
        assert 1 <= len(bus.heard_from(0)) < len(DATA)

    def test_a_duplicated_frame_comes_again_at_once(self):
        bus = Bus(duplicate_frame_rate=1.0).send_each([TOKEN])
        assert bus.heard_from(0) == TOKEN * 2
        assert bus.marks() == ["duplicated"]
        assert bus.pieces[-1].end_s == pytest.approx(2 * len(TOKEN) * OCTET_S)

    def test_delayed_frame_begins_later_and_the_next_does_not_overtake_it(self):
        bus = Bus(delay_frame_rate=1.0, delay_s=0.02)
        bus.send(0, DATA, 0.0)
        bus.wire.set(FaultSettings(), 0.0)
        bus.send(0, TOKEN, 0.001).run(1.0)
        assert bus.pieces[0].start_s == pytest.approx(0.02)
        assert bus.heard_from(0) == DATA + TOKEN
        assert not any(piece.garbled for piece in bus.pieces)

    def test_jitter_moves_each_frame_by_another_time_up_to_its_limit(self):
        bus = Bus(jitter_s=0.01).send_each([TOKEN] * 20)
        starts = [piece.start_s % SPACING_S for piece in bus.pieces if piece.marks]
        assert len({round(start, 6) for start in starts}) == 20
        assert all(0.0 <= start <= 0.01 for start in starts)

    def test_an_interrupted_frame_is_whole_with_a_gap_in_it(self):
        bus = Bus(interrupt_frame_rate=1.0, gap_s=0.005).send_each([DATA])
        assert bus.heard_from(0) == DATA
        steps = [after.start_s - before.end_s for before, after in zip(bus.pieces, bus.pieces[1:], strict=False)]
        assert max(steps) == pytest.approx(0.005)
        assert bus.marks() == ["interrupted"]

    def test_only_the_named_talkers_and_frame_types_are_meant(self):
        bus = Bus(drop_frame_rate=1.0, talkers=(1,), frame_types=(FrameType.TOKEN,))
        for number, (node, frame) in enumerate([(0, TOKEN), (1, DATA), (1, TOKEN)]):
            bus.send(node, frame, number * SPACING_S)
        bus.run(1.0)
        assert bus.heard_from(0) == TOKEN
        assert bus.heard_from(1) == DATA
        assert bus.wire.done == {"frames_dropped": 1}

    @given(parts=st.lists(st.sampled_from([DATA, TOKEN, b"\x01\x02", b"\x55"]), min_size=1, max_size=6))
    def test_octets_are_divided_at_frames_and_nothing_is_lost(self, parts):
        octets = b"".join(parts)
        divided = frames_in(octets)
        assert b"".join(divided) == octets
        assert divided.count(DATA) == parts.count(DATA)
        assert all(divided)


class TestNodes:
    noise, _babble, silent = range(PORTS, PORTS + 3)

    def test_noise_comes_after_a_frame_and_everybody_hears_it(self):
        bus = Bus(noise_rate=1.0, noise_octets=3).send_each([TOKEN] * 10)
        noise = [piece for piece in bus.pieces if piece.node == self.noise]
        assert 10 <= len(bus.heard_from(self.noise)) == bus.wire.done["noise_octets"] <= 30
        assert bus.heard_from(0) == TOKEN * 10
        assert all(piece.deaf == {self.noise} for piece in noise)
        assert all(0.0 < piece.start_s % SPACING_S - len(TOKEN) * OCTET_S < 7 * OCTET_S for piece in noise)

    def test_babbling_node_garbles_others_until_it_is_switched_off(self):
        bus = Bus(babble_octets=400, babble_pause_s=0.001).send(0, DATA, 0.02).run(0.2)
        assert DATA not in bus.heard_from(0)
        assert any(piece.garbled for piece in bus.pieces if piece.node == 0)
        bus.wire.set(FaultSettings(), bus.now_s)
        bus.run(0.4)
        assert bus.wire.next_deadline_s(bus.now_s) is None
        bus.pieces.clear()
        bus.send(0, DATA, 0.5).run(0.6)
        assert bus.heard_from(0) == DATA

    def test_a_silent_node_answers_the_poll_for_it_and_nothing_else(self):
        bus = Bus(silent=(9,)).send_each([POLL, TOKEN, Frame(FrameType.TOKEN, 9, 0).encode()])
        assert bus.heard_from(self.silent) == Frame(FrameType.REPLY_TO_POLL_FOR_MASTER, 0, 9).encode()
        reply = next(piece for piece in bus.pieces if piece.node == self.silent)
        assert reply.start_s == pytest.approx((len(POLL) + 4) * OCTET_S)

    def test_a_silent_node_does_not_answer_a_poll_that_nobody_hears(self):
        bus = Bus(silent=(9,), drop_frame_rate=1.0).send_each([POLL])
        assert bus.heard_from(self.silent) == b""

    def test_a_cut_node_neither_talks_nor_hears_and_comes_back(self):
        bus = Bus(cut=(1,)).send(1, TOKEN, 0.0).send(0, TOKEN, SPACING_S).run(2 * SPACING_S)
        assert bus.heard_from(1) == b""
        assert all(1 in piece.deaf for piece in bus.pieces)
        assert bus.wire.done["muted_octets"] == len(TOKEN)
        bus.wire.set(FaultSettings(), bus.now_s)
        bus.pieces.clear()
        bus.send(1, TOKEN, 0.2).send(0, TOKEN, 0.3).run(0.4)
        assert bus.heard_from(1) == TOKEN
        assert not any(1 in piece.deaf for piece in bus.pieces if piece.node == 0)

    def test_a_mute_node_hears_and_a_deaf_one_talks(self):
        mute = Bus(mute=(1,)).send(1, TOKEN, 0.0).send(0, TOKEN, SPACING_S).run(2 * SPACING_S)
        deaf = Bus(deaf=(1,)).send(1, TOKEN, 0.0).send(0, TOKEN, SPACING_S).run(2 * SPACING_S)
        assert [(piece.node, piece.deaf) for piece in mute.pieces[-1:]] == [(0, {0})]
        assert mute.heard_from(1) == b""
        assert deaf.heard_from(1) == TOKEN
        assert all(1 in piece.deaf for piece in deaf.pieces)


class TestSettings:
    @given(
        rate=st.floats(0.0, 1.0),
        seed=st.integers(0, 2**63 - 1),
        delay_s=st.floats(0.0, 60.0),
        cut=st.lists(st.integers(0, 100), max_size=4),
    )
    def test_text_and_json_give_back_the_same_settings(self, rate, seed, delay_s, cut):
        settings = FaultSettings(seed=seed, bit_error_rate=rate, delay_s=delay_s, cut=tuple(cut))
        assert parse_faults(settings.as_options()) == settings
        assert FaultSettings.from_json(settings.as_json()) == settings

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("bit-error-rate=2", "from 0 to 1, not 2"),
            ("bit-error-rate=nan", "from 0 to 1"),
            ("delay-s=-1", "from 0 to 60"),
            ("noise-octets=1.5", "a whole number"),
            ("silent=128", "from 0 to 127"),
            ("cut=", "needs a value"),
            ("seed", "needs a value"),
            ("bit-error=1", "not known; known are seed, bit-error-rate"),
        ],
    )
    def test_what_cannot_be_is_refused_in_one_sentence(self, text, said):
        with pytest.raises(FaultRefused, match=said):
            parse_faults([text])

    def test_a_list_where_a_number_belongs_is_refused(self):
        with pytest.raises(FaultRefused, match="bit-error-rate needs a number"):
            FaultSettings.from_json({"bit-error-rate": [1]})
        with pytest.raises(FaultRefused, match="cut needs a list"):
            FaultSettings.from_json({"cut": 1})

    def test_a_port_that_is_not_there_is_refused(self):
        with pytest.raises(FaultRefused, match="ports 0 to 2"):
            Bus(cut=(3,))
