"""The Radian driver over real pseudo-terminals: frames, damage and noise on the line, and what becomes no number."""

import contextlib
import os
import select
import threading
import tty

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges
from drivers.analyzer.radian_rd import RadianRD
from drivers.analyzer.radian_rd_frames import floats
from drivers.errors import (
    AnswerInvalid,
    CannotMeasure,
    InstrumentError,
    InstrumentLost,
    InstrumentRefused,
    SettingOutOfRange,
)
from tests.drivers.analyzer.radian_octets import NO_VALUE, frame, ti
from tests.drivers.scpi.answering import plain_values

IDENTITY = b"RD-31-211,303174,Dytronic,07.04\0"
RD2X_REQUEST = bytes.fromhex("A6 0D 0008 0024 0000 0014 FFFD 02EF")
RD3X_REQUESTS = [
    bytes.fromhex(f"A6 2E 0004 000{index} FFFD {0xA6 + 0x2E + 4 + index + 0x1FC:04X}") for index in range(1, 9)
]


METRICS_1 = (120.0, 2.0, 120.0, 240.0, 207.84375, 60.0, 60.0, 0.5)
METRICS_2 = (121.0, 2.0, 242.0, 242.0, 0.0, 60.0, 0.0, 1.0)
METRICS_3 = (122.0, None, None, None, None, 60.0, None, None)


def moved(metrics, turn):
    """The same metrics a little later: the last bit of the voltage is another."""
    return (metrics[0] + turn * 2.0**-16, *metrics[1:])


class Instrument:
    """The other end of a serial line; ``answers(request)`` gives the octets to send for each request, in order."""

    def __init__(self, answers):
        self._answers = answers
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.device = os.ttyname(self._slave)
        self.requests = []
        self._wake_reader, self._wake_writer = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def send(self, octets):
        os.write(self._master, octets)

    def close(self):
        os.write(self._wake_writer, b"x")
        self._thread.join(5)
        for descriptor in (self._master, self._slave, self._wake_reader, self._wake_writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def _serve(self):
        buffer = b""
        while True:
            ready, _, _ = select.select([self._master, self._wake_reader], [], [])
            if self._wake_reader in ready:
                return
            buffer += os.read(self._master, 4096)
            while len(buffer) >= 4 and len(buffer) >= (end := 6 + int.from_bytes(buffer[2:4], "big")):
                request, buffer = buffer[:end], buffer[end:]
                self.requests.append(request)
                os.write(self._master, self._answers(request))


@pytest.fixture
def connected():
    """Connect the driver to an instrument that answers as told; returns both."""
    opened = []

    def connect(answers, deadline_s=10.0):
        instrument = Instrument(answers)
        slept = []
        link = RadianRD.open_link(instrument.device, deadline_s=deadline_s, on_progress=None)
        analyzer = RadianRD(link, slept.append)
        opened.append((analyzer, instrument))
        return analyzer, instrument, slept

    yield connect
    for analyzer, instrument in opened:
        analyzer.close()
        instrument.close()


def three_phases(metrics=(METRICS_1, METRICS_2, METRICS_3), sets=None):
    """Answer as an RD-3x whose data change with each set of nine requests; ``sets``: which turn each one shows."""
    asked = []

    def answers(request):
        if request[1] == 0x02:
            return frame(0x02, IDENTITY)
        turn = len(asked) // 9
        shown = turn if sets is None else sets[min(turn, len(sets) - 1)]
        asked.append(request)
        index = int.from_bytes(request[4:6], "big") - 1
        values = [ti(moved(phase, shown)[index] if index == 0 else phase[index]) for phase in metrics]
        return frame(0x2E, b"".join([*values, NO_VALUE, NO_VALUE]))

    return answers


def one_phase(metrics=METRICS_1):
    asked = []

    def answers(request):
        if request[1] == 0x02:
            return frame(0x02, b"RD-21,100,Dytronic,6.01\0")
        asked.append(request)
        return frame(0x0D, b"".join(ti(value) for value in (*moved(metrics, len(asked)), None)))

    return answers


@pytest.mark.realtime
def test_identify_reads_who_it_is(connected):
    analyzer, instrument, _ = connected(three_phases())
    identity = analyzer.identify()
    assert (identity.manufacturer, identity.model) == ("Radian Research", "RD-31-211")
    assert (identity.serial_number, identity.firmware) == ("303174", "07.04")
    assert instrument.requests == [bytes.fromhex("A6 02 0000 00A8")]


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("said", "error"),
    [
        (b"RM-15,1,Metronic,1", InstrumentError),
        (b"RD-31", AnswerInvalid),
        (b",,,", AnswerInvalid),
        (b"", AnswerInvalid),
    ],
)
def test_identify_refuses_another_family_and_what_identifies_nobody(connected, said, error):
    analyzer, _, _ = connected(lambda _request: frame(0x02, said))
    with pytest.raises(error):
        analyzer.identify()


