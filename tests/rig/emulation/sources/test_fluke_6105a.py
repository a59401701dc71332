"""The emulated Fluke 6105A over a real socket: the manual's command and answer pairs, limits, ramp, relay."""

import json

import pytest

from drivers.source.base import SourceSetting, Tone
from drivers.source.fluke_6105a import Fluke6105A
from rig.emulation.sources.fluke_6105a import FlukeSource
from rig.emulation.sources.output import RELAY_S, SourceErrors
from rig.emulation.world.physics import rms
from tests.rig.emulation.sources.one_source import one_source, session_to


@pytest.fixture
def source(bench):
    return bench.client("source")


def volts(bench):
    with bench.world:
        return [rms(spectrum) for spectrum in bench.world.stimulus.voltages]


def set_277(source):
    for phase, angle in ((1, 0), (2, -120), (3, 120)):
        source.write(f"SOUR:PHAS{phase}:VOLT:RANG 0,360;STAT ON;MHAR:HARM1 277,{angle}")
    assert source.query("SYST:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("command", "query", "answer"),
    [
        # Fluke 6100B/6105A Users Manual, remote operation; answers in its "1.44E1" form
        ("SOUR:FREQ 60.000", "SOUR:FREQ?", "6.0E1"),
        (":source:frequency 59.5", "FREQ?", "5.95E1"),
        ("OUTP:RAMP:TIME 5", "OUTPUT:RAMP:TIME?", "5.0E0"),
        ("OUTP:SENS 0", "OUTP:SENS?", "0"),
        ("SOUR:PHAS1:VOLT:RANG 0,360", "SOUR:PHAS1:VOLT:RANG?", "0.0E0,3.6E2"),
        ("SOUR:PHAS1:VOLT:RANG 0,200", "SOUR:PHAS1:VOLT:RANG? HIGH", "3.6E2"),
        ("SOUR:PHAS2:VOLT:RANG 0,1000", "SOUR:PHAS2:VOLT:RANG? high", "1.008E3"),
        ("SOUR:PHAS1:CURR:RANG 0.5,5", "SOUR:PHAS1:CURR:RANG?", "5.0E-1,5.0E0"),
        ("SOUR:PHAS1:CURR:RANG 0.5,5", "SOUR:PHAS1:CURR:RANG:UNIT?", "CURR"),
        ("SOUR:PHAS1:CURR:RANG:VOLT 0.15,1.5", "SOUR:PHAS1:CURR:RANG:VOLT?", "1.5E-1,1.5E0"),
        ("SOUR:PHAS1:CURR:RANG:VOLT 0.15,1.5", "SOUR:PHAS1:CURR:RANG:UNIT?", "VOLT"),
        ("SOUR:PHAS3:CURR:RANG:VOLT 1,10", "SOUR:PHAS3:CURR:RANG:VOLT? LOW", "1.0E0"),
        ("SOUR:PHAS1:VOLT:STAT ON", "SOUR:PHAS1:VOLT:STAT?", "1"),
        ("SOUR:PHAS1:CURR:STAT 1", "SOUR:PHAS1:CURR:STAT?", "1"),
        ("SOUR:PHAS1:CURR:MHAR:STAT ON", "SOUR:PHAS1:CURR:MHAR:STAT?", "1"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 14.4,-30", "SOUR:PHAS1:VOLT:MHAR:HARM1?", "1.44E1,-3.0E1"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 14.4,-30", "SOUR:PHAS1:VOLT:MHAR:HARM1? PANG", "-3.0E1"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 14.4,-30", "SOUR:PHAS1:VOLT:MHAR:HARM1:AMPL?", "1.44E1"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM0 0.5,0", "SOUR:PHAS1:VOLT:MHAR:HARM0?", "5.0E-1,0.0E0"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 3,0;HARM5 4,20", "SOUR:PHAS1:VOLT:MHAR:AMPL?", "5.0E0"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 3,0;HARM5 4,20;AMPL 10", "SOUR:PHAS1:VOLT:MHAR:HARM5?", "8.0E0,2.0E1"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 3,0;HARM5 4,20;CLE", "SOUR:PHAS1:VOLT:AMPL?", "3.0E0"),
        ("SOUR:PHAS1:VOLT:MHAR:HARM1 3,0;HARM5 4,20;HARM5 0,0", "SOUR:PHAS1:VOLT:MHAR:ALL?", "3.0E0,0.0E0"),
        ("*CLS", "SOUR:PHAS1:FITT?", "1"),
        ("*CLS", "SOUR:PHAS2:MOD?", "6105A"),
        ("*CLS", "SOUR:PHAS2:SER?", "123456789B"),
        ("*CLS", "SOUR:PHAS1:CURR:EAMP:FITT?", "0"),
        ("*CLS", "OUTP:STAT?", "0"),
        ("*CLS", "SYST:ERR?", '0,"No error"'),
        ("*CLS", "*IDN?", "FLUKE,6105A,123456789,2.02"),
    ],
)
def test_commands_are_answered_as_the_manual_says(source, command, query, answer):
    source.write(command)
    assert source.query(query) == answer
    assert source.query("SYST:ERR?") == '0,"No error"'


def test_all_harmonics_are_listed_as_in_the_manuals_example(source):
    source.write("SOUR:PHAS:VOLT:RANG 0,45;MHAR:HARM1 25,90;HARM3 10.9,0;HARM5 2.5,165")
    stem = ":SOUR:PHAS:VOLT:MHAR:ALL?"
    assert source.query(stem) == "2.5E1,9.0E1,0.0E0,0.0E0,1.09E1,0.0E0,0.0E0,0.0E0,2.5E0,1.65E2"
    assert source.query(f"{stem} AMPL") == "2.5E1,0.0E0,1.09E1,0.0E0,2.5E0"
    assert source.query(f"{stem} PANG") == "9.0E1,0.0E0,0.0E0,0.0E0,1.65E2"


@pytest.mark.parametrize(
    "command",
    [
        "SOUR:FREQ 5",
        "SOUR:PHAS1:VOLT:RANG 0,1100",
        "SOUR:PHAS1:CURR:RANG 0.01,0.2",
        "SOUR:PHAS1:CURR:RANG:VOLT 0.0333,0.25",
        "SOUR:PHAS1:CURR:RANG:VOLT 5,1",
        "SOUR:PHAS1:VOLT:MHAR:HARM1 24,0",
        "SOUR:PHAS1:VOLT:MHAR:HARM1 10,181",
        "SOUR:PHAS1:VOLT:MHAR:HARM1 -1,0",
        "SOUR:PHAS1:VOLT:MHAR:HARM0 1,90",
        "SOUR:PHAS1:CURR:MHAR:HARM1 0,0",
        "SOUR:PHAS1:CURR:MHAR:HARM1 0.26,0",
        "SOUR:PHAS1:VOLT:MHAR:AMPL 24",
        "OUTP:RAMP:TIME -1",
    ],
)
def test_what_no_range_holds_is_refused_and_changes_nothing(source, command):
    probe = "FREQ?;:PHAS1:VOLT:RANG?;MHAR:ALL?;:PHAS1:CURR:RANG?;RANG:UNIT?;:PHAS1:CURR:MHAR:ALL?;:OUTP:RAMP:TIME?"
    before = source.query(probe)
    source.write(command)
    assert source.query("SYST:ERR?") == '-222,"Data out of range"'
    assert source.query(probe) == before


def test_harmonics_together_must_fit_the_range(source):
    source.write("SOUR:PHAS1:VOLT:MHAR:HARM1 20,0;HARM3 15,0")
    assert source.query("SYST:ERR?") == '-222,"Data out of range"'
    assert source.query("SOUR:PHAS1:VOLT:MHAR:ALL?") == "2.0E1,0.0E0"


def test_a_low_level_range_counts_in_volts(bench, source):
    source.do("PHAS1:CURR:RANG:VOLT 1,10;:PHAS1:CURR:MHAR:HARM1 8,-30;:PHAS1:CURR:STAT ON;:OUTP ON")
    bench.world.sleep(1.0)
    with bench.world:
        assert rms(bench.world.stimulus.ct_inputs[0]) == pytest.approx(8.0 * bench.world.wiring.ct_factor)
    assert source.query("PHAS1:CURR:AMPL?") == "8.0E0"


def test_a_range_is_not_changed_under_load(bench, source):
    set_277(source)
    source.write("OUTP ON")
    source.write("PHAS1:VOLT:RANG 0,650")
    assert source.query("SYST:ERR?") == '-221,"Settings conflict"'
    source.write("PHAS1:VOLT:STAT OFF;RANG 0,650")
    assert source.query("SYST:ERR?") == '0,"No error"'


def test_the_output_ramps_in_bench_time(bench, source):
    set_277(source)
    source.write("OUTP:RAMP:TIME 4;:OUTP:STAT ON")
    assert source.query("OUTP:STAT?") == "1"
    assert volts(bench) == [0.0, 0.0, 0.0]
    seen = []
    for wait_s in (RELAY_S + 1.0, 1.0, 1.0, 1.0, 1.0):
        bench.world.sleep(wait_s)
        seen.append(volts(bench)[0] / bench.world.wiring.voltage_factor)
    assert seen == pytest.approx([277 / 4, 277 / 2, 277 * 3 / 4, 277, 277], abs=277 * 0.02 / 4)


def test_without_a_ramp_the_output_is_there_when_the_relay_has_closed(bench, source):
    set_277(source)
    source.do("OUTP ON")
    bench.world.sleep(RELAY_S / 2)
    assert volts(bench)[0] == 0.0
    bench.world.sleep(RELAY_S)
    assert volts(bench)[0] == pytest.approx(277.0, rel=1e-6)


@pytest.mark.parametrize("ramp_s", [0, 10])
@pytest.mark.parametrize("off", ["OUTP:STAT OFF", "OUTP 0", "*RST"])
def test_off_is_at_once_whatever_the_ramp(bench, source, ramp_s, off):
    set_277(source)
    source.do(f"OUTP:RAMP:TIME {ramp_s};:OUTP ON")
    bench.world.sleep(20.0)
    assert volts(bench)[2] > 276.0
    source.write(off)
    assert source.query("OUTP:STAT?") == "0"
    assert volts(bench) == [0.0, 0.0, 0.0]


def test_a_second_client_can_switch_off_while_the_first_is_connected(bench, source):
    set_277(source)
    source.do("OUTP ON")
    bench.world.sleep(1.0)
    guardian = bench.client("source")
    guardian.write("OUTP:STAT OFF")
    assert guardian.query("OUTP:STAT?") == "0"
    assert volts(bench) == [0.0, 0.0, 0.0]


def test_the_log_names_who_switched_and_how(bench, source):
    source.do("OUTP ON")
    peer = "{}:{}".format(*source.socket.getsockname())
    events = [json.loads(line) for line in bench.log_path.read_text().splitlines()]
    output = [event for event in events if event["event"] == "output"]
    assert [(event["on"], event["peer"], event["command"]) for event in output] == [(True, peer, "OUTP ON")]
    assert {"wall_s", "monotonic_s", "bench_s"} <= output[0].keys()


def test_a_stuck_relay_keeps_the_volts_and_says_nothing(bench, source):
    set_277(source)
    source.do("OUTP ON")
    bench.world.sleep(1.0)
    control = bench.client("control")
    assert json.loads(control.query('{"fault": "source-stuck-relay"}'))["done"]
    source.write("OUTP OFF")
    assert source.query("OUTP?") == "0"
    status = json.loads(control.query('{"status": true}'))
    assert status["output_on"] is False
    assert status["terminal_volts"][0] == pytest.approx(277.0, rel=1e-6)
    control.query('{"fault": "source-stuck-relay", "value": false}')
    assert json.loads(control.query('{"status": true}'))["terminal_volts"] == [0.0, 0.0, 0.0]


def test_a_gain_fault_moves_the_output_and_not_the_set_point(bench, source):
    set_277(source)
    source.do("OUTP ON")
    bench.world.sleep(1.0)
    good = volts(bench)
    bench.client("control").query('{"fault": "source-gain", "value": "+0.5%"}')
    assert [bad / was for bad, was in zip(volts(bench), good, strict=True)] == pytest.approx([1.005] * 3)
    assert source.query("PHAS1:VOLT:MHAR:HARM1? AMPL") == "2.77E2"


def test_set_point_power_is_computed_not_measured(source):
    source.write("PHAS1:VOLT:RANG 0,360;MHAR:HARM1 240,0;:PHAS1:CURR:RANG 0.5,5;MHAR:HARM1 2,-60")
    assert float(source.query("PHAS1:POW:WATT?")) == pytest.approx(240.0)
    assert float(source.query("PHAS1:POW:VA?")) == pytest.approx(480.0)


def test_errors_of_a_source_follow_its_seed():
    assert SourceErrors.drawn_from(5) == SourceErrors.drawn_from(5)
    assert SourceErrors.drawn_from(5) != SourceErrors.drawn_from(6)
    assert all(abs(gain) < 5e-4 for gain in SourceErrors.drawn_from(5).gain)


@pytest.mark.parametrize(
    "garbage", [b"\xff\xfe\x00\n", b"VOLT\xb5 1\n", b"::::\n", b";;;\n", b"'\n", b"x" * 70000 + b"\n"]
)
def test_garbage_goes_to_the_error_queue_and_the_instrument_lives(source, garbage):
    source.socket.sendall(garbage)
    expected = "0," if garbage == b";;;\n" else "-"
    assert source.query("SYST:ERR?").startswith(expected)
    assert source.query("*IDN?").startswith("FLUKE,6105A")


def test_after_reset_amplitudes_are_percent_until_they_are_made_absolute(source):
    source.write("SOUR:PHAS1:VOLT:RANG 0,360;MHAR:HARM1 200,0;HARM5 20,30")
    assert source.query("UNIT:MHAR:VOLT?") == "ABS"
    source.write("UNIT:MHAR:VOLT PFUN")
    assert source.query("PHAS1:VOLT:MHAR:HARM5?;HARM1? AMPL") == "1.0E1,3.0E1;1.0E2"
    source.write("UNIT:MHAR:VOLT DBF")
    assert source.query("PHAS1:VOLT:MHAR:HARM5? AMPL") == "-2.0E1"
    source.write("*RST")
    assert source.query("UNIT:MHAR:VOLT?;CURR?") == "PRMS;PRMS"
    source.write("SOUR:PHAS1:VOLT:RANG 0,360;MHAR:HARM1 277,0")
    assert source.query("SYST:ERR?") == '-222,"Data out of range"'
    source.write("UNIT:MHAR:VOLT ABSOLUTE;:PHAS1:VOLT:MHAR:HARM1 277,0;:UNIT:MHAR:VOLT PRMS")
    assert source.query("PHAS1:VOLT:MHAR:HARM1?;AMPL?;:UNIT:MHAR:CURR?") == "1.0E2,0.0E0;2.77E2;PRMS"
    assert source.query("SYST:ERR?") == '0,"No error"'


def test_the_driver_sets_volts_and_ranges_of_every_model(tmp_path):
    """Against the instrument as *RST leaves it: amplitudes in percent."""
    for model, high in (("6105A", "3.6E2"), ("6100A", "3.36E2")):
        with one_source(FlukeSource, tmp_path, model=model) as one:
            session, _ = session_to(one.source.engine)
            driver = Fluke6105A(session)
            assert driver.identify().model == model
            angles = (0.0, -120.0, 120.0)
            volts, currents = (tuple((Tone(1, rms, angle),) for angle in angles) for rms in (277.0, 1.0))
            setting = SourceSetting(60.0, volts, currents)
            driver.select_ranges(setting)
            driver.set_point(setting)
            driver.set_output(True)
            assert one.after(2.0) == pytest.approx([277.0] * 3)
            assert one.query("PHAS2:VOLT:RANG? HIGH;:PHAS3:MOD?") == f"{high};{model}"
