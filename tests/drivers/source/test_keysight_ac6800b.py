"""The Keysight AC6800B driver, command by command against a transcript, and against its emulator."""

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
from drivers.source.keysight_ac6800b import KeysightAC6800B, OnePhaseOnly
from drivers.source.rigol_dg5000 import RigolDG5000
from drivers.source.shared.combined import CombinationRefused, CombinedSource
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol, scripted_session
from rig.emulation.sources.keysight_ac6800b import AC6800Source
from tests.rig.emulation.sources.one_source import Wall, one_source, session_to

OK = '+0,"No error"'
NOTHING = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")


def wrote(*commands):
    return [(";:".join(commands), None), ("SYST:ERR?", OK)]


def told(command_and_answer):
    commands = list(command_and_answer)
    queries = [f"{command.split(' ')[0]}?" for command in commands]
    return [*wrote(*commands), (";:".join(queries), ";".join(command_and_answer.values()))]


def volts(value):
    return told({f"VOLT {value:.3f}": f"{value:+.6E}"})


def is_on(state, questionable=0):
    return [("OUTP?;:STAT:QUES:COND?", f"{state};{questionable}")]


def phase_a(rms, angle_deg=0.0):
    return ((Tone(1, rms, angle_deg),), (), ())


OPENED = [("SYST:ERR?", OK)]
OFF = [*wrote("OUTP OFF"), ("OUTP?", "0")]
TAKEN_OVER = [
    *OPENED,
    *OFF,
    *wrote("OUTP:PROT:CLE"),
    ("*RST;*CLS", None),
    ("SYST:ERR?", OK),
    *told({"OUTP:COUP AC": "AC", "VOLT 0.000": "+0.000000E+00"}),
]
RANGE = [
    *is_on(0),
    *told({"CURR 1.000": "+1.000000E+00", "CURR:PROT:STAT ON": "1", "VOLT:RANG 155": "155"}),
]
AT_120 = SourceSetting(60.0, phase_a(120.0), NOTHING)
SET_120 = [*told({"FREQ 60.000": "+6.000000E+01"}), *volts(120)]


def no_sleep(_seconds):
    pass


def make(session):
    return KeysightAC6800B(session, sleep=no_sleep)


def test_identify_knows_the_models_and_refuses_others():
    with expected_protocol(make, [*OPENED, ("*IDN?", "Keysight Technologies,AC6803B,MY1,B.01.00")]) as source:
        assert source.identify().model == "AC6803B"
    older = [*OPENED, ("*IDN?", "Keysight Technologies,AC6803A,MY1,A.01.00")]
    with expected_protocol(make, older) as source, pytest.raises(InstrumentError, match="choose another driver"):
        source.identify()


def test_output_off_precedes_clearing_and_the_current_limit_any_voltage():
    with expected_protocol(make, [*TAKEN_OVER, *RANGE, *SET_120]) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)


@pytest.mark.parametrize("channel", [2, 3])
def test_three_phases_are_refused_in_one_sentence_before_anything_is_sent(channel):
    tones = tuple((Tone(1, 120.0, 0.0),) if number in (1, channel) else () for number in (1, 2, 3))
    with expected_protocol(make) as source:
        for act in (source.select_ranges, source.set_point):
            with pytest.raises(OnePhaseOnly, match=f"no voltage channel {channel}: use phase A alone") as caught:
                act(SourceSetting(60.0, tones, NOTHING))
    assert caught.value.channel == channel


def test_source_without_a_lock_is_not_combined_with_a_low_level_source():
    with scripted_session() as session, pytest.raises(CombinationRefused, match="no phase lock"):
        CombinedSource(KeysightAC6800B(session), RigolDG5000(session))


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        (SourceSetting(60.0, phase_a(311.0), NOTHING), "voltage channel 1"),
        (SourceSetting(60.0, phase_a(100.0, -30.0), NOTHING), "angle of voltage channel 1"),
        (SourceSetting(60.0, NOTHING, phase_a(0.333)), "current channel 1"),
        (SourceSetting(39.0, NOTHING, NOTHING), "frequency"),
        (SourceSetting(60.0, ((Tone(5, 100.0, 0.0),), (), ()), NOTHING), "harmonic order"),
    ],
)
def test_what_it_cannot_give_is_refused_before_anything_is_sent(setting, what):
    with expected_protocol(make) as source:
        with pytest.raises(SettingOutOfRange, match=what):
            source.select_ranges(setting)
        with pytest.raises((SettingOutOfRange, InstrumentError)):
            source.set_point(setting)


@pytest.mark.parametrize("delay_s", [0.5, 3601.0, 2.5])
def test_unavailable_watchdog_delay_is_refused_before_any_io(delay_s):
    with expected_protocol(make) as source, pytest.raises(SettingOutOfRange, match="watchdog"):
        source.arm_watchdog(delay_s)


def test_the_watchdog_is_armed_and_stopped_with_read_back():
    script = [
        *OPENED,
        *told({"OUTP:PROT:WDOG:DEL 10": "10", "OUTP:PROT:WDOG ON": "1"}),
        *told({"OUTP:PROT:WDOG OFF": "0"}),
    ]
    with expected_protocol(make, script) as source:
        source.arm_watchdog(10.0)
        source.disarm_watchdog()


def test_unknown_watchdog_header_is_an_error_before_output_on():
    script = [
        *OPENED,
        ("OUTP:PROT:WDOG:DEL 10;:OUTP:PROT:WDOG ON", None),
        ("SYST:ERR?", '-113,"Undefined header"'),
        ("SYST:ERR?", OK),
    ]
    with expected_protocol(make, script) as source, pytest.raises(InstrumentRefused, match="-113"):
        source.arm_watchdog(10.0)


