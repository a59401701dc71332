"""The emulated WT3003E over a real socket: the manual's examples, its updates in bench time, its own arithmetic."""

import math
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.stimulus import Phasor, Stimulus
from rig.emulation.analyzers.arithmetic import AnalyzerErrors, Update, element_sums
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.scpi.syntax import ScpiError
from tests.rig.emulation.energised import energise

U_RANGE = 300.0
OTHER_NAMES = ("URMS", "IRMS", "UK", "WP", "WPP", "PHIU1U2", "PHI_U2I2")
"""What a WT3000 does not know: names of a WT1800's, and spellings of none."""

FUNCTIONS = ("U", "I", "P", "S", "Q", "LAMB", "PHI", "FU")


@pytest.fixture
def analyzer(bench):
    client = bench.client("analyzer")
    client.write("*CLS")
    return client


def quiet(client):
    client.write(":COMM:HEAD OFF;VERB OFF;:INP:WIR P3W4;:INP:VOLT:RANG:ALL 300V;:INP:CURR:RANG:ALL (EXT,1V)")
    client.write(":INP:CURR:SRAT:ALL 1000;:STAT:FILT1 FALL")
    items = [f"{function},{element}" for element in (1, 2, 3) for function in FUNCTIONS]
    for number, item in enumerate(items, start=1):
        client.write(f":NUM:NORM:ITEM{number} {item}")
    client.write(f":NUM:NORM:NUMB {len(items)}")
    assert client.query(":STAT:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("command", "query", "answer"),
    [
        # IM WT3001E-17EN chapter 6, the examples
        (":COMMUNICATE:HEADER ON", ":COMMUNICATE:HEADER?", ":COMMUNICATE:HEADER 1"),
        (":COMMUNICATE:VERBOSE ON", ":COMMUNICATE:VERBOSE?", ":COMMUNICATE:VERBOSE 1"),
        (":COMMUNICATE:REMOTE ON", ":COMMUNICATE:REMOTE?", ":COMMUNICATE:REMOTE 1"),
        (":INPUT:CFACTOR 3", ":INPUT:CFACTOR?", ":INPUT:CFACTOR 3"),
        (":INPUT:WIRING P3W4", ":INPUT:WIRING?", ":INPUT:WIRING P3W4"),
        (":INPUT:WIRING P3W3,P1W2", ":INPUT:WIRING?", ":INPUT:WIRING P3W3,P1W2"),
        (
            ":INPUT:VOLTAGE:RANGE:ELEMENT1 1000V",
            ":INPUT:VOLTAGE:RANGE:ELEMENT1?",
            ":INPUT:VOLTAGE:RANGE:ELEMENT1 1.000E+03",
        ),
        (
            ":INPUT:VOLTAGE:RANGE:ALL 1000V",
            ":INPUT:VOLTAGE:RANGE?",
            ":INPUT:VOLTAGE:RANGE:ELEMENT1 1.000E+03;ELEMENT2 1.000E+03;ELEMENT3 1.000E+03",
        ),
        (
            ":INPUT:CURRENT:RANGE:ELEMENT1 30A",
            ":INPUT:CURRENT:RANGE:ELEMENT1?",
            ":INPUT:CURRENT:RANGE:ELEMENT1 30.0E+00",
        ),
        (
            ":INPUT:CURRENT:RANGE:ELEMENT1 EXTERNAL,10V",
            ":INPUT:CURRENT:RANGE:ELEMENT1?",
            ":INPUT:CURRENT:RANGE:ELEMENT1 EXTERNAL,10.00E+00",
        ),
        (
            ":INPUT:CURRENT:SRATIO:ELEMENT1 10",
            ":INPUT:CURRENT:SRATIO:ELEMENT1?",
            ":INPUT:CURRENT:SRATIO:ELEMENT1 10.0000",
        ),
        (":INTEGRATE:MODE NORMAL", ":INTEGRATE:MODE?", ":INTEGRATE:MODE NORMAL"),
        (":INTEGRATE:TIMER 1,0,0", ":INTEGRATE:TIMER?", ":INTEGRATE:TIMER 1,0,0"),
        (":INTEGRATE:RESET", ":INTEGRATE:STATE?", "RESET"),
        (":NUMERIC:NORMAL:ITEM1 U,1,TOTAL", ":NUMERIC:NORMAL:ITEM1?", ":NUMERIC:NORMAL:ITEM1 U,1,TOTAL"),
        (":NUMERIC:NORMAL:ITEM1 FU,1", ":NUMERIC:NORMAL:ITEM1?", ":NUMERIC:NORMAL:ITEM1 FU,1"),
        (":NUMERIC:NORMAL:ITEM1 LAMBDA", ":NUMERIC:NORMAL:ITEM1?", ":NUMERIC:NORMAL:ITEM1 LAMBDA,1,TOTAL"),
        (":NUMERIC:NORMAL:NUMBER 15", ":NUMERIC:NORMAL:NUMBER?", ":NUMERIC:NORMAL:NUMBER 15"),
        (":NUMERIC:HOLD ON", ":NUMERIC:HOLD?", ":NUMERIC:HOLD 1"),
        (":NUMERIC:FORMAT ASCII", ":NUMERIC:FORMAT?", ":NUMERIC:FORMAT ASCII"),
        (":RATE 500MS", ":RATE?", ":RATE 500.0E-03"),
        (":STATUS:FILTER2 RISE", ":STATUS:FILTER2?", ":STATUS:FILTER2 RISE"),
        (":STATUS:EESE #B0000000000000000", ":STATUS:EESE?", ":STATUS:EESE 0"),
        (":STATUS:EESE 0", ":STATUS:EESR?", "0"),
        (":FOO", ":STATUS:ERROR?", '113,"Undefined header"'),
        ("*CLS", ":STATUS:ERROR?", '0,"No error"'),
        ("*ESE 251", "*ESE?", "251"),
        ("*SRE 239", "*SRE?", "175"),
        ("*CLS", "*OPT?", "G6,C7"),
        ("*CLS", "*IDN?", "YOKOGAWA,WT3003E-2A0-30A3,0,F6.01"),
        (":COMM:VERB OFF", ":INP:VOLT:RANG:ELEM2?", ":VOLT:RANG:ELEM2 1.000E+03"),
        (":COMM:HEAD OFF;VERB OFF;:VOLT:RANG:ELEM3 600V", "VOLT:RANG:ELEM3?", "600.0E+00"),
        (":COMM:HEAD OFF;VERB OFF;:CURR:RANG:ALL (EXT,500MV)", "CURR:RANG?", ";".join(["EXT,500.0E-03"] * 3)),
    ],
)
def test_commands_are_answered_as_the_manual_says(analyzer, command, query, answer):
    analyzer.write(command)
    assert analyzer.query(query) == answer
    assert analyzer.query(":STAT:ERR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (":INP:VOLT:RANG:ELEM1 500V", '222,"Data out of range"'),
        (":INP:VOLT:RANG:ELEM4 300V", '114,"Header suffix out of range"'),
        (":INP:CURR:RANG:ELEM1 EXT,3V", '222,"Data out of range"'),
        (":INP:CURR:RANG:ELEM1 5V", '131,"Invalid suffix"'),
        (":INP:WIR P3W4,P1W2", '224,"Illegal parameter value"'),
        (":RATE 300MS", '222,"Data out of range"'),
        (":NUM:NORM:ITEM1 FOO,1", '224,"Illegal parameter value"'),
        *((f":NUM:NORM:ITEM1 {name},1", '224,"Illegal parameter value"') for name in OTHER_NAMES),
        (":NUM:NORM:ITEM1 FU,1,1", '108,"Parameter not allowed"'),
        (":NUM:NORM:ITEM1 U,4", '222,"Data out of range"'),
        (":NUM:NORM:ITEM256 U,1", '114,"Header suffix out of range"'),
        (":INP:VOLT:AUTO ON", '224,"Illegal parameter value"'),
        (":INTEG:STOP", '221,"Settings conflict"'),
        ("SYST:ERR", '113,"Undefined header"'),
    ],
)
def test_mistakes_have_positive_numbers_in_its_own_queue(analyzer, command, error):
    analyzer.write(command)
    assert analyzer.query(":STAT:ERR?") == error


