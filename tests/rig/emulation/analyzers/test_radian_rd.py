"""The emulated Radian standard over a real pseudo-terminal: frames, refusals, metrics as TI floats."""

import contextlib
import os
import struct
import tty
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.analyzers.arithmetic import AnalyzerErrors
from rig.emulation.analyzers.radian_rd import INVALID, RadianStandard, packed, ti_float
from rig.emulation.world.surroundings import Surroundings
from tests.rig.emulation.energised import energise
from tests.waiting import wait_for

RD2X = bytes.fromhex("0024 0000 0014 FFFD")


class Line:
    """The other end of the serial line."""

    def __init__(self, device):
        self._descriptor = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._descriptor)
        self._received = b""

    def send(self, octets):
        os.write(self._descriptor, octets)

    def frame(self):
        """The next frame: start, packet type, data; its sum is checked."""
        wait_for(self._is_whole, "an answer", 5.0)
        head = self._received[:4]
        end = 4 + int.from_bytes(head[2:], "big")
        frame, self._received = self._received[: end + 2], self._received[end + 2 :]
        assert sum(frame[:end]) & 0xFFFF == int.from_bytes(frame[end:], "big")
        return head[0], head[1], frame[4:end]

    def ask(self, kind, data=b""):
        self.send(packed(0xA6, kind, data))
        return self.frame()

    def close(self):
        os.close(self._descriptor)

    def _is_whole(self):
        with contextlib.suppress(BlockingIOError):
            self._received += os.read(self._descriptor, 4096)
        have = len(self._received)
        return have >= 4 and have >= 6 + int.from_bytes(self._received[2:4], "big")


@pytest.fixture
def line_of(bench_with):
    """Build a bench with a model, and return it with the line to it."""
    lines = []

    def build(model):
        bench = bench_with(RadianStandard, model=model, errors=AnalyzerErrors(noise=1e-5))
        lines.append(Line(bench.servers["analyzer"].endpoint))
        return bench, lines[-1]

    yield build
    for line in lines:
        line.close()


def number(octets):
    """A TI float by its definition, in exact arithmetic of its own."""
    exponent, rest = struct.unpack(">b", octets[:1])[0], int.from_bytes(octets[1:], "big")
    if exponent == -128:
        return 0.0
    sign, fraction = rest >> 23, rest & 0x7FFFFF
    return ((-2.0 if sign else 1.0) + fraction / 2**23) * 2.0**exponent


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        # The TMS320C3x user's guide's floating-point format: 1.0, -1.0, 1.5, -1.5, 0.5, 120.0, zero
        ("00000000", 1.0),
        ("ff800000", -1.0),
        ("00400000", 1.5),
        ("00c00000", -1.5),
        ("ff000000", 0.5),
        ("06700000", 120.0),
        ("80000000", 0.0),
    ],
)
def test_floats_are_those_of_the_processor(octets, value):
    assert ti_float(value).hex() == octets
    assert number(bytes.fromhex(octets)) == value


@given(st.floats(1e-30, 1e30), st.sampled_from([1.0, -1.0]))
def test_every_float_is_nearest_to_what_was_meant(magnitude, sign):
    assert number(ti_float(sign * magnitude)) == pytest.approx(sign * magnitude, rel=2**-23)


def test_it_says_who_it_is(line_of):
    _, line = line_of("RD-31-211")
    start, kind, data = line.ask(0x02)
    assert (start, kind) == (0xA6, 0x02)
    assert data == b"RD-31-211,303174,Dytronic,07.04\0"


@pytest.mark.parametrize("kind", [0x00, 0x03, 0x07, 0x08, 0x09])
def test_what_needs_no_answer_gets_an_empty_one(line_of, kind):
    _, line = line_of("RD-21")
    assert line.ask(kind, b"\x06\x00\x01") == (0xA6, kind, b"")


