"""The Keysight 33500B driver, command by command against a transcript."""

import math

import pytest

from drivers.errors import InstrumentError, InstrumentLost, InstrumentRefused, SettingNotTaken, SettingOutOfRange
from drivers.generator.base import PulseTrain
from drivers.generator.keysight_33500b import Keysight33500B
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol, scripted_session

OK = '+0,"No error"'
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")
OPENED = [("SYST:ERR?", OK)]
TRAIN = PulseTrain(10, 0.02, 0.06)
SETTINGS = ";:".join(
    [
        "OUTP2:LOAD INF", "OUTP2:POL NORM", "SOUR2:BURS:STAT OFF", "SOUR2:FUNC PULS", "SOUR2:FUNC:PULS:HOLD WIDT",
        "SOUR2:FUNC:PULS:PER 0.2", "SOUR2:FUNC:PULS:TRAN 1E-06", "SOUR2:FUNC:PULS:WIDT 0.02",
        "SOUR2:FUNC:PULS:PER 0.06",
        "SOUR2:VOLT:HIGH 5", "SOUR2:VOLT:LOW 0", "SOUR2:BURS:MODE TRIG", "SOUR2:BURS:NCYC 10", "SOUR2:BURS:PHAS 0",
        "TRIG2:SOUR BUS", "TRIG2:DEL 0", "SOUR2:BURS:STAT ON",
    ]
)  # fmt: skip
READ_BACK = [
    ("SOUR2:FUNC:PULS:WIDT?", "+2.000000000000000E-02"),
    ("SOUR2:FUNC:PULS:PER?", "+6.000000000000000E-02"),
    ("SOUR2:VOLT:HIGH?", "+5.000000000000000E+00"),
    ("SOUR2:VOLT:LOW?", "+0.000000000000000E+00"),
    ("SOUR2:BURS:NCYC?", "+1.000000000000000E+01"),
]


def wrote(command):
    return [(command, None), ("SYST:ERR?", OK)]


OFF, ON = [*wrote("OUTP2 OFF"), ("OUTP2?", "0")], [*wrote("OUTP2 ON"), ("OUTP2?", "1")]
ARMED = [*OPENED, *OFF, *wrote(SETTINGS), *READ_BACK, *ON]


def test_identify_knows_one_output_from_two():
    script = [*OPENED, ("*IDN?", "Agilent Technologies,33511B,MY1,2.0"), *wrote("OUTP1 OFF"), ("OUTP1?", "0")]
    with expected_protocol(Keysight33500B, script) as generator:
        assert generator.identify().model == "33511B"
        with pytest.raises(SettingOutOfRange, match="output"):
            generator.arm(2, TRAIN, 5.0)
        generator.make_safe()


def test_identify_refuses_another_model():
    script = [*OPENED, ("*IDN?", "Agilent Technologies,33220A,MY1,2.0")]
    with expected_protocol(Keysight33500B, script) as generator, pytest.raises(InstrumentError, match="not one of"):
        generator.identify()


def test_arming_sets_up_the_output_while_off_and_reads_settings_back():
    with expected_protocol(Keysight33500B, ARMED) as generator:
        generator.arm(2, TRAIN, 5.0)


def test_a_trigger_starts_the_output_that_is_armed():
    with expected_protocol(Keysight33500B, [*ARMED, *wrote("TRIG2")]) as generator:
        generator.arm(2, TRAIN, 5.0)
        generator.trigger(2)
        with pytest.raises(InstrumentError, match="output 1 is not armed"):
            generator.trigger(1)


@pytest.mark.parametrize("place", range(len(READ_BACK)))
def test_setting_changed_by_the_instrument_is_an_error_with_output_off(place):
    query, answer = READ_BACK[place]
    changed = answer.replace("+", "+7", 1) if "+0" not in answer else "+1.0"
    script = [*OPENED, *OFF, *wrote(SETTINGS), *READ_BACK[:place], (query, changed)]
    with expected_protocol(Keysight33500B, script) as generator:
        with pytest.raises(SettingNotTaken):
            generator.arm(2, TRAIN, 5.0)
        with pytest.raises(InstrumentError, match="not armed"):
            generator.trigger(2)


def test_a_conflict_that_is_reported_is_raised():
    refused = [(SETTINGS, None), ("SYST:ERR?", '-221,"Settings conflict"'), ("SYST:ERR?", OK)]
    with expected_protocol(Keysight33500B, [*OPENED, *OFF, *refused]) as generator, pytest.raises(InstrumentRefused):
        generator.arm(2, TRAIN, 5.0)


def test_an_output_that_does_not_switch_on_is_an_error():
    script = [*ARMED[:-1], ("OUTP2?", "0")]
    with (
        expected_protocol(Keysight33500B, script) as generator,
        pytest.raises(SettingNotTaken, match="output 2 is off"),
    ):
        generator.arm(2, TRAIN, 5.0)


def test_a_lost_connection_disarms():
    with expected_protocol(Keysight33500B, [*ARMED, ("TRIG2", LOST)]) as generator:
        generator.arm(2, TRAIN, 5.0)
        with pytest.raises(InstrumentLost):
            generator.trigger(2)
        with pytest.raises(InstrumentError, match="not armed"):
            generator.trigger(2)


@pytest.mark.parametrize(
    ("output", "train", "high_v", "quantity"),
    [
        (3, TRAIN, 5.0, "output"),
        (1, PulseTrain(0, 0.02, 0.06), 5.0, "count"),
        (1, PulseTrain(1, 0.0, 0.06), 5.0, "width"),
        (1, PulseTrain(1, math.nan, 0.06), 5.0, "width"),
        (1, PulseTrain(1, 0.06, 0.06), 5.0, "period"),
        (1, PulseTrain(1, 0.06, 2001.0), 5.0, "period"),
        (1, TRAIN, 10.1, "high level"),
        (1, TRAIN, 0.0, "high level"),
    ],
)
def test_what_the_generator_cannot_give_is_refused_before_any_io(output, train, high_v, quantity):
    with scripted_session() as session, pytest.raises(SettingOutOfRange, match=quantity):
        Keysight33500B(session).arm(output, train, high_v)


SAFE = [*wrote("OUTP1 OFF;:OUTP2 OFF"), ("OUTP1?", "0"), ("OUTP2?", "0")]


def test_make_safe_switches_both_outputs_off_and_disarms():
    with expected_protocol(Keysight33500B, [*ARMED, *SAFE]) as generator:
        generator.arm(2, TRAIN, 5.0)
        generator.make_safe()
        with pytest.raises(InstrumentError, match="not armed"):
            generator.trigger(2)


def test_make_safe_connects_anew_once_and_says_so_when_an_output_stays_on():
    lost = [*OPENED, ("OUTP1 OFF;:OUTP2 OFF", LOST)]
    stuck = [*OPENED, *SAFE[:-1], ("OUTP2?", "1")]
    with (
        expected_protocol(Keysight33500B, lost, stuck) as generator,
        pytest.raises(SettingNotTaken, match="output 2 is on"),
    ):
        generator.make_safe()


def test_a_train_lasts_from_its_first_rise_to_its_last_fall():
    assert TRAIN.duration_s == pytest.approx(0.56)
    assert PulseTrain(1, 0.1, 5.0).duration_s == pytest.approx(0.1)
