"""The guardian whose rig is gone does not give up: a clock and a source that are none, and hours of attempts."""

from __future__ import annotations

import os
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.source.base import SafeOff
from rig.safety.guardian import process as guardian_module
from rig.safety.guardian.journal import append_entry, make_journal, read_journal
from rig.safety.guardian.process import Guardian
from rig.safety.state import HOLDER, JOURNAL, OFF_ELSEWHERE, RECIPES, Opening, marked_process
from rig.safety.switching_off.raw_off import SafeOffResult

RECIPE = SafeOff("TCPIP0::127.0.0.1::1::SOCKET", ("OUTP OFF",), "OUTP?", ("0",))


class Clock:
    """Time that passes where somebody sleeps."""

    def __init__(self) -> None:
        self.now_s = 1000.0
        self.at: dict[float, object] = {}

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, dt_s: float) -> None:
        self.now_s += dt_s
        for due_s in [due_s for due_s in self.at if due_s <= self.now_s]:
            self.at.pop(due_s)()  # type: ignore[operator]


class Source:
    """What the guardian reaches, from ``back_s`` on."""

    def __init__(self, clock: Clock, back_s: float, recipe: SafeOff) -> None:
        self.recipes = (recipe,)
        self.asked_s: list[float] = []
        self.looked_up = 0
        self._clock, self._back_s = clock, back_s

    def switch_off(self, *, but: object) -> list[SafeOffResult]:
        self.asked_s.append(self._clock.now_s)
        confirmed = self._clock.now_s >= self._back_s
        return [SafeOffResult(RECIPE.resource, confirmed, "back" if confirmed else "away", True)]

    def resolve_again(self) -> None:
        self.looked_up += 1


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(guardian_module, "time", clock)
    return clock


@pytest.fixture
def alone(clock, monkeypatch):
    """Make a guardian whose rig is gone, and whose source is back after so many seconds."""
    near, far = socket.socketpair()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    printed, errors = os.pipe()
    os.set_blocking(printed, False)
    monkeypatch.setattr(guardian_module, "_INPUT", os.dup(near.fileno()))
    monkeypatch.setattr(guardian_module, "_OUTPUT", nowhere)
    monkeypatch.setattr(guardian_module, "_ERRORS", errors)
    made = []

    def make(back_s: float, recipe: SafeOff = RECIPE):
        opening = Opening.begin("lab")
        make_journal(opening.file(JOURNAL))
        for suffix in (HOLDER, RECIPES):
            opening.write(suffix, {"pid": 1})
        guardian: Any = Guardian(opening, 1.0)
        made.append(guardian)
        guardian._reserve = Source(clock, clock.now_s + back_s, recipe)
        return SimpleNamespace(guardian=guardian, opening=opening, source=guardian._reserve, printed=printed)

    yield make
    for guardian in made:
        guardian._input.close()
        guardian._journal.close()
        os.close(guardian._nowhere)
    near.close()
    far.close()
    for descriptor in (nowhere, printed, errors):
        os.close(descriptor)


def gaps(source):
    return [later - earlier for earlier, later in zip(source.asked_s, source.asked_s[1:], strict=False)]


def test_output_goes_off_after_an_hour_without_network_and_is_journalled(alone, clock):
    at_work = alone(3600.0)
    append_entry(at_work.opening.file(JOURNAL), {"id": "0", "reason": "what was before"})
    at_work.guardian._act_alone("the rig is gone")
    assert len(at_work.source.asked_s) > 300
    pauses_s = [round(gap_s, 3) for gap_s in gaps(at_work.source)]
    assert pauses_s == sorted(pauses_s), "it only slows down"
    assert pauses_s[-1] == 10.0
    assert at_work.source.looked_up > 10
    journal = read_journal(at_work.opening.file(JOURNAL))
    assert len(journal) == 5, "before, the first attempt, the last two, the end"
    assert [entry.get("confirmed") for entry in journal[1:]] == [False, False, False, True]
    assert journal[1]["attempt"] == 1
    assert journal[-1]["attempt"] == journal[-2]["attempt"] + 1 == journal[-3]["attempt"] + 2
    assert not at_work.opening.file(RECIPES).exists()
    assert not at_work.opening.file(HOLDER).exists()


@pytest.mark.parametrize("error", [OSError(22, "Invalid argument"), MemoryError(), RuntimeError("no thread")], ids=repr)
def test_attempt_with_an_unforeseen_failure_is_followed_by_others(alone, error):
    at_work = alone(60.0)
    well = at_work.source.switch_off

    def switch_off(*, but):
        results = well(but=but)
        if not results[0].confirmed:
            raise error
        return results

    at_work.source.switch_off = switch_off
    at_work.guardian._act_alone("the rig is gone")
    journal = read_journal(at_work.opening.file(JOURNAL))
    assert [entry["confirmed"] for entry in journal] == [False, False, False, True]
    assert repr(error) in journal[0]["results"][0]["details"]


def test_source_with_a_watchdog_is_not_asked_before_its_delay_has_passed(alone):
    recipe = SafeOff("R", (), "?", (), watchdog_s=30.0)
    at_work = alone(600.0, recipe)
    at_work.guardian._act_alone("the rig is gone")
    assert min(gaps(at_work.source)) >= 45.0


def test_it_ends_when_rig_off_has_had_it_confirmed(alone, clock):
    at_work = alone(1e9)
    at_work.opening.write(OFF_ELSEWHERE, {})  # from before, which does not count
    clock.at[clock.now_s + 100.0] = lambda: at_work.opening.write(OFF_ELSEWHERE, {})
    at_work.guardian._act_alone("the rig is gone")
    assert 100.0 <= clock.now_s - 1000.0 < 101.0
    last = read_journal(at_work.opening.file(JOURNAL))[-1]
    assert (last["confirmed"], "rig off" in last["reason"]) == (True, True)
    assert not at_work.opening.file(OFF_ELSEWHERE).exists()


def test_it_ends_when_the_launched_process_is_gone_that_had_the_sources(alone):
    at_work = alone(1e9)
    at_work.guardian._launched = {**marked_process("launched_pid", os.getpid()), "launched_pid_since": "earlier"}
    at_work.guardian._act_alone("the rig is gone")
    last = read_journal(at_work.opening.file(JOURNAL))[-1]
    assert (last["confirmed"], last["reason"]) == (False, "the launched process that had the sources is gone")


def test_a_command_that_reads_what_the_rig_printed_does_not_wait_for_it(alone):
    at_work = alone(1e9)
    at_work.guardian._act_alone("the rig is gone", 1)
    assert os.read(at_work.printed, 1) == b"", "the end of what was printed"


def test_where_nothing_was_on_it_makes_ten_attempts_and_leaves_word(alone):
    at_work = alone(1e9)
    at_work.guardian._act_alone("the rig is gone; it had nothing on", 10)
    assert len(at_work.source.asked_s) == 10
    assert at_work.opening.file(RECIPES).exists(), "rig off still finds it"
