"""Asking an operator: the run's bus is kept alive meanwhile, and the time is the operator's."""

import threading
from types import SimpleNamespace

import pytest

from rig.events import Events
from rig.operator import Answer, NoAnswer, Prompt, PromptKind
from rig.procedures.end_of_line.prompting import ask
from rig.procedures.events import PromptAnswered, PromptShown

PROMPT = Prompt("panel.keys", PromptKind.CONFIRM, "Press each key once.")


class Run:
    """What asking uses of a run: events, bench time, and a bus that is looked after."""

    def __init__(self):
        self.events, self.heard, self.looks, self.time_s = Events(), [], 0, 100.0
        self.events.subscribe(PromptShown, self.heard.append)
        self.events.subscribe(PromptAnswered, self.heard.append)
        self.bench = SimpleNamespace(clock=SimpleNamespace(now_s=lambda: self.time_s))
        bus = SimpleNamespace(pause=self.pause)
        self.units = [SimpleNamespace(position=SimpleNamespace(meter=SimpleNamespace(bus=bus)))]
        self.looked = threading.Event()

    def pause(self, _duration_s):
        self.looks += 1
        self.time_s += 1.0
        self.looked.set()


def asked(answer_with):
    run = Run()
    line = SimpleNamespace(run=run, operator_s=0.0)

    class Someone:
        def ask(self, prompt, timeout_s=None):
            run.looked.wait(5.0)
            return answer_with(prompt)

    try:
        return line, ask(line, Someone(), PROMPT)
    except NoAnswer as error:
        return line, error


def test_answer_comes_back_and_its_time_is_the_operators():
    line, answer = asked(lambda prompt: Answer(prompt.prompt_id, "y"))
    assert answer == Answer("panel.keys", "y")
    assert line.operator_s == line.run.looks >= 1
    assert [type(each) for each in line.run.heard] == [PromptShown, PromptAnswered]


def test_prompt_without_an_answer_is_an_error_and_ends_in_the_events():
    def no_terminal(prompt):
        raise NoAnswer(prompt.prompt_id, "the terminal is closed")

    line, error = asked(no_terminal)
    assert "the terminal is closed" in str(error)
    assert [type(each) for each in line.run.heard] == [PromptShown, PromptAnswered]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_program_that_fails_while_it_asks_is_no_endless_wait():
    def fails(prompt):
        raise ZeroDivisionError

    _, error = asked(fails)
    assert "what asks the operator failed" in str(error)
