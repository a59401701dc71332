"""The emulated switch unit, generator and counter, asked as their manuals say, on two meters' terminals."""

import pytest

from meter_model.device.meter import S4100
from rig.emulation.auxiliary.switching import switching_instruments
from rig.emulation.meter.terminals import MeterTerminals
from rig.emulation.servers.control import Control, Refused, ScpiHandler
from rig.emulation.servers.tcp import LineServer
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.safety_contacts import SafetyContacts
from rig.emulation.world.world import World


@pytest.fixture
def meters(bench):
    return [S4100("1"), S4100("2")]


@pytest.fixture
def ask(bench, meters, connect, tmp_path):
    """Return clients of the three instruments by name; the bench's time stands still but for ``bench.world.sleep``."""
    terminals = [MeterTerminals(meter, bench.world.now_s) for meter in meters]
    log = EventLog(tmp_path / "switching.jsonl", bench.world.now_s)
    engines = switching_instruments(terminals, 1, True, bench.world, log)
    servers = {name: LineServer(ScpiHandler(engine, bench.world), name) for name, engine in engines.items()}
    bench.attach(*terminals)
    yield {name: connect(server.port) for name, server in servers.items()} | {"other": connect(servers["counter"].port)}
    for server in servers.values():
        server.close()
    log.close()


def test_safety_circuit_is_sensed_at_its_port_and_on_free_channels(tmp_path):
    world, safety = World(BenchTime(lambda: 0.0), Wiring()), SafetyContacts()
    log = EventLog(tmp_path / "switching.jsonl", world.now_s)
    control = Control(world, None, {}, log, safety=safety)
    switch = Direct(switching_instruments([], 1, True, world, log, safety)["switch"])
    for question, port, closed in (
        ({"interlock": {"closed": True}}, "+252", [True, True]),
        ({"interlock": {"closed": False}}, "+253", [False, True]),
        ({"emergency_stop": {"pressed": True}}, "+255", [False, False]),
        ({"interlock": {"closed": True}}, "+254", [True, False]),
    ):
        assert control.serve(question)["done"]
        assert switch.query("SENS:DIG:DATA:BYTE? (@302)") == port
        ohms = switch.query("MEAS:RES? 1000,(@119,120)").split(",")
        assert [float(ohm) < 100.0 for ohm in ohms] == closed
    for nonsense in (True, {"closed": 1}, {"pressed": True}, {"closed": True, "meter": 0}):
        with pytest.raises(Refused, match=r'say \{"closed": true\}'):
            control.serve({"interlock": nonsense})
    log.close()


class Direct:
    """Asks an engine without a socket between."""

    def __init__(self, engine):
        self._engine = engine

    def write(self, text):
        assert self._engine.execute(text, "test") is None

    def query(self, text):
        return self._engine.execute(text, "test")


@pytest.fixture(scope="module")
def two_meters():
    return [S4100("1"), S4100("2")]


@pytest.fixture
def direct(two_meters, tmp_path):
    """Return the three instruments by name, at a moment at which time stands still."""
    world = World(BenchTime(lambda: 0.0), Wiring())
    log = EventLog(tmp_path / "switching.jsonl", world.now_s)
    terminals = [MeterTerminals(meter, world.now_s) for meter in two_meters]
    yield {name: Direct(engine) for name, engine in switching_instruments(terminals, 1, True, world, log).items()}
    log.close()


def sent(client, text):
    """Write, and return when it is done: *OPC? would wait for the end of a train."""
    client.write(text)
    assert client.query("SYST:VERS?") == "1999.0"


