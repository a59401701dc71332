"""The emulated Keysight AC6801B: what it answers to the guide's own examples, and what comes out of it."""

import pytest

from rig.emulation.sources.keysight_ac6800b import AC6800Source
from tests.rig.emulation.sources.one_source import Wall, one_source

ANSWERS = [
    # AC6800B operating and service guide, chapter 3; watchdog: N6900/N7900 guide p. 252
    ("*IDN?", "Keysight Technologies,AC6801B,MY123456789,B.01.00"),
    ("SYSTem:ERRor?", '+0,"No error"'),
    ("VOLT 20;:VOLT?", "+2.000000E+01"),
    (":SOURce:VOLTage:LEVel:IMMediate:AMPLitude 120;:VOLTage?", "+1.200000E+02"),
    ("VOLTage 0.12KV;:volt?", "+1.200000E+02"),
    ("VOLT? MAX", "+1.575000E+02"),
    ("VOLT? MINimum", "+0.000000E+00"),
    ("CURR 2;:VOLT:RANG 310;:VOLT? MAX", "+3.150000E+02"),
    ("CURR 2;:VOLT:RANG 310;:VOLTage:RANGe?", "310"),
    ("VOLT MAX;:VOLT?", "+1.575000E+02"),
    ("FREQuency 100,90,110;MODE FIXed;:FREQ?", "+1.000000E+02"),
    ("FREQ 60,45,65;:FREQ?;:FREQ:MODE?", "+6.000000E+01;FIX"),
    ("VOLT 120,130,140;:VOLT?;:VOLT:LIM:STAT?", "+1.200000E+02;0"),
    ("CURR 0.5;:CURR?", "+5.000000E-01"),
    ("CURR:PROT:STAT ON;:CURRent:PROTection:STATe?", "1"),
    ("OUTP ON;OUTP:COUP AC;:OUTP?", "1"),
    ("OUTPUT:COUPLING ACDC;:OUTP:COUP?", "ACDC"),
    ("OutP 1;:OUTPut:STATe?", "1"),
    ("OUTP:PROT:CLE;:OUTP?", "0"),
    ("OUTP:PROT:WDOG ON;:OUTP:PROT:WDOG?", "1"),
    ("OUTP:PROT:WDOG:DEL 600;:OUTPut:PROTection:WDOG:DELay?", "600"),
    ("OUTP:PROT:WDOG:DEL?;:OUTP:PROT:WDOG:STAT?", "60;0"),
    ("OUTP:PROT:WDOG:DEL? MAX", "3600"),
    ("STAT:QUES:COND?;:STAT:OPER:COND?", "0;0"),
    ("OUTP ON;:STATus:OPERation:CONDition?", "256"),
    ("MEAS:VOLT:AC?", "+0.000000E+00"),
    ("MEAS:VOLT:AC?;:FETCh:CURRent:AC?", "+0.000000E+00;+0.000000E+00"),
]

REFUSED = [
    ("OUT ON", -113),
    ("VOLT 158", -222),
    ("VOLT:RANG 200", -222),
    ("VOLT:RANG 310", -221),
    ("VOLT 120,100", -109),
    ("VOLT:LIM:STAT ON;:VOLT 120,130,140", -222),
    ("FREQ:LIM:STAT ON;:FREQ 60,45,65;:FREQ 70", -222),
    ("FREQ 39", -222),
    ("FREQ 501", -222),
    ("CURR 11", -222),
    ("OUTP MAYBE", -141),
    ("OUTP:COUP NONE", -141),
    ("OUTP:PROT:WDOG:DEL 0", -222),
    ("OUTP:PROT:WDOG:DEL 3601", -222),
    ("PHAS 120", -113),
    ("INST:NSEL 2", -113),
]


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def unit(tmp_path, wall):
    with one_source(AC6800Source, tmp_path, wall_s=wall) as made:
        yield made


@pytest.mark.parametrize(("message", "answer"), ANSWERS)
def test_a_command_is_answered_as_the_guide_says(unit, message, answer):
    assert unit.query(message) == answer
    assert unit.query("SYST:ERR?") == '+0,"No error"'


@pytest.mark.parametrize(("message", "code"), REFUSED)
def test_what_cannot_be_is_refused_and_changes_nothing(unit, message, code):
    *first, last = message.split(";:")
    for command in first:
        unit.write(command)
    probe = "VOLT?;:VOLT:RANG?;:FREQ?;:CURR?;:OUTP?;:OUTP:COUP?;:OUTP:PROT:WDOG:DEL?"
    before = unit.query(probe)
    unit.write(last)
    assert unit.errors() == [code]
    assert unit.query(probe) == before


