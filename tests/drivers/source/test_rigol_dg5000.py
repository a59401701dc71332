"""The Rigol DG5000 Pro driver, command by command against a transcript."""

import pytest

from drivers.errors import AnswerInvalid, InstrumentError, InstrumentLost, SettingNotTaken, SettingOutOfRange
from drivers.source.base import SourceSetting, Tone
from drivers.source.rigol_dg5000 import RigolDG5000
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol

OK = '0,"No error"'
OFF = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")
CT, ALL = (1, 2, 3), (1, 2, 3, 4)


def wrote(*commands):
    return [(";".join(commands), None), ("SYST:ERR?", OK)]


def answered(*pairs):
    return (";".join(query for query, _ in pairs), ";".join(answer for _, answer in pairs))


def outputs(state, *numbers):
    return [(f":OUTP{number}?", state) for number in numbers]


def channel(number, shape, unit):
    return [
        *wrote(f":SOUR{number}:FUNC {shape}", f":OUTP{number}:LOAD INF", f":SOUR{number}:VOLT:UNIT {unit}"),
        answered(
            (f":SOUR{number}:FUNC?", shape),
            (f":OUTP{number}:LOAD?", "9.900000E+37"),
            (f":SOUR{number}:VOLT:UNIT?", unit),
        ),
    ]


def sine(rms, phase_deg=0.0):
    return (Tone(1, rms, phase_deg),)


OPENED = [("SYST:ERR?", OK)]
TAKEN_OVER = [
    *OPENED,
    *wrote(*(f":OUTP{n} OFF" for n in ALL)),
    *wrote("*RST", "*CLS"),
    *wrote(":SYST:ROSC:SOUR INT", *(f":OUTP{n} OFF" for n in ALL)),
    answered((":SYST:ROSC:SOUR?", "INT"), *outputs("OFF", *ALL)),
    *(exchange for n in CT for exchange in channel(n, "SIN", "VRMS")),
    *channel(4, "SQU", "VPP"),
    *wrote(*(f":SOUR{n}:VOLT:OFFS 0" for n in CT), ":SOUR4:VOLT 5", ":SOUR4:VOLT:OFFS 2.5", ":SOUR4:PHAS 0"),
    answered(
        *((f":SOUR{n}:VOLT:OFFS?", "0.000000E+00") for n in CT),
        (":SOUR4:VOLT?", "5.000000E+00"),
        (":SOUR4:VOLT:OFFS?", "2.500000E+00"),
        (":SOUR4:PHAS?", "0.000000E+00"),
    ),
    *wrote(":SYNChro:BENChmark CH1", *(f":SYNChro:BUNDle CH{n},ON" for n in (2, 3, 4))),
]
ONE = SourceSetting(60.0, OFF, (sine(5.0, -60.0), (), ()))
ONE_SET = [
    *wrote(":OUTP2 OFF", ":OUTP3 OFF"),
    answered(*outputs("OFF", 2, 3)),
    *wrote(*(f":SOUR{n}:FREQ 60" for n in ALL), ":SOUR1:VOLT 5", ":SOUR1:PHAS 300.000"),
    answered(
        *((f":SOUR{n}:FREQ?", "6.000000E+01") for n in ALL),
        (":SOUR1:VOLT?", "5.000000E+00"),
        (":SOUR1:PHAS?", "3.000000E+02"),
    ),
    *wrote(":SOUR1:PHAS:SYNC"),
    *wrote(":OUTP4 ON"),
    answered(*outputs("ON", 4)),
]


def test_identify_knows_the_family_and_refuses_two_channels():
    with expected_protocol(RigolDG5000, [*OPENED, ("*IDN?", "Rigol Technologies,DG5254 Pro,DG5P1,00.02")]) as source:
        assert source.identify().model == "DG5254 Pro"
    two = [*OPENED, ("*IDN?", "Rigol Technologies,DG5252 Pro,DG5P1,00.02")]
    with expected_protocol(RigolDG5000, two) as source, pytest.raises(InstrumentError, match="choose another driver"):
        source.identify()


def test_set_point_after_reset_aligns_channels_and_starts_the_reference():
    with expected_protocol(RigolDG5000, [*TAKEN_OVER, *ONE_SET]) as source:
        source.select_ranges(ONE)
        source.set_point(ONE)