def errors(client):
    found = []
    while (entry := client.query("SYST:ERR?")) != '+0,"No error"':
        found.append(entry)
    return found


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("ROUT:CLOS (@201,211);CLOS? (@201:203,211)", "1,0,0,1"),
        ("route:close (@201);:ROUTE:OPEN? (@201:202)", "0,1"),
        ("ROUT:CLOS (@201:204);:ROUT:OPEN (@202,204);:ROUT:CLOS? (@201:204)", "1,0,1,0"),
        ("ROUT:CLOS (@201);CLOS:EXCL (@205);:ROUT:CLOS? (@201,205)", "0,1"),
        ("ROUT:CLOS (@101,201);CLOS:EXCL (@205);:ROUT:CLOS? (@101,201,205)", "1,0,1"),
        ("ROUT:CLOS (@201);*RST;:ROUT:CLOS? (@201)", "0"),
        ("ROUT:CLOS (@201);:SYST:CPON 100;:ROUT:CLOS? (@201)", "1"),
        ("ROUT:CLOS (@201);:SYST:CPON ALL;:ROUT:CLOS? (@201)", "0"),
        ("ROUT:CLOS (@201);:SYST:PRES;:ROUT:CLOS? (@201)", "1"),
        ("SYST:CTYP? 200", "Agilent Technologies,34903A,MY20000001,1.5"),
        ("SYSTem:CTYPe? 300", "Agilent Technologies,34907A,MY30000001,1.5"),
        ("MEAS:RES? 1000,(@103)", "+9.90000000E+37"),
        ("MEAS:SCAL:RES? AUTO,(@103,104)", "+9.90000000E+37,+9.90000000E+37"),
        ("SENS:DIG:DATA:BYTE? (@301)", "+252"),
        ("DIG:DATA? (@301,302)", "+252,+252"),
        ("ROUT:CLOS (@203);OPEN (@203);CLOS (@203);:DIAG:REL:CYCL? (@203,204)", "+2,+0"),
        ("SYST:VERS?", "1994.0"),
    ],
)
def test_the_switch_unit_answers_as_its_manual_says(direct, question, answer):
    assert direct["switch"].query(question) == answer
    assert errors(direct["switch"]) == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("ROUT:CLOS (@401)", '+111,"Channel list: slot number out of range"'),
        ("ROUT:CLOS (@221)", '+112,"Channel list: channel number out of range"'),
        ("ROUT:CLOS (@201:221)", '+112,"Channel list: channel number out of range"'),
        ("ROUT:CLOS (@301)", '+308,"Channel not able to perform requested operation"'),
        ("MEAS:RES? 1000,(@201)", '+308,"Channel not able to perform requested operation"'),
        ("ROUT:CLOS 201", '+309,"Incorrectly formatted channel list"'),
        ("ROUT:CLOS (@2O1)", '+309,"Incorrectly formatted channel list"'),
        ("ROUT:CLOS", '-109,"Missing parameter"'),
        ("ROUT:CLOS?", '-109,"Missing parameter"'),
        ("SYST:CTYP? 400", '-222,"Data out of range"'),
        ("SYST:CTYP? 150", '-222,"Data out of range"'),
        ("MEAS:RES? 2E9,(@101)", '-222,"Data out of range"'),
        ("SYST:CPON 400", '-224,"Illegal parameter value"'),
        ("ROUT:SHUT (@201)", '-113,"Undefined header"'),
    ],
)
def test_the_switch_unit_refuses_with_its_own_error_and_nothing_moves(direct, message, error):
    direct["switch"].write(message)
    assert errors(direct["switch"]) == [error]
    assert direct["switch"].query("ROUT:CLOS? (@101:120,201:220)") == ",".join(["0"] * 40)


def test_closed_relay_removes_control_power_and_pulses_reach_their_meter(bench, meters, ask):
    bench.world.sleep(2.0)
    ask["switch"].do("ROUT:CLOS (@202,211)")
    bench.world.sleep(1.0)
    assert [meter.is_running for meter in meters] == [True, False]
    assert [meter.analog_input(29) for meter in meters] == [1.0, 0.0]
    ask["switch"].do("ROUT:OPEN (@202,211)")
    bench.world.sleep(3.0)
    assert [meter.is_running for meter in meters] == [True, True]
    assert [meter.analog_input(81) for meter in meters] == [1.0, 2.0]


def test_a_relay_takes_its_time(bench, meters, ask):
    ask["switch"].do("ROUT:CLOS (@201)")
    assert ask["switch"].query("ROUT:DONE?") == "0"
    bench.world.sleep(0.103)
    assert meters[0].is_running
    assert ask["switch"].query("ROUT:DONE?") == "1"
    bench.world.sleep(0.002)
    assert not meters[0].is_running


def test_alarm_contacts_are_sensed_by_resistance_and_as_bits(bench, meters, ask):
    bench.world.sleep(2.0)  # no voltage on either: both have lost their phases
    assert ask["switch"].query("MEAS:RES? 1000,(@101:102)") == "+9.90000000E+37,+9.90000000E+37"
    assert ask["switch"].query("SENS:DIG:DATA:BYTE? (@301)") == "+255"
    ask["switch"].do("ROUT:CLOS (@202)")
    bench.world.sleep(1.0)
    first, second = ask["switch"].query("MEAS:RES? 1000,(@101:102)").split(",")
    assert first == "+9.90000000E+37"
    assert float(second) == pytest.approx(32.0, abs=1.0)
    assert ask["switch"].query("SENS:DIG:DATA:BYTE? (@301)") == "+253"


