"""The Chroma 61500/61600 driver, command by command against a transcript."""

import pytest

from drivers.errors import (
    AnswerInvalid,
    InstrumentError,
    InstrumentLost,
    InstrumentRefused,
    SettingNotTaken,
    SettingOutOfRange,
)
from drivers.source.base import SourceSetting, Tone
from drivers.source.chroma_61600 import Chroma61600
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol

OK = '0,"No Error"'
OFF = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")


def wrote(*commands):
    """One command a message, each followed by the error query."""
    return [exchange for command in commands for exchange in ((command, None), ("SYST:ERR?", OK))]


def took(*settings):
    """(header, value, answer): all are set, then each is asked for."""
    return [
        *wrote(*(f"{header} {value}" for header, value, _ in settings)),
        *((f"{header}?", answer) for header, _, answer in settings),
    ]


def each(header, values, answers):
    return took(
        *((f"INST:NSEL {n};:{header}", value, answer) for n, value, answer in zip(ON_3, values, answers, strict=True))
    )


def sine(rms, phase_deg=0.0):
    return (Tone(1, rms, phase_deg),)


def three(rms, phases=(0.0, -120.0, 120.0)):
    return tuple(sine(rms, phase) for phase in phases)


ON_3 = (1, 2, 3)
OPENED = [("SYST:ERR?", OK)]
SWITCHED_OFF = [*wrote("OUTP OFF", "OUTP:REL OFF"), ("OUTP?", "OFF"), ("OUTP:REL?", "OFF")]
TAKEN_OVER = [
    *OPENED,
    *SWITCHED_OFF,
    *wrote("*CLS", "OUTP:PROT:CLE"),
    *took(
        ("OUTP:MODE", "FIXED", "FIXED"),
        ("OUTP:COUP", "AC", "AC"),
        ("INST:PHAS", "THREE", "THREE"),
        ("SOUR:PHAS:ON", "0.0", "0.0"),
        ("SOUR:PHAS:OFF", "360.0", "360.0"),
        ("INST:EDIT", "EACH", "EACH"),
        ("INST:COUP", "NONE", "NONE"),
    ),
    *wrote("SOUR:PHAS:SEQ POS", "SOUR:PHAS:THREE INDEPEND", "OUTP:IMP:STAT OFF"),
    *(
        exchange
        for n in ON_3
        for exchange in took(
            (f"INST:NSEL {n};:FUNC:SHAP:A", "SINE", "SINE"),
            (f"INST:NSEL {n};:FUNC:SHAP", "A", "A"),
            (f"INST:NSEL {n};:VOLT:DC", "0.0", "0.0"),
            (f"INST:NSEL {n};:VOLT:AC", "0.000", "0.0"),
        )
    ),
]


def range_selected(word, high, limit="1.00"):
    return took(
        *(
            setting
            for n in ON_3
            for setting in (
                (f"INST:NSEL {n};:VOLT:RANG", word, word),
                (f"INST:NSEL {n};:VOLT:LIM:AC", f"{high}.0", f"{high}.0"),
                (f"INST:NSEL {n};:CURR:DEL", "0.5", "0.5"),
                (f"INST:NSEL {n};:CURR:LIM", limit, limit),
            )
        )
    )


POINT = SourceSetting(60.0, three(120.0), OFF)
SELECTED = [*TAKEN_OVER, ("OUTP?", "OFF"), *range_selected("LOW", 150)]
FAST = took(("OUTP:SLEW:VOLT:AC", "10.000", "10.000"))
SET = [
    *took(("FREQ", "60.00", "60.00")),
    *took(("SOUR:PHAS:P12", "120.0", "120.0"), ("SOUR:PHAS:P13", "240.0", "240.0")),
    *FAST,
    *each("VOLT:AC", ["120.000"] * 3, ["120.0"] * 3),
]
ON = took(("OUTP:REL", "ON", "ON"), ("OUTP", "ON", "ON"))
RAMPED = [
    ("OUTP?", "OFF"),
    *each("VOLT:AC", ["0.000"] * 3, ["0.0"] * 3),
    *took(("OUTP:SLEW:VOLT:AC", "0.024", "0.024")),
    *ON,
    *each("VOLT:AC", ["120.000"] * 3, ["120.0"] * 3),
]


