"""The outcome of one unit of a run, and the classes in which it failed, from what is recorded."""

from __future__ import annotations

from collections.abc import Iterator

from rig.metrology.outcome import Outcome, worst
from rig.products.failure_classes import FailureClass
from rig.records.data import RunRecord

NEVER_ENDED = frozenset({Outcome.ABORTED, Outcome.TERMINATED})
"""Of a run: what was not tested to its end passed nothing."""

_WEIGHS_NOTHING = frozenset({Outcome.NOT_JUDGED, Outcome.SKIP})


def unit_outcome(run: RunRecord, unit_number: int) -> Outcome:
    """Return how unit ``unit_number`` of a run came out; never PASS for a run that did not come to its end.

    The most severe of its findings, results and load points decides. A finding or result without a unit's number is
    about the only unit of the run, or about all. Where a run as a whole ended worse than any of its
    units explains, that holds for each of them. NOT_JUDGED: nothing was judged.
    """
    if run.finished_utc is None or run.outcome in NEVER_ENDED:
        return Outcome(run.outcome) if run.outcome in NEVER_ENDED else Outcome.ABORTED
    outcome = worst([each for each in _outcomes(run, unit_number) if each not in _WEIGHS_NOTHING])
    whole = Outcome(run.outcome)
    if whole.severity >= Outcome.INCONCLUSIVE.severity and not _is_explained(run, whole):
        return worst([outcome, whole])
    return outcome


def classes_of(run: RunRecord, unit_number: int) -> tuple[FailureClass, ...]:
    """Return the classes in which a unit failed, each once, the one first that it is counted by."""
    said = [(each.failure_class, each.outcome) for each in run.findings if _is_about(each.unit_number, unit_number)]
    said += [
        (each.failure_class, each.outcome)
        for point in run.points
        for each in point.results
        if _is_about(each.unit_number, unit_number)
    ]
    known = {each.value: each for each in FailureClass}
    failed = (Outcome.FAIL, Outcome.COND_FAIL)
    found = {known.get(name, FailureClass.OTHER) for name, outcome in said if name or outcome in failed}
    return tuple(each for each in FailureClass if each in found)


def _is_about(number: int | None, unit_number: int) -> bool:
    return number is None or number == unit_number


def _outcomes(run: RunRecord, unit_number: int) -> Iterator[Outcome]:
    for finding in run.findings:
        if _is_about(finding.unit_number, unit_number):
            yield Outcome(finding.outcome)
    for point in run.points:
        if point.stated_outcome:
            yield Outcome(point.stated_outcome)
        for result in point.results:
            if _is_about(result.unit_number, unit_number):
                yield Outcome(result.outcome)


def _is_explained(run: RunRecord, whole: Outcome) -> bool:
    """Whether some unit's findings or results have the outcome of the run, or a worse one."""
    numbers = range(1, len(run.units) + 1)
    return any(each.severity >= whole.severity for number in numbers for each in _outcomes(run, number))
