"""The ITECH IT7800 driver, command by command against a transcript, and against its emulator."""

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
from drivers.source.itech_it7800 import ItechIT7800
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol
from rig.emulation.sources.itech_it7800 import ItechSource
from tests.rig.emulation.sources.one_source import Wall, one_source, session_to

OK = '0,"No error"'
NOTHING = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")


def wrote(*commands):
    return [(";:".join(commands), None), ("SYST:ERR?", OK)]


def told(command_and_answer):
    commands = list(command_and_answer)
    queries = [f"{command.split(' ')[0]}?" for command in commands]
    return [*wrote(*commands), (";:".join(queries), ";".join(command_and_answer.values()))]


def per_phase(header, sent, answers):
    """One setting for each of the three channels, and one question each."""
    return [
        *wrote(*(f"{header} {value},CH{n}" for n, value in enumerate(sent, start=1))),
        (";:".join(f"{header}? CH{n}" for n in (1, 2, 3)), ";".join(answers)),
    ]


def volts(one, two, three):
    values = (one, two, three)
    return per_phase("VOLT", [f"{value:.3f}" for value in values], [f"{value:.4f}" for value in values])


def is_on(state, questionable=0):
    return [("OUTP?;:STAT:QUES:COND?", f"{state};{questionable}")]


def phases(rms, *angles_deg):
    return tuple((Tone(1, rms, angle),) if angle is not None else () for angle in angles_deg)


OPENED = [("SYST:ERR?", OK)]
OFF = [*wrote("SYST:REM"), *wrote("OUTP OFF"), ("OUTP?", "0")]
TAKEN_OVER = [
    *OPENED,
    *OFF,
    *wrote("OUTP:PROT:CLE"),
    ("*RST;*CLS", None),
    ("SYST:ERR?", OK),
    *wrote("SYST:REM", "SYST:FUNC THREE", "FUNC AC"),
    ("SYST:FUNC?;:FUNC?", "THREE;AC"),
    *volts(0, 0, 0),
]
RANGE = [
    *is_on(0),
    *told({"CURR:PROT:RMS 1.000": "1.0000", "CURR:PROT:MODE IMM": "IMMEDIATE", "VOLT:LIM:HIGH 350.000": "350.0000"}),
]
AT_120 = SourceSetting(60.0, phases(120.0, 0.0, -120.0, 120.0), NOTHING)
ANGLES = per_phase("PHAS", ["0.00", "240.00", "120.00"], ["0.0000", "240.0000", "120.0000"])
PROMPT = told({"VOLT:SLOP 0.5000": "0.5000"})
SET_120 = [*told({"FREQ 60.000": "60.0000"}), *ANGLES, *PROMPT, *volts(120, 120, 120)]


def test_identify_knows_the_families_and_refuses_others():
    with expected_protocol(ItechIT7800, [*OPENED, ("*IDN?", "ITECH Ltd.,IT7803J-350-30U,1,1.0")]) as source:
        assert source.identify().model == "IT7803J-350-30U"
    load = [*OPENED, ("*IDN?", "ITECH Ltd.,IT8615,1,1.0")]
    with expected_protocol(ItechIT7800, load) as source, pytest.raises(InstrumentError, match="choose another driver"):
        source.identify()


def test_output_off_comes_first_and_the_current_limit_before_any_voltage():
    with expected_protocol(ItechIT7800, [*TAKEN_OVER, *RANGE, *SET_120]) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)


def test_instrument_stuck_in_single_phase_mode_is_refused_before_on():
    at = TAKEN_OVER.index(("SYST:FUNC?;:FUNC?", "THREE;AC"))
    script = [*TAKEN_OVER[:at], ("SYST:FUNC?;:FUNC?", "ONE;AC")]
    with expected_protocol(ItechIT7800, script) as source, pytest.raises(SettingNotTaken, match="SYST:FUNC is ONE"):
        source.select_ranges(AT_120)


