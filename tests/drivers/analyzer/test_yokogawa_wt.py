"""The Yokogawa WT driver, message by message against a transcript."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges
from drivers.analyzer.checks import smallest_range
from drivers.analyzer.yokogawa_wt import YokogawaWT
from drivers.analyzer.yokogawa_wt_data import HEADROOM, SENSOR_RANGES_V, VOLTAGE_RANGES_V
from drivers.errors import AnswerInvalid, InstrumentError, InstrumentLost, SettingNotTaken, SettingOutOfRange
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol

OK = '0,"NO ERROR"'
COMMON = ("P", "S", "Q", "LAMB", "PHI", "FU", "UTHD", "ITHD")
OPENED = [(":STAT:ERR?", OK)]

WT3000, WT1800E, WT5000 = "YOKOGAWA,760303,C2K1", "YOKOGAWA,WT1803E,91X123", "YOKOGAWA,WT5000,91Y7"


FROM_U1, FROM_OWN = ("PHI_U1I1", "PHI_U1I2", "PHI_U1I3"), ("PHI_U1I1", "PHI_U2I2", "PHI_U3I3")


def item_message(voltage="U", current="I", angles=FROM_U1):
    """Write the items' message of a family that calls voltage and current so."""
    items = [
        *(f"{name},{element}" for element in "123" for name in (voltage, current, *COMMON)),
        *(f"{name},SIGMA" for name in ("PHI_U1U2", "PHI_U1U3", *angles)),
        "TIME,1",
        *("WHP,1", "WHP,2", "WHP,3", "WHM,1", "WHM,2", "WHM,3"),
    ]
    sent = [f":NUM:NORM:ITEM{number} {item}" for number, item in enumerate(items, start=1)]
    return ";".join(sent[:30]), ";".join(sent[30:])


ITEM_MESSAGE = item_message()
ASKED = [("*IDN?", f"{WT3000},F6.01")]

RESET = [
    ("*RST;*CLS", None),
    (":STAT:ERR?", OK),
    (":COMM:REM ON;:COMM:HEAD OFF;:COMM:VERB OFF", None),
    (":STAT:ERR?", OK),
    (":INP:WIR P3W4", None),
    (":STAT:ERR?", OK),
    (
        ":INP:CFAC 3;:INP:VOLT:AUTO OFF;:INP:CURR:AUTO OFF;:INP:CURR:SRAT:ALL 1000;:INP:SCAL OFF;:INP:SYNC:ALL U1;"
        ":MEAS:PHAS 180;:RATE 500MS;:STAT:FILT1 FALL;:NUM:FORM ASC",
        None,
    ),
    (":STAT:ERR?", OK),
    (ITEM_MESSAGE[0], None),
    (":STAT:ERR?", OK),
    (f"{ITEM_MESSAGE[1]};:NUM:NORM:NUMB 42", None),
    (":STAT:ERR?", OK),
    (":INP:WIR?", "P3W4"),
    (":RATE?", "500.0E-03"),
    (":NUM:NORM:NUMB?", "42"),
    *((f":INP:CURR:SRAT:ELEM{element}?", "1000.0000") for element in "123"),
]
CONFIGURED = [*OPENED, *ASKED, *RESET]
FRESH = [(":STAT:EESR?", "1"), (":COMM:WAIT 1", None), (":STAT:ERR?", OK)]

ELEMENT_1 = (
    "277.01E+00,333.30E-03,46.16E+00,92.326E+00,79.95E+00,0.5000E+00,60.000E+00,60.000E+00,0.500000E+00,1.25000E+00"
)
ELEMENT_2 = (
    "277.02E+00,333.31E-03,92.33E+00,92.333E+00,0.10E+00,1.0000E+00,-0.060E+00,60.000E+00,0.500000E+00,0.00000E+00"
)
ELEMENT_3 = "276.99E+00,INF,NAN,NAN,NAN,NAN,NAN,60.000E+00,NAN,NAN"
PHASES = "-120.010E+00,119.990E+00,-59.98E+00,-119.95E+00,NAN"
NO_ENERGY = "NAN,NAN,NAN,NAN,NAN,NAN,NAN"
ENERGY = "3600,12.5E+00,0.0E+00,NAN,0.0E+00,-7.5E+00,NAN"