@pytest.mark.parametrize(
    ("answer", "model"),
    [
        ("Chroma ATE 61600,123456,1.00,1.01,1.02", "61600"),
        ("Chroma ATE 61500,123456,1.00,1.01,1.02", "61500"),
        ("CHROMA ATE,61512,123456,1.00", "61512"),
        ("Chroma,61611,123456,1.00", "61611"),
    ],
)
def test_identify_reads_the_model_with_and_without_a_comma_before_it(answer, model):
    with expected_protocol(Chroma61600, [*OPENED, ("*IDN?", answer)]) as source:
        identity = source.identify()
    assert (identity.model, identity.serial_number) == (model, "123456")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ("Chroma ATE 61509,123456,1.00", InstrumentError, "175 and 350 V"),
        ("Chroma ATE 61603,123456,1.00", InstrumentError, "choose another driver"),
        ("Chroma ATE 61845,123456,1.00", InstrumentError, "choose another driver"),
        ("FLUKE,6105A,1,1", AnswerInvalid, "not understood"),
        ("hello", AnswerInvalid, "not understood"),
    ],
)
def test_identify_refuses_other_makes_models_and_ranges(answer, error, words):
    with (
        expected_protocol(Chroma61600, [*OPENED, ("*IDN?", answer)]) as source,
        pytest.raises(error, match=words),
    ):
        source.identify()


def test_output_and_relay_are_off_first_and_no_reset_is_ever_sent():
    assert not any("*RST" in sent for sent, _ in SELECTED)
    with expected_protocol(Chroma61600, SELECTED) as source:
        source.select_ranges(POINT)
        source.select_ranges(POINT)


def without(header, error, *rest):
    """Return the taking over of a model that refuses ``header``, up to there or with ``rest`` after it."""
    at = next(index for index, (sent, _) in enumerate(TAKEN_OVER) if sent.startswith(header))
    return [*TAKEN_OVER[: at + 1], ("SYST:ERR?", error), ("SYST:ERR?", OK), *rest], TAKEN_OVER[at + 2 :]


@pytest.mark.parametrize("header", ["SOUR:PHAS:SEQ", "SOUR:PHAS:THREE", "OUTP:IMP"])
def test_a_model_without_a_phase_setting_is_taken_over_all_the_same(header):
    until, after = without(header, '-113,"Undefined header"')
    with expected_protocol(Chroma61600, [*until, *after, ("OUTP?", "OFF"), *range_selected("LOW", 150)]) as source:
        source.select_ranges(POINT)
    until, _ = without(header, '-221,"Settings conflict"')
    with expected_protocol(Chroma61600, until) as source, pytest.raises(InstrumentRefused, match="Settings conflict"):
        source.select_ranges(POINT)


def test_the_current_limit_is_an_option():
    def limited(session):
        return Chroma61600(session, current_limit_a=2.5)

    script = [*TAKEN_OVER, ("OUTP?", "OFF"), *range_selected("HIGH", 300, "2.50")]
    with expected_protocol(limited, script) as source:
        source.select_ranges(SourceSetting(60.0, three(151.0), OFF))
    for wrong_a in (0.0, 10.1):
        with pytest.raises(SettingOutOfRange, match=r"current limit .* is outside 0.1 to 10 A"):
            Chroma61600(None, current_limit_a=wrong_a)


def test_angles_are_sent_as_how_far_phases_two_and_three_lag():
    script = [*SELECTED, *SET, *took(("SOUR:PHAS:P12", "90.0", "90.0"), ("SOUR:PHAS:P13", "270.0", "270.0"))]
    with expected_protocol(Chroma61600, script) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_point(SourceSetting(60.0, three(120.0, (0.0, -90.0, 90.0)), OFF))


def test_a_ramp_begins_at_zero_volts_with_relay_then_output():
    with expected_protocol(Chroma61600, [*SELECTED, *SET, *RAMPED]) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_output(True, 5.0)


def test_a_set_point_after_a_ramp_is_prompt_again_and_zero_is_phase_off():
    script = [*SELECTED, *SET, *RAMPED, *FAST, *each("VOLT:AC", ["110.000", "0.000", "110.000"], ["110", "0", "110"])]
    with expected_protocol(Chroma61600, script) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_output(True, 5.0)
        source.set_point(SourceSetting(60.0, (sine(110.0), sine(0.0), sine(110.0, 120.0)), OFF))


def test_without_a_ramp_the_output_is_just_switched_on_and_off_is_at_once():
    with expected_protocol(Chroma61600, [*SELECTED, *SET, ("OUTP?", "0"), *ON, *SWITCHED_OFF]) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_output(True)
        source.set_output(False)