def test_instrument_without_the_channels_is_refused_before_output_on():
    at = TAKEN_OVER.index(("SYST:FUNC?;:FUNC?", "THREE;AC"))
    channels = TAKEN_OVER[at + 1]
    script = [*TAKEN_OVER[: at + 1], channels, ("SYST:ERR?", '-108,"Parameter not allowed"'), *OPENED]
    with expected_protocol(ItechIT7800, script) as source, pytest.raises(InstrumentRefused, match="-108"):
        source.select_ranges(AT_120)


def test_ramp_is_a_slope_from_0_volts_and_later_points_are_prompt():
    script = [
        *TAKEN_OVER,
        *RANGE,
        *SET_120,
        *is_on(0),
        *volts(0, 0, 0),
        *told({"VOLT:SLOP 0.0300": "0.0300"}),
        *told({"OUTP ON": "1"}),
        *volts(120, 120, 120),
        *is_on(1),
        *PROMPT,
        *volts(110, 110, 110),
        *OFF,
    ]
    with expected_protocol(ItechIT7800, script) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.set_output(True, 4.0)
        source.set_point(SourceSetting(60.0, phases(110.0, 0.0, -120.0, 120.0), NOTHING))
        source.set_output(False)


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        (SourceSetting(60.0, phases(351.0, 0.0, -120.0, 120.0), NOTHING), "voltage channel 1"),
        (SourceSetting(60.0, NOTHING, ((), (Tone(1, 0.333, 0.0),), ())), "current channel 2"),
        (SourceSetting(151.0, NOTHING, NOTHING), "frequency"),
        (SourceSetting(60.0, ((), (Tone(0, 5.0, 0.0),), ()), NOTHING), "harmonic order"),
    ],
)
def test_what_it_cannot_give_is_refused_before_anything_is_sent(setting, what):
    with expected_protocol(ItechIT7800) as source:
        with pytest.raises(SettingOutOfRange, match=what):
            source.select_ranges(setting)
        with pytest.raises((SettingOutOfRange, InstrumentError)):
            source.set_point(setting)


def test_ramp_whose_slope_would_be_written_as_zero_is_refused():
    low = SourceSetting(60.0, phases(10.0, 0.0, -120.0, 120.0), NOTHING)
    script = [*TAKEN_OVER, *RANGE, *SET_120[:-3], *volts(10, 10, 10)]
    with expected_protocol(ItechIT7800, script) as source:
        source.select_ranges(low)
        source.set_point(low)
        with pytest.raises(SettingOutOfRange, match="slew"):
            source.set_output(True, 60.0)


@pytest.mark.parametrize("delay_s", [0.5, 3601.0, 2.5])
def test_unavailable_watchdog_delay_is_refused_before_any_io(delay_s):
    with expected_protocol(ItechIT7800) as source, pytest.raises(SettingOutOfRange, match="watchdog"):
        source.arm_watchdog(delay_s)


def test_the_watchdog_is_armed_and_stopped_with_read_back():
    script = [
        *OPENED,
        *told({"OUTP:PROT:WDOG:DEL 10": "10", "OUTP:PROT:WDOG ON": "1"}),
        *told({"OUTP:PROT:WDOG OFF": "0"}),
    ]
    with expected_protocol(ItechIT7800, script) as source:
        source.arm_watchdog(10.0)
        source.disarm_watchdog()


@pytest.mark.parametrize("answer", ["1;?", "1;INF", "maybe;0", "1"])
def test_an_answer_that_is_no_state_is_invalid(answer):
    script = [*OPENED, ("OUTP?;:STAT:QUES:COND?", answer)]
    with expected_protocol(ItechIT7800, script) as source, pytest.raises(AnswerInvalid):
        source.output_is_on()


