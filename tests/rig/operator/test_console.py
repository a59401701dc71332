"""The operator at a terminal: lines are read as a scanner ends them, answers that are none are asked again."""

import io
import os

import pytest

from rig.operator import ConsoleOperator, NoAnswer, Prompt, PromptKind


def asked(typed, *prompts, timeout_s=None):
    reading, writing = os.pipe()
    try:
        os.write(writing, typed)
        os.close(writing)
        output = io.StringIO()
        operator = ConsoleOperator(reading, output)
        return [operator.ask(prompt, timeout_s) for prompt in prompts], output.getvalue()
    finally:
        os.close(reading)


CONFIRM = Prompt("lcd", PromptKind.CONFIRM, "Are all segments of the display lit?", position="3")
VALUE = Prompt("volts", PromptKind.READ_VALUE, "Read the voltage A-N.", unit="V")


def test_a_value_and_a_confirmation_are_read_line_by_line():
    answers, shown = asked(b"277.1\r\ny\r\n", VALUE, CONFIRM)
    assert [each.text for each in answers] == ["277.1", "y"]
    assert answers[1].confirmed
    assert "[3] Are all segments" in shown
    assert "Value (V):" in shown


def test_what_is_neither_yes_nor_no_is_asked_again():
    answers, shown = asked(b"perhaps\n\nNO\n", CONFIRM)
    assert not answers[0].confirmed
    assert shown.count("Are all segments") == 3


def test_enter_is_an_answer_to_keys_that_are_to_be_pressed():
    keys = Prompt("k", PromptKind.PRESS_KEYS, "Go to the screen KBAUD.", keys=("MENU", "+"))
    answers, shown = asked(b"\r\n", keys)
    assert answers[0].confirmed
    assert "Keys: MENU +." in shown


def test_a_terminal_that_is_closed_is_no_answer():
    with pytest.raises(NoAnswer, match="prompt lcd was not answered: there is no terminal"):
        asked(b"", CONFIRM)


def test_an_answer_that_does_not_come_in_time_is_no_answer():
    reading, writing = os.pipe()
    try:
        with pytest.raises(NoAnswer, match=r"nothing came within 0\.01 s"):
            ConsoleOperator(reading, io.StringIO()).ask(CONFIRM, 0.01)
    finally:
        os.close(reading)
        os.close(writing)