def pulses(output, width_s, period_s, count):
    return (
        f"SOUR{output}:FUNC PULS;:SOUR{output}:FUNC:PULS:PER {period_s};WIDT {width_s};:OUTP{output}:LOAD INF;"
        f":SOUR{output}:VOLT:HIGH 5;LOW 0;:SOUR{output}:BURS:MODE TRIG;NCYC {count};:TRIG{output}:SOUR BUS;"
        f":SOUR{output}:BURS:STAT ON;:OUTP{output} ON"
    )


@pytest.mark.parametrize(("width_s", "counted"), [(0.02, 10.0), (0.0199, 0.0), (0.05, 10.0)])
def test_a_burst_is_counted_by_the_meter_and_measured_by_the_counter(bench, meters, ask, width_s, counted):
    sent(ask["generator"], pulses(1, width_s, 0.1, 10))
    ask["counter"].do("CONF:PWID (@1);:INP1:COUP DC;:INP1:LEV 1.5;:SAMP:COUN 10;:INIT")
    bench.world.sleep(0.37)
    assert ask["counter"].query("DATA:POIN?") == "+0"
    sent(ask["generator"], "*TRG")
    bench.world.sleep(0.46)
    assert ask["counter"].query("DATA:POIN?") == "+5"
    bench.world.sleep(2.0)
    measured = [float(each) for each in ask["counter"].query("FETC?").split(",")]
    assert measured == pytest.approx([width_s] * 10, abs=1e-9)
    assert [meter.analog_input(29) for meter in meters] == [counted, 0.0]
    assert errors(ask["generator"]) == errors(ask["counter"]) == []


@pytest.mark.parametrize(("gap_s", "power_ups"), [(0.0999, 1.0), (0.1001, 2.0)])
def test_a_gap_in_control_power_is_as_long_as_its_pulse(bench, meters, ask, gap_s, power_ups):
    sent(ask["generator"], pulses(2, gap_s, 1.0, 1))
    ask["counter"].do("CONF:NWID (@2);:INP2:COUP DC;:INP2:LEV 1.5;:INIT")
    bench.world.sleep(0.2)
    sent(ask["generator"], "TRIG2")
    bench.world.sleep(4.0)
    assert float(ask["counter"].query("FETC?")) == pytest.approx(gap_s, abs=1e-9)
    assert [meter.analog_input(81) for meter in meters] == [power_ups, 1.0]


def test_an_output_that_goes_off_ends_its_pulse(bench, meters, ask):
    sent(ask["generator"], pulses(1, 10.0, 20.0, 1))
    ask["counter"].do("CONF:PWID (@1);:INP1:COUP DC;:INP1:LEV 1.5;:SYST:TIM 100;:INIT")
    sent(ask["generator"], "TRIG1")
    bench.world.sleep(3.0)
    sent(ask["generator"], "OUTP1 OFF")
    bench.world.sleep(0.1)
    assert float(ask["counter"].query("FETC?")) == pytest.approx(3.0, abs=1e-9)


