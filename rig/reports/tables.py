"""Tables for the terminal and for test reports: the run in one row a load point, one test's deviations as text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from rig.records.data import PointRecord, ResultRecord, RunRecord
from rig.records.verdicts import of_verdicts
from rig.reports._summary import quantity_counts, question_counts, total_counts, worst_of
from rig.reports._words import OUTCOME_COLOURS, compared, number, outcome_word, percent, quantity_name, run_meaning
from rig.reports.attention import attention_lines
from rig.reports.coverage import coverage_text
from rig.reports.units import has_several, of_meter, unit_verdicts

_NARROW = 100
_KIND_WIDTH = 14
_KINDS = {
    **dict.fromkeys(("power_comparison", "energy_register", "register_check"), "error"),
    "self_heating": "self-heating",
    "energy_running": "running",
}
"""What the figure of a procedure is, in short words for a column; another procedure goes by its own name."""

_SHORT = {
    "active_power": "P",
    "reactive_power": "Q",
    "voltage": "V",
    "current": "I",
    "active_energy": "kWh",
    "reactive_energy": "kvarh",
}


def result_table(run: RunRecord, width: int = 120) -> Table | Text:
    """One row for each load point with the quantity that came off worst there, for ``rich`` to print.

    A load point that others are compared with, and that has no result of its own, has none.

    The kind of test is named where the run has others than errors, since their figures are no errors of one load point.
    On a terminal of fewer than 100 columns (114 with the kind) each row takes two lines, so that no name is cut.
    """
    names_kinds = any(_kind(result) != "error" for point in run.points for result in point.results)
    if width < _NARROW + (_KIND_WIDTH if names_kinds else 0):
        return _narrow_results(run, names_kinds)
    table = Table(
        title=Text(f"{run.header.kind} on {run.header.bench_name}: the quantity nearest to its limit"),
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("load point", no_wrap=True)
    if names_kinds:
        table.add_column("test", no_wrap=True)
    table.add_column("worst of", no_wrap=True)
    for heading in ("error %", "U %", "limit %"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for point in _shown(run):
        row = _point_row(point, len(run.units) > 1)
        table.add_row(row[0], *([_kind_at(point)] if names_kinds else []), *row[1:])
    return table


def _shown(run: RunRecord) -> Sequence[PointRecord]:
    """Return the load points with a row: not those that only others are compared with, where there are any others."""
    return [point for point in run.points if point.results or point.outcome != "NOT_JUDGED"] or run.points


def _kind(result: ResultRecord) -> str:
    return _KINDS.get(result.procedure, result.procedure.replace("_", " "))


def _kind_at(point: PointRecord) -> str:
    """Return the kind of test of the result that is shown for a load point; empty where there is none."""
    worst = worst_of(point)
    return "" if worst is None else _kind(worst)


def _narrow_results(run: RunRecord, names_kinds: bool) -> Text:
    text = Text(f"{run.header.kind} on {run.header.bench_name}: the quantity nearest to its limit\n")
    for point in _shown(run):
        label, worst, error, uncertainty, limit, outcome = _point_row(point, len(run.units) > 1)
        text.append_text(outcome).append("  ").append_text(label).append("\n")
        if error:
            text.append(f"  {_kind_at(point)}  " if names_kinds else "  ").append(worst).append(
                f"  {error} % U {uncertainty} limit {limit}\n"
            )
    text.rstrip()
    return text


def attention_text(run: RunRecord, told: Collection[str] = ()) -> Text:
    """What needs attention, one cause after the other, the most severe first, for ``rich`` to print; may be empty.

    ``told``: details that the reader has just seen and that are not repeated.
    """
    text = Text()
    for line in (each for each in attention_lines(run) if each.detail not in told):
        text.append(outcome_word(line.outcome), style=f"bold {OUTCOME_COLOURS[line.outcome]}")
        text.append(f"  {line.what}")
        text.append(f" ({line.cites})" if line.cites else "", style="dim")
        text.append(f": {line.detail}")
        text.append(f"\n      at {line.where}\n" if line.where and line.where not in line.detail else "\n")
    text.rstrip()
    return text


def verdict_line(run: RunRecord) -> Text:
    """The verdict of the run and how many results came out how, in one line for ``rich`` to print."""
    line = Text()
    line.append(f" {outcome_word(run.outcome)} ", style=f"bold white on {OUTCOME_COLOURS[run.outcome]}")
    counts = ", ".join(f"{count} {outcome_word(outcome)}" for outcome, count in of_verdicts(total_counts(run)).items())
    covered = coverage_text(run)
    line.append(f"  {covered}: {counts}" if covered and counts else f"  {counts or covered or 'no results'}")
    if run.header.simulated:
        line.append("  (simulated bench)", style="bold")
    return line


def meaning_line(run: RunRecord) -> str:
    """What the verdict of the run means, and what the results say beside it: the sentence of the report."""
    return run_meaning(run.outcome, quantity_counts(run), question_counts(run))


def deviations_table(label: str, results: Sequence[ResultRecord]) -> str:
    """All deviations of one test as fixed-width text, under the load point's label; reasons stand below."""
    columns = (_METER, *_COLUMNS) if has_several(results) else _COLUMNS
    rows = [[heading for heading, _, _ in columns]]
    rows += [[cell(result) for _, _, cell in columns] for result in results]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [label, *(_line(row, widths, columns) for row in rows)]
    lines.insert(2, "  ".join("-" * width for width in widths))
    lines[1:1] = dict.fromkeys(words for result in results if (words := compared(result)))
    lines += [f"{result.place}: {_one_line(result.reason)}" for result in results if result.reason]
    return "\n".join(lines)


