"""What the end of line says of each position: result, failure classes in plain words, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rig.metrology.outcome import Outcome
from rig.products.failure_classes import FailureClass
from rig.records.data import RunRecord
from rig.records.units.outcomes import classes_of, unit_outcome

_BENCH_TIME = "bench time"
_GOLDEN = "golden"
_OF_GOLDEN = {
    "PASS": "The golden unit has proven this position: units may be tested there.",
    "FAIL": "Test no units at this position: call the line's engineer.",
}
_NEXT = {
    Outcome.PASS: "Put a green label on the unit.",
    Outcome.COND_PASS: "Put a green label on the unit.",
    Outcome.INVALID: "Nothing is known of the unit: check the plugs of this position, then test the unit once more.",
    Outcome.INCONCLUSIVE: "Nothing is known of the unit: call the line's engineer.",
    Outcome.ERROR: "The bench failed: call the line's engineer, then test the unit once more.",
    Outcome.TERMINATED: "The run was stopped: test the unit once more.",
    Outcome.ABORTED: "Keep away from the terminals and call the line's engineer: the outputs may be on.",
    Outcome.NOT_JUDGED: "The unit was not tested: test it once more.",
    Outcome.SKIP: "The unit was not tested: test it once more.",
}


@dataclass(frozen=True, slots=True)
class PositionResult:
    """How the unit at one position came out; ``classes``: what failed, the one first that it is counted by."""

    position: str
    serial_number: str
    outcome: Outcome
    classes: tuple[FailureClass, ...]
    is_golden: bool = False

    @property
    def word(self) -> str:
        """One word to be read from far away: only a unit that passed says PASS."""
        if self.outcome in (Outcome.PASS, Outcome.COND_PASS):
            return "PASS"
        return "FAIL" if self.outcome in (Outcome.FAIL, Outcome.COND_FAIL) else "NO RESULT"

    @property
    def why(self) -> str:
        """The failure classes in words; empty for a unit that passed."""
        return ", ".join(each.words for each in self.classes)

    @property
    def next_step(self) -> str:
        """What to do with the unit, in one sentence."""
        if self.is_golden and self.word in _OF_GOLDEN:
            return _OF_GOLDEN[self.word]
        if self.word == "FAIL":
            return (self.classes[0] if self.classes else FailureClass.OTHER).next_step
        return _NEXT[self.outcome]

    @property
    def line(self) -> str:
        """All of it in one line."""
        why = f": {self.why}" if self.why else ""
        return f"position {self.position}  {self.serial_number}  {self.word}{why}. {self.next_step}"


def position_results(run: RunRecord) -> list[PositionResult]:
    """Return the result of each unit of a run, in the order of the record."""
    return list(_results(run))


def _results(run: RunRecord) -> Iterator[PositionResult]:
    for number, unit in enumerate(run.units, start=1):
        scanned = unit.scanned or unit.serial_number
        found = (unit_outcome(run, number), classes_of(run, number))
        yield PositionResult(unit.position, scanned, *found, is_golden=run.header.kind == _GOLDEN)


def bench_time_text(run: RunRecord) -> str:
    """Return how long the units took, as the run recorded it; empty where it did not come so far."""
    return next((event.text for event in reversed(run.events) if event.kind == _BENCH_TIME), "")
