"""The tables of results, budgets and limits: a pure function of what was measured, laid out by procedure."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from rig.metrology.analysis.contributions import largest
from rig.records.data import BudgetComponent
from rig.reports.certificate.measured import Facts
from rig.reports.certificate.numbers import DASH, decimals_for, fixed, measured_value, short, span
from rig.reports.certificate.wording import procedure_title, result_heading, statement_of

Row = list[str]


def result_sections(measured: Facts) -> list[dict[str, Any]]:
    """Return a section for each procedure, with a table for each quantity; each result stands in one row.

    Results that repeat one fact (a voltage input at one nominal voltage under 90 loads) are one row: that of the
    largest error, with the number of load points and the range of the errors.
    """
    points = {point["number"]: point for point in measured["points"]}
    procedures: dict[str, dict[str, list[Facts]]] = defaultdict(lambda: defaultdict(list))
    for result in measured["results"]:
        procedures[result["procedure"]][result["name"]].append(result)
    return [
        {
            "title": procedure_title(procedure),
            "tables": [_table(procedure, name, results, points) for name, results in quantities.items()],
        }
        for procedure, quantities in procedures.items()
    ]


def _table(procedure: str, name: str, results: list[Facts], points: dict[int, Facts]) -> dict[str, Any]:
    groups = list(_facts(results, points).values())
    groups.sort(key=lambda group: _order(group, points))
    changed = any(result["condition"] or result["basis"] for result in results)
    repeated = any(len(group) > 1 for group in groups)
    frequencies = sorted({points[result["point"]]["frequency_hz"] for result in results})
    units = list(dict.fromkeys(result["unit"] for result in results if result["unit"]))
    unit = f" / {units[0]}" if len(units) == 1 else ""
    heading = result_heading(procedure)
    columns = [
        "input", "U / V", "I / %", "load", *(["condition"] if changed else []), f"reading{unit}", f"reference{unit}",
        f"{heading} / %", "U / %", "k", "limit / %", *(["range of errors / %"] if repeated else []), "statement",
    ]  # fmt: skip
    rows = [_row(group, points, changed=changed, repeated=repeated) for group in groups]
    return {
        "title": _capitalized(name),
        "note": f"{_counted(len(rows), 'row')}, {_counted(len(results), 'result')}, "
        f"at {' and '.join(short(value) for value in frequencies)} Hz",
        "columns": columns,
        "align": ["left" if word in ("input", "load", "condition", "statement") else "right" for word in columns],
        "rows": rows,
    }


def _facts(results: list[Facts], points: dict[int, Facts]) -> dict[tuple[Any, ...], list[Facts]]:
    groups: dict[tuple[Any, ...], list[Facts]] = defaultdict(list)
    for index, result in enumerate(results):
        point = points[result["point"]]
        limit = result["limit"]
        what = (result["instance"], result["limit_pct"], None if limit is None else limit["table"])
        if limit is None and result["procedure"] == "power_comparison" and not result["condition"]:
            groups[result["instance"], None].append(result)  # no limit: one row for all load points
            continue
        voltages = (point["voltage_v"], *point["voltages_pct"], *point["voltage_shift_deg"])
        plain = result["procedure"] == "power_comparison" and not (result["condition"] or point["waveform"])
        if plain and result["quantity"] == "voltage":
            groups[*what, voltages, point["frequency_hz"]].append(result)
        elif plain and result["quantity"] == "current":
            groups[*what, point["voltage_v"], point["current_pct"], point["frequency_hz"]].append(result)
        else:
            groups[*what, index].append(result)
    return groups


def _order(group: list[Facts], points: dict[int, Facts]) -> tuple[Any, ...]:
    result, point = group[0], points[group[0]["point"]]
    if result["quantity"] in ("voltage", "current") and not result["condition"]:
        return (
            "",
            len(result["phase"]) == 1,
            result["phase"],
            point["frequency_hz"],
            point["voltage_v"],
            point["current_pct"],
        )
    return (
        result["condition"], not point["is_balanced"], point["phases"], point["frequency_hz"], *load_order(point),
        len(result["phase"]) == 1, result["phase"], point["voltage_v"], point["current_pct"], result["point"],
    )  # fmt: skip


def load_order(point: Facts) -> tuple[Any, ...]:
    """Order loads: PF before sin φ, import before export, PF 1 first."""
    load = point["load"]
    return load.startswith("sin"), "export" in load, load != "PF 1", load


def _row(group: list[Facts], points: dict[int, Facts], *, changed: bool, repeated: bool) -> Row:
    worst = max(group, key=lambda result: abs(result["error_pct"] or 0.0))
    places = [points[result["point"]] for result in group]
    point = points[worst["point"]]
    error, u, limit = worst["error_pct"], worst["expanded_uncertainty_pct"], worst["limit"]
    decimals = decimals_for(u)
    is_verified = limit is not None and limit["verified"]
    currents = [place["current_pct"] for place in places]
    loads = list(dict.fromkeys(place["load"] for place in places))
    load = f"{loads[0]}{_fed(point)}" if len(group) == 1 else f"{len(group)} load points"
    row = [
        f"AI{worst['instance']} {worst['phase']}",
        short(point["voltage_v"]),
        span(min(currents), max(currents)),
        load,
        *([_changed(worst)] if changed else []),
        measured_value(worst["read_value"], u),
        measured_value(worst["expected_value"], u),
        fixed(error, decimals, sign=True),
        fixed(u, decimals),
        fixed(worst["k"], 2),
        f"±{short(worst['limit_pct'])}" if is_verified else DASH,
    ]
    if repeated:
        errors = [result["error_pct"] for result in group if result["error_pct"] is not None]
        one_range = f"{fixed(min(errors), decimals, sign=True)} … {fixed(max(errors), decimals, sign=True)}"
        row.append(one_range if len(errors) > 1 else DASH)
    statements = list(dict.fromkeys(statement_of(result) for result in group))
    return [*row, "; ".join(statements)]


def _fed(point: Facts) -> str:
    """Say which phases are loaded, where not all are, and what else is unlike an ordinary load point."""
    words = [] if point["is_balanced"] else [f"phase {point['phases']}"]
    if set(point["voltages_pct"]) != {100.0}:
        words.append("U " + "/".join(short(value) for value in point["voltages_pct"]) + " %")
    words += [str(point["waveform"])] if point["waveform"] else []
    return f", {', '.join(words)}" if words else ""


def _changed(result: Facts) -> str:
    basis = f" (against {result['basis']})" if result["basis"] else ""
    return f"{result['condition']}{basis}" or DASH


def points_without_result(measured: Facts) -> list[Row]:
    """Return the load points that were INVALID, skipped or ended by a fault: label, outcome, reason."""
    return [
        [point["label"], point["outcome"], point["reason"] or DASH]
        for point in measured["points"]
        if point["outcome"] in ("INVALID", "ERROR", "SKIP", "ABORTED", "TERMINATED")
    ]


def condition_rows(measured: Facts) -> list[Row]:
    """Return each reference condition with its largest deviation over all load points, and at how many it was met."""
    found: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    for point in measured["points"]:
        for condition in point["conditions"]:
            found[condition["quantity"], condition["unit"]].append(condition)
    rows = []
    for (quantity, unit), each in found.items():
        worst = max(each, key=lambda condition: abs(condition["deviation"] or 0.0) / (condition["limit"] or 1.0))
        met = sum(bool(condition["met"]) for condition in each)
        rows.append(
            [quantity, unit, short(worst["deviation"], 3), f"±{short(worst['limit'])}", str(len(each)), str(met)]
        )
    return rows


def limit_rows(measured: Facts) -> list[Row]:
    """Return the state of each row of the limit tables in use: standard, edition, table, source, checked, results."""
    counts: dict[tuple[str, ...], int] = defaultdict(int)
    for result in measured["results"]:
        limit = result["limit"]
        if limit is not None:
            checked = f"{limit['checked_by']}, {limit['checked_on']}".rstrip(", ") if limit["checked_by"] else ""
            state = checked if limit["verified"] else f"not verified{' (no edition)' if checked else ''}"
            row = (limit["standard"], limit["edition"] or DASH, limit["table"] or DASH, limit["provenance"], state)
            counts[row] += 1
    return [[*row, str(count)] for row, count in sorted(counts.items())]


def budgets(measured: Facts) -> list[dict[str, Any]]:
    """Return the uncertainty budget of each procedure and quantity at the result with the largest U."""
    points = {point["number"]: point for point in measured["points"]}
    largest: dict[tuple[str, str], Facts] = {}
    for result in measured["results"]:
        key = (result["procedure"], result["name"])
        if result["components"] and (
            key not in largest
            or (result["expanded_uncertainty_pct"] or 0.0) > (largest[key]["expanded_uncertainty_pct"] or 0.0)
        ):
            largest[key] = result
    return [_budget(result, points[result["point"]]) for result in largest.values()]


def _budget(result: Facts, point: Facts) -> dict[str, Any]:
    u, k = result["expanded_uncertainty_pct"], result["k"]
    combined = u / k if u and k else None
    components = [_component(part) for part in result["components"]]
    greatest = largest(components)
    correlated = any(part.correlation for part in components)
    return {
        "title": f"{_capitalized(result['name'])}, AI{result['instance']} {result['phase']}, {point['label']}",
        "procedure": procedure_title(result["procedure"]),
        "rows": [_budget_line(part, combined) for part in components],
        "result": f"u = {short(combined, 3)} %, effective degrees of freedom {_degrees(result['nu_eff'])}, "
        f"k = {fixed(k, 2)}, U = {fixed(u, decimals_for(u))} %, {_counted(result['n'], 'reading')}."
        + (f" Largest contribution: {greatest.name}." if greatest else "")
        + (" Lines of one source are correlated: their shares do not add up to 100 %." if correlated else ""),
    }


def _component(part: Facts) -> BudgetComponent:
    numbers = ("standard_uncertainty_pct", "sensitivity", "degrees_of_freedom", "correlation")
    values: Facts = {name: float(value or 0.0) if name in numbers else value or "" for name, value in part.items()}
    return BudgetComponent(**values)


def _budget_line(part: BudgetComponent, combined: float | None) -> Row:
    share = None if not combined else 100.0 * (part.sensitivity * part.standard_uncertainty_pct / combined) ** 2
    return [
        part.name,
        part.kind,
        part.distribution,
        short(part.standard_uncertainty_pct, 3),
        short(part.sensitivity, 3),
        short(part.degrees_of_freedom, 3) if math.isfinite(part.degrees_of_freedom) else "∞",
        fixed(share, 0),
        part.source or DASH,
    ]


def _degrees(value: float | str | None) -> str:
    return "above 10000" if isinstance(value, int | float) and value > 10_000 else short(value, 4)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