def answer(tail=NO_ENERGY):
    return (":NUM:NORM:VAL?", ",".join((ELEMENT_1, ELEMENT_2, ELEMENT_3, PHASES, tail)))


@pytest.fixture
def slept():
    return []


@pytest.fixture
def protocol(slept):
    """Expect exactly these exchanges, after ``configure`` unless told otherwise."""

    def expect(*exchanges, configured=True):
        script = [*(CONFIGURED if configured else ()), *exchanges]
        return expected_protocol(lambda session: YokogawaWT(session, slept.append), script)

    return expect


@pytest.mark.parametrize(
    ("identity", "names"),
    [(WT3000, ("U", "I", FROM_U1)), (WT1800E, ("URMS", "IRMS", FROM_OWN)), (WT5000, ("URMS", "IRMS", FROM_OWN))],
)
def test_items_have_the_names_of_the_model_that_answers(slept, identity, names):
    other = dict(zip(ITEM_MESSAGE, item_message(*names), strict=True))
    wanted = [
        (next((sent.replace(old, new) for old, new in other.items() if old in sent), sent), said)
        for sent, said in RESET
    ]
    script = [*OPENED, ("*IDN?", f"{identity},F1.01"), *wanted]
    with expected_protocol(lambda session: YokogawaWT(session, slept.append), script) as analyzer:
        analyzer.configure()
    with expected_protocol(lambda session: YokogawaWT(session, slept.append), script) as analyzer:
        analyzer.identify()
        analyzer.configure()


@pytest.mark.parametrize("idn", ["YOKOGAWA,WT1806E-EM,91X1,F2.01", "YOKOGAWA,WT1803E,91X1,F2.01 (EM)"])
def test_identify_refuses_a_wt1800e_set_to_another_models_commands(protocol, idn):
    with (
        protocol(*OPENED, ("*IDN?", idn), configured=False) as analyzer,
        pytest.raises(InstrumentError, match="set its command type"),
    ):
        analyzer.identify()


def test_identify_reads_who_it_is(protocol):
    with protocol(*OPENED, ("*IDN?", "YOKOGAWA,WT1803E-5A3-50A,91X123,F2.01"), configured=False) as analyzer:
        assert analyzer.identify().serial_number == "91X123"


@pytest.mark.parametrize("idn", ["ZES,LMG670,1,1", "YOKOGAWA,GS820,1,1", "YOKOGAWA,WT500,1,1", "YOKOGAWA,760203,1,1"])
def test_identify_refuses_another_family(protocol, idn):
    with (
        protocol(*OPENED, ("*IDN?", idn), configured=False) as analyzer,
        pytest.raises(InstrumentError, match="choose another driver"),
    ):
        analyzer.identify()


def test_identify_refuses_an_answer_that_identifies_nobody(protocol):
    with protocol(*OPENED, ("*IDN?", "WT"), configured=False) as analyzer, pytest.raises(AnswerInvalid):
        analyzer.identify()


def test_configure_resets_and_sets_what_the_rig_needs(protocol):
    with protocol() as analyzer:
        analyzer.configure()


def test_every_message_holds_one_query_at_most_and_1000_octets(protocol):
    for sent, _ in CONFIGURED:
        assert sent.count("?") <= 1
        assert len(sent) <= 1000


@pytest.mark.parametrize(
    ("query", "said"),
    [(":INP:WIR?", "P1W2"), (":RATE?", "250E-03"), (":NUM:NORM:NUMB?", "15"), (":INP:CURR:SRAT:ELEM2?", "10.0")],
)
def test_configure_refuses_a_setting_that_was_not_taken(slept, query, said):
    script = []
    for sent, answered in CONFIGURED:
        script.append((sent, said if sent == query else answered))
        if sent == query:
            break
    with (
        expected_protocol(lambda session: YokogawaWT(session, slept.append), script) as analyzer,
        pytest.raises(SettingNotTaken, match=query.rstrip("?")),
    ):
        analyzer.configure()


