"""The California Instruments driver, command by command against a transcript."""

import pytest

from drivers.errors import (
    AnswerInvalid,
    InstrumentError,
    InstrumentLost,
    InstrumentRefused,
    SettingNotTaken,
    SettingOutOfRange,
)
from drivers.source.ametek_ci import AmetekCI
from drivers.source.base import SourceSetting, Tone
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol

OK = '0,"No error"'
OFF = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")
IDN = "CALIFORNIA INSTRUMENTS,4500LX,12345,REV 1.10"


def wrote(*commands):
    return [(";:".join(commands), None), ("SYST:ERR?", OK)]


def answered(*pairs):
    return (";:".join(query for query, _ in pairs), ";".join(answer for _, answer in pairs))


def each(header, values, answers):
    """One setting for each phase, in one message, and read back in another."""
    return [
        *wrote(*(f"INST:NSEL {n};:{header} {value}" for n, value in enumerate(values, 1))),
        answered(*((f"INST:NSEL {n};:{header}?", answer) for n, answer in enumerate(answers, 1))),
    ]


def sine(rms, phase_deg=0.0):
    return (Tone(1, rms, phase_deg),)


def three(rms, phases=(0.0, -120.0, 120.0)):
    return tuple(sine(rms, phase) for phase in phases)


OPENED = [("SYST:ERR?", OK)]
SWITCHED_OFF = [*wrote("INST:COUP ALL"), *wrote("OUTP OFF"), ("OUTP?", "0")]


def phase_taken_over(n):
    one = f"INST:NSEL {n}"
    return [
        *wrote(
            f"{one};:FUNC SIN",
            f"{one};:CURR:PROT:STAT ON",
            f"{one};:CURR:PROT:DEL 0.100",
            f"{one};:VOLT 0.000",
        ),
        answered(
            (f"{one};:FUNC?", "SIN"),
            (f"{one};:CURR:PROT:STAT?", "1"),
            (f"{one};:CURR:PROT:DEL?", "0.100"),
            (f"{one};:VOLT?", "0.0"),
        ),
    ]


TAKEN_OVER = [
    *OPENED,
    *SWITCHED_OFF,
    ("*RST;*CLS", None),
    ("SYST:ERR?", OK),
    *wrote("OUTP:PROT:CLE", "INST:COUP NONE"),
    ("INST:COUP?", "NONE"),
    *(exchange for n in (1, 2, 3) for exchange in phase_taken_over(n)),
]
ON_3 = (1, 2, 3)


def range_selected(high, limit="1.000", answer="1.00"):
    return [
        *wrote(*(f"INST:NSEL {n};:VOLT:RANG {high}" for n in ON_3), *(f"INST:NSEL {n};:CURR {limit}" for n in ON_3)),
        answered(
            *((f"INST:NSEL {n};:VOLT:RANG?", str(high)) for n in ON_3),
            *((f"INST:NSEL {n};:CURR?", answer) for n in ON_3),
        ),
    ]


POINT = SourceSetting(60.0, three(277.0), OFF)
SELECTED = [*TAKEN_OVER, ("OUTP?", "0"), *range_selected(300)]
FAST = each("VOLT:SLEW", ["10000.000"] * 3, ["10000.000"] * 3)
SET = [
    *wrote("FREQ 60.000"),
    ("FREQ?", "60.00"),
    *each("PHAS", ["0.00", "240.00", "120.00"], ["0.0", "240.0", "-240.0"]),
    *FAST,
    *each("VOLT", ["277.000"] * 3, ["277.0"] * 3),
]
RAMPED = [
    ("OUTP?", "0"),
    *each("VOLT", ["0.000"] * 3, ["0.0"] * 3),
    *each("VOLT:SLEW", ["55.400"] * 3, ["55.400"] * 3),
    *wrote("OUTP ON"),
    ("OUTP?", "1"),
    *each("VOLT", ["277.000"] * 3, ["277.0"] * 3),
]


def test_identify_knows_the_make_and_refuses_models_of_other_ranges():
    with expected_protocol(AmetekCI, [*OPENED, ("*IDN?", IDN)]) as source:
        assert source.identify().serial_number == "12345"
    for answer, words in (
        ("FLUKE,6105A,1,1", "choose another driver"),
        ("AMETEK,SQ0045A,1,1", "166 and 333 V"),
        ("AMETEK,AST1503,1,1", "200 and 400 V"),
    ):
        with (
            expected_protocol(AmetekCI, [*OPENED, ("*IDN?", answer)]) as source,
            pytest.raises(InstrumentError, match=words),
        ):
            source.identify()
    with expected_protocol(AmetekCI, [*OPENED, ("*IDN?", "hello")]) as source, pytest.raises(AnswerInvalid):
        source.identify()


def test_output_is_off_first_and_the_current_limit_follows_the_range():
    with expected_protocol(AmetekCI, SELECTED) as source:
        source.select_ranges(POINT)
        source.select_ranges(POINT)


