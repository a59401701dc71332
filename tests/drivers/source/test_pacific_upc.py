"""The Pacific UPC driver, command by command against a transcript, and once against its emulator."""

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
from drivers.source.pacific_upc import PacificUPC
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol
from rig.emulation.sources.pacific_upc import PacificSource
from tests.rig.emulation.sources.one_source import one_source, session_to

OK = '0,"No error"'
NOTHING = ((), (), ())
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")


def wrote(*commands):
    return [(";".join(commands), None), ("SYST:ERR?", OK)]


def told(command_and_answer):
    """Settings in one message, and what each is read back as in another."""
    commands = list(command_and_answer)
    queries = [f"{command.split(' ')[0]}?" for command in commands]
    return [*wrote(*commands), (";".join(queries), ";".join(command_and_answer.values()))]


def volts(one, two, three):
    return told({f":SOUR:VOLT{n} {value:.3f}": f"{value:.1f}" for n, value in enumerate((one, two, three), start=1)})


def phases(rms, *angles_deg):
    return tuple((Tone(1, rms, angle),) if angle is not None else () for angle in angles_deg)


OPENED = [("SYST:ERR?", OK)]
OFF = [*wrote(":OUTP OFF"), (":OUTP?", "0")]
TAKEN_OVER = [
    *OPENED,
    *OFF,
    *wrote("*CLS"),
    (":SOUR:XFMRRATIO?", "2.50"),
    *told({":SOUR:FORM 3": "3"}),
    *told({f":SOUR:WAVEFORM{n} 1": "1" for n in (1, 2, 3)}),
    *told({":SOUR:RAMP 0.050": "0.050"}),
    *volts(0, 0, 0),
]
DIRECT = [
    (":OUTP?", "0"),
    *told({":SOUR:COUPL DIRECT": "DIRECT", ":SOUR:CURR:LIM 1.000": "1.00", ":SOUR:CURR:PROT:LEV 1.000": "1.0000"}),
]
AT_120 = SourceSetting(60.0, phases(120.0, 0.0, -120.0, 120.0), NOTHING)
SET_120 = [
    *told({":SOUR:FREQ 60.000": "60.00"}),
    *told({":SOUR:PHAS2 120.00": "120.0", ":SOUR:PHAS3 240.00": "240.0"}),
    *volts(120, 120, 120),
]


def test_identify_finds_the_serial_number_where_the_upc_has_it():
    script = [*OPENED, ("*IDN?", "PPSC,UPC-32,v5.22,133826"), (":SYST:SERIALNUM?", '"12345"')]
    with expected_protocol(PacificUPC, script) as source:
        identity = source.identify()
    assert (identity.model, identity.serial_number, identity.firmware) == ("UPC-32", "12345", "v5.22 133826")


@pytest.mark.parametrize("model", ["UPC-1", "UPC-12", "61504"])
def test_a_controller_without_three_phases_is_refused(model):
    script = [*OPENED, ("*IDN?", f"PPSC,{model},v5.22,133826")]
    with expected_protocol(PacificUPC, script) as source, pytest.raises(InstrumentError, match="no three-phase"):
        source.identify()


def test_an_answer_that_is_no_identification_is_invalid():
    with expected_protocol(PacificUPC, [*OPENED, ("*IDN?", "UPC")]) as source, pytest.raises(AnswerInvalid):
        source.identify()


def test_output_off_comes_first_and_the_current_limit_before_any_voltage():
    with expected_protocol(PacificUPC, [*TAKEN_OVER, *DIRECT, *SET_120]) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)


def test_ramp_is_a_transition_from_0_volts_and_later_points_are_prompt():
    script = [
        *TAKEN_OVER,
        *DIRECT,
        *SET_120,
        (":OUTP?", "0"),
        *volts(0, 0, 0),
        *told({":SOUR:RAMP 4.000": "4.000"}),
        *told({":OUTP ON": "1"}),
        *volts(120, 120, 120),
        *told({":SOUR:RAMP 0.050": "0.050"}),
        *volts(110, 110, 110),
        *OFF,
    ]
    with expected_protocol(PacificUPC, script) as source:
        source.select_ranges(AT_120)
        source.set_point(AT_120)
        source.set_output(True, 4.0)
        source.set_point(SourceSetting(60.0, phases(110.0, 0.0, -120.0, 120.0), NOTHING))
        source.set_output(False)


def test_more_than_the_amplifier_gives_goes_through_the_transformer():
    at_277 = SourceSetting(60.0, phases(277.0, 0.0, -120.0, 120.0), NOTHING)
    through = [(question, answer and answer.replace("DIRECT", "XFMR")) for question, answer in DIRECT]
    through = [(question.replace("DIRECT", "XFMR"), answer) for question, answer in through]
    with expected_protocol(PacificUPC, [*TAKEN_OVER, *through]) as source:
        source.select_ranges(at_277)


@pytest.mark.parametrize("said", ["2.00", "NAN"])
def test_transformer_other_than_declared_is_refused_before_any_setting(said):
    script = [*TAKEN_OVER[:6], (":SOUR:XFMRRATIO?", said)]
    with expected_protocol(PacificUPC, script) as source, pytest.raises(InstrumentError, match=r"2\.5:1 was declared"):
        source.select_ranges(AT_120)


