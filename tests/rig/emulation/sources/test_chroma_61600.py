"""The emulated Chroma source: the manuals' commands and answers, relay and state, angles, slew, trip."""

import threading

import pytest

from drivers.source.base import SourceSetting, Tone
from drivers.source.chroma_61600 import Chroma61600
from rig.emulation.servers.control import ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.sources.chroma_61600 import RESET_S, ChromaSource
from rig.emulation.sources.output import SourceErrors
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring, rms
from rig.emulation.world.surroundings import Surroundings
from rig.emulation.world.world import World
from tests.rig.emulation.sources.one_source import session_to
from tests.waiting import wait_for


@pytest.fixture
def world():
    made = World(BenchTime(lambda: 0.0), Wiring())
    yield made
    made.close()


@pytest.fixture
def make(world, tmp_path):
    log = EventLog(tmp_path / "events.jsonl", world.now_s)

    def made(**options):
        source = ChromaSource(
            Surroundings(errors=SourceErrors(), seed=1, world=world, log=log, serial_number="123456"), **options
        )
        world.attach(source, [])
        return source

    yield made
    log.close()


@pytest.fixture
def source(make):
    return make()


@pytest.fixture
def say(source, world, connect):
    server = LineServer(ScpiHandler(source.engine, world), "source")
    yield connect(server.port)
    server.close()


ANSWERS = [
    # 61605 manual p. 73
    ("*IDN?", "Chroma ATE 61600,123456,1.00,1.01,1.02"),
    ("*TST?", "0"),
    # 61503 manual p. 94
    ("CURR:LIM 2.00;LIM?", "2.00"),
    ("SOURce:CURRent:LIMit 0;LIMit?", "0.00"),
    ("CURR:DEL 0.5;DEL?", "0.5"),
    ("SOURce:CURRent:DELay 5.0;DELay?", "5.0"),
    ("FREQ 60.00;FREQ?", "60.00"),
    ("SOUR:FREQ:IMM 50;IMM?", "50.00"),
    ("FREQ:CW 400;CW?", "400.00"),
    ("VOLT:RANG LOW;RANG?", "LOW"),
    ("VOLT:AC 277.0;AC?", "277.0"),
    ("SOURce:VOLTage:LEVel:IMMediate:AMPLitude:AC 120.04;AC?", "120.0"),
    ("VOLT:LIM:AC 250;AC?", "250.0"),
    ("VOLT:DC 0;DC?", "0.0"),
    ("FUNC:SHAP A;SHAP?", "A"),
    ("FUNC:SHAP:A SINE;A?", "SINE"),
    # 61601 manual p. 80
    ("PHAS:OFF 360;OFF?", "360.0"),
    ("SOURce:PHASe:ON 90;ON?", "90.0"),
    ("STAT:OPER?", "0"),
    ("STAT:QUES:COND?;:STAT:QUES?", "0;0"),
    ("STATus:QUEStionable:ENABle 511;ENABle?", "511"),
    # open drivers of the family
    ("INST:PHAS THREE;PHAS?", "THREE"),
    ("INSTrument:EDIT EACH;EDIT?", "EACH"),
    ("INST:COUP NONE;COUP?", "NONE"),
    ("INST:NSEL 3;NSEL?", "3"),
    ("SOUR:PHAS:P12 120.0;P12?", "120.0"),
    ("SOUR:PHAS:P13 240.0;P13?", "240.0"),
    ("SOUR:PHAS:THREE INDEPEND;THREE?", "INDEPEND"),
    ("OUTP:SLEW:VOLT:AC 0.024;AC?", "0.024"),
    ("OUTPut:SLEW:FREQuency 0;FREQuency?", "0.000"),
    ("OUTP:COUP AC;COUP?", "AC"),
    ("OUTP:MODE FIXED;MODE?", "FIXED"),
    ("OUTP:REL ON;REL?", "ON"),
    ("OUTPut:STATe ON;STATe?", "ON"),
    ("OUTP OFF;:OUTP?", "OFF"),
    ("output:prot:cle;:output:state?", "OFF"),
    ("MEAS:VOLT:AC?;:FETC:CURR:AC?;:FETC:FREQ?", "0.00;0.0000;60.00"),
    ("SOUR:PHAS:SEQ POS;SEQ?", "POS"),
    ("source:phase:sequence negative;sequence?", "NEG"),
    ("VOLT:LIM:DC:PLUS 0;MIN 0;PLUS?;MIN?", "0.0;0.0"),
    ("VOLT:AC 100;*SAV 2;:VOLT:AC 50;*RCL 2;:VOLT:AC?", "100.0"),
    ("SYST:REM;:SYST:ERR?", '0,"No error"'),
    ("SYSTEM:LOCAL;:SYST:ERR?", '0,"No error"'),
    ("SYST:ERR?", '0,"No error"'),
]

