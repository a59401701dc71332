"""A comparison of runs as lines of text: each shared quantity with its errors, U and E_n numbers."""

from __future__ import annotations

from rig.reports._words import DASH, percent, quantity_name
from rig.reports.comparing.comparison import AGREES, Comparison, Row
from rig.reports.judgements import columns


def comparison_lines(comparison: Comparison, *, only_different: bool = False) -> list[str]:
    """Return a comparison in lines; ``only_different``: of the rows those with an E_n above 1."""
    lines = []
    for place, run in enumerate(comparison.runs, start=1):
        marks = " (simulated)" if run.header.simulated else ""
        serials = ", ".join(unit.serial_number for unit in run.units)
        began = f"{run.started_utc:%Y-%m-%d %H:%M} UTC"
        what = f"{run.header.bench_name}  {serials}  {run.outcome}{marks}"
        lines.append(f"{place}  run {run.run_id[:8]}  {began}  {what}")
    lines += list(comparison.remarks)
    rows = comparison.different if only_different else comparison.rows
    if rows:
        heads = ["load point", "AI", "quantity", "phase"]
        for place in range(1, len(comparison.runs) + 1):
            heads += [f"error {place} %", f"U {place} %", *([f"E_n {place}"] if place > 1 else [])]
        lines += columns([heads, *map(_cells, rows)])
    numbers = comparison.numbers
    apart = sum(1 for number in numbers if abs(number) > AGREES)
    largest = max(numbers, key=abs, default=None)
    said = DASH if largest is None else f"{largest:+.2f}"
    count = len(comparison.rows)
    lines.append(f"{count} quantities compared, {apart} of {len(numbers)} E_n above 1; the largest is {said}")
    return lines


def _cells(row: Row) -> list[str]:
    label = f"{row.label} {row.condition}".rstrip()
    procedure = "" if row.procedure == "power_comparison" else f" ({row.procedure.replace('_', ' ')})"
    cells = [label, str(row.instance), f"{quantity_name(row.quantity)}{procedure}", row.phase]
    for place, (result, number) in enumerate(zip(row.results, row.numbers, strict=True)):
        cells += [
            percent(None if result is None else result.error_pct, sign=True),
            percent(None if result is None else result.expanded_uncertainty_pct),
        ]
        if place:
            cells.append(DASH if number is None else f"{number:+.2f}{'  <' if abs(number) > AGREES else ''}")
    return cells
