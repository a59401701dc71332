"""Safety inputs: what counts as safe, what counts as open, and how often they are looked at."""

import itertools

import pytest

from drivers.errors import AnswerInvalid, InstrumentLost
from drivers.switch.base import SafetyContacts
from rig.safety.inputs import FRESH_S, READ_EVERY_S, SafetyInputs

BOTH = {"interlock": "closed", "emergency_stop": "closed"}


class Clock:
    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


def inputs(contacts, safe_when=None, clock=None):
    return SafetyInputs(
        lambda: contacts, safe_when or {"interlock": "closed", "emergency_stop": "closed"}, now_s=clock or Clock()
    )


@pytest.mark.parametrize("closed", list(itertools.product([True, False], repeat=2)))
@pytest.mark.parametrize("when", list(itertools.product(["closed", "open"], repeat=2)))
def test_it_is_safe_exactly_when_every_contact_is_as_it_has_to_be(closed, when):
    reading = inputs(SafetyContacts(*closed), dict(zip(("interlock", "emergency_stop"), when, strict=True))).read()
    assert reading.is_safe is all(c == (w == "closed") for c, w in zip(closed, when, strict=True))


def test_only_what_is_wired_counts():
    assert inputs(SafetyContacts(interlock=True), {"interlock": "closed"}).read().is_safe
    reading = inputs(SafetyContacts(interlock=False), {"interlock": "closed"}).read()
    assert (reading.found, reading.wanted) == ("the interlock open", "the interlock closed")


def test_a_contact_that_is_wired_but_not_sensed_counts_as_open():
    assert not inputs(SafetyContacts(interlock=True)).read().is_safe


@pytest.mark.parametrize("error", [InstrumentLost("SWITCH", "no answer"), AnswerInvalid("SWITCH", "DIG?", "??")])
def test_a_switch_unit_that_does_not_say_counts_as_open(error):
    def sense():
        raise error

    reading = SafetyInputs(sense, {"interlock": "closed"}, now_s=Clock()).read()
    assert not reading.is_safe
    assert str(error) in reading.found


def test_an_answer_that_comes_late_counts_as_open():
    clock = Clock()

    def sense():
        clock.s += FRESH_S * 1.1
        return SafetyContacts(True, True)

    reading = SafetyInputs(sense, {"interlock": "closed"}, now_s=clock).read()
    assert not reading.is_safe
    assert "answered after 1.1 s only" in reading.found


def test_they_are_due_at_first_and_then_now_and_again():
    clock = Clock()
    them = inputs(SafetyContacts(True, True), clock=clock)
    assert them.is_due
    them.read()
    assert not them.is_due
    clock.s += READ_EVERY_S
    assert them.is_due


def test_where_nothing_is_wired_that_is_said_and_nothing_is_ever_due():
    nothing = SafetyInputs.none()
    assert nothing.text.startswith("interlock: not wired")
    assert not nothing.is_due
    one = inputs(SafetyContacts(True), {"interlock": "closed"})
    assert one.text.endswith("; emergency stop: not wired")
    other = inputs(SafetyContacts(False), {"interlock": "open"})
    assert "the interlock is safe when open, so that a broken wire is not noticed" in other.text