def test_two_queries_in_one_message_get_no_answer_and_410(analyzer):
    analyzer.write(":RATE?;:INP:WIR?")
    assert analyzer.query(":STAT:ERR?") == '410,"Query INTERRUPTED"'


def test_no_data_exist_before_the_first_update_and_after_a_range_change(bench, analyzer):
    quiet(analyzer)
    energise(bench)
    analyzer.write(":VOLT:RANG:ELEM1 600V")
    assert set(analyzer.query(":NUM:VAL?").split(",")) == {"NAN"}
    bench.world.sleep(0.49)
    assert analyzer.query(":NUM:VAL? 1") == "NAN"
    bench.world.sleep(0.02)
    assert float(analyzer.query(":NUM:VAL? 1")) == pytest.approx(277.0, rel=1e-4)


@pytest.mark.parametrize("angle_deg", [0.0, -60.0, 60.0, 180.0, -120.0])
def test_it_measures_what_is_at_the_meters_terminals(bench, analyzer, angle_deg):
    quiet(analyzer)
    energise(bench, angle_deg=angle_deg)
    u, i = 277.0 * bench.world.wiring.voltage_factor, 8.0 * bench.world.wiring.ct_factor
    phi = math.radians(-angle_deg)
    values = [float(text) for text in analyzer.query(":NUM:VAL?").split(",")]
    for element in range(3):
        measured = dict(zip(FUNCTIONS, values[8 * element :], strict=False))
        assert measured["U"] == pytest.approx(u, rel=5e-5)
        assert measured["I"] == pytest.approx(i, rel=5e-5)
        assert measured["S"] == pytest.approx(u * i, rel=5e-5)
        assert measured["P"] == pytest.approx(u * i * math.cos(phi), abs=5e-5 * u * i)
        assert measured["Q"] == pytest.approx(u * i * math.sin(phi), abs=5e-5 * u * i)
        assert measured["LAMB"] == pytest.approx(math.cos(phi), abs=1e-5)
        assert measured["FU"] == pytest.approx(60.0, abs=1e-3)


