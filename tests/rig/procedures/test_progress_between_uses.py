"""Judging between two uses of the bench counts as progress; what the guardian has done meanwhile is raised later."""

from types import SimpleNamespace
from typing import Any

import pytest

from rig.events import Events
from rig.procedures import MeterRun
from rig.safety.errors import GuardianActed


class Guardian:
    """Counts beats; raises ``error`` at each, where there is one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.beats, self.error = 0, error

    def beat(self) -> None:
        self.beats += 1
        if self.error is not None:
            raise self.error


def judged_with(guardian: Guardian | None) -> list[Any]:
    """Record results of a measurement on a bench with that guardian; returns what was recorded."""
    recorded: list[Any] = []
    bench: Any = SimpleNamespace(file=None, events=Events(), guardian=guardian)
    record: Any = SimpleNamespace()
    measurement: Any = SimpleNamespace(record=SimpleNamespace(results=recorded.extend), point=None)
    MeterRun(bench, record, {}).record_results(measurement, ())
    MeterRun(bench, record, {}).record_results(measurement, ("one",))  # type: ignore[arg-type]
    return recorded


def test_each_judgement_of_a_measurement_is_a_beat():
    guardian = Guardian()
    judged_with(guardian)
    assert guardian.beats == 2


@pytest.mark.parametrize("guardian", [None, Guardian(GuardianActed("the rig was stopped"))])
def test_results_are_recorded_without_guardian_and_after_it_acted(guardian):
    assert judged_with(guardian) == ["one"]