def test_the_end_of_a_train_can_be_waited_for(bench, ask):
    sent(ask["generator"], pulses(1, 0.05, 0.1, 5))
    sent(ask["generator"], "TRIG1")
    ask["generator"].write("*OPC?")
    bench.world.sleep(1.0)
    assert ask["generator"].read() == "1"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("SOUR1:FUNC?", "SIN"),
        ("FUNC PULSE;FUNC?", "PULS"),
        ("FUNC:PULS:PER 0.1;WIDT 0.02;WIDT?;PER?", "+2.000000000000000E-02;+1.000000000000000E-01"),
        ("SOUR2:FUNC:PULS:PER 100 MS;PER?", "+1.000000000000000E-01"),
        ("SOUR2:BURS:NCYC 7;NCYC?", "+7.000000000000000E+00"),
        ("BURS:NCYC INF;NCYC?", "+9.9E+37"),
        ("BURS:MODE?;STAT?", "TRIG;0"),
        ("OUTP?;:OUTP1:LOAD?;POL?", "0;+5.000000000000000E+01;NORM"),
        ("OUTP1:LOAD INF;LOAD?", "+9.9E+37"),
        ("TRIG2:SOUR BUS;SOUR?", "BUS"),
        ("TRIG2:DEL 0.25;DEL?", "+2.500000000000000E-01"),
        ("VOLT:HIGH 5;LOW 0;HIGH?", "+5.000000000000000E+00"),
        ("OUTP2 ON;*RST;:OUTP2?", "0"),
    ],
)
def test_the_generator_answers_as_its_manual_says(direct, question, answer):
    assert direct["generator"].query(question) == answer
    assert errors(direct["generator"]) == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("FUNC:PULS:PER 0.1;WIDT 0.2", '-221,"Settings conflict"'),
        ("FUNC:PULS:PER 0.1;WIDT 0.02;PER 0.01", '-221,"Settings conflict"'),
        ("VOLT:HIGH -1", '-221,"Settings conflict"'),
        ("VOLT:HIGH 21", '-222,"Data out of range"'),
        ("BURS:NCYC 0", '-222,"Data out of range"'),
        ("FUNC:PULS:WIDT 1E-9", '-222,"Data out of range"'),
        ("OUTP:LOAD 0.5", '-222,"Data out of range"'),
        ("TRIG1", '-211,"Trigger ignored"'),
        ("*TRG", '-211,"Trigger ignored"'),
        ("FUNC PULSES", '-141,"Invalid character data"'),
        ("SOUR3:FUNC PULS", '-114,"Header suffix out of range"'),
        ("TRIG1:LEV", '-113,"Undefined header"'),
        ("TRIG1:DEL 1001", '-222,"Data out of range"'),
    ],
)
def test_the_generator_refuses_with_an_error(direct, message, error):
    direct["generator"].write(message)
    assert errors(direct["generator"]) == [error]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("CONF:PWID (@2);:CONF?", '"PWID +5.00000000000000E+01,(@2)"'),
        ("CONF:NWID 50,(@1);:CONF?", '"NWID +5.00000000000000E+01,(@1)"'),
        ("INP1:LEV 1.5;LEV?;LEV:AUTO?", "+1.50000000000000E+00;0"),
        ("INP1:LEV 1.5;:CONF:PWID;:INP1:LEV:AUTO?", "1"),
        ("INP2:COUP DC;COUP?", "DC"),
        ("SAMP:COUN 10;COUN?", "+1.00000000000000E+01"),
        ("SAMP:COUN 10;:CONF:PWID (@1);:SAMP:COUN?", "+1.00000000000000E+00"),
        ("SYST:TIM?", "+1.00000000000000E+00"),
        ("SYST:TIM 9.9E37;TIM?", "+9.90000000000000E+37"),
        ("DATA:POIN?", "+0"),
        ("TRIG:SOUR?", "IMM"),
    ],
)
def test_the_counter_answers_as_its_manual_says(direct, question, answer):
    assert direct["counter"].query(question) == answer
    assert errors(direct["counter"]) == []


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("FETC?", '-230,"Data corrupt or stale"'),
        ("INIT", '-221,"Settings conflict"'),
        ("CONF:PWID (@1);:INIT;INIT", '-213,"Init ignored"'),
        ("DATA:REM? 1", '-222,"Data out of range"'),
        ("INP1:LEV 6", '-222,"Data out of range"'),
        ("CONF:PWID 5,(@1)", '-222,"Data out of range"'),
        ("SAMP:COUN 0", '-222,"Data out of range"'),
        ("INP3:COUP DC", '-114,"Header suffix out of range"'),
    ],
)
def test_the_counter_refuses_with_an_error(direct, message, error):
    direct["counter"].write(message)
    assert errors(direct["counter"]) == [error]


def test_counter_whose_threshold_is_not_crossed_times_out_unmeasured(bench, ask):
    sent(ask["generator"], pulses(1, 0.05, 0.1, 5))
    ask["counter"].do("CONF:PWID (@1);:INP1:COUP DC;:INP1:RANG 50;:INP1:LEV 12;:SYST:TIM 0.4;:INIT")
    sent(ask["generator"], "TRIG1")
    bench.world.sleep(1.0)
    assert float(ask["counter"].query("FETC?")) == 9.91e37


def test_readings_that_are_taken_are_gone(bench, ask):
    sent(ask["generator"], pulses(1, 0.03, 0.1, 3))
    ask["counter"].do("CONF:PWID (@1);:INP1:COUP DC;:INP1:LEV 1.5;:SAMP:COUN 3;:INIT")
    sent(ask["generator"], "TRIG1")
    bench.world.sleep(1.0)
    taken = ask["counter"].query("DATA:REM? 2")
    assert [float(each) for each in taken.split(",")] == pytest.approx([0.03, 0.03])
    assert ask["counter"].query("DATA:POIN?") == "+1"


def test_measuring_waits_for_the_pulse_that_it_reads(bench, ask):
    sent(ask["generator"], pulses(1, 0.03, 0.1, 1))
    ask["counter"].do("INP1:COUP DC;:CONF:NWID (@2)")
    ask["counter"].write("MEAS:PWID? (@1)")
    while not ask["other"].query("CONF?").startswith('"PWID'):
        pass
    sent(ask["generator"], "TRIG1")
    bench.world.sleep(0.5)
    assert float(ask["counter"].read()) == pytest.approx(0.03, abs=1e-9)
