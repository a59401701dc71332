"""The Fluke Norma driver, message by message against a transcript."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges
from drivers.analyzer.fluke_norma import FlukeNorma
from drivers.errors import AnswerInvalid, InstrumentError, InstrumentLost, SettingNotTaken, SettingOutOfRange
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol
from tests.drivers.scpi.answering import (
    answering_session,
    fields,
    numbers_said,
    plain_values,
    reading_or_refusal,
)

OK = '0,"No error"'
OPENED = [("SYST:ERR?", OK)]
FUNCTIONS = [
    *(
        name.format(phase)
        for phase in "123"
        for name in ("VOLT{}", "CURR{}", "POW{}", "POW{}:APP", "POW{}:REAC", "VOLT{}:PHAS", "CURR{}:PHAS")
    ),
    "FREQ",
    "TIME",
    "TIME:REL",
    *("POW1:IPOS", "POW1:INEG", "POW2:IPOS", "POW2:INEG", "POW3:IPOS", "POW3:INEG"),
]


def written(message):
    return [(message, None), ("SYST:ERR?", OK)]


def ranges(volts, one, two, three, said=None):
    said_volts, *said_inputs = said or (volts, one, two, three)
    return [
        *written(
            f"VOLT1:RANG {volts:g};:VOLT2:RANG {volts:g};:VOLT3:RANG {volts:g};"
            f":CURR1:RANG {one:g};:CURR2:RANG {two:g};:CURR3:RANG {three:g}"
        ),
        *((f"VOLT{phase}:RANG?", repr(float(said_volts))) for phase in (1, 2, 3)),
        *((f"CURR{phase}:RANG?", repr(float(value))) for phase, value in enumerate(said_inputs, start=1)),
    ]


CONFIGURED = [
    *OPENED,
    *written("*RST"),
    *written("*CLS"),
    *written('ROUT:SYST "3W";:SYNC:STAT ON;:SYNC:SOUR VOLT1;:FORM ASC,8'),
    *written("INP1:SHUN EXT;:INP3:SHUN EXT;:INP5:SHUN EXT"),
    *written("INP1:GAIN 1.0;:INP3:GAIN 1.0;:INP5:GAIN 1.0"),
    *written("APER 0.5"),
    *written('CALC:INT:FUNC "POW1","POW2","POW3"'),
    *written("CALC:INT ON"),
    *written("FUNC " + ",".join(f'"{name}"' for name in FUNCTIONS)),
    *written("INIT:CONT ON"),
    *written("TIM:RES"),
    ("ROUT:SYST?", '"3W"'),
    ("SYNC:SOUR?", "VOLT1"),
    ("APER?", "0.5"),
    ("FUNC:COUN?", "30"),
    *((f"INP{channel}:{what}?", said) for channel in (1, 3, 5) for what, said in (("SHUN", "EXT"), ("GAIN", "1.0"))),
    *ranges(1000, 10, 10, 10),
]

NAN = 9.91e37
PHASE_1 = (277.01, 0.3333, 46.16, 92.326, 79.95, 10.0, -50.0)
PHASE_2 = (277.02, 0.33331, 92.33, 92.333, 0.1, -110.0, -109.94)
PHASE_3 = (276.99, 0.5, 11.0, 12.0, 13.0, 130.0, NAN)
ENERGY = (12.5, 0.0, 0.0, -7.5, NAN, NAN)
STATUSES = (0,) * 7, (0, 1, 0, 0, 0, 0, 0), (0, 2, 2, 2, 3, 0, 8)


def data_set(ended_s, phases=(PHASE_1, PHASE_2, PHASE_3), statuses=STATUSES, energy=ENERGY, length_s=0.51):
    values = [*(value for phase in phases for value in phase), 60.0, length_s, ended_s, *energy]
    codes = [*(code for phase in statuses for code in phase), 0, 0, 0, 0, 0, 0, 0, 16, 16]
    answer = ",".join([*(f"{value:+.7E}" for value in values), *(str(code) for code in codes)])
    return ("DATA:STAT?", answer)


FRESH = (data_set(100.0), data_set(100.51), data_set(101.02))


@pytest.fixture
def slept():
    return []


@pytest.fixture
def protocol(slept):
    """Expect exactly these exchanges, after ``configure`` unless told otherwise."""

    def expect(*exchanges, configured=True):
        script = [*(CONFIGURED if configured else ()), *exchanges]
        return expected_protocol(lambda session: FlukeNorma(session, slept.append), script)

    return expect


def read(protocol, *exchanges):
    with protocol(*exchanges) as analyzer:
        analyzer.configure()
        return analyzer.read()


@pytest.mark.parametrize("idn", ["Fluke,NORMA4000,KN34512BA,01.00", '"Fluke,NORMA5000,KN34512BA,01.00"'])
def test_identify_reads_who_it_is(protocol, idn):
    with protocol(*OPENED, ("*IDN?", idn), configured=False) as analyzer:
        assert analyzer.identify().serial_number == "KN34512BA"


@pytest.mark.parametrize("idn", ["YOKOGAWA,WT1803E,1,1", "Fluke,6105A,1,1", "Fluke,NORMA3000,1,1"])
def test_identify_refuses_another_family(protocol, idn):
    with (
        protocol(*OPENED, ("*IDN?", idn), configured=False) as analyzer,
        pytest.raises(InstrumentError, match="choose another driver"),
    ):
        analyzer.identify()


def test_identify_refuses_an_answer_that_identifies_nobody(protocol):
    with protocol(*OPENED, ("*IDN?", "Fluke"), configured=False) as analyzer, pytest.raises(AnswerInvalid):
        analyzer.identify()


def test_configure_resets_and_takes_external_shunts_in_volts(protocol):
    with protocol() as analyzer:
        analyzer.configure()


def test_no_message_is_longer_than_the_instruments_buffer(protocol):
    assert all(len(sent) < 2048 for sent, _ in CONFIGURED)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("ROUT:SYST?", '"2W"'),
        ("SYNC:SOUR?", "CURR1"),
        ("APER?", "0.3"),
        ("FUNC:COUN?", "3"),
        ("INP3:SHUN?", "INT"),
        ("INP5:GAIN?", "10.0"),
        ("VOLT2:RANG?", "300.0"),
        ("CURR1:RANG?", "9.91E+37"),
    ],
)
def test_configure_refuses_a_setting_that_was_not_taken(slept, query, said):
    script = []
    for sent, answered in CONFIGURED:
        script.append((sent, said if sent == query else answered))
        if sent == query:
            break
    with (
        expected_protocol(lambda session: FlukeNorma(session, slept.append), script) as analyzer,
        pytest.raises(SettingNotTaken, match=query.rstrip("?")),
    ):
        analyzer.configure()


def test_smallest_range_that_holds_the_rms_is_selected_and_read_back(protocol):
    with protocol(*ranges(300, 1, 0.03, 3, said=(400, 1, 0.05, 3))) as analyzer:
        analyzer.configure()
        selected = analyzer.select_ranges(277.0, (0.333, 0.0, 1.01))
        assert selected == AnalyzerRanges(voltage=(400.0,) * 3, current=(1.0, 0.05, 3.0))
        assert analyzer.select_ranges(280.0, (0.4, 0.02, 1.2)) == selected  # the same ranges: nothing is sent


@pytest.mark.parametrize(
    ("voltage_v", "current", "words"),
    [
        (1001.0, (0.1, 0.1, 0.1), "analyzer voltage 1001 V is outside 0 to 1000 V"),
        (277.0, (0.1, 10.1, 0.1), "analyzer current input 2 10.1 V"),
        (277.0, (0.1, 0.1, float("inf")), "analyzer current input 3"),
    ],
)
def test_what_no_range_holds_is_refused_before_anything_is_sent(protocol, voltage_v, current, words):
    with protocol(configured=False) as analyzer, pytest.raises(SettingOutOfRange, match=words):
        analyzer.select_ranges(voltage_v, current)


def test_a_reading_is_taken_when_the_instruments_stamp_has_changed_twice(protocol, slept):
    slow = (data_set(100.0), data_set(100.0), data_set(100.51), data_set(100.51), data_set(101.02))
    assert read(protocol, *slow).elements[0].u_v == 277.01
    assert slept == [0.5] * 4


def test_reading_has_the_rigs_signs_and_no_number_where_status_forbids(protocol):
    lag, lead, invalid = read(protocol, *FRESH).elements
    assert (lag.u_v, lag.i, lag.p, lag.s, lag.q) == (277.01, 0.3333, 46.16, 92.326, 79.95)
    assert (lag.u_phase_deg, lag.i_phase_deg, lag.frequency_hz) == (0.0, -60.0, 60.0)
    assert lead.q == -0.1  # its current is ahead of its voltage
    assert lead.i == 0.33331  # under-range: less precise, but valid
    assert (lead.u_phase_deg, lead.i_phase_deg) == (pytest.approx(-120.0), pytest.approx(-119.94))
    assert (invalid.i, invalid.p, invalid.q, invalid.s, invalid.i_phase_deg) == (None,) * 5
    assert (invalid.u_v, invalid.u_phase_deg) == (276.99, 120.0)


@pytest.mark.parametrize("status", [2, 3, 8, 16, 4, 32, 64, 130, 256, -1])
def test_status_other_than_under_range_and_capacitive_makes_no_number(protocol, status):
    statuses = ((status, *STATUSES[0][1:]), *STATUSES[1:])
    sets = [data_set(ended_s, statuses=statuses) for ended_s in (1.0, 1.5, 2.0)]
    assert read(protocol, *sets).elements[0].u_v is None


@pytest.mark.parametrize("status", [0, 1, 128, 129])
def test_under_range_and_capacitive_values_are_valid(protocol, status):
    statuses = ((status, *STATUSES[0][1:]), *STATUSES[1:])
    sets = [data_set(ended_s, statuses=statuses) for ended_s in (1.0, 1.5, 2.0)]
    assert read(protocol, *sets).elements[0].u_v == 277.01


def test_repeated_interval_is_stale_and_every_value_is_invalid(protocol, slept):
    reading = read(protocol, data_set(100.0), data_set(100.51), *[data_set(100.51)] * 15)
    assert plain_values(reading) == set()
    assert len(slept) == 16


def test_the_first_intervals_after_a_change_of_range_have_no_stamp(protocol):
    nothing = data_set(NAN)
    reading = read(protocol, nothing, nothing, data_set(0.51), data_set(1.02))
    assert reading.elements[0].u_v == 277.01


def test_a_timer_that_would_soon_be_too_coarse_is_set_back(protocol):
    script = (data_set(50_001.0), *written("TIM:RES"), data_set(50_001.0), data_set(0.4), data_set(0.9))
    assert read(protocol, *script).elements[0].u_v == 277.01


@pytest.mark.parametrize("answer", ["1.0", "1.0," * 59 + "1.0,0", ",".join(["1.0"] * 60), ",".join(["what"] * 60)])
def test_a_data_set_that_is_not_what_was_asked_for_is_an_error(protocol, answer):
    with protocol(("DATA:STAT?", answer)) as analyzer:
        analyzer.configure()
        with pytest.raises(AnswerInvalid):
            analyzer.read()


def test_nothing_is_read_from_an_instrument_in_an_unknown_state(protocol):
    with protocol(configured=False) as analyzer, pytest.raises(InstrumentError, match="configure it first"):
        analyzer.read()


def test_after_a_lost_connection_it_must_be_configured_anew(slept):
    first = [*CONFIGURED, ("DATA:STAT?", InstrumentLost(SCRIPTED_RESOURCE, "no answer"))]
    second = [*CONFIGURED, *FRESH]
    with expected_protocol(lambda session: FlukeNorma(session, slept.append), first, second) as analyzer:
        analyzer.configure()
        with pytest.raises(InstrumentLost):
            analyzer.read()
        with pytest.raises(InstrumentError, match="configure it first"):
            analyzer.read()
        analyzer.configure()
        assert analyzer.read().elements[0].u_v == 277.01


STARTED = [*written("CALC:INT:STOP"), *written("CALC:INT:CLE"), *written("CALC:INT:STAR")]


def test_import_and_export_are_both_positive_and_missing_energy_is_none(protocol):
    stopped = [*written("CALC:INT:STOP"), data_set(70_001.0), *(data_set(70_001.0 + n) for n in (0, 0.5, 1))]
    with protocol(*STARTED, data_set(70_000.0), *stopped) as analyzer:
        analyzer.configure()
        analyzer.start_integration()
        energy = analyzer.stop_integration()  # and the timer is not set back in between
    assert energy.elapsed_s == pytest.approx(1.0)
    assert energy.import_wh == (12.5, 0.0, None)
    assert energy.export_wh == (0.0, 7.5, None)


def test_integrator_not_started_or_without_a_begin_gives_no_measurement(protocol):
    with protocol(configured=False) as analyzer, pytest.raises(InstrumentError, match="was not started"):
        analyzer.stop_integration()
    with protocol(*STARTED, data_set(NAN)) as analyzer:
        analyzer.configure()
        analyzer.start_integration()
        with pytest.raises(InstrumentError, match="start it again"):
            analyzer.stop_integration()


def test_an_integration_without_an_end_is_no_measurement(protocol):
    with protocol(*STARTED, data_set(10.0), *written("CALC:INT:STOP"), *[data_set(11.0)] * 18) as analyzer:
        analyzer.configure()
        analyzer.start_integration()
        with pytest.raises(InstrumentError, match="no elapsed time"):
            analyzer.stop_integration()


@pytest.mark.parametrize("update_s", [0.01, 3601.0])
def test_an_interval_the_instrument_does_not_have_is_refused_at_once(slept, update_s):
    with (
        expected_protocol(lambda session: session) as session,
        pytest.raises(SettingOutOfRange, match="averaging interval"),
    ):
        FlukeNorma(session, slept.append, update_s=update_s)


@settings(max_examples=50)
@given(fields(), fields(), st.sampled_from([30, 30, 30, 0, 29]), st.booleans())
def test_of_any_answer_only_what_was_said_becomes_a_number(field, code, count, has_codes):
    said = []

    def answer(_message):
        codes = [str(len(said) % 3) if has_codes else code() for _ in range(count)]
        said.append(",".join([*(field() for _ in range(30)), *codes]))
        return said[-1]

    analyzer = FlukeNorma(answering_session(CONFIGURED, answer), lambda _s: None)
    analyzer.configure()
    reading = reading_or_refusal(analyzer.read)
    if reading is not None:
        assert plain_values(reading) <= set().union(*(numbers_said(text) for text in said))


def test_over_range_is_told_from_a_value_that_is_undefined(protocol):
    statuses = ((2, 0, 2, 2, 2, 0, 0), (0, 8, 8, 8, 8, 0, 8), (0, 3, 2, 2, 3, 0, 8))
    fresh = [data_set(ended_s, statuses=statuses) for ended_s in (100.0, 100.51, 101.02)]
    over, undefined, current = read(protocol, *fresh).elements
    assert (over.u_v, over.u_over, over.i_over) == (None, True, False)
    assert (undefined.i, undefined.u_over, undefined.i_over) == (None, False, False)
    assert (current.i, current.u_over, current.i_over) == (None, False, True)


def test_the_interval_that_is_passed_over_goes_to_whoever_watches(protocol):
    watched = []
    high = ((300.0, *PHASE_1[1:]), PHASE_2, PHASE_3)
    with protocol(data_set(100.0), data_set(100.51, phases=high), data_set(101.02), data_set(101.02)) as analyzer:
        analyzer.configure()
        analyzer.on_passing = watched.append
        assert analyzer.read().elements[0].u_v == 277.01
        assert analyzer.latest().elements[0].u_v == 277.01
        assert analyzer.set_s > analyzer.update_s
    assert [reading.elements[0].u_v for reading in watched] == [300.0]