@pytest.mark.parametrize(("angle_deg", "phi"), [(-60.0, 60.0), (60.0, -60.0)])
def test_phi_is_positive_for_lag_and_negative_for_lead(bench, analyzer, angle_deg, phi):
    quiet(analyzer)
    energise(bench, angle_deg=angle_deg)
    assert float(analyzer.query(":NUM:VAL? 7")) == pytest.approx(phi, abs=1e-4)


def test_angles_between_elements_are_negative_for_lag(bench, analyzer):
    quiet(analyzer)
    analyzer.write(":NUM:ITEM1 PHI_U1U2,SIGMA;ITEM2 PHI_U1U3,SIGMA;ITEM3 PHI_U1I2,SIGMA;NUM 3")
    energise(bench, angle_deg=-30.0)
    values = [float(text) for text in analyzer.query(":NUM:VAL?").split(",")]
    assert values == pytest.approx([-120.0, 120.0, -150.0], abs=1e-3)


def test_sigma_is_the_sum_of_the_elements_where_the_wiring_has_one(bench, analyzer):
    quiet(analyzer)
    analyzer.write(":NUM:ITEM1 P,SIGMA;ITEM2 P,1;ITEM3 U,SIGMA;NUM 3")
    energise(bench)
    total, one, mean = (float(text) for text in analyzer.query(":NUM:VAL?").split(","))
    assert total == pytest.approx(3.0 * one, rel=5e-5)
    assert mean == pytest.approx(277.0, rel=5e-5)
    analyzer.write(":INP:WIR P1W2,P1W2,P1W2")
    bench.world.sleep(1.0)
    assert analyzer.query(":NUM:VAL? 1") == "NAN"


