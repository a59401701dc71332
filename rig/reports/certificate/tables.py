"""The tables of results, budgets and limits: a pure function of what was measured, laid out by procedure."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from typing import Any

from rig.metrology.analysis.contributions import largest
from rig.records.data import BudgetComponent
from rig.reports.certificate.measured import Facts
from rig.reports.certificate.numbers import DASH, decimals_for, fixed, measured_value, short, span
from rig.reports.certificate.wording import place_of, procedure_title, result_heading, statement_of

Row = list[str]
_SYMBOLS = {"Volts": "V", "Amps": "A", "kVAR": "kvar", "kVARh": "kvarh"}
_UNSIGNED = ("repeatability", "no_load")
_MOST_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_PHASE = re.compile(r" (A|B|C)$")


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
    changed = any(result["condition"] for result in results)
    basis = "; each against its basis (results.json)" if any(result["basis"] for result in results) else ""
    repeated = any(len(group) > 1 for group in groups)
    frequencies = sorted({points[result["point"]]["frequency_hz"] for result in results})
    units = list(dict.fromkeys(result["unit"] for result in results if result["unit"]))
    unit = f" / {_SYMBOLS.get(units[0], units[0])}" if len(units) == 1 else ""
    heading = result_heading(procedure)
    columns = [
        "input", "U / V", "I / %", "load", *(["condition"] if changed else []), f"reading{unit}", f"reference{unit}",
        f"{heading} / %", "U / %", "k", "limit / %", *(["range of errors / %"] if repeated else []), "statement",
    ]  # fmt: skip
    rows = [_row(group, points, changed=changed, repeated=repeated) for group in groups]
    return {
        "title": _capitalized(name),
        "note": f"{_counted(len(rows), 'row')}, {_counted(len(results), 'result')}, "
        f"at {', '.join(short(value) for value in frequencies)} Hz{basis}",
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
        place_of(worst),
        short(point["voltage_v"]),
        span(min(currents), max(currents)),
        load,
        *([worst["condition"] or DASH] if changed else []),
        measured_value(worst["read_value"], u),
        measured_value(worst["expected_value"], u),
        fixed(error, decimals, sign=worst["procedure"] not in _UNSIGNED),
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
    words = unlike(point)
    return f", {', '.join(words)}" if words else ""


def unlike(point: Facts) -> list[str]:
    """Say what is unlike an ordinary load point: phases, voltages, their sequence, the waveform."""
    words = [] if point["is_balanced"] or point["phases"] == "ABC" else [f"phase {point['phases']}"]
    if set(point["voltages_pct"]) != {100.0}:
        words.append("U " + "/".join(short(value) for value in point["voltages_pct"]) + " %")
    if set(point["voltage_shift_deg"]) != {0.0}:
        words.append("turned " + "/".join(short(value) for value in point["voltage_shift_deg"]) + "°")
    words += [str(point["waveform"]).replace("_", " ")] if point["waveform"] else []
    return words


def points_without_result(measured: Facts) -> list[Row]:
    """Return the load points that were INVALID, skipped or ended by a fault: label, outcome, reason."""
    return [
        [point["label"], point["outcome"], point["reason"] or DASH]
        for point in measured["points"]
        if point["outcome"] in ("INVALID", "ERROR", "SKIP", "ABORTED", "TERMINATED")
    ]


def condition_rows(measured: Facts) -> list[Row]:
    """Return each reference condition, its phases together: largest deviation, permitted, at how many points met."""
    found: dict[tuple[str, str, str], list[tuple[int, str, Facts]]] = defaultdict(list)
    for point in measured["points"]:
        for condition in point["conditions"]:
            phase = match[1] if (match := _PHASE.search(condition["quantity"])) else ""
            key = (_PHASE.sub("", condition["quantity"]), condition["unit"], f"±{short(condition['limit'], 3)}")
            found[key].append((point["number"], phase, condition))
    rows = []
    for (quantity, unit, limit), each in found.items():
        worst = max((condition for _, _, condition in each), key=lambda one: abs(one["deviation"] or 0.0))
        phases = ", ".join(sorted({phase for _, phase, _ in each if phase}))
        points = {number for number, _, _ in each}
        missed = {number for number, _, condition in each if not condition["met"]}
        counts = [str(len(points)), str(len(points - missed))]
        rows.append([f"{quantity} {phases}".strip(), unit, short(worst["deviation"], 3), limit, *counts])
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
    sources = [part.source for part in components if part.source and part.correlation]
    shared = [source for source in dict.fromkeys(sources) if sources.count(source) > 1]
    letters = dict(zip(shared, _MOST_LETTERS, strict=False))
    return {
        "title": f"{_capitalized(result['name'])}, {place_of(result)}, {point['label']}",
        "procedure": procedure_title(result["procedure"]),
        "rows": [_budget_line(part, combined, letters) for part in components],
        "result": f"u = {short(combined, 3)} %, effective degrees of freedom {_degrees(result['nu_eff'])}, "
        f"k = {fixed(k, 2)}, U = {fixed(u, decimals_for(u))} %, {_counted(result['n'], 'reading')}."
        + (f" Largest contribution: {greatest.name}." if greatest else "")
        + (" Lines of one letter are correlated with r: their shares do not add up to 100 %." if letters else ""),
    }


def _component(part: Facts) -> BudgetComponent:
    numbers = ("standard_uncertainty_pct", "sensitivity", "degrees_of_freedom", "correlation")
    values: Facts = {name: float(value or 0.0) if name in numbers else value or "" for name, value in part.items()}
    return BudgetComponent(**values)


def _budget_line(part: BudgetComponent, combined: float | None, letters: dict[str, str]) -> Row:
    share = None if not combined else 100.0 * (part.sensitivity * part.standard_uncertainty_pct / combined) ** 2
    return [
        part.name,
        part.kind,
        part.distribution,
        short(part.standard_uncertainty_pct, 3),
        short(part.sensitivity, 3),
        short(part.degrees_of_freedom, 3) if math.isfinite(part.degrees_of_freedom) else "∞",
        fixed(share, 0),
        f"{letters[part.source]}, r = {short(part.correlation, 3)}" if part.source in letters else DASH,
    ]


def _degrees(value: float | str | None) -> str:
    return "above 10000" if isinstance(value, int | float) and value > 10_000 else short(value, 4)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
