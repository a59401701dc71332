"""What needs attention in a run: one list for the terminal, the report and every suite; one cause is one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rig.records.data import FindingRecord, RunRecord
from rig.records.verdicts import OUTCOMES
from rig.reports._summary import Judged, all_results, severity
from rig.reports._words import outcome_meaning, percent, quantity_name
from rig.reports.resumptions import events_since
from rig.reports.units import of_meter

_GOOD = ("PASS", "NOT_JUDGED")
_SHOWN_PLACES = 3
_JUDGED_OF = {
    **dict.fromkeys(("difference", "influence", "self_heating"), "variation of the error"),
    "repeatability": "standard deviation",
}
"""What is judged in percent, by procedure; elsewhere an error."""


@dataclass(frozen=True, slots=True)
class AttentionLine:
    """One cause: ``what`` it is about, ``detail`` in words, ``places`` where it showed, ``cites`` its source or ""."""

    outcome: str
    what: str
    detail: str
    places: tuple[str, ...]
    cites: str = ""

    @property
    def where(self) -> str:
        """The first places in words, and how many more there are."""
        shown = ", ".join(self.places[:_SHOWN_PLACES])
        more = len(self.places) - _SHOWN_PLACES
        return f"{shown} and {more} more" if more > 0 else shown


def attention_lines(run: RunRecord) -> list[AttentionLine]:
    """Return everything that is not a plain PASS and not merely reported, the most severe first; what was skipped last.

    Results of one input that failed alike under one condition, questions with one answer, and equal reasons are one
    line each.
    """
    lines = [*_errors(run), *_points(run), *_results(run), *_findings(run.findings)]
    return sorted(lines, key=lambda line: (line.outcome == "SKIP", OUTCOMES.index(line.outcome)))


def _errors(run: RunRecord) -> Iterable[AttentionLine]:
    """What ended the run, or a question, before it had an answer; not what was made good when it was resumed."""
    groups: dict[str, list[str]] = defaultdict(list)
    for event in events_since(run):
        if event.severity == "error":
            question = (event.data or {}).get("question")
            groups[event.text] += [str(question)] if question else []
    outcome = run.outcome if run.outcome in ("ABORTED", "TERMINATED") else "ERROR"
    for text, places in groups.items():
        yield AttentionLine(outcome, "bench", text, tuple(dict.fromkeys(places)))


def _points(run: RunRecord) -> Iterable[AttentionLine]:
    """Load points that ended badly in themselves, or never ended."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for point in run.points:
        if point.stated_outcome or point.finished_utc is None:
            groups[point.outcome, point.reason or outcome_meaning(point.outcome)].append(point.label)
    for (outcome, reason), labels in groups.items():
        if outcome not in _GOOD:
            yield AttentionLine(outcome, _counted(len(labels), "load point"), reason, tuple(labels))


def _results(run: RunRecord) -> Iterable[AttentionLine]:
    groups: dict[tuple[str, ...], list[Judged]] = defaultdict(list)
    for judged in all_results(run):
        result = judged.result
        if result.outcome in (*_GOOD, "SKIP"):
            continue
        if result.reason and result.error_pct is None:
            groups[result.outcome, "", "", result.reason, "", ""].append(judged)
        else:
            place = f"{result.place}{of_meter(result, len(run.units) > 1)}"
            groups[result.outcome, result.quantity, place, "", result.condition, result.procedure].append(judged)
    for (outcome, quantity, place, reason, condition, _), group in groups.items():
        if reason:
            what, detail = _counted(len(group), "result"), reason
        else:
            what = f"{place} {quantity_name(quantity)}" + (f", {condition}" if condition else "")
            detail = _worst(group)
        yield AttentionLine(outcome, what, detail, tuple(dict.fromkeys(judged.point.label for judged in group)))


def _worst(group: Sequence[Judged]) -> str:
    worst = min(group, key=severity)
    result = worst.result
    limit = "" if result.limit_pct is None else f", limit ±{result.limit_pct:g} %"
    among = f"the worst of {len(group)}: " if len(group) > 1 else ""
    error, u = percent(result.error_pct, sign=True), percent(result.expanded_uncertainty_pct)
    what = _JUDGED_OF.get(result.procedure, "error")
    return f"{among}{what} {error} %, U {u} %{limit}, at {worst.point.label}"


def _findings(findings: Iterable[FindingRecord]) -> Iterable[AttentionLine]:
    groups: dict[tuple[str, str, str, str], list[FindingRecord]] = defaultdict(list)
    for finding in findings:
        if finding.outcome not in _GOOD:
            groups[finding.outcome, finding.expected, finding.found, finding.cites].append(finding)
    for (outcome, expected, found, cites), group in groups.items():
        names = tuple(finding.name for finding in group)
        what = names[0] if len(names) == 1 else _counted(len(names), "question" if outcome == "SKIP" else "finding")
        detail = f"expected {expected}, found {found}" if expected else found
        yield AttentionLine(outcome, what, detail, names if len(names) > 1 else (), cites)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count > 1 else ''}"