def test_harmonics_are_told_apart_by_order(bench, analyzer):
    quiet(analyzer)
    source = energise(bench)
    source.do("PHAS1:VOLT:MHAR:STAT ON;HARM5 13.85,40")
    analyzer.write(":NUM:ITEM1 U,1,TOTAL;ITEM2 U,1,1;ITEM3 U,1,5;ITEM4 PHIU,1,5;ITEM5 U,1,7;NUM 5")
    bench.world.sleep(1.0)
    values = [float(text) for text in analyzer.query(":NUM:VAL?").split(",")]
    assert values[:4] == pytest.approx([math.hypot(277.0, 13.85), 277.0, 13.85, 40.0], rel=5e-5)
    assert values[4] == 0.0


@pytest.mark.parametrize("angle_deg", [-59.9963, -14.4775, -7.777])
def test_answers_have_the_digits_of_the_real_instrument(bench, analyzer, angle_deg):
    quiet(analyzer)
    analyzer.write(":NUM:ITEM1 PHI,1;ITEM2 PHI_U1I1,SIGMA;ITEM3 U,1;ITEM4 P,SIGMA;ITEM5 UTHD,1;ITEM6 ITHD,1;NUM 6")
    source = energise(bench, angle_deg=angle_deg)
    source.do("PHAS1:VOLT:MHAR:STAT ON;HARM5 2.77,40")
    bench.world.sleep(1.0)
    phi, angle, volts, total, u_thd, i_thd = analyzer.query(":NUM:VAL?").split(",")
    assert float(angle) == pytest.approx(round(angle_deg, 2), abs=1e-9), "IM WT1801-17EN: two decimals"
    assert round(float(phi), 2) == pytest.approx(float(phi), abs=1e-9)
    assert (len(volts.split("E")[0]), len(total.split("E")[0])) == (6, 7), "five digits, of sigma six, and a point"
    assert float(u_thd) == pytest.approx(1.0, abs=1e-4)
    assert float(i_thd) == 0.0


def test_over_range_is_inf_and_never_a_number(bench, analyzer):
    quiet(analyzer)
    energise(bench)
    analyzer.do(":VOLT:RANG:ELEM1 150V")
    bench.world.sleep(1.0)
    values = analyzer.query(":NUM:VAL?").split(",")
    assert values[:8] == ["INF"] * 8
    assert "INF" not in values[8:]


def test_without_input_the_angle_is_an_error_and_the_current_zero(bench, analyzer):
    quiet(analyzer)
    energise(bench).do("PHAS1:CURR:STAT OFF")
    bench.world.sleep(1.5)
    values = analyzer.query(":NUM:VAL?").split(",")
    assert float(values[1]) == float(values[2]) == float(values[3]) == 0.0
    assert values[5:7] == ["INF", "INF"]


def test_an_element_on_a_direct_range_sees_nothing_of_the_sensor(bench, analyzer):
    quiet(analyzer)
    analyzer.do(":CURR:RANG:ELEM1 5A")
    energise(bench)
    bench.world.sleep(1.0)  # a change of range restarts the update: until its end there is no data
    assert float(analyzer.query(":NUM:VAL? 2")) == 0.0


def test_held_data_stay_while_updates_go_on(bench, analyzer):
    quiet(analyzer)
    source = energise(bench)
    analyzer.do(":NUM:HOLD ON")
    source.do("OUTP OFF")
    bench.world.sleep(2.0)
    assert float(analyzer.query(":NUM:VAL? 1")) == pytest.approx(277.0, rel=1e-4)
    analyzer.write(":NUM:HOLD OFF")
    assert float(analyzer.query(":NUM:VAL? 1")) == 0.0