def test_without_a_transformer_nobody_asks_and_135_volts_are_all():
    with expected_protocol(
        lambda session: PacificUPC(session, transformer_ratio=1.0), [*TAKEN_OVER[:6], *TAKEN_OVER[7:], *DIRECT]
    ) as source:
        assert [each.high for each in source.capabilities.voltage_ranges] == [135.0]
        source.select_ranges(AT_120)
        with pytest.raises(SettingOutOfRange, match="voltage channel 1"):
            source.select_ranges(SourceSetting(60.0, phases(136.0, 0.0, -120.0, 120.0), NOTHING))


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        (SourceSetting(60.0, phases(338.0, 0.0, -120.0, 120.0), NOTHING), "voltage channel 1"),
        (SourceSetting(60.0, NOTHING, ((Tone(1, 0.333, 0.0),), (), ())), "current channel 1"),
        (SourceSetting(10.0, NOTHING, NOTHING), "frequency"),
        (SourceSetting(60.0, ((Tone(1, 100.0, 0.0), Tone(3, 5.0, 0.0)), (), ()), NOTHING), "harmonic order"),
        (SourceSetting(60.0, phases(120.0, 10.0, -120.0, 120.0), NOTHING), "angle of voltage channel 1"),
    ],
)
def test_what_it_cannot_give_is_refused_before_anything_is_sent(setting, what):
    with expected_protocol(PacificUPC) as source:
        with pytest.raises(SettingOutOfRange, match=what):
            source.select_ranges(setting)
        with pytest.raises((SettingOutOfRange, InstrumentError)):
            source.set_point(setting)
        for ramp_s in (301.0, 0.0004):
            with pytest.raises(SettingOutOfRange, match="ramp time"):
                source.set_output(True, ramp_s)


@pytest.mark.parametrize("options", [{"current_limit_a": 0.0}, {"transformer_ratio": 6.0}])
def test_options_out_of_range_are_refused(options):
    with pytest.raises(SettingOutOfRange), expected_protocol(lambda session: PacificUPC(session, **options)):
        pass


def test_setting_not_taken_raises_and_forgets_the_instruments_state():
    script = [*TAKEN_OVER, *DIRECT, *SET_120]
    script[-1] = (script[-1][0], "120.0;119.0;120.0")
    with expected_protocol(PacificUPC, script) as source:
        source.select_ranges(AT_120)
        with pytest.raises(SettingNotTaken, match=r":SOUR:VOLT2 is 119\.0 after it was set to 120"):
            source.set_point(AT_120)
        with pytest.raises(InstrumentError, match="select the ranges first"):
            source.set_point(AT_120)


def test_an_error_of_the_queue_is_raised():
    script = [*TAKEN_OVER, *DIRECT, (":SOUR:FREQ 60.000", None), ("SYST:ERR?", '-200, "Execution error"'), *OPENED]
    with expected_protocol(PacificUPC, script) as source:
        source.select_ranges(AT_120)
        with pytest.raises(InstrumentRefused, match="-200"):
            source.set_point(AT_120)


def test_make_safe_switches_off_verifies_and_says_when_it_is_not_off():
    with expected_protocol(PacificUPC, [*OPENED, *OFF]) as source:
        source.make_safe()
    with expected_protocol(PacificUPC, [*OPENED, (":OUTP OFF", LOST)], [*OPENED, *OFF]) as source:
        source.make_safe()
    stuck = [*OPENED, *wrote(":OUTP OFF"), (":OUTP?", "1")]
    with expected_protocol(PacificUPC, stuck) as source, pytest.raises(InstrumentError, match="switch it off by hand"):
        source.make_safe()
    with (
        expected_protocol(PacificUPC, [*OPENED, *wrote(":OUTP OFF"), (":OUTP?", "OUTP")]) as source,
        pytest.raises(AnswerInvalid),
    ):
        source.make_safe()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(PacificUPC) as source:
        (off,) = source.safe_off()
    assert (off.commands, off.verify_query, off.off_answers) == ((":OUTP OFF",), ":OUTP?", ("0", "OFF"))


def test_emulator_raises_277_volts_over_the_ramp_in_the_right_order(tmp_path):
    with one_source(PacificSource, tmp_path) as unit:
        session, _ = session_to(unit.source.engine)
        source = PacificUPC(session)
        source.identify()
        point = SourceSetting(60.0, phases(277.0, 0.0, -120.0, 120.0), NOTHING)
        source.select_ranges(point)
        source.set_point(point)
        source.set_output(True, 4.0)
        assert unit.after(2.0) == pytest.approx([138.0] * 3, abs=2.0)
        assert unit.after(2.5) == pytest.approx([277.0] * 3)
        assert unit.angles() == pytest.approx([0.0, -120.0, 120.0])
        source.set_point(SourceSetting(60.0, phases(270.0, 0.0, -120.0, None), NOTHING))
        assert unit.after(1.0) == pytest.approx([270.0, 270.0, 0.0])
        source.make_safe()
        assert unit.volts() == [0.0, 0.0, 0.0]
        assert not source.output_is_on()


def test_the_current_limit_in_force_is_asked_of_the_instrument():
    with expected_protocol(PacificUPC, [*OPENED, (":SOUR:CURR:LIM?", "2.50")]) as source:
        assert source.protection().current_limit_a == 2.5
    unlimited = [*OPENED, (":SOUR:CURR:LIM?", "----")]
    with expected_protocol(PacificUPC, unlimited) as source, pytest.raises(AnswerInvalid):
        source.protection()
