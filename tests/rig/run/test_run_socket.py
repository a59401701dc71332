"""What other processes ask of a run over its socket."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.events import Events
from rig.operator import Answer, NoAnswer, Prompt, PromptKind
from rig.procedures.events import PromptAnswered, PromptShown
from rig.run.streaming.run_socket import RunSocket
from rig.run.streaming.station_operator import StationOperator
from rig.station.run_socket import ask_run

PROMPT = Prompt("p1", PromptKind.READ_VALUE, "Read the voltage.", unit="V")


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[RunSocket]:
    one = RunSocket(tmp_path / "s")
    yield one
    one.close()


def _answer(socket: RunSocket, prompt_id: str, text: str = "277.1") -> str:
    return ask_run(str(socket.path), {"answer": {"prompt_id": prompt_id, "text": text, "confirmed": True}})


def test_a_prompt_is_shown_and_its_answer_comes_back(listening: RunSocket) -> None:
    events, seen = Events(), []
    events.subscribe(PromptShown, lambda event: seen.append(event.prompt.prompt_id))
    events.subscribe(PromptShown, lambda _event: threading.Thread(target=_answer, args=(listening, "p1")).start())
    events.subscribe(PromptAnswered, lambda event: seen.append(event.answer.text))
    answer = StationOperator(listening, events, lambda: None).ask(PROMPT)
    assert answer == Answer("p1", "277.1", confirmed=True)
    assert seen == ["p1", "277.1"]


def test_a_second_answer_and_one_to_another_prompt_are_refused(listening: RunSocket) -> None:
    assert "answered already" in _answer(listening, "p1")
    listening.expect("p1")
    assert "answered already" in _answer(listening, "p0")
    assert _answer(listening, "p1") == ""
    assert "answered already" in _answer(listening, "p1", "9")
    assert listening.wait(1.0) == Answer("p1", "277.1", confirmed=True)


def test_without_an_answer_in_time_or_a_station_there_is_none(listening: RunSocket) -> None:
    looked: list[int] = []
    with pytest.raises(NoAnswer, match="nothing came within"):
        StationOperator(listening, Events(), lambda: looked.append(1)).ask(PROMPT, timeout_s=0.3)
    assert looked
    with pytest.raises(NoAnswer, match="no station page"):
        StationOperator(None, Events(), lambda: None).ask(PROMPT)


def test_nonsense_is_refused_and_the_run_goes_on(listening: RunSocket) -> None:
    for request in ({}, {"answer": 1}, {"answer": {"prompt_id": "x"}}):
        assert "does not understand" in ask_run(str(listening.path), request)
    assert ask_run(str(listening.path), {"pause": True}) == ""
    assert listening.pause_is_asked()


def test_only_the_user_of_the_run_can_connect(listening: RunSocket) -> None:
    assert stat.S_IMODE(listening.path.stat().st_mode) == 0o600


def test_a_run_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    assert "press Outputs off" in ask_run(str(tmp_path / "none"), {"pause": True})