def test_a_change_within_an_update_is_weighted_by_its_time(bench, analyzer):
    quiet(analyzer)
    analyzer.write(":RATE 1S")
    source = energise(bench)
    analyzer.do(":RATE 1S")
    bench.world.sleep(0.25)
    source.do("OUTP OFF")
    bench.world.sleep(0.75)
    assert float(analyzer.query(":NUM:VAL? 1")) == pytest.approx(277.0 / 2.0, rel=5e-5)


def test_the_event_register_tells_the_end_of_an_update_once(bench, analyzer):
    quiet(analyzer)
    bench.world.sleep(0.6)
    assert analyzer.query(":STAT:EESR?") == "1"
    assert analyzer.query(":STAT:EESR?") == "0"
    bench.world.sleep(0.5)
    assert analyzer.query(":STAT:EESR?") == "1"


def test_wait_returns_at_the_end_of_the_update_in_bench_time(bench, analyzer):
    quiet(analyzer)
    energise(bench)
    analyzer.write(":RATE 500MS")
    assert analyzer.query(":STAT:EESR?") in "01"
    clock = bench.client("clock")
    analyzer.write(":COMM:WAIT 1;:NUM:VAL? 1")
    clock.query('{"sleep_s": 0.4}')
    analyzer.socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        analyzer.socket.recv(1)
    analyzer.socket.settimeout(10.0)
    clock.query('{"sleep_s": 0.11}')
    received = b""
    while not received.endswith(b"\n"):
        received += analyzer.socket.recv(100)
    assert float(received) == pytest.approx(277.0, rel=1e-4)


def test_others_are_served_while_one_client_waits(bench, analyzer):
    quiet(analyzer)
    analyzer.query(":STAT:EESR?")
    analyzer.write(":COMM:WAIT 1")
    assert bench.client("analyzer").query("*OPC?") == "1"
    bench.world.sleep(1.0)
    assert analyzer.query("*OPC?") == "1"


def test_a_wait_that_would_never_end_is_let_go_when_the_bench_closes(bench, analyzer):
    waiter = threading.Thread(target=lambda: bench.analyzer.engine.execute(":COMM:WAIT 2", "me"))
    waiter.start()
    bench.world.close()
    waiter.join(5.0)
    assert not waiter.is_alive()


def test_the_integrator_adds_bench_time_exactly_across_slices(bench, analyzer):
    quiet(analyzer)
    energise(bench, angle_deg=-60.0)
    watts = 277.0 * bench.world.wiring.voltage_factor * 8.0 * bench.world.wiring.ct_factor * 0.5
    analyzer.write(":NUM:ITEM1 WH,1;ITEM2 WHP,1;ITEM3 WHM,1;ITEM4 TIME;ITEM5 WH,SIGMA;NUM 5")
    analyzer.write(":INTEG:STAR")
    assert analyzer.query(":INTEG:STAT?") == "STAR"
    for slice_s in (0.013, 59.0, 0.337, 0.65):
        bench.world.sleep(slice_s)
    analyzer.write(":INTEG:STOP")
    assert analyzer.query(":INTEG:STAT?") == "STOP"
    bench.world.sleep(10.0)
    wh, positive, negative, elapsed, total = analyzer.query(":NUM:VAL?").split(",")
    assert float(wh) == pytest.approx(watts * 60.0 / 3600.0, rel=5e-5)
    assert positive == wh
    assert float(negative) == 0.0
    assert elapsed == "60"
    assert float(total) == pytest.approx(3.0 * float(wh), rel=5e-5)
    assert bench.analyzer.integrator.positive_wh[0] == pytest.approx(watts / 60.0, rel=1e-12)


