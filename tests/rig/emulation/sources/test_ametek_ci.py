"""The emulated California Instruments source: the manuals' commands and answers, couplings, limits, trip."""

import math

import pytest

from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.sources.ametek_ci import AmetekSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring, rms
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World


@pytest.fixture
def world():
    made = World(BenchTime(lambda: 0.0), Wiring())
    yield made
    made.close()


@pytest.fixture
def source(world, tmp_path):
    log = EventLog(tmp_path / "events.jsonl", world.now_s)
    made = AmetekSource(Surroundings(errors=SourceErrors(), seed=1, world=world, log=log, serial_number="12345"))
    world.attach(made, [])
    yield made
    log.close()


@pytest.fixture
def say(source, world, connect):
    server = LineServer(ScpiHandler(source.engine, world), "source")
    yield connect(server.port)
    server.close()


ANSWERS = [
    # Lx Series II programming manual p. 86
    ("PHAS 45;PHAS?", "45.0"),
    ("PHASE MAX;PHASE?", "360.0"),
    ("*RST;INST:NSEL 2;:PHAS?", "240.0"),
    ("*RST;INST:NSEL 3;:SOURce:PHASe:IMMediate?", "120.0"),
    ("INST:COUP ALL;:INST:NSEL 2;:PHAS 10;:INST:NSEL 1;:PHAS?", "0.0"),
    # p. 71
    ("CURR 5.0;CURR?", "5.00"),
    ("CURR:LEV .5;:SOURce:CURRent:LEVel:IMMediate:AMPLitude?", "0.50"),
    ("*RST;CURR?", "1.00"),
    ("CURR? MAX", "16.00"),
    ("VOLT:RANG 300;:CURR? MAX", "8.00"),
    ("CURR:PROT:DEL 1.5;DEL?", "1.500"),
    ("CURR:PROT:DEL? MIN;DEL? MAX", "0.100;5.000"),
    ("CURR:PROT:STAT 0;STAT?", "0"),
    ("CURR:PROT:STAT ON;STAT?", "1"),
    # BPS/MX/RS manual p. 147: the range clips a current limit without an error
    ("VOLT:RANG 150;:CURR 12.5;:VOLT:RANG 300;:CURR?;:SYST:ERR?", '8.00;0,"No error"'),
    ("VOLT:RANG 300;:CURR 6;:VOLT:RANG 150;:CURR 12.5;:CURR?", "12.50"),
    # command reference 1.4
    ("INST:COUP NONE;COUP?", "NONE"),
    ("INSTrument:NSELect 3;NSELect?", "3"),
    ("VOLT:RANG 300;RANG?", "300"),
    ("VOLT:RANG? MAX", "300"),
    ("VOLT:RANG 300;:VOLT:AC 277;:VOLT?", "277.0"),
    ("voltage 120.04;voltage?", "120.0"),
    ("VOLT? MAX", "150.0"),
    ("VOLT:SLEW 24;SLEW?", "24.000"),
    ("VOLT:SLEW MAX;SLEW?", "200000.000"),
    ("FREQ 60;FREQ?", "60.00"),
    ("FREQ 0.4KHZ;:SOUR:FREQ:IMM?", "400.00"),
    ("FUNC SIN;FUNC?", "SIN"),
    ("FUNCtion:SHAPe SINusoid;:FUNC?", "SIN"),
    ("OUTPut:STATe OFF;PROTection:CLEar;:OUTP?", "0"),
    ("ABOR;:OUTP OFF;:OUTP?", "0"),
    ("OUTP ON;:OUTP?", "1"),
    ("STAT:QUES?;:STAT:QUES:COND?;:STAT:OPER?", "0;0;0"),
    ("STAT:QUES:ENAB 18;ENAB?", "18"),
    ("*IDN?", "CALIFORNIA INSTRUMENTS,4500LX,12345,REV 1.10"),
    ("SYST:ERR?", '0,"No error"'),
    ("MEAS:VOLT:AC?;:MEAS:CURR:AC?;:MEAS:FREQ?", "0.00;0.0000;60.00"),
]

ERRORS = [
    ("VOLT:NONSENSE 1", -113),
    ("VOLT", -109),
    ("VOLT 1,2", -108),
    ("VOLT 151", -222),
    ("VOLT -1", -222),
    ("VOLT 1A", -131),
    ("VOLT:RANG 166", -222),
    ("VOLT:RANG 300;:VOLT 277;:VOLT:RANG 150", -221),
    ("VOLT:RANG 300;:CURR 9", -222),
    ("VOLT:SLEW 0", -222),
    ("PHAS 361", -222),
    ("FREQ 15", -222),
    ("INST:NSEL 4", -222),
    ("INST:COUP SOME", -141),
    ("FUNC CIRCLE", -141),
    ("CURR:PROT:DEL 0.05", -222),
]


