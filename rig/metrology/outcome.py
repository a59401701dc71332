"""Outcomes of one judged quantity, one test or one run, ordered by severity."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """The outcomes; ``severity`` orders them, ``meaning`` is one sentence for people.

    A bench that failed or a run that was stopped comes first. FAIL comes before INVALID and INCONCLUSIVE: a result
    that proves an error is not taken back by other results that prove nothing.
    """

    NOT_JUDGED = "NOT_JUDGED"
    SKIP = "SKIP"
    PASS = "PASS"  # an outcome, not a password
    COND_PASS = "COND_PASS"  # an outcome, not a password
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"
    COND_FAIL = "COND_FAIL"
    FAIL = "FAIL"
    TERMINATED = "TERMINATED"
    ERROR = "ERROR"
    ABORTED = "ABORTED"

    @property
    def severity(self) -> int:
        """Rank from 0 (says nothing) upwards; a set of outcomes is as bad as its highest."""
        return _SEVERITY[self]

    @property
    def meaning(self) -> str:
        """One sentence that says what the outcome tells the reader of a report."""
        return _MEANING[self]

    @property
    def is_undecided(self) -> bool:
        """Whether a measurement was made that says nothing about the meter."""
        return self in (Outcome.INVALID, Outcome.INCONCLUSIVE)


_SEVERITY = {outcome: rank for rank, outcome in enumerate(Outcome)}

_MEANING = {
    Outcome.NOT_JUDGED: "no limit row applies, so the value is reported and not judged",
    Outcome.SKIP: "not measured, because the bench lacks something the test needs",
    Outcome.PASS: "the error is inside the limit by at least the guard band",
    Outcome.COND_PASS: "the error is inside the limit, but within the guard band of it",
    Outcome.COND_FAIL: "the error is outside the limit, but within the guard band of it",
    Outcome.FAIL: "the error is outside the limit by more than the decision rule allows for",
    Outcome.TERMINATED: "stopped before the end; the safe state is confirmed",
    Outcome.INCONCLUSIVE: "the uncertainty is too large or not known, so neither conformity nor an error is proved",
    Outcome.INVALID: "the conditions were unstable or outside the reference conditions",
    Outcome.ERROR: "the bench failed, so the meter could not be measured",
    Outcome.ABORTED: "stopped, and the safe state could not be confirmed",
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return the most severe of ``outcomes``; NOT_JUDGED where there is none."""
    return max(outcomes, key=lambda outcome: outcome.severity, default=Outcome.NOT_JUDGED)
