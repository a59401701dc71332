"""The ZES LMG600 driver, message by message against a transcript."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges
from drivers.analyzer.zes_lmg600 import ZesLMG600
from drivers.analyzer.zes_lmg600_data import stamp_ns
from drivers.errors import (
    AnswerInvalid,
    CannotMeasure,
    InstrumentError,
    InstrumentLost,
    SettingNotTaken,
    SettingOutOfRange,
)
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol
from tests.drivers.scpi.answering import (
    answering_session,
    fields,
    numbers_said,
    plain_values,
    reading_or_refusal,
)

OK = '0,"No error"'
OPENED = [("*ZLANG SHORT", None), ("ERRALL?", OK)]


def written(message):
    return [(message, None), ("ERRALL?", OK)]


def ranges(volts, one, two, three):
    said = {400: "4.000000E+02", 1000: "1.000000E+03"}
    sent = []
    for channel, sensor in enumerate((one, two, three), start=1):
        sent += written(f"UAUTO{channel} 0;IAUTO{channel} 0;URNG{channel} {volts:g};IRNG{channel} {sensor:g}")
    for channel, sensor in enumerate((one, two, three), start=1):
        sent += [(f"URNG{channel}?", said[volts]), (f"IRNG{channel}?", f"{sensor:.6E}")]
    return sent


def stamp(seconds):
    return f"2026:01:01D00:00:{seconds:012.9f}"


CONFIGURED = [
    *OPENED,
    *written("*RST;*CLS;*ZLANG SHORT"),
    ("GROUP?", "3,1"),
    *written("GROUP 4"),
    ("GROUP?", "4"),
    *written("FRMT ASCII;CYCLMOD 0;CYCL 0.5"),
    *written("IJACK1 1;ISCA1 1"),
    *written("IJACK2 1;ISCA2 1"),
    *written("IJACK3 1;ISCA3 1"),
    *((f"{name}{channel}?", "1") for channel in (1, 2, 3) for name in ("IJACK", "ISCA")),
    ("CYCL?", "5.000000E-01"),
    *ranges(1000, 4, 4, 4),
    ("INIM;TSNORM?", stamp(0.1)),
    ("INIM;TSNORM?", stamp(0.6)),
]
VALUES = (
    "INIM;TSNORM?;DURNORM?;"
    "UTRMS1?;ITRMS1?;P1?;S1?;Q1?;FCYC1?;HUPHASE1? (1:1);HIPHASE1? (1:1);"
    "UTRMS2?;ITRMS2?;P2?;S2?;Q2?;FCYC2?;HUPHASE2? (1:1);HIPHASE2? (1:1);"
    "UTRMS3?;ITRMS3?;P3?;S3?;Q3?;FCYC3?;HUPHASE3? (1:1);HIPHASE3? (1:1)"
)
CHANNEL_1 = "277.01;0.3333;46.16;92.326;79.95;60.0;10.0;-50.0"
CHANNEL_2 = "277.02;0.33331;92.33;92.333;0.1;60.0;-110.0;-109.94"
CHANNEL_3 = "276.99;9.91E+37;NAN;NAN;NAN;60.0;130.0;NAN"


def values(seconds, length_s="5.0E-01", channels=(CHANNEL_1, CHANNEL_2, CHANNEL_3)):
    return (VALUES, ";".join((stamp(seconds), length_s, *channels)))


FIRST = ("INIM;TSNORM?", stamp(1.0))


@pytest.fixture
def slept():
    return []


@pytest.fixture
def protocol(slept):
    """Expect exactly these exchanges, after ``configure`` unless told otherwise."""

    def expect(*exchanges, configured=True):
        script = [*(CONFIGURED if configured else ()), *exchanges]
        return expected_protocol(lambda session: ZesLMG600(session, slept.append), script)

    return expect


def read(protocol, *exchanges):
    with protocol(*exchanges) as analyzer:
        analyzer.configure()
        return analyzer.read()


def test_identify_reads_who_it_is(protocol):
    idn = "ZES ZIMMER Electronic Systems GmbH,LMG671,01930726,3.081"
    with protocol(*OPENED, ("*IDN?", idn), configured=False) as analyzer:
        assert analyzer.identify().serial_number == "01930726"


@pytest.mark.parametrize("idn", ["YOKOGAWA,WT1803E,1,1", "ZES ZIMMER,LMG95,1,1"])
def test_identify_refuses_another_family(protocol, idn):
    with (
        protocol(*OPENED, ("*IDN?", idn), configured=False) as analyzer,
        pytest.raises(InstrumentError, match="choose another driver"),
    ):
        analyzer.identify()


def test_identify_refuses_an_answer_that_identifies_nobody(protocol):
    with protocol(*OPENED, ("*IDN?", "LMG"), configured=False) as analyzer, pytest.raises(AnswerInvalid):
        analyzer.identify()


def test_configure_resets_groups_all_channels_and_selects_sensor_jacks(protocol):
    with protocol() as analyzer:
        analyzer.configure()


def test_every_new_connection_sends_the_language_before_any_question(slept):
    idn = "ZES ZIMMER,LMG670,1,1"
    first = [*OPENED, ("*IDN?", idn), ("GROUP?", InstrumentLost(SCRIPTED_RESOURCE, "gone"))]
    second = [("*ZLANG SHORT", None), ("*IDN?", idn), ("ERRALL?", OK), ("CYCL?", "1")]
    with expected_protocol(lambda session: (ZesLMG600(session, slept.append), session), first, second) as made:
        analyzer, session = made
        analyzer.identify()
        with pytest.raises(InstrumentLost):
            session.query("GROUP?")
        session.query("CYCL?")


@pytest.mark.parametrize(
    ("query", "said"),
    [("IJACK2?", "0"), ("ISCA1?", "1000"), ("CYCL?", "1.0"), ("URNG3?", "600"), ("IRNG1?", "NAN")],
)
def test_configure_refuses_a_setting_that_was_not_taken(slept, query, said):
    script = []
    for sent, answered in CONFIGURED:
        script.append((sent, said if sent == query else answered))
        if sent == query:
            break
    with (
        expected_protocol(lambda session: ZesLMG600(session, slept.append), script) as analyzer,
        pytest.raises(SettingNotTaken, match=query.rstrip("?")),
    ):
        analyzer.configure()


@pytest.mark.parametrize("second", [stamp(0.1), stamp(0.05), "NAN"])
def test_an_instrument_whose_inim_does_not_wait_is_refused(protocol, second):
    script = [*CONFIGURED[:-1], ("INIM;TSNORM?", second)]
    with protocol(*script, configured=False) as analyzer, pytest.raises(InstrumentError, match="INIM does not wait"):
        analyzer.configure()


@pytest.mark.parametrize(("said", "error"), [("2", InstrumentError), ("none", AnswerInvalid)])
def test_an_instrument_of_less_than_three_channels_is_refused(protocol, said, error):
    script = [*OPENED, *written("*RST;*CLS;*ZLANG SHORT"), ("GROUP?", said)]
    with protocol(*script, configured=False) as analyzer, pytest.raises(error):
        analyzer.configure()


def test_ranges_are_the_smallest_that_hold_the_rms_and_are_read_back(protocol):
    with protocol(*ranges(400, 0.5, 0.03, 2)) as analyzer:
        analyzer.configure()
        selected = analyzer.select_ranges(277.0, (0.333, 0.0, 1.2))
        assert selected == AnalyzerRanges(voltage=(400.0,) * 3, current=(0.5, 0.03, 2.0))
        assert analyzer.select_ranges(280.0, (0.4, 0.01, 1.5)) == selected  # the same ranges: nothing is sent


@pytest.mark.parametrize(
    ("voltage_v", "current", "words"),
    [
        (1001.0, (0.1, 0.1, 0.1), "analyzer voltage 1001 V is outside 0 to 1000 V"),
        (277.0, (0.1, 4.1, 0.1), "analyzer current input 2 4.1 V"),
        (277.0, (0.1, 0.1, float("nan")), "analyzer current input 3"),
        (-1.0, (0.1, 0.1, 0.1), "analyzer voltage -1 V"),
    ],
)
def test_what_no_range_holds_is_refused_before_anything_is_sent(protocol, voltage_v, current, words):
    with protocol(configured=False) as analyzer, pytest.raises(SettingOutOfRange, match=words):
        analyzer.select_ranges(voltage_v, current)


def test_a_reading_is_the_second_of_two_cycles_that_ended_after_the_call(protocol, slept):
    reading = read(protocol, FIRST, values(1.5))
    assert slept == [0.45, 0.45]
    assert reading.elements[0].u_v == 277.01


def test_reading_has_the_rigs_signs_and_no_number_without_data(protocol):
    lag, lead, invalid = read(protocol, FIRST, values(1.5)).elements
    assert (lag.u_v, lag.i, lag.p, lag.s, lag.q) == (277.01, 0.3333, 46.16, 92.326, 79.95)
    assert (lag.u_phase_deg, lag.i_phase_deg, lag.frequency_hz) == (0.0, -60.0, 60.0)
    assert lead.q == -0.1  # its current is ahead of its voltage
    assert lead.u_phase_deg == pytest.approx(-120.0)
    assert lead.i_phase_deg == pytest.approx(-119.94)
    assert (invalid.i, invalid.p, invalid.q, invalid.s, invalid.i_phase_deg) == (None,) * 5
    assert (invalid.u_v, invalid.u_phase_deg) == (276.99, 120.0)


@pytest.mark.parametrize(
    ("seconds", "length_s"),
    [(1.0, "0.5"), (1.3, "0.5"), (0.5, "0.5"), (1.5, "0.1"), (1.5, "NAN")],
)
def test_a_cycle_that_may_have_begun_before_the_call_is_waited_past(protocol, seconds, length_s):
    late = values(seconds, length_s)
    reading = read(protocol, FIRST, late, values(seconds + 0.5))
    assert reading.elements[0].u_v == 277.01


def test_repeated_cycle_is_stale_and_every_value_is_invalid(protocol):
    reading = read(protocol, FIRST, *[values(1.0)] * 3)
    assert plain_values(reading) == set()
    assert [element.u_phase_deg for element in reading.elements] == [None] * 3


def test_without_time_stamps_nothing_is_a_number(protocol):
    unstamped = (VALUES, ";".join(("NAN", "0.5", CHANNEL_1, CHANNEL_2, CHANNEL_3)))
    assert plain_values(read(protocol, ("INIM;TSNORM?", "NAN"), *[unstamped] * 3)) == set()


def test_more_than_a_range_holds_is_invalid_whatever_number_comes(protocol):
    high = "445.0;0.5;50;60;30;60;0;0"
    strong = "277.0;0.56;50;60;30;60;-120;-120"
    with protocol(*ranges(400, 0.5, 0.5, 0.5), FIRST, values(1.5, channels=(high, strong, strong))) as analyzer:
        analyzer.configure()
        analyzer.select_ranges(277.0, (0.4, 0.4, 0.4))
        over_voltage, over_current, _ = analyzer.read().elements
    assert (over_voltage.u_v, over_voltage.p, over_voltage.s, over_voltage.q) == (None,) * 4
    assert over_voltage.i == 0.5
    assert (over_current.i, over_current.p, over_current.s, over_current.q) == (None,) * 4
    assert over_current.u_v == 277.0
    assert over_current.u_phase_deg is None  # the voltage it is referred to is over range


@pytest.mark.parametrize("answer", ["1.0", "1;2", ";".join([stamp(1.5), "0.5", *["1"] * 23, "what"])])
def test_a_data_set_that_is_not_what_was_asked_for_is_an_error(protocol, answer):
    with protocol(FIRST, (VALUES, answer)) as analyzer:
        analyzer.configure()
        with pytest.raises(AnswerInvalid):
            analyzer.read()


@pytest.mark.parametrize(
    "text", ["", "12:00:00", "2026:13:01D00:00:00.5", "2026:01:01D00:00:00", "2026-01-01D00:00:00.5"]
)
def test_a_time_stamp_that_is_none_is_an_error(protocol, text):
    with protocol(("INIM;TSNORM?", text)) as analyzer:
        analyzer.configure()
        with pytest.raises(AnswerInvalid):
            analyzer.read()


def test_time_stamps_are_read_to_the_nanosecond():
    assert stamp_ns("2026:01:01D00:00:01.000000001") - stamp_ns("2025:12:31D23:59:59.999999999") == 1_000_000_002
    assert stamp_ns('"2026:01:01D00:00:00.5"') % 10**9 == 500_000_000


def test_nothing_is_read_from_an_instrument_in_an_unknown_state(protocol):
    with protocol(configured=False) as analyzer, pytest.raises(InstrumentError, match="configure it first"):
        analyzer.read()


def test_energy_is_refused_with_the_reason(protocol):
    with protocol(configured=False) as analyzer:
        for integrate in (analyzer.start_integration, analyzer.stop_integration):
            with pytest.raises(CannotMeasure, match="energy cannot be measured: how the energy integrator"):
                integrate()


@pytest.mark.parametrize("update_s", [0.01, 1.1])
def test_a_cycle_the_instrument_does_not_have_is_refused_at_once(slept, update_s):
    with (
        expected_protocol(lambda session: session) as session,
        pytest.raises(SettingOutOfRange, match="data update period"),
    ):
        ZesLMG600(session, slept.append, update_s=update_s)


@settings(max_examples=50)
@given(fields(), st.sampled_from([26, 26, 26, 3, 27]), st.booleans())
def test_of_any_answer_only_what_was_said_becomes_a_number(field, count, is_stamped):
    said = []

    def answer(message):
        wanted = 1 if message == FIRST[0] else count
        first = [stamp(len(said) + 1.0), "0.5"] if is_stamped else [field(), field()]
        said.append(";".join([*first, *(field() for _ in range(wanted - 2))][:wanted]))
        return said[-1]

    analyzer = ZesLMG600(answering_session(CONFIGURED, answer), lambda _s: None)
    analyzer.configure()
    reading = reading_or_refusal(analyzer.read)
    if reading is not None:
        assert plain_values(reading) <= set().union(*(numbers_said(text) for text in said))


def test_over_range_differs_from_a_missing_value_and_cycle_is_passed_on(protocol):
    watched = []
    high, missing = "445.0;INF;50;60;30;60;0;0", "NAN;NAN;NAN;NAN;NAN;60;-120;-120"
    passing = values(1.0, channels=(high, missing, CHANNEL_1))
    with protocol(*ranges(400, 0.5, 0.5, 0.5), passing, values(1.5), values(2.0)) as analyzer:
        analyzer.configure()
        analyzer.select_ranges(277.0, (0.4, 0.4, 0.4))
        assert analyzer.has_selected(280.0, (0.4, 0.41, 0.4))
        assert not analyzer.has_selected(410.0, (0.4, 0.4, 0.4))
        analyzer.on_passing = watched.append
        assert analyzer.read().elements[0].u_v == 277.01
        assert analyzer.latest().elements[0].u_v == 277.01
    over, nothing, good = watched[0].elements
    assert (over.u_over, over.i_over) == (True, True)
    assert (nothing.u_v, nothing.u_over, nothing.i_over) == (None, False, False)
    assert (good.u_over, good.i_over) == (False, False)
