"""The verdict of each meter of a run that tested several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from rig.records.data import ResultRecord, RunRecord, UnitRecord
from rig.records.units.outcomes import unit_outcome
from rig.records.verdicts import OUTCOMES, worst_outcome
from rig.reports._summary import all_results, verdicts_of


@dataclass(frozen=True, slots=True)
class UnitVerdict:
    """How one meter came out: the outcome that decides over its results, and its verdicts by outcome."""

    number: int
    unit: UnitRecord
    outcome: str
    counts: Counter[str]

    @property
    def name(self) -> str:
        """The meter by its number, position and serial number."""
        return f"meter {self.number} at position {self.unit.position} (serial number {self.unit.serial_number})"


def unit_verdicts(run: RunRecord) -> list[UnitVerdict]:
    """Return the verdict of each meter where a run has several; empty where it has one."""
    if len(run.units) < 2:
        return []
    found = []
    for number, unit in enumerate(run.units, start=1):
        judged = [each for each in all_results(run) if each.result.unit_number == number]
        counts = verdicts_of(judged)
        ordered = Counter({outcome: counts[outcome] for outcome in OUTCOMES if counts[outcome]})
        worst = worst_outcome(each.result.outcome for each in judged) or "NOT_JUDGED"
        if run.header.product:  # what was found in words counts too
            worst = str(unit_outcome(run, number))
        found.append(UnitVerdict(number, unit, worst, ordered))
    return found


def has_several(results: Iterable[ResultRecord]) -> bool:
    """Whether results are about more than one meter."""
    return len({result.unit_number for result in results}) > 1


def of_meter(result: ResultRecord, several: bool) -> str:
    """Say which meter a result is about, " of meter 2", where there are ``several``."""
    return f" of meter {result.unit_number}" if several and result.unit_number else ""
