"""The emulated Pacific UPC-32: what it answers to the manuals' own examples, and what comes out of it."""

import pytest

from rig.emulation.sources.pacific_upc import PacificSource
from tests.rig.emulation.sources.one_source import one_source

ANSWERS = [
    # UPC-32 manual section 5.2 to 5.5, LMX manual section 8: commas or spaces before values, short and long forms
    ("*IDN?", "PPSC,UPC-32,v5.22,133826"),
    (":SYSTem:VERSion?", "1992.0"),
    (":SYSTem:SERIALNUMber?", "123456789"),
    (":SYSTem:ERRor?", '0,"No error"'),
    (":SOURce:VOLTage1,120; VOLTage2,121; VOLTage3,122;:SOUR:VOLT1?;VOLT2?;VOLT3?", "120.0;121.0;122.0"),
    (":SOURce:VOLTage1,120; FREQuency,60;:SOUR:VOLT1?;FREQ?", "120.0;60.00"),
    (":sour:volt 115;:SOURCE:VOLTAGE1?;VOLTAGE3?", "115.0;115.0"),
    (":FREQ 60;:FREQ?", "60.00"),
    (":SOUR:FREQ 5.95E1;:SOUR:FREQ?", "59.50"),
    (":SOURce:PHASe2,120.0;:SOUR:PHAS2?", "120.0"),
    (":SOUR:PHAS3 240;:PHAS3?", "240.0"),
    (":SOUR:FORM 3;:SOUR:FORM?", "3"),
    (":SOUR:COUPLING XFMR;:SOUR:COUPL?", "XFMR"),
    (":SOUR:COUPL,DIRECT;:SOUR:COUPLING?", "DIRECT"),
    (":SOUR:XFMRRATIO?", "2.50"),
    (":SOURce:CURRent:LIMit 10.00;:SOUR:CURR:LIM?", "10.00"),
    ("CURR:PROT:LEV 24.0000;:CURR:PROT:LEV?", "24.0000"),
    (":SOUR:CURR:PROT:TOUT 5;:CURR:PROT:TOUT?", "5"),
    ("IPROT:STAT ON;:IPROT:STAT?;TRIP?", "1;0"),
    (":SOURce:RAMP 2.5;:SOUR:RAMP?", "2.500"),
    (":SOURce:WAVEFORM,2;:SOUR:WAVEFORM1?;WAVEFORM3?", "2;2"),
    (":SOUR:WAVEFORM2,3;:SOUR:WAVEFORM1?;WAVEFORM2?", "1;3"),
    (":OUTP?", "0"),
    (":OUTP ON;:OUTP?", "1"),
    ("OUTPUT ON;:OUTPUT:STATE?", "1"),
    (":PROG:NAME 0;:PROG:NAME?", "0"),
    (":MEASure:VOLTage1;VOLTage2;VOLTage3?", "0.0;0.0;0.0"),
    (":MEAS:CURR1?;FREQ?", "0.00;60.00"),
    ("*STB?", "0"),
]

REFUSED = [
    (":SOUR:NONSENSE 1", -100),
    (":SOUR:VOLT4 120", -100),
    (":SOUR:VOLT1", -100),
    (":SOUR:VOLT1 136", -200),
    (":SOUR:COUPL XFMR;VOLT1 338", -200),
    (":SOUR:FREQ 10", -200),
    (":SOUR:PHAS2 361", -200),
    (":SOUR:FORM 4", -200),
    (":SOUR:RAMP 301", -200),
    (":SOUR:XFMRRATIO 2", -100),
    (":SOUR:COUPL MAYBE", -100),
]


@pytest.fixture
def upc(tmp_path):
    with one_source(PacificSource, tmp_path) as made:
        yield made


def set_120(upc, *extra):
    upc.write(":SOUR:FORM,3;FREQ,60;VOLT,120;PHAS2,120;PHAS3,240;RAMP,0.001")
    for line in extra:
        upc.write(line)
    assert upc.errors() == []


@pytest.mark.parametrize(("message", "answer"), ANSWERS)
def test_a_command_is_answered_as_the_manual_says(upc, message, answer):
    assert upc.query(message) == answer
    assert upc.query("SYST:ERR?") == '0,"No error"'