@pytest.mark.realtime
def test_three_phase_standard_is_asked_by_metric_and_the_first_one_again(connected):
    analyzer, instrument, slept = connected(three_phases())
    analyzer.configure()
    reading = analyzer.read()
    assert instrument.requests[1:10] == [*RD3X_REQUESTS, RD3X_REQUESTS[0]]
    assert slept == [1.0, 1.0]
    one, two, three = reading.elements
    assert (one.i, one.p, one.q, one.s, one.frequency_hz) == (2.0, 120.0, 207.84375, 240.0, 60.0)
    assert one.u_v == 120.0 + 2 * 2.0**-16  # the third set
    assert (one.u_phase_deg, one.i_phase_deg) == (0.0, -60.0)
    assert (two.p, two.u_phase_deg, two.i_phase_deg) == (242.0, None, None)  # no angle between voltages is known
    assert (three.u_v, three.i, three.p, three.q, three.s) == (122.0 + 2 * 2.0**-16, None, None, None, None)


@pytest.mark.realtime
def test_single_phase_standard_has_one_element_and_no_others(connected):
    analyzer, instrument, _ = connected(one_phase())
    analyzer.configure()
    one, two, three = analyzer.read().elements
    assert instrument.requests[1] == RD2X_REQUEST
    assert (one.i, one.p, one.s) == (2.0, 120.0, 240.0)
    assert (two.u_v, three.u_v) == (None, None)


@pytest.mark.realtime
def test_data_that_stay_the_same_are_stale_and_every_value_is_invalid(connected):
    analyzer, _, slept = connected(three_phases(sets=[0, 1, 1, 1, 1, 1, 1, 1, 1]))
    analyzer.configure()
    assert plain_values(analyzer.read()) == set()
    assert len(slept) == 8


@pytest.mark.realtime
def test_data_that_change_once_may_be_older_than_the_call_and_are_skipped(connected):
    analyzer, _, slept = connected(three_phases(sets=[0, 1, 1, 2]))
    analyzer.configure()
    assert analyzer.read().elements[0].u_v == 120.0 + 2 * 2.0**-16
    assert slept == [1.0, 1.0, 1.0]


@pytest.mark.realtime
def test_metrics_of_two_updates_are_never_one_data_set(connected):
    voltages = iter(range(1000))

    def answers(request):
        if request[1] == 0x02:
            return frame(0x02, IDENTITY)
        value = 120.0 + next(voltages) * 2.0**-16 if request[5] == 1 else 2.0
        return frame(0x2E, ti(value) * 3 + NO_VALUE * 2)

    analyzer, _, _ = connected(answers)
    analyzer.configure()
    assert plain_values(analyzer.read()) == set()


@pytest.mark.realtime
@pytest.mark.parametrize(
    "metrics",
    [
        (2.0, 120.0, 60.0, 0.5, 240.0, 120.0, 60.0, 0.5),  # another order
        (120.0, 2.0, 120.0, 300.0, 207.84375, 60.0, 60.0, 0.5),  # S is not U I
        (120.0, 2.0, 120.0, 240.0, 20.0, 60.0, 60.0, 0.5),  # Q is not what S and P leave
        (120.0, 2.0, 120.0, 240.0, 207.84375, 120.0, 60.0, 0.5),  # no mains frequency
    ],
)
def test_metrics_that_do_not_fit_together_are_not_believed(connected, metrics):
    analyzer, _, _ = connected(three_phases(metrics=(metrics,) * 3))
    analyzer.configure()
    with pytest.raises(InstrumentError, match="do not fit together"):
        analyzer.read()


@pytest.mark.realtime
def test_noise_before_and_a_late_answer_to_something_else_are_passed_over(connected):
    answers = three_phases()
    noise = b"\x00\xa6\xff" + frame(0x0D, b"\0" * 36)

    analyzer, _, _ = connected(lambda request: noise + answers(request))
    analyzer.configure()
    assert analyzer.read().elements[0].i == 2.0


