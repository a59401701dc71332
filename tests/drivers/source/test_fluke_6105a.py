"""The Fluke 6105A driver, command by command against a transcript."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import (
    AnswerInvalid,
    InstrumentError,
    InstrumentLost,
    InstrumentRefused,
    SettingNotTaken,
    SettingOutOfRange,
)
from drivers.source.base import SourceSetting, Tone
from drivers.source.fluke_6105a import Fluke6105A
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol

OK = '0,"No error"'
OFF = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")


def wrote(*commands):
    return [(";:".join(commands), None), ("SYST:ERR?", OK)]


def answered(*pairs):
    return (";:".join(query for query, _ in pairs), ";".join(answer for _, answer in pairs))


def sine(rms, phase_deg=0.0):
    return (Tone(1, rms, phase_deg),)


def three(rms, phases=(0.0, -120.0, 120.0)):
    return tuple(sine(rms, phase) for phase in phases)


OPENED = [("SYST:ERR?", OK)]
TAKEN_OVER = [
    *OPENED,
    *wrote("OUTP:STAT OFF"),
    ("*RST;*CLS", None),
    ("SYST:ERR?", OK),
    *wrote("OUTP:SENS 0", "UNIT:MHAR:VOLT ABS", "UNIT:MHAR:CURR ABS"),
    answered(("OUTP:SENS?", "0"), ("UNIT:MHAR:VOLT?", "ABS"), ("UNIT:MHAR:CURR?", "ABSOLUTE")),
]
ONE_VOLTAGE = SourceSetting(60.0, (sine(277.0), (), ()), OFF)
ONE_VOLTAGE_RANGE = [
    *wrote("SOUR:PHAS1:VOLT:STAT OFF"),
    ("SOUR:PHAS1:VOLT:STAT?", "0"),
    *wrote("SOUR:PHAS1:VOLT:RANG 0,360"),
    ("SOUR:PHAS1:VOLT:RANG? HIGH", "3.60E2"),
]
OTHERS = (("VOLT", 2), ("VOLT", 3), ("CURR", 1), ("CURR", 2), ("CURR", 3))
ONE_VOLTAGE_SET = [
    *wrote(
        *(f"SOUR:PHAS{phase}:{kind}:STAT OFF" for kind, phase in OTHERS),
        "SOUR:FREQ 60",
        "SOUR:PHAS1:VOLT:MHAR:STAT ON",
        "SOUR:PHAS1:VOLT:MHAR:CLE",
        "SOUR:PHAS1:VOLT:MHAR:HARM1 277,0",
        "SOUR:PHAS1:VOLT:STAT ON",
    ),
    answered(
        *((f"SOUR:PHAS{phase}:{kind}:STAT?", "0") for kind, phase in OTHERS),
        ("SOUR:FREQ?", "6.0E1"),
        ("SOUR:PHAS1:VOLT:MHAR:STAT?", "1"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1?", "2.77E2,0.0E0"),
        ("SOUR:PHAS1:VOLT:STAT?", "ON"),
    ),
]


def test_identify_checks_model_and_that_all_phases_are_fitted():
    fitted = answered(*((f"SOUR:PHAS{phase}:FITT?", "1") for phase in (1, 2, 3)))
    with expected_protocol(Fluke6105A, [*OPENED, ("*IDN?", "FLUKE,6105A,12345,1.02"), fitted]) as source:
        identity = source.identify()
    assert (identity.model, identity.serial_number, identity.firmware) == ("6105A", "12345", "1.02")


def test_identify_refuses_another_model():
    with (
        expected_protocol(Fluke6105A, [*OPENED, ("*IDN?", "FLUKE,6003A,1,1")]) as source,
        pytest.raises(InstrumentError, match="6003A is not one of"),
    ):
        source.identify()


def test_identify_refuses_an_answer_that_identifies_nobody():
    with (
        expected_protocol(Fluke6105A, [*OPENED, ("*IDN?", "hello")]) as source,
        pytest.raises(AnswerInvalid),
    ):
        source.identify()


def test_identify_refuses_a_missing_auxiliary_phase():
    fitted = answered(("SOUR:PHAS1:FITT?", "1"), ("SOUR:PHAS2:FITT?", "1"), ("SOUR:PHAS3:FITT?", "0"))
    with (
        expected_protocol(Fluke6105A, [*OPENED, ("*IDN?", "FLUKE,6105A,12345,1.02"), fitted]) as source,
        pytest.raises(InstrumentError, match="phase 3 is not fitted"),
    ):
        source.identify()


def test_the_first_selection_of_ranges_switches_off_and_resets():
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE]) as source:
        source.select_ranges(ONE_VOLTAGE)


@pytest.mark.parametrize("units", [("PRMS", "ABS"), ("ABS", "PFUN")])
def test_amplitudes_that_stay_in_percent_are_refused(units):
    answers = answered(("OUTP:SENS?", "0"), ("UNIT:MHAR:VOLT?", units[0]), ("UNIT:MHAR:CURR?", units[1]))
    with (
        expected_protocol(Fluke6105A, [*TAKEN_OVER[:-1], answers]) as source,
        pytest.raises(SettingNotTaken, match="UNIT:MHAR"),
    ):
        source.select_ranges(ONE_VOLTAGE)


def test_a_6100a_is_given_ranges_of_its_own():
    fitted = answered(*((f"SOUR:PHAS{phase}:FITT?", "1") for phase in (1, 2, 3)))
    range_336 = [
        (sent.replace("0,360", "23,336"), said and said.replace("60E2", "36E2")) for sent, said in ONE_VOLTAGE_RANGE
    ]
    taken_over = TAKEN_OVER[len(OPENED) :]
    script = [*OPENED, ("*IDN?", "FLUKE,6100A,12345,1.02"), fitted, *taken_over, *range_336]
    with expected_protocol(Fluke6105A, script) as source:
        source.identify()
        source.select_ranges(ONE_VOLTAGE)
        with pytest.raises(SettingOutOfRange, match="voltage channel 1"):
            source.select_ranges(SourceSetting(60.0, (sine(0.5), (), ()), OFF))
        assert [each.high for each in source.capabilities.voltage_ranges] == [16.0, 33.0, 78.0, 168.0, 336.0, 1008.0]
        assert source.capabilities.low_level_ranges == Fluke6105A.capabilities.low_level_ranges


def test_ranges_that_are_selected_already_cost_nothing():
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE]) as source:
        source.select_ranges(ONE_VOLTAGE)
        source.select_ranges(SourceSetting(60.0, (sine(300.0), (), ()), OFF))


def test_a_current_channel_is_put_into_voltage_mode_and_says_so():
    script = [
        *TAKEN_OVER,
        *wrote("SOUR:PHAS2:CURR:STAT OFF"),
        ("SOUR:PHAS2:CURR:STAT?", "0"),
        *wrote("SOUR:PHAS2:CURR:RANG:VOLT 0.15,1.5"),
        ("SOUR:PHAS2:CURR:RANG:VOLT? HIGH", "1.5"),
        ("SOUR:PHAS2:CURR:RANG:UNIT?", "VOLT"),
    ]
    with expected_protocol(Fluke6105A, script) as source:
        source.select_ranges(SourceSetting(60.0, OFF, ((), sine(0.333), ())))


def test_current_channel_that_would_give_amperes_is_refused_beforehand():
    script = [
        *TAKEN_OVER,
        *wrote("SOUR:PHAS2:CURR:STAT OFF"),
        ("SOUR:PHAS2:CURR:STAT?", "0"),
        *wrote("SOUR:PHAS2:CURR:RANG:VOLT 0.15,1.5"),
        ("SOUR:PHAS2:CURR:RANG:VOLT? HIGH", "1.5"),
        ("SOUR:PHAS2:CURR:RANG:UNIT?", "CURR"),
    ]
    with (
        expected_protocol(Fluke6105A, script) as source,
        pytest.raises(SettingNotTaken, match="PHAS2:CURR:RANG:UNIT is CURR after it was set to VOLT"),
    ):
        source.select_ranges(SourceSetting(60.0, OFF, ((), sine(0.333), ())))


def test_first_set_point_is_sent_in_one_message_and_read_back_in_another():
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *ONE_VOLTAGE_SET]) as source:
        source.select_ranges(ONE_VOLTAGE)
        source.set_point(ONE_VOLTAGE)


def test_next_set_point_sends_only_changes_and_the_same_one_nothing():
    change = [
        *wrote("SOUR:FREQ 50", "SOUR:PHAS1:VOLT:MHAR:HARM1 277,-10", "SOUR:PHAS1:VOLT:MHAR:HARM5 5.5,30"),
        answered(
            ("SOUR:FREQ?", "50"),
            ("SOUR:PHAS1:VOLT:MHAR:HARM1?", "277.0,350.0"),
            ("SOUR:PHAS1:VOLT:MHAR:HARM5?", "5.5,30"),
        ),
    ]
    back = [*wrote("SOUR:PHAS1:VOLT:MHAR:HARM5 0,0"), ("SOUR:PHAS1:VOLT:MHAR:HARM5?", "0,0")]
    second = SourceSetting(50.0, ((Tone(1, 277.0, -10.0), Tone(5, 5.5, 30.0)), (), ()), OFF)
    third = SourceSetting(50.0, (sine(277.0, -10.0), (), ()), OFF)
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *ONE_VOLTAGE_SET, *change, *back]) as source:
        source.select_ranges(second)
        source.set_point(ONE_VOLTAGE)
        source.set_point(second)
        source.set_point(second)
        source.set_point(third)


def test_zero_is_channel_off_and_comes_back_without_programming_again():
    off = [*wrote("SOUR:PHAS1:VOLT:STAT OFF"), ("SOUR:PHAS1:VOLT:STAT?", "0")]
    on = [*wrote("SOUR:PHAS1:VOLT:STAT ON"), ("SOUR:PHAS1:VOLT:STAT?", "1")]
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *ONE_VOLTAGE_SET, *off, *on]) as source:
        source.select_ranges(ONE_VOLTAGE)
        source.set_point(ONE_VOLTAGE)
        source.set_point(SourceSetting(60.0, (sine(0.0), (), ()), OFF))
        source.set_point(ONE_VOLTAGE)


def test_a_setting_that_was_not_taken_is_an_error_that_shows_both():
    wrong = (ONE_VOLTAGE_SET[-1][0], ONE_VOLTAGE_SET[-1][1].replace("2.77E2", "2.76E2"))
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *ONE_VOLTAGE_SET[:-1], wrong]) as source:
        source.select_ranges(ONE_VOLTAGE)
        with pytest.raises(SettingNotTaken) as caught:
            source.set_point(ONE_VOLTAGE)
    assert caught.value.setting == "SOUR:PHAS1:VOLT:MHAR:HARM1"
    assert (caught.value.wanted, caught.value.found) == ("277,0", "2.76E2,0.0E0")


def test_after_a_refused_set_point_nothing_is_taken_for_known():
    refused = [(ONE_VOLTAGE_SET[0][0], None), ("SYST:ERR?", '-222,"Data out of range"'), ("SYST:ERR?", OK)]
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *refused]) as source:
        source.select_ranges(ONE_VOLTAGE)
        with pytest.raises(InstrumentRefused):
            source.set_point(ONE_VOLTAGE)
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_point(ONE_VOLTAGE)


def test_after_a_lost_connection_the_ranges_must_be_selected_anew():
    first = [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *ONE_VOLTAGE_SET, ("OUTP:STAT?", LOST)]
    second = [*TAKEN_OVER, *ONE_VOLTAGE_RANGE, *ONE_VOLTAGE_SET]
    with expected_protocol(Fluke6105A, first, second) as source:
        source.select_ranges(ONE_VOLTAGE)
        source.set_point(ONE_VOLTAGE)
        with pytest.raises(InstrumentLost):
            source.output_is_on()
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_point(ONE_VOLTAGE)
        source.select_ranges(ONE_VOLTAGE)
        source.set_point(ONE_VOLTAGE)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (SourceSetting(900.0, OFF, OFF), "frequency 900 Hz is outside 16 to 850 Hz"),
        (SourceSetting(math.nan, OFF, OFF), "frequency"),
        (SourceSetting(60.0, (sine(1100.0), (), ()), OFF), "voltage channel 1 1100 V is outside 0 to 1008 V"),
        (SourceSetting(60.0, OFF, ((), (), sine(0.0167))), "current channel 3 0.0167 V is outside 0.05 to 10 V"),
        (SourceSetting(60.0, OFF, ((), (), sine(10.01))), "current channel 3 10.01 V is outside 0.05 to 10 V"),
        (SourceSetting(60.0, ((Tone(101, 1.0, 0.0),), (), ()), OFF), "harmonic order 101"),
        (SourceSetting(60.0, (sine(-1.0), (), ()), OFF), "voltage channel 1 harmonic 1 rms -1"),
        (SourceSetting(60.0, (sine(math.inf), (), ()), OFF), "voltage channel 1"),
        (SourceSetting(60.0, (sine(10.0, math.nan), (), ()), OFF), "phase"),
        (SourceSetting(60.0, ((Tone(0, 1.0, 90.0),), (), ()), OFF), "DC phase 90"),
        (SourceSetting(60.0, ((Tone(1, 1.0, 0.0), Tone(1, 2.0, 0.0)), (), ()), OFF), "components of order 1"),
    ],
)
def test_setting_that_the_instrument_cannot_give_is_refused_before_any_io(setting, words):
    with expected_protocol(Fluke6105A) as source, pytest.raises(SettingOutOfRange, match=words):
        source.select_ranges(setting)


def test_set_point_outside_the_selected_range_is_refused_before_any_io():
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *ONE_VOLTAGE_RANGE]) as source:
        source.select_ranges(ONE_VOLTAGE)
        with pytest.raises(SettingOutOfRange, match="voltage channel 1 361 V is outside 0 to 360 V"):
            source.set_point(SourceSetting(60.0, (sine(361.0), (), ()), OFF))
        with pytest.raises(InstrumentError, match="no range is selected for voltage channel 2"):
            source.set_point(SourceSetting(60.0, ((), sine(10.0), ()), OFF))


def test_harmonics_count_into_the_rms_that_a_range_must_hold():
    composite = (Tone(1, 359.0, 0.0), Tone(3, 40.0, 0.0))
    script = [text.replace("0,360", "0,650") if text else text for text, _ in ONE_VOLTAGE_RANGE]
    answers = [answer.replace("3.60E2", "6.50E2") if answer else answer for _, answer in ONE_VOLTAGE_RANGE]
    with expected_protocol(Fluke6105A, [*TAKEN_OVER, *zip(script, answers, strict=True)]) as source:
        source.select_ranges(SourceSetting(60.0, (composite, (), ()), OFF))


def test_a_source_without_the_low_level_mode_refuses_every_current():
    with (
        expected_protocol(lambda session: Fluke6105A(session, low_level=False)) as source,
        pytest.raises(SettingOutOfRange, match="current channel 1"),
    ):
        source.select_ranges(SourceSetting(60.0, OFF, three(0.3)))


def test_every_current_channel_in_use_must_say_volts_before_output_on():
    setting = SourceSetting(60.0, OFF, (sine(0.333), (), ()))
    channels = [("VOLT", 1), ("VOLT", 2), ("VOLT", 3), ("CURR", 2), ("CURR", 3)]
    script = [
        *TAKEN_OVER,
        *wrote("SOUR:PHAS1:CURR:STAT OFF"),
        ("SOUR:PHAS1:CURR:STAT?", "0"),
        *wrote("SOUR:PHAS1:CURR:RANG:VOLT 0.15,1.5"),
        ("SOUR:PHAS1:CURR:RANG:VOLT? HIGH", "1.5"),
        ("SOUR:PHAS1:CURR:RANG:UNIT?", "VOLTAGE"),
        *wrote(
            *(f"SOUR:PHAS{phase}:{kind}:STAT OFF" for kind, phase in channels),
            "SOUR:FREQ 60",
            "SOUR:PHAS1:CURR:MHAR:STAT ON",
            "SOUR:PHAS1:CURR:MHAR:CLE",
            "SOUR:PHAS1:CURR:MHAR:HARM1 0.333,0",
            "SOUR:PHAS1:CURR:STAT ON",
        ),
        answered(
            *((f"SOUR:PHAS{phase}:{kind}:STAT?", "0") for kind, phase in channels),
            ("SOUR:FREQ?", "60"),
            ("SOUR:PHAS1:CURR:MHAR:STAT?", "1"),
            ("SOUR:PHAS1:CURR:MHAR:HARM1?", "0.333,0"),
            ("SOUR:PHAS1:CURR:STAT?", "1"),
        ),
        ("SOUR:PHAS1:CURR:RANG:UNIT?", "CURRENT"),
    ]
    with expected_protocol(Fluke6105A, script) as source:
        source.select_ranges(setting)
        source.set_point(setting)
        with pytest.raises(SettingNotTaken, match="UNIT is CURRENT"):
            source.set_output(True)


@given(
    rms=st.floats(min_value=0.05, max_value=10.0),
    phase_deg=st.floats(min_value=-360.0, max_value=360.0),
)
def test_every_low_level_amplitude_survives_the_wire_within_its_tolerance(rms, phase_deg):
    from drivers.source import fluke_6105a_data as steps
    from drivers.source.fluke_6105a_data import LOW_LEVEL_RANGES
    from drivers.source.shared.checks import range_for

    tone = Tone(1, rms, phase_deg)
    selected = range_for("current channel 1", (tone,), LOW_LEVEL_RANGES)
    channel = steps.ChannelState(steps.CURRENT, 1, selected=selected, tones={}, is_on=False)
    (step,) = steps.program_tones(channel, {1: tone})
    sent = step.command.removeprefix("SOUR:PHAS1:CURR:MHAR:HARM1 ")
    assert step.agrees(sent)
    off_by = sent.split(",")[0], str(float(sent.split(",")[1]) + 0.01)
    assert not step.agrees(",".join(off_by))
    assert not step.agrees("NAN,0")
