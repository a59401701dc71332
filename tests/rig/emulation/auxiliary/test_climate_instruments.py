"""The emulated thermo-hygrometer and chamber, asked as their manuals say, in air that obeys its laws."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.auxiliary.climate import climate_instruments
from rig.emulation.auxiliary.espec_p300 import EspecChamber
from rig.emulation.world.air import Air
from rig.emulation.world.bench_time import BenchTime
from rig.emulation.world.event_log import EventLog
from rig.emulation.world.physics import Wiring
from rig.emulation.world.world import World

NOW_1 = "1,23.000,C,45.00,%,2026,1,1,0,0,0"


class Standing:
    """Climate instruments in a world whose time only moves on request."""

    def __init__(self, path, **options):
        self.world = World(BenchTime(lambda: 0.0), Wiring())
        self.log = EventLog(path, self.world.now_s)
        self.air = Air()
        self.all = climate_instruments(self.air, 1, options.get("is_ideal", True), self.world, self.log)

    def probe(self, text):
        return self.all.probe.engine.execute(text, "test")

    def chamber(self, text):
        answer = self.all.chamber.answer(text.encode(), "test")
        return None if answer is None else answer.decode()


@pytest.fixture
def standing(tmp_path):
    made = Standing(tmp_path / "climate.jsonl")
    yield made
    made.log.close()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("FORM:TDST:STAT?", "0"),
        ("MEAS? 1", "23.000,45.00"),
        ("MEASure? 2", "23.000,45.00"),
        ("FETC?", "23.000,45.00,23.000,45.00"),
        ("read? 1", "23.000,45.00"),
        ("FORM:TDST:STAT 1;STAT?", "1"),
        ("FORMat:TDST:STATe ON;:MEAS? 1", "1,1,23.000,C,45.00,%,2026,1,1,0,0,0"),
        ("FORM:TDST:STAT 1;:MEAS? 1;:MEAS? 1", f"1,{NOW_1};0,{NOW_1}"),
        ("FORM:TDST:STAT 1;:MEAS?", "1,1,23.000,C,45.00,%,2,23.000,C,45.00,%,2026,1,1,0,0,0"),
        ("FORM:TDST:STAT 1;:FORM:TDST:STAT OFF;:FORM:TDST:STAT?", "0"),
        ("SENS1:STAT?", "0"),
        ("SENSor2:STATe?", "0"),
        ("SENSor1:IDENtification?", '"Sensor 1"'),
        ("TRIG:TIM?", "1"),
        ("TRIG:TIM 30;TIM?", "30"),
        ("TRIG:TIM 45;TIM?", "30"),
        ("TRIGger:TIMer 3600;TIMer?", "3600"),
        ("TRIG:TIM 30;*RST;:TRIG:TIM?", "1"),
    ],
)  # fmt: skip
def test_the_probe_answers_as_its_manual_says(standing, question, answer):
    assert standing.probe(question) == answer
    assert standing.probe("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("TRIG:TIM 3601", '-222,"Data out of range"'),
        ("TRIG:TIM 0.5", '-222,"Data out of range"'),
        ("TRIG:TIM", '-109,"Missing parameter"'),
        ("MEAS? 3", '-222,"Data out of range"'),
        ("SENS3:STAT?", '-114,"Header suffix out of range"'),
        ("FORM:TDST", '-113,"Undefined header"'),
        ("MEASURE", '-113,"Undefined header"'),
    ],
)
def test_what_the_probe_cannot_do_is_an_error_in_its_queue(standing, message, error):
    assert standing.probe(message) is None
    assert standing.probe("SYST:ERR?") == error
    assert standing.probe("SYST:ERR?") == '0,"No error"'


def test_a_sensor_that_is_not_attached_says_so_and_gives_no_measurement(standing):
    standing.all.probe.attached.discard(1)
    assert standing.probe("SENS1:STAT?") == "1"
    assert standing.probe("MEAS? 1") is None
    assert standing.probe("SYST:ERR?") == '-230,"Data corrupt or stale"'


def test_a_display_in_fahrenheit_answers_in_fahrenheit(standing):
    standing.all.probe.unit = "F"
    assert standing.probe("FORM:TDST:STAT 1;:MEAS? 1").startswith("1,1,73.400,F,45.00,%")


def test_it_measures_once_a_period_and_says_whether_a_measurement_is_new(standing):
    assert standing.probe("TRIG:TIM 10;:FORM:TDST:STAT 1;:MEAS? 1").startswith("1,")
    standing.world.sleep(9.0)
    assert standing.probe("MEAS? 1").startswith("0,")
    standing.world.sleep(1.0)
    assert standing.probe("MEAS? 1") == "1,1,23.000,C,45.00,%,2026,1,1,0,0,10"


def test_its_errors_are_its_own_and_its_noise_comes_from_the_seed(tmp_path):
    runs = []
    for number in (1, 2):
        made = Standing(tmp_path / f"{number}.jsonl", is_ideal=False)
        readings = []
        for _ in range(5):
            readings.append(float(made.probe("MEAS? 1").split(",")[0]))
            made.world.sleep(1.0)
        made.log.close()
        runs.append(readings)
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > 1
    assert all(abs(value - 23.0) < 0.1 for value in runs[0])


@pytest.mark.parametrize(
    ("messages", "answers"),
    [
        (["TEMP?"], ["23.0,23.0,110.0,-50.0"]),
        (["MON?"], ["23.0,,STANDBY,0"]),
        (["MODE?", "MODE?,DETAIL"], ["STANDBY", "STANDBY"]),
        (["TYPE?", "ROM?", "ALARM?"], ["T,P300,100.0", "P-300 Ver.1.60", "0"]),
        (["TEMP,S40.0", "TEMP?"], ["OK:TEMP,S40.0", "23.0,40.0,110.0,-50.0"]),
        (["TEMP, S25", "CONSTANT SET?,TEMP"], ["OK:TEMP, S25", "25.0,ON"]),
        (["TEMP,S25.0 H60.0 L-30.0", "TEMP?"], ["OK:TEMP,S25.0 H60.0 L-30.0", "23.0,25.0,60.0,-30.0"]),
        (["MODE,CONSTANT", "MODE?", "MON?"], ["OK:MODE,CONSTANT", "CONSTANT", "23.0,,CONSTANT,0"]),
        (["POWER,ON", "MODE?", "POWER,OFF", "MODE?"], ["OK:POWER,ON", "CONSTANT", "OK:POWER,OFF", "OFF"]),
        (["mode,constant", "mode?"], ["OK:mode,constant", "CONSTANT"]),
        (["MODE,CONSTANT", "MODE,STANDBY", "MODE?"], ["OK:MODE,CONSTANT", "OK:MODE,STANDBY", "STANDBY"]),
    ],
)
def test_the_chamber_answers_as_its_makers_library_reads(standing, messages, answers):
    assert [standing.chamber(message) for message in messages] == answers


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        ("TEMPERATURE?", "NA:CMD ERR"),
        ("*IDN?", "NA:CMD ERR"),
        ("TEMP", "NA:PARA ERR"),
        ("TEMP,X5", "NA:PARA ERR"),
        ("TEMP,S", "NA:PARA ERR"),
        ("TEMP,Snan", "NA:PARA ERR"),
        ("TEMP,S2_5", "NA:PARA ERR"),
        ("TEMP,S1e1", "NA:PARA ERR"),
        ("TEMP,S100.1", "NA:DATA OUT OF RANGE"),
        ("TEMP,S-40.1", "NA:DATA OUT OF RANGE"),
        ("TEMP,S30 H1x", "NA:PARA ERR"),
        ("MODE,FAST", "NA:PARA ERR"),
        ("MODE?,X", "NA:PARA ERR"),
        ("HUMI?", "NA:CONT NOT READY-1"),
        ("CONSTANT SET?,HUMI", "NA:CONT NOT READY-1"),
        ("CONSTANT SET?", "NA:PARA ERR"),
        ("\xff\xfe", "NA:CMD ERR"),
    ],
)
def test_what_the_chamber_cannot_do_is_refused_and_changes_nothing(standing, message, answer):
    assert standing.chamber(message) == answer
    assert standing.chamber("TEMP?") == "23.0,23.0,110.0,-50.0"
    assert standing.chamber("MODE?") == "STANDBY"
    assert standing.chamber("") is None


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_nothing_that_is_sent_to_the_chamber_stops_it_answering(lines):
    world = World(BenchTime(lambda: 0.0), Wiring())
    chamber = EspecChamber(Air(), world.now_s, world)
    for line in lines:
        answer = chamber.answer(line, "test")
        assert (answer is None) == (not line.decode("latin-1").strip())
    assert chamber.answer(b"MODE?", "test") in (b"OFF", b"STANDBY", b"CONSTANT")
    assert chamber.too_long("test") == b"NA:CMD ERR"


def test_meters_feel_the_chamber_and_the_room_again_when_it_has_stopped(standing):
    standing.chamber("TEMP,S60.0")
    assert standing.chamber("MODE,CONSTANT").startswith("OK")
    standing.world.sleep(4000.0)
    now_s = 4000.0
    assert standing.chamber("TEMP?").startswith("60.0,60.0")
    assert standing.probe("MEAS? 1").startswith("59.99")
    assert standing.probe("MEAS? 2") == "23.000,45.00"
    assert standing.air.meter_temperature_c(now_s) == 62.0
    standing.chamber("MODE,STANDBY")
    standing.world.sleep(12_000.0)
    assert standing.chamber("TEMP?").startswith("23.0,60.0")
    events = [json.loads(line) for line in standing.log.path.read_text().splitlines()]
    assert [event["mode"] for event in events if event["event"] == "chamber"] == ["STANDBY", "CONSTANT", "STANDBY"]


@given(st.floats(-40.0, 100.0), st.floats(-30.0, 60.0), st.lists(st.floats(0.0, 5000.0), min_size=2, max_size=8))
def test_air_only_approaches_its_target_and_stays_at_most_saturated(setpoint_c, room_c, steps):
    air = Air(room_c)
    air.condition(setpoint_c, 0.0)
    now_s, before_k = 0.0, abs(room_c - setpoint_c)
    for step_s in steps:
        now_s += step_s
        left_k = abs(air.temperature_c(now_s) - setpoint_c)
        assert left_k <= before_k + 1e-9
        before_k = left_k
        assert 0.0 < air.humidity_pct(now_s) <= 98.0
    air.let_go(now_s)
    assert air.temperature_c(now_s) == pytest.approx(
        setpoint_c + math.copysign(before_k, room_c - setpoint_c), abs=1e-6
    )
    assert abs(air.temperature_c(now_s + 1e5) - room_c) < 1e-6


@given(st.floats(-20.0, 60.0), st.floats(1.0, 40.0))
def test_warmer_air_with_the_same_water_is_drier(room_c, by_k):
    air = Air(room_c)
    air.condition(room_c + by_k, 0.0)
    assert air.humidity_pct(10_000.0) < air.humidity_pct(0.0)