@pytest.mark.realtime
@pytest.mark.parametrize(
    ("damage", "error", "words"),
    [
        (lambda whole: whole[:-1] + bytes([whole[-1] ^ 1]), AnswerInvalid, "wrong sum"),
        (lambda whole: whole[:6] + b"?" + whole[7:], AnswerInvalid, r"a6 02 00 20 52 44 3f .* \(wrong sum\)"),
        (lambda whole: whole[:-3], InstrumentLost, "broke off after 35 octets"),
        (lambda whole: whole[:1], InstrumentLost, "broke off after 1 octets"),
        (lambda whole: b"garbage", AnswerInvalid, "67 61 72"),
        (lambda whole: frame(0x0D, IDENTITY), AnswerInvalid, "a6 0d"),
        (lambda whole: frame(0x02, b"\x00\x07", start=0xA9), InstrumentRefused, "error 7"),
    ],
)
def test_damaged_or_wrong_answer_is_an_error_and_next_request_is_clean(connected, damage, error, words):
    good = frame(0x02, IDENTITY)
    to_send = [damage(good), good]
    analyzer, _, _ = connected(lambda _request: to_send.pop(0))
    with pytest.raises(error, match=words):
        analyzer.identify()
    assert analyzer.identify().model == "RD-31-211"


@pytest.mark.realtime
def test_silence_is_a_lost_instrument_with_what_to_look_at(connected):
    analyzer, _, _ = connected(lambda _request: b"", deadline_s=0.2)
    with pytest.raises(
        InstrumentLost, match=r"no answer to packet 02 within 0\.2 s; check cable, power and baud rate 57600"
    ):
        analyzer.identify()


@pytest.mark.realtime
def test_rest_of_a_broken_answer_is_not_taken_for_the_next_answer(connected):
    late = frame(0x02, b"RD-33,999999,Dytronic,1.0\0")
    answers = [late[:10], frame(0x02, IDENTITY)]
    analyzer, instrument, _ = connected(lambda _request: answers.pop(0))
    with pytest.raises(InstrumentLost):
        analyzer.identify()
    instrument.send(late[10:] + late)
    assert analyzer.identify().serial_number == "303174"


@pytest.mark.realtime
def test_after_a_lost_line_it_must_be_configured_anew(connected):
    answers = three_phases()
    analyzer, instrument, _ = connected(answers)
    analyzer.configure()
    analyzer.close()
    with pytest.raises(InstrumentError, match="configure it first"):
        analyzer.read()
    analyzer.configure()
    assert analyzer.read().elements[0].i == 2.0
    assert instrument.requests[0] == instrument.requests[1]


@pytest.mark.realtime
def test_a_port_that_is_not_there_is_lost_with_its_name():
    link = RadianRD.open_link("ASRL/dev/no-such-port::INSTR", deadline_s=0.3, on_progress=None)
    with pytest.raises(InstrumentLost, match="/dev/no-such-port"):
        RadianRD(link, lambda _s: None).identify()


def never_connected():
    link = RadianRD.open_link("/dev/null", deadline_s=0.1, on_progress=None)
    return RadianRD(link, lambda _s: None)


def test_volts_of_a_ct_input_are_refused_with_a_reason_before_any_io():
    analyzer = never_connected()
    with pytest.raises(CannotMeasure, match="the volts at the CT inputs cannot be measured: a Radian standard"):
        analyzer.select_ranges(277.0, (0.333, 0.333, 0.333))
    assert analyzer.select_ranges(277.0, (0.0, 0.0, 0.0)) == AnalyzerRanges((600.0,) * 3, (0.0,) * 3)
    with pytest.raises(SettingOutOfRange, match="601 V is outside 0 to 600 V"):
        analyzer.select_ranges(601.0, (0.0, 0.0, 0.0))


def test_energy_is_refused_with_the_reason():
    for integrate in (never_connected().start_integration, never_connected().stop_integration):
        with pytest.raises(CannotMeasure, match="energy cannot be measured"):
            integrate()


def test_a_period_it_does_not_have_is_refused_at_once():
    with pytest.raises(SettingOutOfRange, match="data update period"):
        RadianRD(None, lambda _s: None, update_s=0.0)


class FrameLink:
    """A link whose answers are whole frames of any octets that a test draws."""

    resource, generation = "drawn", 1

    def __init__(self, answer):
        self.request = answer

    def transaction(self):
        return contextlib.nullcontext()


@settings(max_examples=40)
@given(st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=20), st.integers(0, 30))
def test_of_any_octets_only_numbers_that_were_said_become_numbers(answers, length_at):
    said = []

    def answer(kind, _data=b""):
        if kind == 0x02:
            return IDENTITY
        octets = answers[len(said) % len(answers)]
        said.append(octets)
        return octets[:19] if len(said) == length_at else octets

    analyzer = RadianRD(FrameLink(answer), lambda _s: None)
    analyzer.configure()
    try:
        reading = analyzer.read()
    except InstrumentError:  # AnswerInvalid, or metrics that do not fit together
        return
    known = {abs(value) for octets in said for value in floats(octets) if value is not None}
    assert plain_values(reading) <= known