def test_it_has_one_phase(unit):
    unit.write("VOLT 120;:FREQ 60;:OUTP ON")
    assert unit.after(0.5) == pytest.approx([120.0, 0.0, 0.0])


def test_range_too_small_for_the_voltage_is_refused_and_nothing_adjusted(unit):
    unit.write("CURR 2;:VOLT:RANG 310;:VOLT 200;:VOLT:RANG 155")
    assert unit.errors() == [-221]
    assert unit.query("VOLT:RANG?;:VOLT?") == "310;+2.000000E+02"


def test_the_voltage_follows_at_once_there_is_no_slew(unit):
    unit.write("VOLT 100;:OUTP ON")
    unit.after(0.5)
    unit.write("VOLT 120")
    assert unit.after(0.05)[0] == pytest.approx(120.0)


@pytest.mark.parametrize(("trips", "volts", "questionable"), [("ON", 0.0, 2), ("OFF", 50.0, 4096)])
def test_a_current_above_the_limit_trips_or_folds_the_voltage_back(unit, trips, volts, questionable):
    unit.write(f"CURR 0.5;:CURR:PROT:STAT {trips};:VOLT 100;:OUTP ON")
    assert unit.after(2.0)[0] == pytest.approx(100.0)
    with unit.world:
        unit.source.output.set_load(100.0)
    assert unit.after(2.0)[0] == pytest.approx(volts, rel=1e-3)
    assert unit.query("OUTP?;:STAT:QUES:COND?") == f"1;{questionable}"


def test_cleared_trip_stays_an_event_in_the_status_byte_until_it_is_read(unit):
    unit.write("STAT:QUES:ENAB 2;:CURR 0.5;:CURR:PROT:STAT ON;:VOLT 100;:OUTP ON")
    unit.after(2.0)
    with unit.world:
        unit.source.output.set_load(100.0)
    unit.after(2.0)
    unit.write("OUTP OFF;:OUTP:PROT:CLE")
    assert unit.query("STAT:QUES:COND?;:STAT:QUES:ENAB?;*STB?") == "0;2;24"
    assert unit.query("STAT:QUES?;*STB?") == "2;16"
    assert unit.query("*STB?") == "0"


def test_the_watchdog_counts_wall_time_and_any_message_feeds_it(unit, wall):
    unit.write("VOLT 100;:OUTP:PROT:WDOG:DEL 10;:OUTP:PROT:WDOG ON;:OUTP ON")
    unit.after(60.0)  # bench time that is skipped is not silence
    assert unit.volts()[0] == pytest.approx(100.0)
    wall.now_s += 9.0
    assert unit.query("OUTP?") == "1"
    wall.now_s += 9.0
    assert unit.after(0.1)[0] == pytest.approx(100.0)
    wall.now_s += 2.0
    assert unit.after(0.1)[0] == 0.0
    assert [(event["on"], event["command"]) for event in unit.events("output")][1:] == [(False, "watchdog")]


def test_output_latched_off_keeps_its_programmed_state_until_cleared(unit, wall):
    unit.write("VOLT 100;:OUTP:PROT:WDOG:DEL 2;:OUTP:PROT:WDOG ON;:OUTP ON")
    unit.after(0.5)
    wall.now_s += 3.0
    assert unit.query("OUTP?;:STAT:QUES:COND?") == "1;32"
    assert unit.volts()[0] == 0.0
    unit.write("OUTP:PROT:CLE")
    assert unit.after(0.5)[0] == pytest.approx(100.0)
    wall.now_s += 3.0
    assert unit.query("STAT:QUES:COND?") == "32"
    unit.write("OUTP OFF;:OUTP:PROT:CLE")
    assert unit.query("OUTP?;:STAT:QUES:COND?") == "0;0"
    assert unit.after(0.5)[0] == 0.0


def test_reset_disarms_the_watchdog_and_switches_off(unit):
    unit.write("VOLT 100;:OUTP:PROT:WDOG ON;:OUTP ON")
    unit.write("*RST")
    assert unit.query("OUTP?;:OUTP:PROT:WDOG?;:VOLT?") == "0;0;+0.000000E+00"