@pytest.mark.parametrize(("message", "answer"), ANSWERS)
def test_a_command_is_answered_as_the_manuals_say(say, message, answer):
    assert say.query(message) == answer


@pytest.mark.parametrize(("message", "code"), ERRORS)
def test_what_cannot_be_is_refused_with_the_standards_number(say, message, code):
    say.write(message)
    assert int(say.query("SYST:ERR?").split(",")[0]) == code


def volts(world, seconds=0.0):
    world.sleep(seconds)
    with world:
        return [rms(spectrum) for spectrum in world._source.terminals(world.now_s()).voltages]


def test_positive_angles_lead_so_the_angles_of_reset_are_a_b_c(say, world):
    say.do("VOLT 100;:OUTP ON")
    volts(world, 0.1)
    with world:
        (a,), (b,), (c,) = world._source.terminals(world.now_s()).voltages
    wrapped = [(each.phase_deg + 180.0) % 360.0 - 180.0 for each in (a, b, c)]
    assert wrapped == pytest.approx([0.0, -120.0, 120.0])


def test_coupled_commands_reach_all_phases_and_others_the_selected_one(say, world):
    say.do("VOLT 100;:INST:COUP NONE;NSEL 2;:VOLT 50;:OUTP ON")
    assert volts(world, 0.1) == pytest.approx([100.0, 50.0, 100.0])
    say.do("INST:COUP ALL;:VOLT 20")
    assert volts(world, 0.1) == pytest.approx([20.0] * 3)


def test_the_voltage_slews_in_volts_a_second(say, world):
    say.do("OUTP ON")
    volts(world, 0.1)
    say.do("VOLT:SLEW 10;:VOLT 50")
    assert volts(world, 2.0) == pytest.approx([20.0] * 3)
    say.do("OUTP OFF")
    assert volts(world) == [0.0] * 3


def test_a_range_is_changed_through_zero(say, world):
    say.do("VOLT 100;:OUTP ON")
    volts(world, 0.1)
    say.do("VOLT:RANG 300")
    assert volts(world) == [0.0] * 3
    assert volts(world, 0.1) == pytest.approx([100.0] * 3)


def test_over_current_trips_latches_and_is_in_the_questionable_register(say, world, source):
    say.do("VOLT 100;:CURR 1;:CURR:PROT:STAT ON;DEL 0.5;:OUTP ON")
    volts(world, 0.1)
    with world:
        source.output.set_load(20.0, [0])
    assert volts(world, 0.4)[0] == pytest.approx(100.0)
    assert volts(world, 0.2) == [0.0] * 3
    assert say.query("OUTP?;:STAT:QUES:COND?") == "0;2"
    say.write("OUTP ON")
    assert say.query("SYST:ERR?").startswith("-221")
    with world:
        source.output.set_load(math.inf)
    say.do("OUTP:PROT:CLE;:OUTP ON")
    assert say.query("OUTP?;:STAT:QUES:COND?;:STAT:QUES?;:STAT:QUES?") == "1;0;2;0"


def test_without_the_protection_the_voltage_is_reduced_to_the_limit(say, world, source):
    say.do("VOLT 100;:CURR 1;:CURR:PROT:STAT OFF;:OUTP ON")
    with world:
        source.output.set_load(20.0, [0])
    assert volts(world, 1.0) == pytest.approx([20.0, 100.0, 100.0], rel=1e-3)
    assert say.query("OUTP?;:STAT:QUES:COND?;:MEAS:CURR?") == "1;4096;1.0000"


def test_fetch_gives_what_measure_has_acquired(say, world):
    say.do("VOLT 100;:OUTP ON")
    volts(world, 0.1)
    assert say.query("MEAS:VOLT:AC?") == "100.00"
    say.do("VOLT 50")
    volts(world, 0.1)
    assert say.query("FETC:VOLT:AC?;:MEAS:VOLT:AC?;:FETC:VOLT?") == "100.00;50.00;50.00"


def test_reset_switches_off(say, world):
    say.do("VOLT 100;:OUTP ON")
    volts(world, 0.1)
    say.do("*RST")
    assert volts(world) == [0.0] * 3
    assert say.query("OUTP?;:VOLT?") == "0;0.0"
