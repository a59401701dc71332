"""The emulated Norma 4000 over a real socket: the guide's examples, intervals in bench time, status of each value."""

import math

import pytest

from rig.emulation.analyzers.fluke_norma_commands import norma_analyzer
from tests.rig.emulation.energised import energise

VOLTS = 277.0
FUNCTIONS = '"VOLT1","CURR1","POW1","POW1:APP","POW1:REAC","VOLT2:PHAS","CURR1:PHAS","FREQ","TIME","TIME:REL"'


@pytest.fixture
def bench(bench_with):
    return bench_with(norma_analyzer)


@pytest.fixture
def norma(bench):
    client = bench.client("analyzer")
    client.write("*CLS")
    return client


def prepared(client, functions=FUNCTIONS):
    client.write("FORM ASC,8;:APER 0.5;:VOLT1:RANG 300;:VOLT2:RANG 300;:VOLT3:RANG 300")
    for channel, phase in ((1, 1), (3, 2), (5, 3)):
        client.write(f"INP{channel}:SHUN EXT;GAIN 1.0;:CURR{phase}:RANG 1.0")
    client.write(f"FUNC {functions}")
    assert client.query("SYST:ERR?") == '0,"No error"'


def data(client):
    """Values and status codes of the functions chosen."""
    fields = client.query("DATA:STAT?").split(",")
    count = len(fields) // 2
    return [float(field) for field in fields[:count]], [int(field) for field in fields[count:]]


@pytest.mark.parametrize(
    ("command", "query", "answer"),
    [
        # Remote Control Users Guide, June 2007 Rev. 2: the examples of each command
        ("*CLS", "*IDN?", "Fluke,NORMA4000,KN34512BA,01.00"),
        ("INP1:COUP DC", "INP2:COUP?", "DC"),
        ("INP1:GAIN 10.0", "INP1:GAIN?", "10.0"),
        ("INP3:GAIN 251.65", "INP3:GAIN?", "251.65"),
        ("INP:FILT ON", "INP:FILT?", "1"),
        ("INPut1:SHUNt EXTernal", "INPut:SHUNt?", "EXT"),
        ("*CLS", "INP3:SHUNt?", "INT"),
        ("INPut1:SHUNt EXTernal;GAIN 25.0", "INPut1:GAIN?", "25.0"),
        ("INPut1:SHUNt EXTernal;:INPut1:GAIN 25.0", "INPut1:GAIN?;:INP1:SHUN?", "25.0;EXT"),
        ('ROUT:SYST "3W"', "ROUT:SYST?", '"3W"'),
        ("ROUTe:SYSTem '3W'", "ROUTe:SYSTem?", '"3W"'),
        ("CURR2:RANG 3.0", "CURR2:RANG?", "3.0"),
        ("VOLT3:RANG 25.0", "VOLT3:RANG?", "30.0"),  # rounded up to the nearest higher range
        ("SENSe:VOLTage1:RANGe 1000.0", "SENS:VOLT1:DC:RANG:UPP?", "1000.0"),
        ("INPut1:COUPling DC;:SENSe:CURRent1:DC:RANGe 1.0", "CURR:RANG?", "1.0"),
        ("*CLS", "CURR2:RANG:LIST?", "0.03, 0.1, 0.3, 1, 3, 10"),
        ("VOLT3:RANG:AUTO ON", "VOLT3:RANG:AUTO?", "1"),
        ("CURR2:RANG 1", "CURR2:RANG:AUTO?", "0"),
        ("APER 1.5", "APER?", "1.5"),
        ("APER 1.5", "SYNC:TIM?", "1.5"),
        ("APER 0.2", "SYNC:TIM?", "0.3"),
        ("SYNC:TIMeout 5.0", "SYNC:TIMeout?", "5.0"),
        ('FUNC "VOLT","CURR","POW"', "FUNC?", '"VOLT","CURR","POW"'),
        ('FUNC "VOLTage1:DC","POWer1:ACTive","VOLT1:AC"', "FUNC?", '"VOLT1","POW1","VOLT1:AC"'),
        ('FUNC "VOLT","CURR","POW"', "FUNC:COUN?", "3"),
        ("FUNC:CONC ON", "FUNC:CONC?", "1"),
        ("*CLS", "SWEep:FREQ?", "3.4133E+05"),
        ("SYNC:STAT ON", "SYNC:STAT?", "1"),
        ("SYNC:SOUR VOLT1", "SYNC:SOUR?", "VOLT1"),
        ("SYNC VOLTage2", "SYNC?", "VOLT2"),
        ("INIT:CONT ON", "INIT:CONT?", "1"),
        ("CALC:INT ON", "CALC:INT?", "ON"),
        ('CALC:INT:FUNC "POW1:ACT"', "CALC:INT:FUNC?", '"POW1"'),
        ("CALC:INT:CLE:AUTO ON", "CALC:INT:CLE:AUTO?", "ON"),
        ("CALC:INT:STAR:SOUR CMD", "CALC:INT:STAR:SOUR?", "CMD"),
        ("*CLS", "SYST:VERS?", "1999.0"),
        ("STAT:OPER:ENAB 5948", "STAT:OPER:ENAB?", "5948"),
        ("STAT:OPER:PTR 5948", "STAT:OPER:PTR?", "5948"),
        ("*ESE 253", "*ESE?", "253"),
    ],
)
def test_commands_are_answered_as_the_guide_says(norma, command, query, answer):
    norma.write(command)
    assert norma.query(query) == answer
    assert norma.query("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("TEST:COMMAND", '-113,"Undefined header"'),
        ('FUNC "XYZ"', '-150,"String data error"'),
        ("FUNC VOLT1", '-104,"Data type error"'),
        ('FUNC "POW1:IPOS"', '-221,"Settings conflict"'),  # the integration is off
        ("VOLT4:RANG 30", '-114,"Header suffix out of range"'),
        ("VOLT1:RANG 2000", '-222,"Data out of range"'),
        ("INP2:SHUN EXT", '-221,"Settings conflict"'),  # a voltage channel
        ("INP:COUP XYZ", '-141,"Invalid character data"'),
        ("APER 0.001", '-222,"Data out of range"'),
        ("APER 200MS", '-138,"Suffix not allowed"'),
        ("*SRE 2,1", '-108,"Parameter not allowed"'),
        ("INIT", '-213,"Init ignored"'),  # free run
        ("CALC:INT:STAR", '-221,"Settings conflict"'),
    ],
)
def test_mistakes_go_into_the_error_queue(norma, command, error):
    norma.write(command)
    assert norma.query("SYST:ERR?") == error
    assert norma.query("SYST:ERR?") == '0,"No error"'