def test_setting_not_taken_raises_and_forgets_the_instruments_state():
    script = [*TAKEN_OVER, *RANGE, *SET_120]
    script[-1] = (script[-1][0], "120.0000;120.0000;0.0000")
    with expected_protocol(ItechIT7800, script) as source:
        source.select_ranges(AT_120)
        with pytest.raises(SettingNotTaken, match=r"VOLT\? CH3 is"):
            source.set_point(AT_120)
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_point(AT_120)


def test_make_safe_switches_off_whatever_remote_control_says_and_verifies():
    with expected_protocol(ItechIT7800, [*OPENED, *OFF]) as source:
        source.make_safe()
    with expected_protocol(ItechIT7800, [*OPENED, ("SYST:REM", LOST)], [*OPENED, *OFF]) as source:
        source.make_safe()
    unknown = [*OPENED, ("SYST:REM", None), ("SYST:ERR?", '-113,"Undefined header"'), *OPENED]
    with expected_protocol(ItechIT7800, [*unknown, *wrote("OUTP OFF"), ("OUTP?", "0")]) as source:
        source.make_safe()
    stuck = [*OPENED, *wrote("SYST:REM"), *wrote("OUTP OFF"), ("OUTP?", "1")]
    with expected_protocol(ItechIT7800, stuck) as source, pytest.raises(InstrumentError, match="switch it off by hand"):
        source.make_safe()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(ItechIT7800) as source:
        (off,) = source.safe_off()
    assert (off.commands, off.verify_query, off.off_answers) == (("SYST:REM", "OUTP OFF"), "OUTP?", ("0", "OFF"))


def test_emulator_raises_277_volts_over_the_ramp_in_the_right_order(tmp_path):
    with one_source(ItechSource, tmp_path) as unit:
        session, _ = session_to(unit.source.engine)
        source = ItechIT7800(session)
        source.identify()
        point = SourceSetting(60.0, phases(277.0, 0.0, -120.0, 120.0), NOTHING)
        source.select_ranges(point)
        source.set_point(point)
        source.set_output(True, 4.0)
        assert unit.after(2.0) == pytest.approx([138.0] * 3, abs=2.0)
        assert unit.after(2.5) == pytest.approx([277.0] * 3)
        assert unit.angles() == pytest.approx([0.0, -120.0, 120.0])
        source.make_safe()
        assert unit.volts() == [0.0, 0.0, 0.0]


def test_current_above_the_limit_trips_and_the_output_is_not_reported_on(tmp_path):
    with one_source(ItechSource, tmp_path) as unit:
        session, _ = session_to(unit.source.engine)
        source = ItechIT7800(session)
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.set_output(True)
        assert unit.after(1.0) == pytest.approx([120.0] * 3)
        with unit.world:
            unit.source.output.set_load(100.0, (1,))
        assert unit.after(1.0) == [0.0, 0.0, 0.0]
        assert not source.output_is_on()


def test_emulated_watchdog_switches_off_and_the_next_run_starts_clean(tmp_path):
    wall = Wall()
    with one_source(ItechSource, tmp_path, wall_s=wall) as unit:
        session, _ = session_to(unit.source.engine)
        source = ItechIT7800(session)
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.arm_watchdog(10.0)
        source.set_output(True)
        assert unit.after(60.0) == pytest.approx([120.0] * 3)
        wall.now_s += 11.0
        assert unit.after(0.1) == [0.0, 0.0, 0.0]
        assert not source.output_is_on()
        source.make_safe()
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.set_output(True)
        assert unit.after(1.0) == pytest.approx([120.0] * 3)


def test_the_current_limit_in_force_is_asked_of_the_instrument():
    with expected_protocol(ItechIT7800, [*OPENED, ("CURR:PROT:RMS?", "2.5000")]) as source:
        assert source.protection().current_limit_a == 2.5
    unlimited = [*OPENED, ("CURR:PROT:RMS?", "INF")]
    with expected_protocol(ItechIT7800, unlimited) as source, pytest.raises(AnswerInvalid):
        source.protection()
