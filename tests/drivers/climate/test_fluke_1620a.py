"""The Fluke 1620A driver, command by command against a transcript."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.climate.base import ClimateReading
from drivers.climate.fluke_1620a import Fluke1620A
from drivers.errors import AnswerInvalid, InstrumentError, SettingNotTaken, SettingOutOfRange
from drivers.testing import expected_protocol, scripted_session

OK = '0,"No error"'
OPENED = [("SYST:ERR?", OK)]
GOOD = "1,1,25.629,C,29.32,%,2003,9,16,11,2,38"
"""The example of the 1620's user's guide, page 101."""


def probe(*script, channel=1):
    return expected_protocol(lambda session: Fluke1620A(session, channel), [*OPENED, *script])


def reads(answer, channel=1):
    script = [(f"SENS{channel}:STAT?", "0"), (f"MEAS? {channel}", answer)]
    with probe(*script, channel=channel) as one:
        return one.read()


def test_identify_checks_the_model():
    with probe(("*IDN?", "FLUKE,1620A,B31337,1.10")) as one:
        identity = one.identify()
    assert (identity.model, identity.serial_number) == ("1620A", "B31337")
    with probe(("*IDN?", "FLUKE,1586A,1,1")) as one, pytest.raises(InstrumentError, match="1586A is not one of 1620, "):
        one.identify()
    with probe(("*IDN?", "hello")) as one, pytest.raises(AnswerInvalid):
        one.identify()


def test_configure_asks_for_units_and_checks_the_measuring_period():
    settled = [("FORM:TDST:STAT 1", None), ("SYST:ERR?", OK), ("FORM:TDST:STAT?", "1")]
    with probe(*settled, ("TRIG:TIM?", "60")) as one:
        one.configure()
    with (
        probe(*settled, ("TRIG:TIM?", "300")) as one,
        pytest.raises(InstrumentError, match="every 300 s only; set its"),
    ):
        one.configure()
    with probe(*settled, ("TRIG:TIM?", "often")) as one, pytest.raises(AnswerInvalid):
        one.configure()
    with probe(*settled[:2], ("FORM:TDST:STAT?", "0")) as one, pytest.raises(SettingNotTaken):
        one.configure()


def test_a_measurement_is_degrees_celsius_and_percent():
    assert reads(GOOD) == ClimateReading(25.629, 29.32)
    assert reads(GOOD.replace("1,1,", "0,2,", 1), channel=2) == ClimateReading(25.629, 29.32)


def test_a_display_in_fahrenheit_is_converted():
    assert reads("1,1,73.400,F,45.00,%,2026,1,1,0,0,0").temperature_c == pytest.approx(23.0)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "25.629,29.32",
        "1,2,25.629,C,29.32,%,2003,9,16,11,2,38",
        "1,1,25.629,K,29.32,%,2003,9,16,11,2,38",
        "1,1,25.629,,29.32,%,2003,9,16,11,2,38",
        "1,1,25.629,CF,29.32,%,2003,9,16,11,2,38",
        "1,1,25.629,C,29.32,C,2003,9,16,11,2,38",
        "1,1,9.91E37,C,29.32,%,2003,9,16,11,2,38",
        "1,1,----,C,29.32,%,2003,9,16,11,2,38",
        "1,1,NAN,C,29.32,%,2003,9,16,11,2,38",
        "1,1,25.629,C,,%,2003,9,16,11,2,38",
        "1,1,25.629,C,129.32,%,2003,9,16,11,2,38",
        "1,1,25.629,C,-1,%,2003,9,16,11,2,38",
        "1,1,999.9,C,29.32,%,2003,9,16,11,2,38",
        "1,1,warm,C,29.32,%,2003,9,16,11,2,38",
        "1,1,25.629,C,29.32,%,2003,9,16,11,2",
    ],
)
def test_what_is_no_complete_measurement_is_never_a_number(answer):
    with pytest.raises(AnswerInvalid):
        reads(answer)


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=50))
def test_whatever_it_answers_is_a_plausible_measurement_or_refused(answer):
    try:
        reading = reads(answer)
    except AnswerInvalid:
        return
    assert -50.0 <= reading.temperature_c <= 100.0
    assert 0.0 <= reading.humidity_pct <= 100.0


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("1", "channel 1: no sensor is attached"),
        ("6", "the sensor cannot be read; the sensor's checksum is wrong"),
        ("128", "another sensor is locked"),
    ],
)
def test_a_sensor_with_a_fault_is_not_read_and_the_fault_is_named(state, words):
    with probe(("SENS1:STAT?", state)) as one, pytest.raises(InstrumentError, match=words):
        one.read()


@pytest.mark.parametrize("state", ["", "256", "-1", "0.5", "fine"])
def test_a_state_that_is_none_is_refused(state):
    with probe(("SENS1:STAT?", state)) as one, pytest.raises(AnswerInvalid):
        one.read()


@pytest.mark.parametrize("channel", [0, 3])
def test_there_are_two_channels(channel):
    with scripted_session() as session, pytest.raises(SettingOutOfRange):
        Fluke1620A(session, channel)