def test_a_relay_that_does_not_close_is_an_error():
    relay = [*wrote("OUTP:REL ON", "OUTP ON"), ("OUTP:REL?", "0"), ("OUTP?", "1")]
    with expected_protocol(Chroma61600, [*SELECTED, *SET, ("OUTP?", "0"), *relay]) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        with pytest.raises(SettingNotTaken, match="OUTP:REL is 0 after it was set to ON"):
            source.set_output(True)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (SourceSetting(60.0, three(301.0), OFF), "voltage channel 1 301 V is outside 0 to 300 V"),
        (SourceSetting(60.0, three(120.0, (10.0, -110.0, 130.0)), OFF), "angle of voltage channel 1 10 deg"),
        (SourceSetting(14.0, OFF, OFF), "frequency"),
        (SourceSetting(60.0, OFF, (sine(0.3), (), ())), "current channel 1"),
        (SourceSetting(60.0, ((Tone(1, 100.0, 0.0), Tone(5, 5.0, 0.0)), (), ()), OFF), "harmonic order 5"),
    ],
)
def test_what_it_cannot_give_is_refused_before_anything_is_sent(setting, words):
    with expected_protocol(Chroma61600) as source:
        for act in (source.select_ranges, source.set_point):
            with pytest.raises(SettingOutOfRange, match=words):
                act(setting)


def test_ramp_whose_slew_would_be_rounded_to_zero_is_refused():
    low = SourceSetting(60.0, three(10.0), OFF)
    volts = each("VOLT:AC", ["10.000"] * 3, ["10.0"] * 3)
    with expected_protocol(Chroma61600, [*SELECTED, *SET[:-12], *FAST, *volts]) as source:
        source.select_ranges(POINT)
        source.set_point(low)
        with pytest.raises(SettingOutOfRange, match=r"slew of a ramp to 10 V in 20 s 0.5 V/s is outside 5"):
            source.set_output(True, 20.0)
        with pytest.raises(SettingOutOfRange, match="ramp time"):
            source.set_output(True, 21.0)


@pytest.mark.parametrize("state", ["OFF", "0", "off"])
def test_make_safe_verifies_output_and_relay_in_whatever_words(state):
    off = [*wrote("OUTP OFF", "OUTP:REL OFF"), ("OUTP?", state), ("OUTP:REL?", state)]
    with expected_protocol(Chroma61600, [*OPENED, *off]) as source:
        source.make_safe()
    with expected_protocol(Chroma61600, [*OPENED, ("OUTP OFF", LOST)], [*OPENED, *off]) as source:
        source.make_safe()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([("OUTP?", "ON")], "switch it off by hand"),
        ([("OUTP?", "1")], "switch it off by hand"),
        ([("OUTP?", "OFF"), ("OUTP:REL?", "ON")], "the relay is still on"),
        ([("OUTP?", "OPEN")], "not understood"),
        ([("OUTP?", "")], "not understood"),
    ],
)
def test_what_is_not_confirmed_off_is_never_taken_for_it(answers, words):
    script = [*OPENED, *wrote("OUTP OFF", "OUTP:REL OFF"), *answers]
    with expected_protocol(Chroma61600, script) as source, pytest.raises(InstrumentError, match=words):
        source.make_safe()


def test_switching_off_goes_on_to_the_relay_after_a_refusal():
    script = [
        *OPENED,
        ("OUTP OFF", None),
        ("SYST:ERR?", '-200,"Execution error"'),
        ("SYST:ERR?", OK),
        *wrote("OUTP:REL OFF"),
        ("OUTP?", "ON"),
    ]
    with expected_protocol(Chroma61600, script) as source, pytest.raises(InstrumentError, match="Execution error"):
        source.make_safe()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(Chroma61600) as source:
        (off,) = source.safe_off()
    assert (off.commands, off.verify_query) == (("OUTP OFF", "OUTP:REL OFF"), "OUTP?")
    assert set(off.off_answers) == {"0", "OFF"}


def test_the_current_limit_in_force_is_the_highest_of_the_three_phases():
    asked = [(f"INST:NSEL {n};:CURR:LIM?", answer) for n, answer in zip(ON_3, ("1.00", "2.50", "1.00"), strict=True)]
    with expected_protocol(Chroma61600, [*OPENED, *asked]) as source:
        assert source.protection().current_limit_a == 2.5
    unlimited = [*OPENED, ("INST:NSEL 1;:CURR:LIM?", "9.9E37")]
    with expected_protocol(Chroma61600, unlimited) as source, pytest.raises(AnswerInvalid):
        source.protection()