def test_ranges_are_the_smallest_that_hold_the_rms_and_are_read_back(protocol):
    script = [
        (
            ":INP:VOLT:RANG:ELEM1 300V;:INP:VOLT:RANG:ELEM2 300V;:INP:VOLT:RANG:ELEM3 300V;"
            ":INP:CURR:RANG:ELEM1 EXT,500MV;:INP:CURR:RANG:ELEM2 EXT,50MV;:INP:CURR:RANG:ELEM3 EXT,2V",
            None,
        ),
        (":STAT:ERR?", OK),
        (":INP:VOLT:RANG:ELEM1?", "300.0E+00"),
        (":INP:CURR:RANG:ELEM1?", "EXT,500.0E-03"),
        (":INP:VOLT:RANG:ELEM2?", "300.0E+00"),
        (":INP:CURR:RANG:ELEM2?", "EXTERNAL,50.0E-03"),
        (":INP:VOLT:RANG:ELEM3?", "300.0E+00"),
        (":INP:CURR:RANG:ELEM3?", "EXT,2.000E+00"),
    ]
    with protocol(*script) as analyzer:
        analyzer.configure()
        selected = analyzer.select_ranges(277.0, (0.333, 0.0, 1.01))
        assert selected == AnalyzerRanges(voltage=(300.0, 300.0, 300.0), current=(0.5, 0.05, 2.0))
        assert analyzer.select_ranges(280.0, (0.4, 0.01, 1.2)) == selected  # the same ranges: nothing is sent


@pytest.mark.parametrize("said", ["500.0E-03", "EXT,1.0E+00", "EXT,NAN"])
def test_current_input_other_than_external_sensor_in_its_range_is_refused(protocol, said):
    script = [
        (
            ":INP:VOLT:RANG:ELEM1 300V;:INP:VOLT:RANG:ELEM2 300V;:INP:VOLT:RANG:ELEM3 300V;"
            ":INP:CURR:RANG:ELEM1 EXT,500MV;:INP:CURR:RANG:ELEM2 EXT,500MV;:INP:CURR:RANG:ELEM3 EXT,500MV",
            None,
        ),
        (":STAT:ERR?", OK),
        (":INP:VOLT:RANG:ELEM1?", "300.0E+00"),
        (":INP:CURR:RANG:ELEM1?", said),
    ]
    with protocol(*script) as analyzer:
        analyzer.configure()
        with pytest.raises(SettingNotTaken, match="CURR:RANG:ELEM1"):
            analyzer.select_ranges(277.0, (0.333, 0.333, 0.333))


@pytest.mark.parametrize(
    ("voltage_v", "current", "words"),
    [
        (1001.0, (0.1, 0.1, 0.1), "analyzer voltage 1001 V is outside 0 to 1000 V"),
        (277.0, (0.1, 10.1, 0.1), "analyzer current input 2 10.1 V"),
        (-1.0, (0.1, 0.1, 0.1), "analyzer voltage -1 V"),
        (277.0, (0.1, 0.1, float("nan")), "analyzer current input 3"),
    ],
)
def test_what_no_range_holds_is_refused_before_anything_is_sent(protocol, voltage_v, current, words):
    with protocol(configured=False) as analyzer, pytest.raises(SettingOutOfRange, match=words):
        analyzer.select_ranges(voltage_v, current)


@given(st.floats(min_value=0.0, max_value=9.5), st.sampled_from([SENSOR_RANGES_V, VOLTAGE_RANGES_V]))
def test_the_selected_range_holds_rms_and_crest_and_no_smaller_one_does(rms, ranges):
    selected = smallest_range("x", rms, ranges, HEADROOM)
    assert selected >= rms
    assert 3 * selected >= 2**0.5 * rms * 1.1
    assert all(smaller < rms for smaller in ranges if smaller < selected)


@pytest.mark.parametrize("rms", SENSOR_RANGES_V)
def test_a_signal_of_a_nominal_range_is_measured_in_that_range(rms):
    assert smallest_range("x", rms * (1 + 1e-15), SENSOR_RANGES_V, HEADROOM) == rms


