"""The emulated four-channel generator: what it answers to the programming guides' commands, and what comes out."""

import math

import pytest

from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.sources.merged import MergedSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.sources.rigol_dg5000 import RigolGenerator
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import NOTHING, SourceTerminals, Wiring
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World


class Mains:
    """A voltage source that gives nothing but a frequency."""

    revision = 0

    def __init__(self, frequency_hz=60.0):
        self.frequency_hz = frequency_hz

    def wander(self, seconds):
        pass

    def next_change_s(self, _now_s):
        return math.inf

    def terminals(self, _at_s):
        return SourceTerminals(self.frequency_hz, NOTHING, NOTHING, (True, True, True))


@pytest.fixture
def world():
    made = World(BenchTime(lambda: 0.0), Wiring())
    yield made
    made.close()


@pytest.fixture
def generator(world, tmp_path):
    log = EventLog(tmp_path / "events.jsonl", world.now_s)
    yield RigolGenerator(Surroundings(errors=SourceErrors(), seed=1, world=world, log=log, serial_number="1"))
    log.close()


@pytest.fixture
def say(generator, world, connect):
    world.attach(MergedSource(Mains(), generator), [])
    server = LineServer(ScpiHandler(generator.engine, world), "generator")
    yield connect(server.port)
    server.close()


ANSWERS = [
    ("*IDN?", "Rigol Technologies,DG5254 Pro,DG5P1,00.02.07"),
    (":SOURce1:FREQuency:FIXed 1000;:SOURce1:FREQuency:FIXed?", "1.000000E+03"),
    (":SOUR2:FREQ 60;:SOUR2:FREQ?", "6.000000E+01"),
    (":FREQ 0.5KHZ;:FREQ?", "5.000000E+02"),
    (":SOURce1:FUNCtion:SHAPe SQUare;:SOURce1:FUNCtion:SHAPe?", "SQU"),
    (":SOUR3:FUNC SIN;:SOUR3:FUNC?", "SIN"),
    (":SOURce1:VOLTage:LEVel:IMMediate:AMPLitude 2.5;:SOURce1:VOLTage:LEVel:IMMediate:AMPLitude?", "2.500000E+00"),
    (":SOUR1:VOLT 5;:SOUR1:VOLT:UNIT VRMS;:SOUR1:VOLT?", "1.767767E+00"),
    (":OUTP1:LOAD INF;:SOUR1:VOLT?", "1.000000E+01"),
    (":SOUR1:VOLT:OFFS 0.5;:SOUR1:VOLT:OFFS?", "5.000000E-01"),
    (":SOURce1:PHASe:ADJust 90;:SOURce1:PHASe:ADJust?", "9.000000E+01"),
    (":OUTPut1:STATe ON;:OUTPut1:STATe?", "ON"),
    (":OUTP2 1;:OUTP2?;:OUTP3?", "ON;OFF"),
    (":OUTPut1:LOAD INFinity;:OUTPut1:LOAD?", "9.900000E+37"),
    (":OUTP1:LOAD 100;:OUTP1:LOAD?", "1.000000E+02"),
    (":SYSTem:ROSCillator:SOURce EXTernal;:SYST:ROSC:SOUR?", "EXT"),
    (":SYSTem:ERRor?", '0,"No error"'),
]

ERRORS = [
    (":SOUR1:NONSENSE 1", -113),
    (":SOUR5:FREQ 60", -114),
    (":SOUR1:FREQ", -109),
    (":SOUR1:PHAS 361", -222),
    (":SOUR1:PHAS -60", -222),
    (":SOUR1:VOLT 0.0005", -222),
    (":SOUR1:VOLT 11", -222),
    (":SOUR1:VOLT 10;:SOUR1:VOLT:OFFS 1", -222),
    (":SOUR1:FUNC CIRCLE", -141),
    (":OUTP1:LOAD 0.1", -222),
]


@pytest.mark.parametrize(("message", "answer"), ANSWERS)
def test_a_command_is_answered_as_the_guide_says(say, message, answer):
    assert say.query(message) == answer


@pytest.mark.parametrize(("message", "code"), ERRORS)
def test_what_cannot_be_is_refused_with_the_standards_number(say, message, code):
    say.write(message)
    assert int(say.query("SYST:ERR?").split(",")[0]) == code


ALIGN = (":SYNChro:BENChmark CH1", *(f":SYNC:BUND CH{number},ON" for number in (2, 3, 4)), ":SOUR1:PHAS:SYNC")