def test_only_changes_are_sent_and_a_vanished_channel_is_switched_off():
    quieter = SourceSetting(60.0, OFF, (sine(0.05, -60.0), (), ()))
    script = [
        *TAKEN_OVER,
        *ONE_SET,
        *wrote(":OUTP1 ON"),
        answered(*outputs("ON", 1)),
        *wrote(":OUTP2 OFF", ":OUTP3 OFF"),
        answered(*outputs("OFF", 2, 3)),
        *wrote(":SOUR1:VOLT 0.05", ":SOUR1:PHAS 300.000"),
        answered((":SOUR1:VOLT?", "5.000000E-02"), (":SOUR1:PHAS?", "3.000000E+02")),
        *wrote(":OUTP1 ON"),
        answered(*outputs("ON", 1)),
        *wrote(":OUTP1 OFF", ":OUTP2 OFF", ":OUTP3 OFF"),
        answered(*outputs("OFF", *CT)),
        *wrote(":OUTP1 OFF", ":OUTP2 OFF", ":OUTP3 OFF"),
        answered(*outputs("OFF", *CT)),
    ]
    with expected_protocol(RigolDG5000, script) as source:
        source.select_ranges(ONE)
        source.set_point(ONE)
        source.set_output(True)
        source.set_point(quieter)
        source.set_point(SourceSetting(60.0, OFF, OFF))
        source.set_output(False)


def test_setting_not_taken_raises_and_forgets_the_instruments_state():
    script = [*TAKEN_OVER, *ONE_SET[:6]]
    script[-1] = (script[-1][0], script[-1][1].replace("5.000000E+00", "4.900000E+00"))
    with expected_protocol(RigolDG5000, script) as source:
        source.select_ranges(ONE)
        with pytest.raises(SettingNotTaken, match=r":SOUR1:VOLT is .* after it was set to 5"):
            source.set_point(ONE)
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_point(ONE)


@pytest.mark.parametrize(
    "setting",
    [
        SourceSetting(60.0, OFF, (sine(7.1), (), ())),
        SourceSetting(60.0, OFF, (sine(0.0007), (), ())),
        SourceSetting(60.0, (sine(1.0), (), ()), OFF),
        SourceSetting(60.0, OFF, ((Tone(1, 1.0, 0.0), Tone(3, 0.1, 0.0)), (), ())),
        SourceSetting(0.5, OFF, OFF),
    ],
)
def test_what_it_cannot_give_is_refused_before_anything_is_sent(setting):
    with expected_protocol(RigolDG5000) as source:
        for act in (source.select_ranges, source.set_point):
            with pytest.raises(SettingOutOfRange):
                act(setting)


def test_a_soft_start_is_refused():
    with expected_protocol(RigolDG5000) as source, pytest.raises(SettingOutOfRange, match="ramp time"):
        source.set_output(True, 1.0)


def test_make_safe_verifies_ct_channels_off_and_leaves_the_reference_on():
    off = [exchange for n in CT for exchange in wrote(f":OUTP{n} OFF")]
    asked = answered(*outputs("OFF", *CT))
    with expected_protocol(RigolDG5000, [*OPENED, *off, asked]) as source:
        source.make_safe()
    still_on = answered(*outputs("OFF", 1, 2), *outputs("ON", 3))
    stuck = expected_protocol(RigolDG5000, [*OPENED, *off, still_on])
    with stuck as source, pytest.raises(InstrumentError, match="switch it off by hand"):
        source.make_safe()
    with expected_protocol(RigolDG5000, [*OPENED, (":OUTP1 OFF", LOST)], [*OPENED, *off, asked]) as source:
        source.make_safe()


def test_an_answer_that_is_no_state_is_never_taken_for_off():
    script = [*OPENED, answered(*outputs("OFF", 1, 2), *outputs("?", 3))]
    with expected_protocol(RigolDG5000, script) as source, pytest.raises(AnswerInvalid):
        source.output_is_on()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(RigolDG5000) as source:
        (off,) = source.safe_off()
    assert off.commands == (":OUTP1 OFF", ":OUTP2 OFF", ":OUTP3 OFF")
    assert off.verify_query == ":OUTP1?;:OUTP2?;:OUTP3?"
    assert "OFF;OFF;OFF" in off.off_answers
