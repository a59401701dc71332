"""The ESPEC P-300 driver, command by command against a transcript."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.climate.base import ChamberReading
from drivers.climate.espec_p300 import EspecP300
from drivers.errors import AnswerInvalid, InstrumentLost, InstrumentRefused, SettingNotTaken, SettingOutOfRange
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol, scripted_session

LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")


def chamber(*connections):
    return expected_protocol(EspecP300, *connections)


def read(temp="24.1,25.0,100.0,-50.0", mon="24.1,45,CONSTANT,0", alarm="0"):
    script = [("TEMP?", temp), ("MON?", mon), ("ALARM?", alarm)]
    asked = 1 if len(temp.split(",")) != 4 else 3
    with scripted_session(script[:asked]) as session:
        return EspecP300(session).read()


def test_identify_tells_controller_and_version_and_no_serial_number():
    with chamber([("TYPE?", "T,T,S2,160.0"), ("ROM?", "P-300 Ver.1.60")]) as one:
        identity = one.identify()
    assert (identity.manufacturer, identity.model, identity.serial_number) == ("ESPEC", "S2", "")
    assert identity.firmware == "P-300 Ver.1.60"


@pytest.mark.parametrize("answer", ["", "T", "T,S2", "T,,S2,160.0", "T,T,S2,hot", "1,2,3,4,5"])
def test_a_type_that_is_none_is_refused(answer):
    with chamber([("TYPE?", answer), ("ROM?", "1")]) as one, pytest.raises(AnswerInvalid):
        one.identify()


def test_a_temperature_is_set_started_and_read_back():
    script = [
        ("TEMP,S40.0", "OK:TEMP,S40.0"),
        ("MODE,CONSTANT", "OK:MODE,CONSTANT"),
        ("TEMP?", "24.1,40.0,100.0,-50.0"),
        ("MODE?", "CONSTANT"),
    ]
    with chamber(script) as one:
        one.set_temperature(40.0)


@pytest.mark.parametrize("temperature_c", [-75.1, 180.1, math.nan, math.inf])
def test_a_temperature_beyond_the_controller_is_refused_before_any_io(temperature_c):
    with chamber() as one, pytest.raises(SettingOutOfRange):
        one.set_temperature(temperature_c)


def test_what_the_chamber_refuses_is_raised_with_its_words():
    with chamber([("TEMP,S150.0", "NA:DATA OUT OF RANGE")]) as one, pytest.raises(InstrumentRefused) as caught:
        one.set_temperature(150.0)
    assert (caught.value.command, caught.value.text) == ("TEMP,S150.0", "DATA OUT OF RANGE")


def test_a_command_without_an_answer_of_its_kind_is_not_taken_for_done():
    with chamber([("TEMP,S40.0", "24.1,40.0,100.0,-50.0")]) as one, pytest.raises(AnswerInvalid):
        one.set_temperature(40.0)


@pytest.mark.parametrize(
    ("tail", "setting"),
    [([("TEMP?", "24.1,23.0,100.0,-50.0")], "TEMP,S"), ([("TEMP?", "24,40,100,-50"), ("MODE?", "STANDBY")], "MODE")],
)
def test_a_setting_that_was_not_taken_is_an_error_that_shows_both(tail, setting):
    script = [("TEMP,S40.0", "OK:TEMP,S40.0"), ("MODE,CONSTANT", "OK:MODE,CONSTANT"), *tail]
    with chamber(script) as one, pytest.raises(SettingNotTaken) as caught:
        one.set_temperature(40.0)
    assert caught.value.setting == setting


def test_a_reading_is_air_set_point_humidity_mode_and_alarms():
    assert read() == ChamberReading(24.1, 25.0, 45.0, True, ())
    assert read(mon="24.1,,STANDBY,2", alarm="2,1,14") == ChamberReading(24.1, 25.0, None, False, (1, 14))


@pytest.mark.parametrize(
    "answers",
    [
        {"temp": "24.1,25.0,100.0"},
        {"mon": "24.1,45,CONSTANT"},
        {"mon": "24.1,45,CONST,0"},
        {"mon": "24.1,145,CONSTANT,0"},
        {"mon": "24.1,wet,CONSTANT,0"},
        {"alarm": "none"},
        {"alarm": "1"},
        {"alarm": "2,1"},
    ],
)
def test_a_reading_that_is_none_is_never_a_number(answers):
    with pytest.raises(AnswerInvalid):
        read(**answers)


@pytest.mark.parametrize("field", ["", "--", "NAN", "9.9E37", "warm"])
def test_a_temperature_that_is_none_is_never_a_number(field):
    with chamber([("TEMP?", f"{field},25.0,100.0,-50.0")]) as one, pytest.raises(AnswerInvalid):
        one.read()


@given(st.text(st.characters(codec="ascii", exclude_characters="\r\n"), max_size=40))
def test_whatever_it_answers_to_being_told_is_done_or_an_error(answer):
    with scripted_session([("TEMP,S40.0", answer), ("MODE,CONSTANT", LOST)]) as session:
        with pytest.raises((AnswerInvalid, InstrumentRefused, InstrumentLost)):
            EspecP300(session).set_temperature(40.0)
        if not answer.strip().startswith("OK:"):
            with pytest.raises(InstrumentLost):
                session.query("MODE,CONSTANT")


@pytest.mark.parametrize("mode", ["OFF", "STANDBY"])
def test_make_safe_leaves_a_chamber_that_stands_alone(mode):
    with chamber([("MODE?", mode)]) as one:
        one.make_safe()


@pytest.mark.parametrize("mode", ["CONSTANT", "RUN"])
def test_make_safe_stops_and_verifies(mode):
    with chamber([("MODE?", mode), ("MODE,STANDBY", "OK:MODE,STANDBY"), ("MODE?", "STANDBY")]) as one:
        one.make_safe()
    script = [("MODE?", mode), ("MODE,STANDBY", "OK:MODE,STANDBY"), ("MODE?", mode)]
    with chamber(script) as one, pytest.raises(SettingNotTaken, match="MODE"):
        one.make_safe()


def test_make_safe_connects_anew_once_where_the_connection_is_lost():
    again = [("MODE?", "CONSTANT"), ("MODE,STANDBY", "OK:MODE,STANDBY"), ("MODE?", "OFF")]
    with chamber([("MODE?", "CONSTANT"), ("MODE,STANDBY", LOST)], again) as one:
        one.make_safe()


def test_a_mode_that_is_none_is_refused():
    with chamber([("MODE?", "BUSY")]) as one, pytest.raises(AnswerInvalid):
        one.make_safe()
