"""Emulated sources under the command sequences of public programs for the instruments: no error, the volts asked for.

The sequences are those programs' ways of taking an instrument over, not our drivers': who sends them is in each list.
"""

import pytest

from drivers.scpi.parsing import parse_error
from tests.rig.emulation.in_process import DRIVERS, in_process

RISE_S = 30.0
VOLTS = 120.0

CHROMA_61845 = [  # SunSpec's svp_energy_lab, chroma_61845.py: three phases of their own angles
    *("inst:phase three", "sour:phase:p12 120.0", "sour:phase:p13 240.0", "sour:phase:three independ"),
    *("inst:edit all", "inst:coup all", "sour:func:shape a", "sour:func:shap:a sine", "source:volt:limit:ac 125"),
    *("source:curr:lim 15.00", "source:freq 60.00", "source:volt:lev:imm:ampl:ac 120.0", "trig off"),
    *("output:mode fixed", "output:relay on", "output:state on"),
]
CHROMA_61512 = [  # a public program for the 61512: long forms, and impedance, power and clock besides
    *("SYSTem:DATE 2026,11,30", "SYSTem:TIME 12,0,0", "OUTPut:PROTection:CLEar", "INSTrument:EDIT ALL"),
    *("OUTPut:SLEW:VOLTage:AC 000.000", "OUTPut:SLEW:VOLTage:DC 000.000", "OUTPut:SLEW:FREQuency 000.000"),
    *("OUTPut:IMPedance:STATe OFF", "OUTPut:IMPedance:RESistor 0.10", "OUTPut:IMPedance:INDuction 0.10"),
    *("SOURce:CONFigure:INHibit DISABLE", "SOURce:POWer:PROTection 6000", "SOURce:CURRent:DELay 5"),
    *("SOURce:VOLTage:LIMit:DC:PLUS 0", "SOURce:VOLTage:LIMit:DC:MINus 0", "SOURce:PHASe:SEQuence POS"),
    *("SOURce:FREQuency:IMMediate 50", "SOURce:VOLTage:AC 120", "OUTPut:RELay ON", "OUTPut:STATe ON"),
]
PACIFIC = [  # SunSpec's svp_energy_lab, gridsim_pacific.py: commas, many units in one message, limits first
    *("*CLS", ":SOURce:volt:lim:max 130", ":SOURce:WAVEFORM,1", ":SOURce:curr:lim 10.00", ":FREQ 60.00"),
    *(":SOURce:VOLTage1 120.0;VOLTage2 120.0;VOLTage3 120.0;", ":OUTput ON"),
]
AMETEK = [  # SunSpec's svp_energy_lab, gridsim_ametek.py: phase by phase, then all
    *("freq 60.00", "inst:coup none;:inst:nsel 2;:phas 240.0", "inst:coup none;:inst:nsel 3;:phas 120.0"),
    *("inst:coup none;:inst:nsel 1;:func sin", "volt:rang 300", "inst:coup all;:volt:ac 120.0"),
    *("inst:coup all;:curr 3.00", "abort;:outp on", "inst:nsel 1"),
]
CLIENTS = [
    pytest.param("chroma_61600", CHROMA_61845, "MEAS:VOLT:AC?", id="chroma-61845"),
    pytest.param("chroma_61600", CHROMA_61512, "FETCh:VOLTage:ACDC?", id="chroma-61512"),
    pytest.param("pacific_upc", PACIFIC, ":meas:volt1?", id="pacific"),
    pytest.param("ametek_ci", AMETEK, "MEAS:VOLT:AC?", id="ametek"),
]

CHROMA_READINGS = {
    "MEASure:VOLTage:DC?": 0.0,
    "MEASure:CURRent:DC?": 0.0,
    "MEASure:POWer:AC:REACtive?": 0.0,
    "MEASure:POWer:AC:PFACtor?": 1.0,
    "MEASure:CURRent:CREStfactor?": 1.414,
    "FETCh:LINE:V12?": 207.8,
    "STATus:QUEStionable:NTRansition?": 0.0,
}


def say(instrument, lines):
    """Send the lines; after each one the queue is empty."""
    for line in lines:
        assert instrument.ask(line) is None, line
        entry = instrument.ask(DRIVERS[instrument.name].ERROR_QUERY).decode("ascii")
        assert parse_error(entry)[0] == 0, (line, entry)


@pytest.mark.parametrize(("name", "lines", "query"), CLIENTS)
def test_a_public_programs_own_sequence_gives_the_volts_it_asks_for(name, lines, query, tmp_path):
    with in_process(name, tmp_path) as instrument:
        say(instrument, lines)
        instrument.world.spend(RISE_S)
        assert float(instrument.ask(query)) == pytest.approx(VOLTS, rel=2e-3)


@pytest.mark.parametrize(("query", "reading"), CHROMA_READINGS.items())
def test_every_quantity_that_a_public_program_reads_of_a_chroma_is_there(query, reading, tmp_path):
    with in_process("chroma_61600", tmp_path) as instrument:
        say(instrument, CHROMA_61845)
        instrument.world.spend(RISE_S)
        assert float(instrument.ask(query)) == pytest.approx(reading, rel=2e-3, abs=1e-3)


def test_chroma_transient_that_the_emulator_lacks_is_refused(tmp_path):
    with in_process("chroma_61600", tmp_path) as instrument:
        instrument.ask("TRIG ON")
        assert parse_error(instrument.ask("SYST:ERR?").decode("ascii"))[0] == -221


def test_a_pacific_keeps_within_its_voltage_limits(tmp_path):
    with in_process("pacific_upc", tmp_path) as instrument:
        say(instrument, [":SOUR:COUPL XFMR", ":VOLT 230", ":VOLT:LIM:MAX 240", ":VOLT:LIM:MIN 200"])
        for line in (":VOLT 241", ":VOLT1 199", ":VOLT:LIM:MAX 229", ":VOLT:LIM:MIN 231"):
            instrument.ask(line)
            assert parse_error(instrument.ask("SYST:ERR?").decode("ascii"))[0] == -200, line
        assert instrument.ask(":VOLT2?;:VOLT:LIM:MIN?;:VOLT:LIM:MAX?") == b"230.0;200.0;240.0"
