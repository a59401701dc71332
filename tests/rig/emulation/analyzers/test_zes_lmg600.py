"""The emulated LMG671 over a real socket: its two languages, cycles in bench time, sensor jacks."""

import itertools
import math
import threading

import pytest

from rig.emulation.analyzers.zes_lmg600_commands import zes_analyzer
from tests.rig.emulation.energised import energise

VOLTS = 277.0


@pytest.fixture
def bench(bench_with):
    return bench_with(zes_analyzer)


@pytest.fixture
def zes(bench):
    client = bench.client("analyzer")
    client.write("*CLS")
    client.write("*ZLANG SHORT")
    return client


def prepared(client):
    for channel in (1, 2, 3):
        client.write(f"IJACK{channel} 1;ISCA{channel} 1;IAUTO{channel} 0;UAUTO{channel} 0;URNG{channel} 400")
        client.write(f"IRNG{channel} 1")
    assert client.query("ERRALL?") == '0,"No error"'


def waited(bench, client, message):
    """Send a message that waits for the end of a cycle, and let the time pass; returns its answer."""
    client.write(message)
    answers = []
    reader = threading.Thread(target=lambda: answers.append(client.read()))
    reader.start()
    while reader.is_alive():
        bench.world.sleep(0.1)
        reader.join(0.02)
    return answers[0]


@pytest.mark.parametrize(
    ("command", "query", "answer"),
    [
        ("*CLS", "*IDN?", "ZES ZIMMER Electronic Systems GmbH,LMG671,01930726,3.081"),
        ("*CLS", "ERRALL?", '0,"No error"'),
        # What open drivers of the family send (lmgtools, lmgd, SVP), in the SHORT language
        ("CYCL 0.5", "CYCL?", "5.000000E-01"),
        ("cycl 0.2", "CYCL?", "2.000000E-01"),
        ("CYCLMOD 0", "CYCLMOD?", "0"),
        ("FRMT ASCii", "FRMT?", "0"),
        ("*CLS", "GROUP?", "3"),
        ("GROUP 1,2", "GROUP?", "1,2"),
        ("iauto1 0;uauto1 0;irng1 0.03;urng1 250", "IRNG1?;URNG1?", "3.000000E-02;2.500000E+02"),
        ("URNG2 300", "URNG2?", "4.000000E+02"),
        ("ijack2 1;iauto2 0; irng2 0.5;", "IJACK2?;IAUTO2?", "1;0"),
        ("ISCA1 1000", "ISCA1?", "1.000000E+03"),
        ("*CLS", "CTYP1?", '"A1"'),
        ("*CLS", "*OPC?", "1"),
        ("gtl", "*OPC?", "1"),
        # The other language
        ("*ZLANG SCPI", ":SYST:ERR:ALL?", '0,"No error"'),
        ("*zlang scpi", "SYST:ERR?", '0,"No error"'),
        ("*zlang scpi;:SENS:CURR:RANG:AUTO1 0;:SENS:CURR:RANG1 0.25", ":SENS:CURR:RANG1?", "2.500000E-01"),
        ("*zlang scpi;:SENS:VOLT:RANG:AUTO3 0;:SENS:VOLT:RANG3 250", ":SENS:VOLT:RANG3?", "2.500000E+02"),
        ("*zlang scpi;:SENS:SWE:TIME 0.05", ":SENS:SWE:TIME?", "5.000000E-02"),
        ("*zlang scpi;:SENS:ZPR 0", ":SENS:ZPR?", "0"),
        ("*zlang scpi;:INIT:CONT OFF", ":INIT:CONT?", "0"),
    ],
)
def test_commands_are_answered_as_the_family_does(zes, command, query, answer):
    zes.write(command)
    assert zes.query(query) == answer
    zes.write("*ZLANG SHORT")
    assert zes.query("ERRALL?") == '0,"No error"'


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("SYST:ERR", '-113,"Undefined header"'),  # the other language's
        ("FOO 1", '-113,"Undefined header"'),
        ("IJACK4 1", '-114,"Header suffix out of range"'),
        ("IJACK1 2", '-222,"Data out of range"'),
        ("IRNG1 5", '-222,"Data out of range"'),
        ("URNG1 1001", '-222,"Data out of range"'),
        ("CYCL 0", '-222,"Data out of range"'),
        ("CYCLMOD SCOPE", '-224,"Illegal parameter value"'),
        ("GROUP 4", '-222,"Data out of range"'),
        ("GROUP 1,1", '-224,"Illegal parameter value"'),
        ("CYCL", '-109,"Missing parameter"'),
        ("HUPHASE1?", '-109,"Missing parameter"'),
        ("HUPHASE1? (1:40)", '-224,"Illegal parameter value"'),
        ("ISCA1 1E7", '-222,"Data out of range"'),
    ],
)
def test_mistakes_go_into_the_error_queue(zes, command, error):
    zes.write(command)
    assert zes.query("ERRALL?") == error
    assert zes.query("ERRALL?") == '0,"No error"'