ERRORS = [
    ("ISNT:EDIT ALL", -113),
    ("CURR:LIM", -109),
    ("CURR:LIM 17", -222),
    ("CURR:DEL 5.5", -222),
    ("FREQ 14", -222),
    ("VOLT:AC 301", -222),
    ("VOLT:RANG LOW;:VOLT:AC 151", -222),
    ("VOLT:LIM:AC 250;:VOLT:AC 251", -222),
    ("VOLT:AC 277;:VOLT:RANG LOW", -221),
    ("VOLT:RANG 300", -141),
    ("SOUR:PHAS:P12 360", -222),
    ("SOUR:PHAS:P12 -120", -222),
    ("INST:NSEL 0", -222),
    ("OUTP:SLEW:VOLT:AC 1201", -222),
    ("OUTP:MODE LIST", -221),
    ("OUTP 1", -141),
    ("OUTP:REL 0", -141),
    ("*SAV 4", -222),
    ("*RCL 3", -221),
    ("SOUR:PHAS:THREE MAYBE", -141),
]


@pytest.mark.parametrize(("message", "answer"), ANSWERS)
def test_a_command_is_answered_as_the_manuals_say(say, message, answer):
    assert say.query(message) == answer


@pytest.mark.parametrize(("message", "code"), ERRORS)
def test_what_cannot_be_is_refused_with_the_standards_number(say, message, code):
    say.write(message)
    assert int(say.query("SYST:ERR?").split(",")[0]) == code


def test_some_models_answer_booleans_as_numbers(make, world, connect):
    server = LineServer(ScpiHandler(make(says_words=False).engine, world), "source")
    try:
        assert connect(server.port).query("OUTP:REL ON;REL?;:OUTP?") == "1;0"
    finally:
        server.close()


def volts(world, seconds=0.0):
    world.sleep(seconds)
    with world:
        return [rms(spectrum) for spectrum in world._source.terminals(world.now_s()).voltages]


def angles(world):
    with world:
        return [spectrum[0].phase_deg for spectrum in world._source.terminals(world.now_s()).voltages]


def test_phases_two_and_three_lag_by_p12_and_p13(say, world):
    say.do("INST:PHAS THREE;:SOUR:PHAS:P12 90;P13 200;THREE INDEPEND;:VOLT:AC 100;:OUTP:REL ON;:OUTP ON")
    volts(world, 0.1)
    assert angles(world) == [0.0, -90.0, -200.0]
    assert float(say.query("MEAS:LINE:V12?")) == pytest.approx(141.42, abs=0.01)
    say.do("SOUR:PHAS:SEQ NEG")
    assert angles(world) == [0.0, 90.0, 200.0]
    say.do("SOUR:PHAS:SEQ POS;THREE BALANCE")
    assert angles(world) == [0.0, -120.0, -240.0]


def test_edit_all_reaches_every_phase_and_each_the_selected_one(say, world):
    say.do("VOLT:AC 100;:INST:EDIT EACH;COUP NONE;NSEL 2;:VOLT:AC 50;:OUTP:REL ON;:OUTP ON")
    assert volts(world, 0.1) == pytest.approx([100.0, 50.0, 100.0])