def test_a_ramp_is_made_in_steps_of_its_time():
    slept = []
    script = [
        *TAKEN_OVER,
        *RANGE,
        *SET_120,
        *is_on(0),
        *volts(0),
        *told({"OUTP ON": "1"}),
        *volts(40),
        *volts(80),
        *volts(120),
        *is_on(1),
        *OFF,
    ]
    with expected_protocol(lambda session: KeysightAC6800B(session, sleep=slept.append), script) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.set_output(True, 0.3)
        source.set_output(False)
    assert slept == pytest.approx([0.1, 0.1, 0.1])


def test_without_a_ramp_it_is_switched_on_as_it_is_set():
    script = [*TAKEN_OVER, *RANGE, *SET_120, *is_on(0), *told({"OUTP ON": "1"}), *is_on(1)]
    with expected_protocol(make, script) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.set_output(True)


def test_output_kept_off_by_a_protection_is_not_on_with_any_programming():
    with expected_protocol(make, [*OPENED, *is_on(1, 32), *is_on(1, 4096), *is_on(0)]) as source:
        assert [source.output_is_on() for _ in range(3)] == [False, True, False]
    script = [*TAKEN_OVER, *RANGE, *SET_120, *is_on(0), *told({"OUTP ON": "1"}), *is_on(1, 32)]
    with expected_protocol(make, script) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        with pytest.raises(InstrumentError, match="a protection keeps the output off"):
            source.set_output(True)


@pytest.mark.parametrize("answer", ["1;?", "1;NAN", "1;1.5", "maybe;0", "1"])
def test_an_answer_that_is_no_state_is_invalid(answer):
    script = [*OPENED, ("OUTP?;:STAT:QUES:COND?", answer)]
    with expected_protocol(make, script) as source, pytest.raises(AnswerInvalid):
        source.output_is_on()


def test_setting_not_taken_raises_and_forgets_the_instruments_state():
    script = [*TAKEN_OVER, *RANGE, *SET_120]
    script[-1] = ("VOLT?", "+1.190000E+02")
    with expected_protocol(make, script) as source:
        source.select_ranges(AT_120)
        with pytest.raises(SettingNotTaken, match="VOLT is"):
            source.set_point(AT_120)
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_output(True, 1.0)


def test_make_safe_switches_off_verifies_and_says_when_it_is_not_off():
    with expected_protocol(make, [*OPENED, *OFF]) as source:
        source.make_safe()
    with expected_protocol(make, [*OPENED, ("OUTP OFF", LOST)], [*OPENED, *OFF]) as source:
        source.make_safe()
    stuck = [*OPENED, *wrote("OUTP OFF"), ("OUTP?", "1")]
    with expected_protocol(make, stuck) as source, pytest.raises(InstrumentError, match="switch it off by hand"):
        source.make_safe()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(make) as source:
        (off,) = source.safe_off()
    assert (off.commands, off.verify_query, off.off_answers) == (("OUTP OFF",), "OUTP?", ("0", "OFF"))


def test_against_its_emulator_phase_a_rises_to_277_volts(tmp_path):
    seen = []
    with one_source(AC6800Source, tmp_path) as unit:
        session, _ = session_to(unit.source.engine)
        source = KeysightAC6800B(session, sleep=lambda seconds: seen.append(unit.after(seconds)[0]))
        source.identify()
        point = SourceSetting(60.0, phase_a(277.0), NOTHING)
        source.select_ranges(point)
        source.set_point(point)
        source.set_output(True, 2.0)
        assert len(seen) == 20
        assert seen == pytest.approx([277.0 * step / 20 for step in range(20)], abs=0.1)
        assert unit.after(0.1) == pytest.approx([277.0, 0.0, 0.0])
        source.make_safe()
        assert unit.volts() == [0.0, 0.0, 0.0]


def test_output_stays_off_after_a_watchdog_trip_until_ranges_are_selected(tmp_path):
    wall = Wall()
    with one_source(AC6800Source, tmp_path, wall_s=wall) as unit:
        session, _ = session_to(unit.source.engine)
        source = KeysightAC6800B(session, sleep=unit.after)
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.arm_watchdog(10.0)
        source.set_output(True)
        wall.now_s += 11.0
        assert unit.after(0.1) == [0.0, 0.0, 0.0]
        assert not source.output_is_on()
        source.make_safe()
        source.select_ranges(AT_120)
        assert unit.after(0.5) == [0.0, 0.0, 0.0]
        source.set_point(AT_120)
        source.set_output(True)
        assert unit.after(0.5)[0] == pytest.approx(120.0)


def test_a_ramp_that_somebody_switches_off_meanwhile_goes_no_further(tmp_path):
    with one_source(AC6800Source, tmp_path) as unit:
        session, recorded = session_to(unit.source.engine)

        def interrupted(seconds):
            if unit.after(seconds)[0] > 50.0:
                source.make_safe()

        source = KeysightAC6800B(session, sleep=interrupted)
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        with pytest.raises(InstrumentError, match="its state is not known"):
            source.set_output(True, 2.0)
        assert recorded.exchanges[-1].sent == "OUTP?"
        assert unit.after(0.5) == [0.0, 0.0, 0.0]


def test_the_current_limit_in_force_is_asked_of_the_instrument():
    with expected_protocol(make, [*OPENED, ("CURR?", "+2.500000E+00")]) as source:
        assert source.protection().current_limit_a == 2.5
    unlimited = [*OPENED, ("CURR?", "INF")]
    with expected_protocol(make, unlimited) as source, pytest.raises(AnswerInvalid):
        source.protection()