def test_program_0_holds_the_manual_modes_settings(upc):
    set_120(upc, ":SOUR:CURR:LIM 40")
    assert upc.query(":PROG:NAME 0;:PROG:DEF?") == (
        "FORM,3,COUPL,DIRECT,XFMRRATIO,2.50,FREQ,60.00,VOLT1,120.0,VOLT2,120.0,VOLT3,120.0,CURR:LIM,40.00,"
        "PHAS2,120.0,PHAS3,240.0,WAVEFORM1,1,WAVEFORM2,1,WAVEFORM3,1,EVENTS,1"
    )


@pytest.mark.parametrize(("message", "code"), REFUSED)
def test_what_cannot_be_is_one_of_four_kinds_of_error_and_changes_nothing(upc, message, code):
    probe = ":VOLT1?;:FREQ?;:PHAS2?;:FORM?;:RAMP?"
    before = upc.query(probe)
    upc.write(message)
    assert upc.errors() == [code]
    assert upc.query(probe) == before


def test_default_rotation_is_a_b_c_at_120_and_240_degrees_of_lag(upc):
    assert upc.query(":SOUR:PHAS2?;PHAS3?") == "120.0;240.0"
    upc.write(":SOUR:FORM,3;VOLT,100;:OUTP ON")
    upc.after(1.0)
    assert upc.angles() == pytest.approx([0.0, -120.0, 120.0])


def test_the_output_is_there_once_its_relay_has_closed_and_off_at_once(upc):
    set_120(upc, ":OUTP ON")
    assert upc.volts() == [0.0, 0.0, 0.0]
    assert upc.after(0.5) == pytest.approx([120.0] * 3)
    upc.write(":OUTP OFF")
    assert upc.volts() == [0.0, 0.0, 0.0]


def test_a_new_voltage_is_reached_over_the_transition_time(upc):
    set_120(upc, ":SOUR:VOLT 0", ":OUTP ON")
    upc.after(0.5)
    upc.write(":SOUR:RAMP 4;VOLT 120")
    assert upc.after(1.0) == pytest.approx([30.0] * 3, abs=1.0)
    assert upc.after(2.0) == pytest.approx([90.0] * 3, abs=1.0)
    assert upc.after(2.0) == pytest.approx([120.0] * 3)


def test_coupling_is_not_changed_under_load(upc):
    set_120(upc, ":OUTP ON")
    upc.write(":SOUR:COUPL XFMR")
    assert upc.errors() == [-200]
    upc.write(":OUTP OFF;:SOUR:COUPL XFMR;VOLT 300")
    assert upc.errors() == []


def test_through_the_transformer_it_gives_what_is_set(upc):
    upc.write(":SOUR:FORM 3;COUPL XFMR;FREQ 60;VOLT 277")
    upc.write(":OUTP ON")
    assert upc.after(1.0) == pytest.approx([277.0] * 3)


@pytest.mark.parametrize(("trip_a", "volts", "tripped"), [("0.5", 0.0, "1"), ("5", 50.0, "0")])
def test_current_above_trip_level_trips_and_above_the_limit_folds_back(upc, trip_a, volts, tripped):
    upc.write(f":SOUR:CURR:LIM 0.5;PROT:LEV {trip_a};TOUT 5")
    set_120(upc, ":OUTP ON")
    assert upc.after(1.0) == pytest.approx([120.0] * 3)
    with upc.world:
        upc.source.output.set_load(100.0, (1,))
    assert upc.after(2.0)[1] == pytest.approx(volts, rel=1e-3)
    assert upc.query(":IPROT:TRIP?") == tripped
    upc.write(":OUTP OFF")
    assert upc.query(":IPROT:TRIP?;:OUTP?") == "0;0"


def test_the_log_says_who_switched_and_how(upc):
    upc.write(":OUTP ON")
    (event,) = upc.events("output")
    assert (event["on"], event["peer"], event["command"]) == (True, "test", ":OUTP ON")


def test_stuck_relay_keeps_the_volts_while_the_instrument_reports_off(upc):
    set_120(upc, ":OUTP ON")
    upc.after(0.5)
    with upc.world:
        upc.source.stick(True)
    assert upc.query(":OUTP OFF;:OUTP?") == "0"
    assert upc.volts() == pytest.approx([120.0] * 3)
    with upc.world:
        upc.source.stick(False)
    assert upc.volts() == [0.0, 0.0, 0.0]
