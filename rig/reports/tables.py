"""Tables for the terminal and for test reports: the run in one row a load point, one test's deviations as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rig.records import OUTCOMES, PointRecord, ResultRecord, RunRecord
from rig.reports._summary import total_counts, worst_of
from rig.reports._words import OUTCOME_COLOURS, number, outcome_word, percent, quantity_name, run_meaning

_HEADINGS = ("quantity", "AI", "phase", "read", "expected", "unit", "error %", "U %", "limit %", "outcome")
_SHORT = {
    "active_power": "P",
    "reactive_power": "Q",
    "voltage": "V",
    "current": "I",
    "active_energy": "kWh",
    "reactive_energy": "kvarh",
}
_RIGHT = frozenset({"AI", "read", "expected", "error %", "U %", "limit %"})


def result_table(run: RunRecord) -> Table:
    """One row for each load point with the quantity that came off worst there, for ``rich`` to print."""
    table = Table(
        title=Text(f"{run.header.kind} on {run.header.bench_name}: the quantity nearest to its limit"),
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("load point", no_wrap=True)
    table.add_column("worst of", no_wrap=True)
    for heading in ("error %", "U %", "limit %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for point in run.points:
        table.add_row(*_point_row(point))
    return table


def findings_table(run: RunRecord) -> Table:
    """What was asked and not answered well, or not asked, the worst first, for ``rich`` to print."""
    table = Table(
        title=Text(f"{run.header.kind} on {run.header.bench_name}: answers that need a look"),
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    for heading in ("question", "expected", "found"):
        table.add_column(heading, overflow="fold")
    table.add_column("outcome", no_wrap=True)
    bad = [finding for finding in run.findings if finding.outcome != "PASS"]
    for finding in sorted(bad, key=lambda finding: OUTCOMES.index(finding.outcome)):
        outcome = Text(outcome_word(finding.outcome), style=f"bold {OUTCOME_COLOURS[finding.outcome]}")
        table.add_row(Text(finding.name), Text(finding.expected), Text(finding.found), outcome)
    return table


def verdict_line(run: RunRecord) -> Text:
    """The verdict of the run and how many results came out how, in one line for ``rich`` to print."""
    line = Text()
    line.append(f" {outcome_word(run.outcome)} ", style=f"bold white on {OUTCOME_COLOURS[run.outcome]}")
    counts = ", ".join(f"{count} {outcome_word(outcome)}" for outcome, count in total_counts(run).items())
    line.append(f"  {counts or 'no results'}")
    if run.header.simulated:
        line.append("  (simulated bench)", style="bold")
    return line


def meaning_line(run: RunRecord) -> str:
    """What the verdict of the run means, and what the results say beside it: the sentence of the report."""
    return run_meaning(run.outcome, total_counts(run))


def deviations_table(label: str, results: Sequence[ResultRecord]) -> str:
    """All deviations of one test as fixed-width text, under the load point's label; reasons stand below."""
    rows = [_HEADINGS, *(_deviation_row(result) for result in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [label, *(_line(row, widths) for row in rows)]
    lines.insert(2, "  ".join("-" * width for width in widths))
    lines += [f"AI{result.instance} {result.phase}: {_one_line(result.reason)}" for result in results if result.reason]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if heading in _RIGHT else cell.ljust(width)
        for heading, cell, width in zip(_HEADINGS, row, widths, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _deviation_row(result: ResultRecord) -> tuple[str, ...]:
    return (
        _one_line(quantity_name(result.quantity)),
        str(result.instance),
        result.phase,
        number(result.read_value, 7),
        number(result.expected_value, 7),
        _one_line(result.unit),
        percent(result.error_pct, sign=True),
        percent(result.expanded_uncertainty_pct),
        "" if result.limit_pct is None else f"±{result.limit_pct:g}",
        result.outcome,
    )


def _point_row(point: PointRecord) -> tuple[str | Text, ...]:
    worst = worst_of(point)
    judged = [result for result in point.results if result.limit_pct is not None]
    outcome = Text(outcome_word(point.outcome), style=f"bold {OUTCOME_COLOURS[point.outcome]}")
    if worst is None:
        return Text(point.label), "not judged", "", "", "", outcome  # why is in the events and in the report
    return (
        Text(point.label),
        Text(f"{len(judged)}: AI{worst.instance} {_SHORT.get(worst.quantity, worst.quantity)} {worst.phase}"),
        percent(worst.error_pct, sign=True),
        percent(worst.expanded_uncertainty_pct),
        "" if worst.limit_pct is None else f"±{worst.limit_pct:g}",
        outcome,
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