def test_all_errors_come_in_one_answer(norma):
    norma.write("FOO;:BAR")
    assert norma.query("SYST:ERR:ALL?") == '-113,"Undefined header";-113,"Undefined header"'
    assert norma.query("SYST:ERR:ALL?") == '0,"No error"'


def test_more_than_one_function_needs_concurrent_measurement(norma):
    norma.write('FUNC:CONC OFF;:FUNC "VOLT1","CURR1"')
    assert norma.query("SYST:ERR?") == '-108,"Parameter not allowed"'


def test_data_that_are_asked_for_by_name_become_the_function_list(bench, norma):
    prepared(norma)
    energise(bench)
    assert norma.query('DATA? "VOLT1"').startswith("+2.7")
    assert norma.query("FUNC?") == '"VOLT1"'


def test_every_value_is_nan_and_undefined_without_a_complete_interval(norma):
    prepared(norma)
    values, statuses = data(norma)
    assert set(values) == {9.91e37}
    assert set(statuses) == {8}
    assert norma.query('FORM ASC,6;:DATA? "VOLT1"') == "+9.91000E+37"


@pytest.mark.parametrize("angle_deg", [0.0, -60.0, 60.0, 180.0])
def test_it_measures_what_is_at_the_meters_terminals(bench, norma, angle_deg):
    prepared(norma)
    energise(bench, angle_deg=angle_deg)
    bench.world.sleep(1.0)
    values, statuses = data(norma)
    u, i, p, s, q, u2_deg, i_deg, frequency_hz, length_s, ended_s = values
    volts, sensor = VOLTS * bench.world.wiring.voltage_factor, 8.0 * bench.world.wiring.ct_factor
    assert u == pytest.approx(volts, rel=1e-6)
    assert i == pytest.approx(sensor, rel=1e-6)
    assert s == pytest.approx(volts * sensor, rel=1e-6)
    assert p == pytest.approx(volts * sensor * math.cos(math.radians(angle_deg)), abs=1e-5 * s)
    assert q == pytest.approx(volts * sensor * abs(math.sin(math.radians(angle_deg))), abs=1e-5 * s)
    assert u2_deg == pytest.approx(-120.0, abs=1e-3)
    assert abs((i_deg - angle_deg + 180.0) % 360.0 - 180.0) < 1e-3
    assert frequency_hz == pytest.approx(60.0, abs=1e-6)
    assert statuses == [0] * len(values)
    assert 0.5 < length_s < 0.52
    assert ended_s > 0.0