def prepare(say, *extra):
    for number in (1, 2, 3, 4):
        shape, unit = ("SQU", "VPP") if number == 4 else ("SIN", "VRMS")
        say.write(f":SOUR{number}:FUNC {shape};:SOUR{number}:FREQ 60;:OUTP{number}:LOAD INF")
        say.write(f":SOUR{number}:VOLT:UNIT {unit};:SOUR{number}:VOLT 5;:SOUR{number}:PHAS {90 * (number % 4)}")
    for line in extra:
        say.do(line)


def currents(world):
    world.sleep(0.1)
    with world:
        return world._source.terminals(world.now_s()).currents


def test_volts_and_angles_come_out_as_set_once_the_channels_are_aligned(say, world):
    prepare(say, *ALIGN, ":OUTP1 ON;:OUTP2 ON;:OUTP4 ON")
    one, two, three = currents(world)
    assert (one[0].rms, one[0].phase_deg) == (pytest.approx(5.0), pytest.approx(90.0))
    assert (two[0].rms, two[0].phase_deg) == (pytest.approx(5.0), pytest.approx(180.0))
    assert three == ()


def test_channels_that_were_never_aligned_have_angles_of_their_own(say, world):
    prepare(say, ":OUTP1 ON;:OUTP2 ON")
    (one,), (two,), _ = currents(world)
    assert away(two.phase_deg - one.phase_deg, 90.0) > 1.0


def away(angle_deg, from_deg):
    return abs((angle_deg - from_deg + 180.0) % 360.0 - 180.0)


def test_without_a_bundle_only_a_pair_is_aligned(say, world):
    prepare(say, ":SOUR1:PHAS:SYNC", ":OUTP1 ON;:OUTP2 ON;:OUTP3 ON;:OUTP4 ON")
    (one,), (two,), (three,) = currents(world)
    assert away(two.phase_deg - one.phase_deg, 90.0) < 1e-6
    assert away(one.phase_deg, 90.0) > 1.0
    assert away(three.phase_deg, 270.0) > 1.0
    say.do(":SOUR4:PHAS:SYNC")
    (one,), _, (three,) = currents(world)
    assert away(one.phase_deg, 90.0) > 1.0
    assert away(three.phase_deg, 270.0) < 1e-6


def test_a_channel_that_leaves_the_bundle_is_aligned_no_more(say, world):
    prepare(say, *ALIGN, ":SYNC:BUND CH2,OFF", ":SOUR1:PHAS:SYNC", ":OUTP1 ON;:OUTP2 ON;:OUTP3 ON;:OUTP4 ON")
    (one,), (two,), (three,) = currents(world)
    assert away(one.phase_deg, 90.0) < 1e-6
    assert away(three.phase_deg, 270.0) < 1e-6
    assert away(two.phase_deg, 180.0) > 1.0
    say.write(":SYNC:BUND CH5,ON")
    assert say.query("SYST:ERR?").startswith("-141")


def test_angle_to_the_voltage_drifts_only_without_the_reference(generator, world, say):
    world.attach(MergedSource(Mains(60.001), generator), [])
    prepare(say, *ALIGN, ":OUTP1 ON")
    first = currents(world)[0][0].phase_deg
    world.sleep(100.0)
    drifted = (currents(world)[0][0].phase_deg - first + 180.0) % 360.0 - 180.0
    assert drifted == pytest.approx(-36.0, abs=1.0)
    say.do(":OUTP4 ON")
    held = currents(world)[0][0].phase_deg
    world.sleep(100.0)
    assert currents(world)[0][0].phase_deg == held == pytest.approx(90.0)


def test_a_frequency_that_is_not_the_references_is_not_locked(generator, say, world):
    prepare(say, *ALIGN, ":OUTP1 ON;:OUTP4 ON")
    with world:
        assert generator.is_locked
    say.do(":SOUR4:FREQ 50")
    with world:
        assert not generator.is_locked


def test_stuck_relay_keeps_the_volts_while_the_instrument_reports_off(generator, say, world):
    prepare(say, *ALIGN, ":OUTP1 ON")
    currents(world)
    with world:
        generator.stick(True)
    assert say.query(":OUTP1 OFF;:OUTP1?") == "OFF"
    assert currents(world)[0] != ()
    with world:
        generator.stick(False)
    assert currents(world)[0] == ()


def test_reset_switches_everything_off(generator, say, world):
    prepare(say, ":OUTP1 ON;:OUTP4 ON", "*RST")
    assert say.query(":OUTP1?;:OUTP4?") == "OFF;OFF"
    assert currents(world) == ((), (), ())