def test_a_reading_waits_for_a_data_set_that_was_begun_after_the_call(protocol, slept):
    with protocol(*FRESH, answer()) as analyzer:
        analyzer.configure()
        analyzer.read()
    assert slept == [0.5, 0.5]


def test_reading_has_the_rigs_signs_and_no_number_without_data(protocol):
    with protocol(*FRESH, answer()) as analyzer:
        analyzer.configure()
        lag, lead, invalid = analyzer.read().elements
    assert (lag.u_v, lag.i, lag.p, lag.s, lag.q) == (277.01, 0.3333, 46.16, 92.326, 79.95)
    # The angle of the current's fundamental, not PHI, which harmonics change.
    assert (lag.u_phase_deg, lag.i_phase_deg, lag.frequency_hz) == (0.0, pytest.approx(-59.98), 60.0)
    assert (lag.u_thd_pct, lag.i_thd_pct) == (0.5, 1.25)
    assert lead.q == -0.1  # PHI says that the current leads
    assert lead.u_phase_deg == pytest.approx(-120.01)
    assert lead.i_phase_deg == pytest.approx(-119.95)
    assert (invalid.i, invalid.p, invalid.q, invalid.s, invalid.i_phase_deg) == (None,) * 5
    assert (invalid.u_v, invalid.u_phase_deg) == (276.99, pytest.approx(119.99))


def test_a_wt1800_gives_the_angle_of_a_current_against_its_own_voltage(slept):
    sent = dict(zip(ITEM_MESSAGE, item_message("URMS", "IRMS", FROM_OWN), strict=True))
    reset = [(next((each.replace(o, n) for o, n in sent.items() if o in each), each), said) for each, said in RESET]
    phases = "-120.010E+00,119.990E+00,-59.98E+00,-59.97E+00,-60.01E+00"
    values = ",".join((ELEMENT_1, ELEMENT_1, ELEMENT_1, phases, NO_ENERGY))
    script = [*OPENED, ("*IDN?", f"{WT1800E},F1.01"), *reset, *FRESH, (":NUM:NORM:VAL?", values)]
    with expected_protocol(lambda session: YokogawaWT(session, slept.append), script) as analyzer:
        analyzer.configure()
        found = [element.i_phase_deg for element in analyzer.read().elements]
    assert found == [pytest.approx(-59.98), pytest.approx(-179.98), pytest.approx(59.98)]


def test_angles_are_none_where_the_angle_between_voltages_is_unknown(protocol):
    values = ",".join((ELEMENT_1, ELEMENT_2, ELEMENT_2, "NAN,NAN,NAN,NAN,NAN", NO_ENERGY))
    with protocol(*FRESH, (":NUM:NORM:VAL?", values)) as analyzer:
        analyzer.configure()
        _, second, _ = analyzer.read().elements
    assert (second.u_phase_deg, second.i_phase_deg) == (None, None)
    assert second.p == 92.33


@pytest.mark.parametrize("values", ["1.0", "1.0," * 42 + "1.0", ",".join(["1.0"] * 41 + ["what"])])
def test_a_data_set_that_is_not_what_was_asked_for_is_an_error(protocol, values):
    with protocol(*FRESH, (":NUM:NORM:VAL?", values)) as analyzer:
        analyzer.configure()
        with pytest.raises(AnswerInvalid):
            analyzer.read()


def test_nothing_is_read_from_an_instrument_in_an_unknown_state(protocol):
    with protocol(configured=False) as analyzer, pytest.raises(InstrumentError, match="configure it first"):
        analyzer.read()


def test_after_a_lost_connection_it_must_be_configured_anew(slept):
    first = [*CONFIGURED, (":STAT:EESR?", InstrumentLost(SCRIPTED_RESOURCE, "no answer"))]
    second = [*ASKED, *OPENED, *RESET, *FRESH, answer()]  # the same instrument must answer
    with expected_protocol(lambda session: YokogawaWT(session, slept.append), first, second) as analyzer:
        analyzer.configure()
        with pytest.raises(InstrumentLost):
            analyzer.read()
        with pytest.raises(InstrumentError, match="configure it first"):
            analyzer.read()
        analyzer.configure()
        assert analyzer.read().elements[0].u_v == 277.01