def test_export_goes_into_the_negative_register(bench, analyzer):
    quiet(analyzer)
    energise(bench, angle_deg=180.0)
    analyzer.do(":NUM:ITEM1 WHP,1;ITEM2 WHM,1;NUM 2;:INTEG:STAR")
    bench.world.sleep(36.0)
    positive, negative = (float(text) for text in analyzer.query(":NUM:VAL?").split(","))
    assert positive == 0.0
    assert negative == pytest.approx(-277.0 * 8.0 * bench.world.wiring.ct_factor / 100.0, rel=1e-4)


def test_ranges_are_locked_while_integrating(bench, analyzer):
    quiet(analyzer)
    analyzer.write(":INTEG:STAR;:VOLT:RANG:ELEM1 600V;:COMM:HEAD OFF")
    assert analyzer.query(":STAT:ERR?") == '221,"Settings conflict"'
    assert analyzer.query(":VOLT:RANG:ELEM1?") == "300.0E+00"


@given(st.lists(st.floats(0.001, 30.0), min_size=1, max_size=30), st.floats(1.0, 60.0))
def test_the_integrator_timer_ends_on_the_moment_within_any_slicing(slices, timer_s):
    integrator = Integrator(1)
    integrator.timer_s = timer_s
    integrator.start()
    for dt_s in slices:
        integrator.add([3600.0], [False], dt_s)
    passed_s = min(sum(slices), timer_s)
    assert integrator.positive_wh[0] == pytest.approx(passed_s, rel=1e-9)
    assert integrator.state == ("TIM" if sum(slices) >= timer_s * (1 + 1e-9) else integrator.state)
    if integrator.state == "TIM":
        assert integrator.elapsed_s == timer_s
        with pytest.raises(ScpiError):
            integrator.start()


angles = st.floats(-180.0, 180.0)


@given(st.floats(10.0, 300.0), st.floats(0.02, 1.0), angles, angles, st.floats(0.0, 30.0), angles)
def test_the_arithmetic_agrees_with_the_waveforms_themselves(u, i, u_deg, i_deg, u5, u5_deg):
    voltage, current = (Phasor(1, u, u_deg), Phasor(5, u5, u5_deg)), (Phasor(1, i, i_deg), Phasor(3, i / 9.0, 10.0))
    stimulus = Stimulus(60.0, (voltage, (), ()), (current, (), ()))
    update = Update()
    errors = AnalyzerErrors()
    update.add(element_sums(stimulus, errors), 60.0, 0.5)
    result = update.results([(600.0, 5.0)] * 3, [1.0] * 3, errors, None)[0]

    def wave(spectrum, turn):
        return sum(
            math.sqrt(2) * p.rms * math.sin(2 * math.pi * p.order * turn + math.radians(p.phase_deg)) for p in spectrum
        )

    count = 64
    samples = [(wave(voltage, k / count), wave(current, k / count)) for k in range(count)]
    rms_u = math.sqrt(sum(a * a for a, _ in samples) / count)
    rms_i = math.sqrt(sum(b * b for _, b in samples) / count)
    watts = sum(a * b for a, b in samples) / count
    assert result.u == pytest.approx(rms_u, rel=1e-9)
    assert result.i == pytest.approx(rms_i, rel=1e-9)
    assert result.p == pytest.approx(watts, abs=1e-9 * rms_u * rms_i)
    assert result.s == pytest.approx(rms_u * rms_i, rel=1e-9)
    assert abs(result.q) == pytest.approx(math.sqrt(max(0.0, (rms_u * rms_i) ** 2 - watts**2)), abs=1e-6 * result.s)


@given(st.integers(0, 10**6))
def test_a_drawn_instrument_is_well_inside_its_specification(seed):
    errors = AnalyzerErrors.drawn_from(seed)
    assert all(abs(gain) <= 1e-4 for gain in errors.gain)
    assert all(abs(phase) <= 3e-3 for phase in errors.phase_deg)
    assert errors.noise <= 1e-5
