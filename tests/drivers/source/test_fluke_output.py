"""The output of the Fluke 6105A: on with its ramp, off and verified, command by command against a transcript."""

import math

import pytest

from drivers.errors import InstrumentError, InstrumentLost, SettingOutOfRange
from drivers.source.fluke_6105a import Fluke6105A
from drivers.testing import SCRIPTED_RESOURCE, expected_protocol
from tests.drivers.source.test_fluke_6105a import LOST, OPENED, wrote


def test_the_output_is_switched_on_with_its_ramp_and_verified():
    script = [
        *OPENED,
        *wrote("OUTP:RAMP:TIME 5"),
        ("OUTP:RAMP:TIME?", "5.0E0"),
        *wrote("OUTP:STAT ON"),
        ("OUTP:STAT?", "1"),
    ]
    with expected_protocol(Fluke6105A, script) as source:
        source.set_output(True, ramp_s=5.0)


def test_an_output_that_does_not_come_on_is_an_error():
    script = [
        *OPENED,
        *wrote("OUTP:RAMP:TIME 0"),
        ("OUTP:RAMP:TIME?", "0"),
        *wrote("OUTP:STAT ON"),
        ("OUTP:STAT?", "0"),
    ]
    with (
        expected_protocol(Fluke6105A, script) as source,
        pytest.raises(InstrumentError, match="output is still off after OUTP:STAT ON; check connections"),
    ):
        source.set_output(True)


@pytest.mark.parametrize("ramp_s", [-1.0, 61.0, math.nan])
def test_an_impossible_ramp_is_refused_before_anything_is_sent(ramp_s):
    with expected_protocol(Fluke6105A) as source, pytest.raises(SettingOutOfRange, match="ramp time"):
        source.set_output(True, ramp_s)


def test_make_safe_switches_off_and_verifies_any_number_of_times():
    off = [*wrote("OUTP:STAT OFF"), ("OUTP:STAT?", "0")]
    with expected_protocol(Fluke6105A, [*OPENED, *off, *off]) as source:
        source.make_safe()
        source.make_safe()


def test_make_safe_raises_when_the_output_stays_on():
    with (
        expected_protocol(Fluke6105A, [*OPENED, *wrote("OUTP:STAT OFF"), ("OUTP:STAT?", "1")]) as source,
        pytest.raises(InstrumentError, match=r"still on.*by hand"),
    ):
        source.make_safe()


def test_make_safe_tries_once_more_on_a_new_connection_and_then_gives_up():
    lost = [*OPENED, ("OUTP:STAT OFF", LOST)]
    with expected_protocol(Fluke6105A, lost, [*OPENED, *wrote("OUTP:STAT OFF"), ("OUTP:STAT?", "0")]) as source:
        source.make_safe()
    with expected_protocol(Fluke6105A, lost, lost) as source, pytest.raises(InstrumentLost):
        source.make_safe()


def test_safe_off_is_what_make_safe_says():
    with expected_protocol(Fluke6105A) as source:
        (off,) = source.safe_off()
    assert off.resource == SCRIPTED_RESOURCE
    assert (off.commands, off.verify_query) == (("OUTP:STAT OFF",), "OUTP:STAT?")
    assert "0" in off.off_answers
