"""The emulated ITECH IT7800 in its three-phase mode: what it answers, what it refuses, and what comes out of it."""

import pytest

from rig.emulation.sources.itech_it7800 import ItechSource
from tests.rig.emulation.sources.one_source import Wall, one_source

ANSWERS = [
    # Open drivers of an IT7821E and an IT7803J; the channel parameter: IT7900 programming guide p. 33
    ("*IDN?", "ITECH Ltd.,IT7809-350-90,123456789,1.08"),
    ("SYST:ERR?", '0,"No error"'),
    ("VOLT 230;:VOLT?", "230.0000"),
    ("SOURce:VOLTage:LEVel:IMMediate:AMPLitude:AC 230;:volt:ac?", "230.0000"),
    ("SYST:FUNC THREE;:SYSTem:FUNCtion?", "THREE"),
    ("SYST:FUNC THREE;:VOLT 120;:VOLT 121,CH2;:VOLT? CH1;:VOLT? CH2;:VOLT? CH3", "120.0000;121.0000;120.0000"),
    ("SYST:FUNC THREE;:PHAS? CH1;:PHAS? CH2;:PHAS? CH3", "0.0000;240.0000;120.0000"),
    ("SYST:FUNC THREE;:PHAS 239.5,CH2;:PHAS? CH2", "239.5000"),
    ("FREQ 50;:FREQ?", "50.0000"),
    ("SOURce:FREQuency:IMMediate 60;:FREQ?", "60.0000"),
    ("FUNC AC;:FUNC?", "AC"),
    ("CURR:PROT:RMS 2;:CURRent:PROTection:RMS?", "2.0000"),
    ("CURR:PROT:MODE IMMEDIATE;:CURR:PROT:MODE?", "IMM"),
    ("CURR:LIMit:HIGH 5;:CURRent:LIMit:HIGH?", "5.0000"),
    ("SYST:FUNC THREE;:CURR:LIMit:HIGH 5 ,CH1;:CURR:LIM:HIGH? CH1;:CURR:LIM:HIGH? CH2", "5.0000;30.0000"),
    ("VOLT:PROT:PEAK 500;:VOLT:PROT:PEAK?", "500.0000"),
    ("VOLT:LIM:HIGH 300;:VOLT:LIM:HIGH?", "300.0000"),
    ("VOLT:SLOP 0.024;:VOLT:SLOP?;:FREQ:SLOP?", "0.0240;1.0000"),
    ("OUTP ON;:OUTP?", "1"),
    ("OUTPut:STATe OFF;:OUTP:STAT?", "0"),
    ("OUTP:PROT:WDOG ON;:OUTP:PROT:WDOG?", "1"),
    ("OUTP:PROT:WDOG:DEL 5;:OUTPut:PROTection:WDOG:DELay?", "5"),
    ("MEAS:VOLT?;:MEAS:CURR?;:MEAS:POW?", "0.0000;0.0000;0.0000"),
    ("STAT:QUES:COND?", "0"),
]

REFUSED = [
    ("VOLT 351", -222),
    ("VOLT 120,CH2", -221),
    ("SYST:FUNC THREE;:VOLT 120,CH4", -141),
    ("VOLT:LIM:HIGH 300;:VOLT 301", -222),
    ("FREQ 10", -222),
    ("PHAS 361", -222),
    ("SYST:FUNC TWO", -141),
    ("CURR:PROT:RMS 31", -222),
    ("VOLT:SLOP 0", -222),
    ("OUTP:PROT:WDOG:DEL 0", -222),
    ("INST:NSEL 2", -113),
]


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def unit(tmp_path, wall):
    with one_source(ItechSource, tmp_path, wall_s=wall) as made:
        made.write("SYST:REM")
        yield made


def set_three(unit, volts=120):
    unit.write(f"SYST:FUNC THREE;:FREQ 60;:VOLT:SLOP 2;:VOLT {volts};:PHAS 240,CH2;:PHAS 120,CH3")
    assert unit.errors() == []


@pytest.mark.parametrize(("message", "answer"), ANSWERS)
def test_a_command_is_answered_as_its_sources_say(unit, message, answer):
    assert unit.query(message) == answer
    assert unit.query("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(("message", "code"), REFUSED)
def test_what_cannot_be_is_refused(unit, message, code):
    unit.write(message)
    assert unit.errors() == [code]


def test_nothing_is_taken_from_the_line_before_remote_control(tmp_path):
    with one_source(ItechSource, tmp_path) as local:
        local.write("VOLT 120")
        local.write("OUTP ON")
        assert local.errors() == [-221, -221]
        assert local.query("OUTP?") == "0"


def test_three_phases_come_out_as_set(unit):
    set_three(unit)
    unit.write("OUTP ON")
    assert unit.after(1.0) == pytest.approx([120.0] * 3)
    assert unit.angles() == pytest.approx([0.0, -120.0, 120.0])


def test_in_single_phase_mode_all_outputs_are_one(unit):
    unit.write("VOLT 120;:VOLT:SLOP 2;:OUTP ON")
    assert unit.after(1.0) == pytest.approx([120.0] * 3)
    assert unit.angles() == pytest.approx([0.0] * 3)


def test_the_mode_is_not_changed_under_load(unit):
    unit.write("OUTP ON;:SYST:FUNC THREE")
    assert unit.errors() == [-221]


def test_a_new_voltage_is_reached_along_the_slope(unit):
    set_three(unit, 0)
    unit.write("OUTP ON")
    unit.after(0.5)
    unit.write("VOLT:SLOP 0.03;:VOLT 120")
    assert unit.after(1.0) == pytest.approx([30.0] * 3, abs=1.0)
    assert unit.after(2.0) == pytest.approx([90.0] * 3, abs=1.0)
    assert unit.after(2.0) == pytest.approx([120.0] * 3)


def test_watchdog_latches_the_output_off_until_protection_is_cleared(unit, wall):
    set_three(unit)
    unit.write("OUTP:PROT:WDOG:DEL 5;:OUTP:PROT:WDOG ON;:OUTP ON")
    assert unit.after(60.0) == pytest.approx([120.0] * 3)
    wall.now_s += 6.0
    assert unit.after(0.1) == [0.0, 0.0, 0.0]
    assert unit.query("OUTP?") == "0"
    unit.write("OUTP ON")
    assert unit.errors() == [-221]
    unit.write("OUTP:PROT:CLE;:OUTP ON")
    assert unit.after(0.5) == pytest.approx([120.0] * 3)