def test_current_limit_is_an_option_and_one_clipped_by_the_range_is_found():
    def limited(session):
        return AmetekCI(session, current_limit_a=3.0)

    script = [*TAKEN_OVER, ("OUTP?", "0"), *range_selected(300, "3.000", "2.50")]
    with expected_protocol(limited, script) as source, pytest.raises(SettingNotTaken, match=r"CURR is 2.50 after .* 3"):
        source.select_ranges(POINT)
    with pytest.raises(SettingOutOfRange, match=r"current limit 4 A is outside 0.1 to 3.3 A"):
        AmetekCI(None, current_limit_a=4.0)


def test_a_range_that_another_model_took_for_this_one_is_refused():
    script = [*TAKEN_OVER, ("OUTP?", "0"), *range_selected(300)]
    script[-1] = (script[-1][0], script[-1][1].replace("300", "333"))
    with expected_protocol(AmetekCI, script) as source, pytest.raises(SettingNotTaken, match="VOLT:RANG is 333"):
        source.select_ranges(POINT)


def test_the_narrowest_range_that_holds_all_phases_is_selected():
    with expected_protocol(AmetekCI, [*TAKEN_OVER, ("OUTP?", "0"), *range_selected(150)]) as source:
        source.select_ranges(SourceSetting(60.0, (sine(120.0), sine(150.0, -120.0), ()), OFF))


def test_where_all_phases_are_off_the_current_limit_is_set_all_the_same():
    with expected_protocol(AmetekCI, [*TAKEN_OVER, ("OUTP?", "0"), *range_selected(150)]) as source:
        source.select_ranges(SourceSetting(60.0, OFF, OFF))
        source.select_ranges(SourceSetting(60.0, OFF, OFF))


def test_lagging_angles_are_sent_as_leading_ones_the_other_way_round():
    with expected_protocol(AmetekCI, [*SELECTED, *SET]) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)


def test_only_what_changes_is_sent_and_a_phase_that_is_off_is_at_zero():
    script = [
        *SELECTED,
        *SET,
        *each("VOLT", ["277.000", "0.000", "138.500"], ["277.0", "0.0", "138.5"]),
        *wrote("FREQ 50.000"),
        ("FREQ?", "50.00"),
        *each("PHAS", ["0.00", "240.00", "90.00"], ["0.0", "240.0", "90.0"]),
    ]
    with expected_protocol(AmetekCI, script) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_point(POINT)
        source.set_point(SourceSetting(60.0, (sine(277.0), (), sine(138.5, 120.0)), OFF))
        source.set_point(SourceSetting(50.0, (sine(277.0), (), sine(138.5, 90.0)), OFF))


def test_ramp_begins_at_zero_volts_and_the_largest_voltage_takes_ramp_s():
    with expected_protocol(AmetekCI, [*SELECTED, *SET, *RAMPED]) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_output(True, 5.0)


def test_a_set_point_after_a_ramp_is_prompt_again():
    script = [*SELECTED, *SET, *RAMPED, *FAST, *each("VOLT", ["270.000"] * 3, ["270.0"] * 3)]
    with expected_protocol(AmetekCI, script) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_output(True, 5.0)
        source.set_point(SourceSetting(60.0, three(270.0), OFF))


def test_without_a_ramp_the_output_is_just_switched_on_and_off_is_at_once():
    script = [*SELECTED, *SET, ("OUTP?", "0"), *wrote("OUTP ON"), ("OUTP?", "1"), *SWITCHED_OFF]
    with expected_protocol(AmetekCI, script) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        source.set_output(True)
        source.set_output(False, 5.0)


def test_a_range_is_not_changed_under_voltage():
    with expected_protocol(AmetekCI, [*SELECTED, *SET, ("OUTP?", "1"), ("OUTP?", "1")]) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        for _ in range(2):
            with pytest.raises(InstrumentError, match="switch it off first"):
                source.select_ranges(SourceSetting(60.0, three(120.0), OFF))


def test_an_output_that_has_tripped_says_so_and_is_taken_over_anew():
    refused = [("OUTP ON", None), ("SYST:ERR?", '-221,"Settings conflict"'), ("SYST:ERR?", OK)]
    script = [*SELECTED, *SET, ("OUTP?", "0"), *refused, *TAKEN_OVER[1:], ("OUTP?", "0"), *range_selected(300)]
    with expected_protocol(AmetekCI, script) as source:
        source.select_ranges(POINT)
        source.set_point(POINT)
        with pytest.raises(InstrumentRefused):
            source.set_output(True)
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_output(True)
        source.select_ranges(POINT)


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (SourceSetting(60.0, three(301.0), OFF), "voltage channel 1 301 V is outside 0 to 300 V"),
        (SourceSetting(15.0, OFF, OFF), "frequency"),
        (SourceSetting(60.0, OFF, ((), sine(0.3), ())), "current channel 2"),
        (SourceSetting(60.0, ((), (Tone(1, 100.0, 0.0), Tone(3, 5.0, 0.0)), ()), OFF), "harmonic order 3"),
        (SourceSetting(60.0, ((Tone(0, 5.0, 0.0),), (), ()), OFF), "voltage channel 1 harmonic order 0"),
        (SourceSetting(60.0, (sine(float("nan")), (), ()), OFF), "voltage channel 1"),
        (SourceSetting(60.0, (sine(100.0, 361.0), (), ()), OFF), "phase"),
    ],
)
def test_what_it_cannot_give_is_refused_before_anything_is_sent(setting, words):
    with expected_protocol(AmetekCI) as source:
        for act in (source.select_ranges, source.set_point):
            with pytest.raises(SettingOutOfRange, match=words):
                act(setting)


