"""A later judgement of a run as lines of text: what changed, what did not pass, and how many came out how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rig.metrology.analysis.monte_carlo import DRAWS, check
from rig.records.data import RunRecord
from rig.records.issued.judgements import JudgedAgain, JudgementRecord
from rig.reports._words import percent, procedure_name, quantity_name, rule_wording
from rig.reports.coverage import coverage_text

_HEADS = ("load point", "AI", "quantity", "phase", "error %", "U %", "limit %", "was", "now")


def judgement_lines(run: RunRecord, judgement: JudgementRecord, *, show_all: bool = False) -> list[str]:
    """Return the judgement in lines; without ``show_all`` only what changed or did not pass is listed."""
    simulated = " (simulated bench)" if run.header.simulated else ""
    lines = [
        f"run {run.run_id[:8]} of {run.started_utc:%Y-%m-%d %H:%M} UTC{simulated}, judged once more on "
        f"{judgement.made_utc:%Y-%m-%d %H:%M} UTC",
        f"limits: {judgement.standard}; rule: {rule_wording(judgement.decision_rule)}",
    ]
    if judgement.correction is not None:
        lines.append(f"corrections: {judgement.correction['file']}, SHA-256 {str(judgement.correction['sha256'])[:12]}")
    labels = {point.number: point.label for point in run.points}
    shown = [each for each in judgement.results if show_all or _is_telling(each)]
    if shown:
        lines += columns([_HEADS, *(_row(labels, each) for each in shown)])
    lines += [
        f"{each.result.place} at {labels[each.point_number]}: {each.result.reason}"
        for each in shown
        if each.result.reason
    ]
    lines += [f"left out: {what}" for what in judgement.left_out]
    counts = Counter(each.result.outcome for each in judgement.results)
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    changed = sum(1 for each in judgement.results if each.was not in (None, each.result.outcome))
    covered = coverage_text(run)
    covered = f" ({covered})" if covered else ""
    otherwise = f"{changed} came out otherwise than in the run, which says {run.outcome}"
    lines.append(f"{judgement.outcome}{covered}: {said}; {otherwise}")
    return lines


def monte_carlo_lines(judgement: JudgementRecord, seed: int = 1) -> list[str]:
    """Return U beside what draws tell of the same budget, for each quantity and procedure where U/L is largest.

    JCGM 101: both are half the width of an interval with the same coverage probability.
    """
    worst: dict[tuple[str, str], JudgedAgain] = {}
    for each in judgement.results:
        ratio, kind = each.result.uncertainty_ratio, (each.result.procedure, each.result.quantity)
        if ratio is not None and each.result.components and ratio > (_ratio(worst.get(kind)) or 0.0):
            worst[kind] = each
    rows = [("quantity", "procedure", "AI", "U %", "Monte Carlo %", "U by it")]
    for (procedure, quantity), each in worst.items():
        expanded = each.result.expanded_uncertainty_pct
        assert expanded is not None
        found = check(each.result.components, expanded, seed)
        cells = (percent(expanded), percent(found.drawn.expanded), f"{found.ratio:.3f}")
        rows.append((quantity_name(quantity), procedure_name(procedure), str(each.result.instance), *cells))
    return [f"Monte Carlo (JCGM 101), {DRAWS:,} draws, where U/L is largest:", *columns(rows)] if worst else []


def _ratio(each: JudgedAgain | None) -> float | None:
    return None if each is None else each.result.uncertainty_ratio


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Put rows of cells into lines whose columns begin at one place."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _is_telling(each: JudgedAgain) -> bool:
    return each.result.outcome not in ("PASS", "NOT_JUDGED") or each.was not in (None, each.result.outcome)


def _row(labels: dict[int, str], each: JudgedAgain) -> tuple[str, ...]:
    result = each.result
    return (
        labels[each.point_number],
        str(result.instance),
        quantity_name(result.quantity),
        result.phase,
        percent(result.error_pct, sign=True),
        percent(result.expanded_uncertainty_pct),
        "" if result.limit_pct is None else f"{result.limit_pct:g}",
        each.was or "",
        result.outcome,
    )
