"""What other processes ask of a run over its socket."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rig.operator import Answer, NoAnswer, Prompt, PromptKind
from rig.run.streaming.run_socket import RunSocket
from rig.run.streaming.station_operator import StationOperator
from rig.station.run_socket import ask_run
from tests.waiting import wait_for

PROMPT = Prompt("p1", PromptKind.READ_VALUE, "Read the voltage.", unit="V")


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[RunSocket]:
    one = RunSocket(tmp_path / "s")
    yield one
    one.close()


def _answer(socket: RunSocket, prompt_id: str, text: str = "277.1") -> str:
    return ask_run(str(socket.path), {"answer": {"prompt_id": prompt_id, "text": text, "confirmed": True}})


def test_the_answer_to_a_prompt_comes_back(listening: RunSocket) -> None:
    def answer() -> None:
        wait_for(lambda: not _answer(listening, "p1"), "the prompt is open", 10.0)

    other = threading.Thread(target=answer)
    other.start()
    assert StationOperator(lambda: listening).ask(PROMPT) == Answer("p1", "277.1", confirmed=True)
    other.join()


def test_a_second_answer_and_one_to_another_prompt_are_refused(listening: RunSocket) -> None:
    assert "answered already" in _answer(listening, "p1")
    listening.expect("p1")
    assert "answered already" in _answer(listening, "p0")
    assert _answer(listening, "p1") == ""
    assert "answered already" in _answer(listening, "p1", "9")
    assert listening.wait(1.0) == Answer("p1", "277.1", confirmed=True)


def test_without_an_answer_in_time_or_a_station_there_is_none(listening: RunSocket) -> None:
    with pytest.raises(NoAnswer, match="nothing came within"):
        StationOperator(lambda: listening).ask(PROMPT, timeout_s=0.3)
    with pytest.raises(NoAnswer, match="no station page"):
        StationOperator(lambda: None).ask(PROMPT)


def test_nonsense_is_refused_and_the_run_goes_on(listening: RunSocket) -> None:
    for request in ({}, {"answer": 1}, {"answer": {"prompt_id": "x"}}):
        assert "does not understand" in ask_run(str(listening.path), request)
    assert ask_run(str(listening.path), {"pause": True}) == ""
    assert listening.pause_is_asked()


def test_only_the_user_of_the_run_can_connect(listening: RunSocket) -> None:
    assert stat.S_IMODE(listening.path.stat().st_mode) == 0o600


def test_a_run_that_is_gone_is_said_in_words(tmp_path: Path) -> None:
    assert "press Outputs off" in ask_run(str(tmp_path / "none"), {"pause": True})