def units_text(run: RunRecord) -> Text:
    """The verdict of each meter, a line each, where a run has several, for ``rich`` to print; may be empty."""
    text = Text()
    for each in unit_verdicts(run):
        counts = ", ".join(f"{count} {outcome_word(outcome)}" for outcome, count in each.counts.items())
        text.append(f"{outcome_word(each.outcome):<12}", style=f"bold {OUTCOME_COLOURS[each.outcome]}")
        text.append(f"  {each.name}: {counts or 'no results'}\n")
    text.rstrip()
    return text


def _line(row: Sequence[str], widths: Sequence[int], columns: Sequence[_Column]) -> str:
    cells = [put(cell, width) for (_, put, _), cell, width in zip(columns, row, widths, strict=True)]
    return "  ".join(cells).rstrip()


def _point_row(point: PointRecord, several: bool) -> tuple[Text, Text, str, str, str, Text]:
    worst = worst_of(point)
    judged = [result for result in point.results if result.limit_pct is not None]
    outcome = Text(outcome_word(point.outcome), style=f"bold {OUTCOME_COLOURS[point.outcome]}")
    if worst is None:
        return Text(point.label), Text("not judged"), "", "", "", outcome  # why is in the events and in the report
    return (
        Text(point.label),
        Text(f"{len(judged)}: {_input(worst)}{of_meter(worst, several)}"),
        percent(worst.error_pct, sign=True),
        percent(worst.expanded_uncertainty_pct),
        _limit(worst),
        outcome,
    )


def _input(result: ResultRecord) -> str:
    short = _SHORT.get(result.quantity, result.quantity)
    return f"AI{result.instance} {short} {result.phase}" if result.instance else result.place


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _limit(result: ResultRecord) -> str:
    return "" if result.limit_pct is None else f"±{result.limit_pct:g}"


_Column = tuple[str, Callable[[str, int], str], Callable[[ResultRecord], str]]

_METER: _Column = ("meter", str.rjust, lambda result: str(result.unit_number or ""))

_COLUMNS: tuple[_Column, ...] = (
    ("quantity", str.ljust, lambda result: _one_line(quantity_name(result.quantity))),
    ("AI", str.rjust, lambda result: str(result.instance or "-")),
    ("phase", str.ljust, lambda result: result.phase),
    ("read", str.rjust, lambda result: number(result.read_value, 7)),
    ("expected", str.rjust, lambda result: number(result.expected_value, 7)),
    ("unit", str.ljust, lambda result: _one_line(result.unit)),
    ("error %", str.rjust, lambda result: percent(result.error_pct, sign=True)),
    ("U %", str.rjust, lambda result: percent(result.expanded_uncertainty_pct)),
    ("limit %", str.rjust, _limit),
    ("outcome", str.ljust, lambda result: result.outcome),
)
"""Heading, side and cell of each column of deviations."""