STARTED = [(":INTEG:MODE NORM;:INTEG:RES;:INTEG:STAR", None), (":STAT:ERR?", OK), (":INTEG:STAT?", "STAR")]


def test_an_integration_starts_from_zero_also_when_one_was_running(protocol):
    with protocol((":INTEG:STAT?", "RES"), *STARTED) as analyzer:
        analyzer.configure()
        analyzer.start_integration()
    running = [(":INTEG:STAT?", "START"), (":INTEG:STOP", None), (":STAT:ERR?", OK)]
    with protocol(*running, *STARTED) as analyzer:
        analyzer.configure()
        analyzer.start_integration()


def test_an_integration_that_does_not_start_is_an_error(protocol):
    script = [(":INTEG:STAT?", "RES"), *STARTED[:-1], (":INTEG:STAT?", "ERR")]
    with protocol(*script) as analyzer:
        analyzer.configure()
        with pytest.raises(InstrumentError, match="state ERR: it did not start"):
            analyzer.start_integration()


def test_import_and_export_are_both_positive_and_missing_energy_is_none(protocol):
    script = [(":INTEG:STAT?", "STAR"), (":INTEG:STOP", None), (":STAT:ERR?", OK), *FRESH, answer(ENERGY)]
    with protocol(*script) as analyzer:
        analyzer.configure()
        reading = analyzer.stop_integration()
    assert reading.elapsed_s == 3600.0
    assert reading.import_wh == (12.5, 0.0, None)
    assert reading.export_wh == (0.0, 7.5, None)


def test_a_gate_that_ended_by_itself_is_no_measurement(protocol):
    with protocol((":INTEG:STAT?", "TIM")) as analyzer:
        analyzer.configure()
        with pytest.raises(InstrumentError, match="stopped by itself"):
            analyzer.stop_integration()


def test_an_integration_without_elapsed_time_is_no_measurement(protocol):
    script = [(":INTEG:STAT?", "STAR"), (":INTEG:STOP", None), (":STAT:ERR?", OK), *FRESH, answer()]
    with protocol(*script) as analyzer:
        analyzer.configure()
        with pytest.raises(InstrumentError, match="no elapsed time"):
            analyzer.stop_integration()


@pytest.mark.parametrize(("update_s", "word"), [(0.05, "50MS"), (0.25, "250MS"), (1.0, "1S"), (20.0, "20S")])
def test_update_periods_are_written_as_the_manual_writes_them(slept, update_s, word):
    script = [(sent.replace(":RATE 500MS", f":RATE {word}"), answered) for sent, answered in CONFIGURED]
    script = [(sent, str(update_s) if sent == ":RATE?" else answered) for sent, answered in script]
    with expected_protocol(lambda session: YokogawaWT(session, slept.append, update_s=update_s), script) as analyzer:
        analyzer.configure()


def test_an_update_period_the_instrument_does_not_have_is_refused_at_once(slept):
    with (
        expected_protocol(lambda session: session) as session,
        pytest.raises(SettingOutOfRange, match=r"data update period 0\.3 s"),
    ):
        YokogawaWT(session, slept.append, update_s=0.3)


def test_over_range_differs_from_missing_data_and_the_update_is_passed_on(protocol):
    watched = []
    eesr, *waited = FRESH
    with protocol(eesr, answer(), *waited, answer(), answer()) as analyzer:
        analyzer.configure()
        analyzer.on_passing = watched.append
        third = analyzer.read().elements[2]
        assert analyzer.latest().elements[0].u_v == 277.01
    assert (third.i, third.u_over, third.i_over) == (None, False, True)
    assert [reading.elements[2].i_over for reading in watched] == [True]


def test_no_data_is_not_over_range(protocol):
    nothing = ",".join(["NAN"] * answer()[1].count(",") + ["NAN"])
    with protocol((":NUM:NORM:VAL?", nothing)) as analyzer:
        analyzer.configure()
        elements = analyzer.latest().elements
    assert [(each.u_v, each.u_over, each.i_over) for each in elements] == [(None, False, False)] * 3