@pytest.mark.parametrize("off", ["OUTP OFF", "OUTP:REL OFF"])
def test_volts_need_both_the_state_and_the_relay(say, world, off):
    say.do("VOLT:AC 100;:OUTP ON")
    assert volts(world, 0.1) == [0.0] * 3
    say.do("OUTP:REL ON")
    assert volts(world, 0.1) == pytest.approx([100.0] * 3)
    say.do(off)
    assert volts(world) == [0.0] * 3


def test_the_voltage_slews_in_volts_a_millisecond_and_zero_is_at_once(say, world):
    say.do("OUTP:REL ON;:OUTP ON;:OUTP:SLEW:VOLT:AC 0.010;:VOLT:AC 50")
    assert volts(world, 2.0)[0] == pytest.approx(20.0, abs=0.2)
    say.do("OUTP:SLEW:VOLT:AC 0;:VOLT:AC 100")
    assert volts(world, 0.001) == pytest.approx([100.0] * 3)


def test_over_current_trips_after_the_delay_and_latches(say, world, source):
    say.do("VOLT:AC 100;:CURR:LIM 1;DEL 0.5;:OUTP:REL ON;:OUTP ON")
    volts(world, 0.1)
    with world:
        source.output.set_load(20.0, [1])
    assert volts(world, 0.4)[0] == pytest.approx(100.0)
    assert volts(world, 0.2) == [0.0] * 3
    assert say.query("OUTP?;:OUTP:REL?") == "OFF;ON"
    assert say.query("STAT:QUES:COND?") != "0"
    say.write("OUTP ON")
    assert say.query("SYST:ERR?").startswith("-221")
    with world:
        source.output.set_load(float("inf"))
    say.do("OUTP:PROT:CLE;:OUTP ON")
    assert volts(world, 0.1) == pytest.approx([100.0] * 3)


def test_reset_is_off_at_once_and_deaf_for_three_seconds(say, world, connect):
    say.do("VOLT:AC 100;:OUTP:REL ON;:OUTP ON")
    volts(world, 0.1)
    say.write("*RST")
    wait_for(lambda: volts(world) == [0.0] * 3, "switching off")
    heard = threading.Event()
    answers = []

    def ask():
        answers.append(say.query("OUTP?;:VOLT:AC?"))
        heard.set()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    world.sleep(RESET_S / 2)
    assert not heard.is_set()
    world.sleep(RESET_S / 2)
    assert heard.wait(10.0)
    asking.join(10.0)
    assert answers == ["OFF;0.0"]


def test_what_another_user_left_over_does_not_turn_the_drivers_phases(make, world):
    """Turned round, and balanced for any P12 and P13; then as saved in group 1."""
    source = make()
    source.engine.execute("OUTP:IMP:STAT ON;:SOUR:PHAS:SEQ NEG;THREE BALANCE;*SAV 1", "somebody")
    session, _ = session_to(source.engine)
    driver = Chroma61600(session)
    setting = SourceSetting(60.0, tuple((Tone(1, 100.0, angle),) for angle in (0.0, -115.0, 122.0)), ((), (), ()))
    driver.select_ranges(setting)
    driver.set_point(setting)
    driver.set_output(True)
    volts(world, 0.1)
    assert [(angle + 180.0) % 360.0 - 180.0 for angle in angles(world)] == [0.0, -115.0, 122.0]
    assert source.engine.execute("OUTP:IMP:STAT?", "somebody") == "OFF"
    driver.make_safe()
    source.engine.execute("*RCL 1", "somebody")
    driver.select_ranges(setting)
    driver.set_point(setting)
    driver.set_output(True)
    volts(world, 0.1)
    assert [(angle + 180.0) % 360.0 - 180.0 for angle in angles(world)] == [0.0, -115.0, 122.0]
