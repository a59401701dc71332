"""Count verdicts: results that repeat one fact about a meter count once.

At 90 load points of one voltage each voltage input is judged 90 times; that is one fact, with 90 readings. A voltage is
judged once for each set of nominal voltages, a current once for each nominal current, anything else at each load point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rig.metrology.outcome import Outcome

LOAD_POINTS, REGISTERS = "load points", "energy registers"
"""What is counted of a suite."""


OUTCOMES = tuple(str(outcome) for outcome in sorted(Outcome, key=lambda outcome: -outcome.severity))
"""All outcomes as they are stored, the one that decides over the others first."""

SEVERITY = {outcome: place for place, outcome in enumerate(OUTCOMES)}
"""Place of each outcome in that order."""


def worst_outcome(outcomes: Iterable[str]) -> str | None:
    """Give the outcome that decides over the others given, or None of none; an unknown word raises ValueError."""
    return min(outcomes, key=OUTCOMES.index, default=None)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One recorded result as far as counting needs it: what was judged, at which nominal values, how it came out.

    ``voltages``: nominal volts, percentages and angles, as recorded; ``label``: of the load point; ``condition``: what
    was changed against a basis, or empty; ``outcomes`` are the words of rig.records.
    """

    procedure: str
    quantity: str
    instance: int
    unit_number: int | None
    limit_pct: float | None
    label: str
    voltages: Hashable
    current_pct: float
    frequency_hz: float
    outcome: str
    condition: str = ""

    @property
    def fact(self) -> tuple[Any, ...]:
        """What is the same for results that repeat one fact."""
        what = (self.procedure, self.quantity, self.instance, self.unit_number, self.limit_pct, self.condition)
        if self.procedure == "power_comparison" and self.quantity == "voltage":
            return (*what, self.voltages, self.frequency_hz)
        if self.procedure == "power_comparison" and self.quantity == "current":
            return (*what, self.current_pct, self.frequency_hz)
        return (*what, self.label)


def count_verdicts(judgements: Iterable[Judgement], severity: dict[str, int]) -> Counter[str]:
    """Return how many facts came out how: each has the most severe outcome (lowest number) of its results."""
    worst: dict[tuple[Any, ...], str] = {}
    for each in judgements:
        known = worst.get(each.fact)
        if known is None or severity[each.outcome] < severity[known]:
            worst[each.fact] = each.outcome
    return Counter(worst.values())


def of_verdicts(counts: Mapping[str, int]) -> dict[str, int]:
    """Leave what is only reported (NOT_JUDGED) out of counts by outcome, unless nothing else was counted."""
    judged = {outcome: count for outcome, count in counts.items() if outcome != "NOT_JUDGED"}
    return judged or dict(counts)


def count_measured(results: Iterable[tuple[str, str, int]]) -> dict[str, int]:
    """Count the load points that were compared and the energy registers that were gated.

    ``results``: of each its load point's label, its procedure and the instance of its input.
    """
    compared: set[str] = set()
    gated: set[tuple[str, int]] = set()
    for label, procedure, instance in results:
        if procedure == "power_comparison":
            compared.add(label)
        elif procedure == "energy_register":
            gated.add((label, instance))
    return {LOAD_POINTS: len(compared), REGISTERS: len(gated)}
