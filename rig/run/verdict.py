"""Verdicts as exceptions: one error that carries the whole table of deviations."""

from __future__ import annotations

from collections.abc import Iterable

from drivers.errors import RigError
from rig.metrology.outcome import Outcome, worst
from rig.records.data import ResultRecord


class AccuracyError(AssertionError):
    """The meter failed: at least one quantity is outside its limit; the text is the table of all of them."""

    counted_as_outcome = True

    def __init__(self, outcome: Outcome, table: str) -> None:
        super().__init__(f"{outcome.value}: {outcome.meaning}\n{table}")
        self.outcome = outcome


class NoVerdict(RigError):
    """The measurement does not allow a verdict (INVALID, INCONCLUSIVE): the bench, not the meter, is to blame."""

    counted_as_outcome = True

    def __init__(self, outcome: Outcome, table: str) -> None:
        super().__init__(f"{outcome.value}: {outcome.meaning}\n{table}")
        self.outcome = outcome


def raise_for_outcomes(results: Iterable[ResultRecord], table: str) -> None:
    """Raise AccuracyError or NoVerdict for the most severe outcome; return where all passed or nothing was judged."""
    __tracebackhide__ = True  # the table says it all; pytest leaves this frame out
    outcome = worst(Outcome(result.outcome) for result in results)
    if outcome in (Outcome.FAIL, Outcome.COND_FAIL):
        raise AccuracyError(outcome, table)
    if outcome in (Outcome.INVALID, Outcome.INCONCLUSIVE, Outcome.ERROR):
        raise NoVerdict(outcome, table)