def test_each_language_knows_only_its_own_commands_and_reset_selects_scpi(zes):
    zes.write("*RST")
    zes.write("CYCL 1")
    assert zes.query("SYST:ERR:ALL?") == '-113,"Undefined header"'
    zes.write("*ZLANG SHORT")
    zes.write("FOO;BAR")
    assert zes.query("ERRALL?") == '-113,"Undefined header",-113,"Undefined header"'


def test_before_the_first_cycle_was_waited_for_there_is_no_valid_value(zes):
    assert zes.query("UTRMS1?;P1?;TSNORM?;DURNORM?") == "NAN;NAN;NAN;NAN"


@pytest.mark.parametrize("angle_deg", [0.0, -60.0, 60.0, 180.0])
def test_it_measures_what_is_at_the_meters_terminals(bench, zes, angle_deg):
    prepared(zes)
    energise(bench, angle_deg=angle_deg)
    waited(bench, zes, "INIM;*OPC?")  # a cycle that a change of range began
    answer = zes.query("UTRMS2?;ITRMS2?;P2?;S2?;Q2?;PF2?;FCYC2?;HUPHASE2? (1:1);HIPHASE2? (1:1)")
    u, i, p, s, q, factor, frequency_hz, u_deg, i_deg = (float(field) for field in answer.split(";"))
    volts, sensor = VOLTS * bench.world.wiring.voltage_factor, 8.0 * bench.world.wiring.ct_factor
    assert u == pytest.approx(volts, rel=1e-5)
    assert i == pytest.approx(sensor, rel=1e-5)
    assert s == pytest.approx(volts * sensor, rel=1e-5)
    assert p == pytest.approx(volts * sensor * math.cos(math.radians(angle_deg)), abs=1e-5 * s)
    assert q == pytest.approx(volts * sensor * abs(math.sin(math.radians(angle_deg))), abs=1e-4 * s)
    assert factor == pytest.approx(math.cos(math.radians(angle_deg)), abs=1e-5)
    assert frequency_hz == pytest.approx(60.0, abs=1e-4)
    assert u_deg == pytest.approx(-120.0, abs=1e-3)
    assert abs((i_deg - angle_deg + 120.0 + 180.0) % 360.0 - 180.0) < 1e-3


def test_values_in_the_other_language_are_the_same(bench, zes):
    prepared(zes)
    energise(bench)
    short = waited(bench, zes, "INIM;UTRMS1?;ITRMS1?;P1?")
    zes.write("*zlang scpi")
    assert zes.query(":FETC:VOLT:TRMS1?;:FETC:CURR:TRMS1?;:FETC:POW:ACT1?") == short


def test_inim_waits_for_the_cycles_end_and_values_stay_until_the_next(bench, zes):
    prepared(zes)
    source = energise(bench)
    first = waited(bench, zes, "INIM;TSNORM?;DURNORM?;UTRMS1?").split(";")
    source.do("OUTP OFF")
    bench.world.sleep(5.0)
    assert zes.query("TSNORM?;DURNORM?;UTRMS1?").split(";") == first
    stamp, length_s, volts = waited(bench, zes, "INIM;TSNORM?;DURNORM?;UTRMS1?").split(";")
    assert stamp > first[0]
    assert stamp.startswith("2026:01:01D00:00:")
    assert float(length_s) == 0.5
    assert float(volts) == 0.0


def test_time_stamps_are_a_cycle_apart(bench, zes):
    prepared(zes)
    stamps = [waited(bench, zes, "INIM;TSNORM?").rpartition(":")[2] for _ in range(3)]
    steps = {round(float(after) - float(before), 6) % 0.5 for before, after in itertools.pairwise(stamps)}
    assert steps == {0.0}


def test_a_channel_on_its_current_jack_sees_nothing_of_the_ct_input(bench, zes):
    prepared(zes)
    zes.write("IJACK1 0")
    energise(bench)
    assert float(waited(bench, zes, "INIM;ITRMS1?")) == 0.0
    assert float(zes.query("ITRMS2?")) > 0.9


def test_the_scale_multiplies_the_sensors_volts(bench, zes):
    prepared(zes)
    zes.write("ISCA1 100")
    energise(bench)
    one, two = (float(field) for field in waited(bench, zes, "INIM;ITRMS1?;ITRMS2?").split(";"))
    assert one == pytest.approx(100.0 * two, rel=1e-6)


def test_without_input_angle_and_power_factor_are_no_numbers(bench, zes):
    prepared(zes)
    assert waited(bench, zes, "INIM;UTRMS1?;PF1?;FCYC1?;HUPHASE1? (1:1)") == "0.000000E+00;NAN;NAN;NAN"
