"""Status registers: conditions become events through filters, events a bit of the status byte through enables."""

from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.emulation.scpi.engine import Command, ScpiEngine
from rig.emulation.scpi.status import OPERATION_SUMMARY, QUESTIONABLE_SUMMARY, StatusRegister, preset_command

masks = st.integers(0, 0x7FFF)


@pytest.fixture
def questionable():
    return StatusRegister()


@pytest.fixture
def ask(questionable):
    operation = StatusRegister(follow=lambda: asking.running)
    engine = ScpiEngine(
        (
            *questionable.commands("STATus:QUEStionable"),
            *operation.commands("STATus:OPERation"),
            preset_command((questionable, operation)),
            Command("SYSTem:ERRor[:NEXT]", read=lambda _call: engine.next_error()),
        ),
        "MAKER,MODEL,SERIAL,1.0",
        nullcontext(),
        lambda: None,
        summaries={QUESTIONABLE_SUMMARY: questionable, OPERATION_SUMMARY: operation},
    )

    def ask(line):
        return engine.execute(line, "me")

    asking: Any = ask
    asking.running = 0
    return ask


def test_what_has_been_stays_an_event_until_it_is_read(ask, questionable):
    questionable.set(2, True)
    assert ask("STAT:QUES:COND?") == "2"
    questionable.set(2, False)
    assert ask("STAT:QUES:COND?;EVEN?") == "0;2"
    assert ask("STATUS:QUESTIONABLE?") == "0"


def test_a_condition_that_goes_on_is_no_second_event(ask, questionable):
    questionable.set(2, True)
    assert ask("STAT:QUES?") == "2"
    questionable.set(2, True)
    assert ask("STAT:QUES?") == "0"


def test_an_enabled_event_is_summed_up_in_the_status_byte(ask, questionable):
    ask("STAT:QUES:ENAB 2;:STAT:OPER:ENAB 16;*SRE 8")
    questionable.set(1, True)
    assert ask("*STB?") == "0"
    questionable.set(2, True)
    assert ask("*STB?") == str(8 + 64)
    ask.running = 16
    assert ask("*STB?") == str(8 + 64 + 128)
    assert ask("STAT:OPER?;*STB?") == f"16;{8 + 16 + 64}"


def test_a_followed_condition_is_looked_at_when_somebody_asks(ask):
    ask.running = 4
    assert ask("STAT:OPER:COND?") == "4"
    ask.running = 0
    assert ask("STAT:OPER:COND?;EVEN?") == "0;4"


def test_clear_forgets_events_and_leaves_enables_and_conditions(ask, questionable):
    ask("STAT:QUES:ENAB 3")
    questionable.set(1, True)
    assert ask("*CLS;*STB?;STAT:QUES:EVEN?;ENAB?;COND?") == "0;0;3;1"


def test_falling_edges_count_where_the_filter_says_so(ask, questionable):
    ask("STAT:QUES:PTR 0;NTR 4")
    questionable.set(4, True)
    assert ask("STAT:QUES?") == "0"
    questionable.set(4, False)
    assert ask("STAT:QUES?") == "4"
    assert ask("STAT:PRES;QUES:PTR?;NTR?;ENAB?") == "32767;0;0"


def test_masks_beyond_sixteen_bits_are_refused_and_bit_15_is_not_used(ask):
    assert ask("STAT:QUES:ENAB 65535;ENAB?") == "32767"
    ask("STAT:QUES:ENAB 65536")
    assert ask("SYST:ERR?;:STAT:QUES:ENAB?") == '-222,"Data out of range";32767'


@given(conditions=st.lists(masks, max_size=8), rising=masks, falling=masks, enable=masks)
def test_events_are_exactly_the_edges_that_the_filters_let_through(conditions, rising, falling, enable):
    register = StatusRegister()
    commands = {command.header: command for command in register.commands("R")}
    register._rising, register._falling, register._enable = rising, falling, enable
    expected, before = 0, 0
    for now in conditions:
        register.update(now)
        expected |= (now & ~before & rising) | (before & ~now & falling)
        before = now
    assert register.condition == before
    assert register.summary == bool(expected & enable)
    assert commands["R[:EVENt]"].read(None) == str(expected)
    assert not register.summary