def test_a_single_phase_standard_answers_nine_metrics_in_one_frame(line_of):
    bench, line = line_of("RD-21")
    energise(bench)
    bench.world.sleep(1.5)
    start, kind, data = line.ask(0x0D, RD2X)
    assert (start, kind, len(data)) == (0xA6, 0x0D, 36)
    volts, amperes, watts, _, _, hertz = (number(data[place : place + 4]) for place in range(0, 24, 4))
    assert volts == pytest.approx(277.0, rel=1e-4)
    assert amperes == watts == 0.0  # nothing flows through its terminals: the CT inputs are volts
    assert hertz == pytest.approx(60.0, abs=1e-4)
    assert data[24:] == INVALID * 3  # no angle and no power factor without a current


def test_a_three_phase_standard_answers_one_metric_of_all_phases(line_of):
    bench, line = line_of("RD-33")
    energise(bench)
    bench.world.sleep(1.5)
    start, kind, data = line.ask(0x2E, bytes.fromhex("0001 FFFD"))
    assert (start, kind, len(data)) == (0xA6, 0x2E, 20)
    assert [number(data[place : place + 4]) for place in (0, 4, 8)] == pytest.approx([277.0] * 3, rel=1e-4)
    assert data[12:] == INVALID * 2


def test_before_the_first_update_and_over_range_there_is_no_valid_value(line_of):
    bench, line = line_of("RD-21")
    assert line.ask(0x0D, RD2X)[2] == INVALID * 9
    source = energise(bench)
    source.do("PHAS1:VOLT:STAT OFF;:PHAS1:VOLT:RANG 0,650;MHAR:HARM1 640,0;:PHAS1:VOLT:STAT ON")
    bench.world.sleep(2.5)
    assert line.ask(0x0D, RD2X)[2][:4] == INVALID


def test_metrics_change_once_in_an_update_and_not_within_one(line_of):
    bench, line = line_of("RD-21")
    energise(bench)
    bench.world.sleep(1.2)
    first = line.ask(0x0D, RD2X)
    assert line.ask(0x0D, RD2X) == first
    bench.world.sleep(1.0)
    assert line.ask(0x0D, RD2X) != first


@pytest.mark.parametrize(
    ("model", "kind", "data", "code"),
    [
        ("RD-21", 0x55, b"", 2),  # unknown
        ("RD-21", 0x2E, b"\x00\x01\xff\xfd", 2),  # the other family's
        ("RD-31", 0x0D, RD2X, 2),
        ("RD-31", 0x2E, b"\x00\x00\xff\xfd", 3),
        ("RD-31", 0x2E, b"\x00\x0a\xff\xfd", 3),
        ("RD-31", 0x2E, b"\x00\x01", 3),
        ("RD-21", 0x0D, bytes.fromhex("0023 0000 0014 FFFD"), 3),
        ("RD-21", 0x0D, b"", 3),
    ],
)
def test_what_it_cannot_do_is_refused_with_a_code(line_of, model, kind, data, code):
    _, line = line_of(model)
    assert line.ask(kind, data) == (0xA9, kind, struct.pack(">H", code))


def test_a_wrong_sum_is_refused_and_noise_is_passed_over(line_of):
    _, line = line_of("RD-21")
    line.send(b"\x00\x17noise" + packed(0xA6, 0x02, b"")[:-1] + b"\x00")
    assert line.frame() == (0xA9, 0x02, b"\x00\x01")
    line.send(b"\xff\xff")
    assert line.ask(0x02)[0] == 0xA6


@given(st.integers(0, 255), st.binary(max_size=40), st.sampled_from(["RD-21", "RD-31"]))
def test_any_packet_is_answered_by_a_frame_of_its_own_type(kind, data, model):
    around: Any = Surroundings(errors=AnalyzerErrors(), seed=1, world=contextlib.nullcontext(), log=None)
    standard = RadianStandard(around, model=model)
    answer = standard.answer(packed(0xA6, kind, data))
    assert answer[0] in (0xA6, 0xA9)
    assert answer[1] == kind
    assert len(answer) == 6 + int.from_bytes(answer[2:4], "big")


def test_a_request_may_come_in_pieces(line_of):
    _, line = line_of("RD-21")
    for octet in packed(0xA6, 0x02, b""):
        line.send(bytes([octet]))
    assert line.frame()[1] == 0x02