def test_a_ramp_that_no_slew_gives_is_refused_before_anything_is_sent():
    with expected_protocol(AmetekCI, [*SELECTED, *SET]) as source:
        for ramp_s in (-1.0, 61.0):
            with pytest.raises(SettingOutOfRange, match="ramp time"):
                source.set_output(True, ramp_s)
        source.select_ranges(POINT)
        source.set_point(POINT)
        with pytest.raises(SettingOutOfRange, match=r"slew of a ramp to 277 V in 0.001 s"):
            source.set_output(True, 0.001)


def test_voltage_outside_the_selected_range_is_refused_before_any_io():
    with expected_protocol(AmetekCI, [*TAKEN_OVER, ("OUTP?", "0"), *range_selected(150)]) as source:
        source.select_ranges(SourceSetting(60.0, three(120.0), OFF))
        with pytest.raises(SettingOutOfRange, match="voltage channel 1 277 V is outside 0 to 150 V"):
            source.set_point(POINT)


def test_nothing_is_known_after_a_lost_connection():
    with expected_protocol(AmetekCI, [*SELECTED, ("OUTP?", LOST)], [*SELECTED, *SET]) as source:
        source.select_ranges(POINT)
        with pytest.raises(InstrumentLost):
            source.output_is_on()
        for act in (lambda: source.set_point(POINT), lambda: source.set_output(True)):
            with pytest.raises(InstrumentError, match="select the ranges first"):
                act()
        source.select_ranges(POINT)
        source.set_point(POINT)


@pytest.mark.parametrize("answer", ["", "?", "NAN", "2"])
def test_an_answer_that_is_no_state_is_never_taken_for_off(answer):
    with expected_protocol(AmetekCI, [*OPENED, ("OUTP?", answer)]) as source, pytest.raises(AnswerInvalid):
        source.output_is_on()
    script = [*OPENED, *SWITCHED_OFF[:-1], ("OUTP?", answer)]
    with expected_protocol(AmetekCI, script) as source, pytest.raises(AnswerInvalid):
        source.make_safe()


@pytest.mark.parametrize("answer", ["NAN", "9.91E37", "INF", "----"])
def test_a_setting_that_is_answered_without_a_number_is_not_taken(answer):
    script = [*SELECTED, *wrote("FREQ 60.000"), ("FREQ?", answer)]
    with expected_protocol(AmetekCI, script) as source:
        source.select_ranges(POINT)
        with pytest.raises(SettingNotTaken, match="FREQ is"):
            source.set_point(POINT)


def test_make_safe_verifies_reconnects_once_and_ignores_old_errors():
    with expected_protocol(AmetekCI, [*OPENED, *SWITCHED_OFF]) as source:
        source.make_safe()
    with expected_protocol(AmetekCI, [*OPENED, ("INST:COUP ALL", LOST)], [*OPENED, *SWITCHED_OFF]) as source:
        source.make_safe()
    old_error = [
        *wrote("INST:COUP ALL"),
        ("OUTP OFF", None),
        ("SYST:ERR?", '4,"Current limit fault"'),
        ("SYST:ERR?", OK),
        ("OUTP?", "0"),
    ]
    with expected_protocol(AmetekCI, [*OPENED, *old_error]) as source:
        source.make_safe()
    stuck = [*OPENED, *SWITCHED_OFF[:-1], ("OUTP?", "1")]
    with expected_protocol(AmetekCI, stuck) as source, pytest.raises(InstrumentError, match="switch it off by hand"):
        source.make_safe()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(AmetekCI) as source:
        (off,) = source.safe_off()
    assert (off.commands, off.verify_query) == (("INST:COUP ALL", "OUTP OFF"), "OUTP?")
    assert set(off.off_answers) == {"0", "OFF"}


def test_the_current_limit_in_force_is_the_highest_of_the_three_phases():
    asked = [(f"INST:NSEL {n};:CURR?", answer) for n, answer in zip(ON_3, ("1.00", "2.50", "1.00"), strict=True)]
    with expected_protocol(AmetekCI, [*OPENED, *asked]) as source:
        assert source.protection().current_limit_a == 2.5
    unlimited = [*OPENED, ("INST:NSEL 1;:CURR?", "9.9E37")]
    with expected_protocol(AmetekCI, unlimited) as source, pytest.raises(AnswerInvalid):
        source.protection()
