"""The Keysight 53220A driver, command by command against a transcript."""

import pytest

from drivers.counter.base import CounterInput
from drivers.counter.keysight_53220a import Keysight53220A
from drivers.errors import AnswerInvalid, InstrumentError, InstrumentLost, SettingNotTaken, SettingOutOfRange
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol, scripted_session

OK = '+0,"No error"'
LOST = InstrumentLost(SCRIPTED_RESOURCE, "no answer")
OPENED = [("SYST:ERR?", OK)]
LOW_ON_2 = CounterInput(2, 1.5, "negative")


def wrote(command):
    return [(command, None), ("SYST:ERR?", OK)]


SET_UP = wrote(
    "ABOR;:CONF:NWID (@2);:INP2:COUP DC;:INP2:IMP 1E6;:INP2:RANG 5;:INP2:LEV:AUTO OFF;:INP2:LEV 1.5;:SYST:TIM 10;"
    ":TRIG:SOUR IMM;:SAMP:COUN 2"
)
ARMED = [*OPENED, *SET_UP, ("INP2:LEV?", "+1.50000000000000E+000"), *wrote("INIT")]


@pytest.mark.parametrize("model", ["53220A", "53230A"])
def test_identify_takes_both_counters_of_the_family(model):
    with expected_protocol(Keysight53220A, [*OPENED, ("*IDN?", f"Agilent Technologies,{model},MY1,2.05")]) as counter:
        assert counter.identify().model == model


def test_identify_refuses_another_model():
    script = [*OPENED, ("*IDN?", "HEWLETT-PACKARD,53131A,0,3613")]
    with expected_protocol(Keysight53220A, script) as counter, pytest.raises(InstrumentError, match="not one of"):
        counter.identify()


def test_widths_are_measured_in_the_background_and_read_as_they_come():
    taken = [("DATA:POIN?", "+2"), ("DATA:REM? 2", "+9.80000000000000E-002,+9.81000000000000E-002"), *wrote("ABOR")]
    with expected_protocol(Keysight53220A, [*ARMED, *taken]) as counter:
        counter.arm(LOW_ON_2, 2, 10.0)
        assert counter.widths_s() == (0.098, 0.0981)
        with pytest.raises(InstrumentError, match="arm it first"):
            counter.widths_s()


def test_pulses_that_did_not_come_are_missing_and_not_waited_for():
    with expected_protocol(Keysight53220A, [*ARMED, ("DATA:POIN?", "+0"), *wrote("ABOR")]) as counter:
        counter.arm(LOW_ON_2, 2, 10.0)
        assert counter.widths_s() == ()


@pytest.mark.parametrize("answer", ["+9.91E+37,+9.8E-02", "+9.8E-02", "+9.8E-02,-1.0E-03", "+9.8E-02,wide", "0,0"])
def test_a_reading_that_is_no_width_is_refused(answer):
    taken = [("DATA:POIN?", "+2"), ("DATA:REM? 2", answer), *wrote("ABOR")]
    with expected_protocol(Keysight53220A, [*ARMED, *taken]) as counter:
        counter.arm(LOW_ON_2, 2, 10.0)
        with pytest.raises(AnswerInvalid):
            counter.widths_s()


def test_threshold_not_taken_is_an_error_and_nothing_is_measured():
    script = [*OPENED, *SET_UP, ("INP2:LEV?", "+0.00000000000000E+000")]
    with expected_protocol(Keysight53220A, script) as counter:
        with pytest.raises(SettingNotTaken):
            counter.arm(LOW_ON_2, 2, 10.0)
        with pytest.raises(InstrumentError, match="arm it first"):
            counter.widths_s()


def test_a_measurement_ends_with_the_connection():
    with expected_protocol(Keysight53220A, [*ARMED, ("DATA:POIN?", LOST)]) as counter:
        counter.arm(LOW_ON_2, 2, 10.0)
        with pytest.raises(InstrumentLost):
            counter.widths_s()
        with pytest.raises(InstrumentError, match="arm it first"):
            counter.widths_s()


@pytest.mark.parametrize(
    ("watched", "count", "timeout_s", "quantity"),
    [
        (CounterInput(3), 1, 1.0, "input"),
        (CounterInput(1, 5.1), 1, 1.0, "threshold"),
        (CounterInput(1), 0, 1.0, "count"),
        (CounterInput(1), 1, 0.0, "time-out"),
    ],
)
def test_what_the_counter_cannot_do_is_refused_before_any_io(watched, count, timeout_s, quantity):
    with scripted_session() as session, pytest.raises(SettingOutOfRange, match=quantity):
        Keysight53220A(session).arm(watched, count, timeout_s)


def test_make_safe_stops_and_connects_anew_once():
    with expected_protocol(Keysight53220A, [*OPENED, ("ABOR", LOST)], [*OPENED, *wrote("ABOR")]) as counter:
        counter.make_safe()