def test_interval_is_a_whole_number_of_periods_just_above_the_nominal_one(bench, norma):
    prepared(norma, '"TIME"')
    energise(bench)
    bench.world.sleep(2.0)
    (length_s,), _ = data(norma)
    assert length_s == pytest.approx(31 / 60.0, rel=1e-6)


def test_unsynchronised_intervals_come_after_the_timeout_without_angles(bench, norma):
    prepared(norma, '"TIME:REL","VOLT1","VOLT1:PHAS","FREQ"')
    norma.do("TIM:RES")
    bench.world.sleep(0.9)
    assert data(norma)[1] == [8] * 4
    bench.world.sleep(0.2)
    (ended_s, volts, _, _), statuses = data(norma)
    assert ended_s == pytest.approx(1.0, abs=1e-6)  # half a second of waiting, half a second of averaging
    assert volts == 0.0
    assert statuses == [0, 1, 8, 8]  # under-range is valid


def test_over_range_answers_a_number_and_only_its_status_shows_it(bench, norma):
    prepared(norma, '"VOLT1","CURR1","POW1"')
    energise(bench)
    norma.do("VOLT1:RANG 100")
    bench.world.sleep(1.1)
    values, statuses = data(norma)
    assert values[0] == pytest.approx(100.0 * math.sqrt(2.0))  # clipped
    assert statuses == [2, 0, 2]


def test_data_do_not_wait_for_a_new_interval(bench, norma):
    prepared(norma, '"TIME:REL"')
    energise(bench)
    bench.world.sleep(1.0)
    assert data(norma) == data(norma)


def test_the_averaging_bit_glitches_at_the_end_of_an_interval(bench, norma):
    prepared(norma)
    energise(bench)
    norma.do("*CLS")
    bench.world.sleep(0.1)
    norma.query("STAT:OPER?")
    bench.world.sleep(0.6)
    assert int(norma.query("STAT:OPER?")) & 0x400
    assert norma.query("STAT:OPER?") == "0"
    assert norma.query("STAT:OPER:COND?") == "1280"


def test_a_single_measurement_is_taken_when_asked_for_and_then_no_more(bench, norma):
    prepared(norma, '"TIME:REL"')
    energise(bench)
    norma.do("INIT:CONT OFF")
    bench.world.sleep(3.0)
    assert data(norma)[1] == [8]
    norma.do("*TRG")
    bench.world.sleep(0.6)
    first = data(norma)
    assert first[1] == [0]
    bench.world.sleep(3.0)
    assert data(norma) == first


def test_current_channel_on_its_internal_shunt_does_not_see_the_ct_input(bench, norma):
    prepared(norma, '"CURR1"')
    energise(bench)
    norma.do("INP1:SHUN INT")
    bench.world.sleep(1.1)
    assert data(norma)[0] == [0.0]


def test_integrals_are_kept_apart_by_sign_and_stop_when_told(bench, norma):
    norma.write('CALC:INT:FUNC "POW1","POW2","POW3"')
    norma.write("CALC:INT ON")
    prepared(norma, '"POW1:IPOS","POW1:INEG","POW1:INT"')
    energise(bench, angle_deg=180.0)
    norma.do("CALC:INT:STAR")
    bench.world.sleep(36.0)
    norma.do("CALC:INT:STOP")
    bench.world.sleep(5.0)
    (positive, negative, both), statuses = data(norma)
    wiring = bench.world.wiring
    watts = VOLTS * wiring.voltage_factor * 8.0 * wiring.ct_factor
    assert positive == 0.0
    assert negative == both == pytest.approx(-watts / 100.0, rel=1e-6)
    assert statuses == [0, 0, 0]


def test_reset_takes_away_functions_external_shunts_and_fixed_ranges(norma):
    prepared(norma)
    norma.write("*RST")
    assert norma.query("FUNC:COUN?;:INP1:SHUN?;:VOLT1:RANG:AUTO?;:APER?") == "0;INT;1;0.3"
