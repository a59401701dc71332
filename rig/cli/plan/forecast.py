"""What ``rig plan`` says of a bench's uncertainty: U/L of each point, what stays open, how long energy gates are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rig.bench import BenchFile
    from rig.load_point import LoadPoint
    from rig.plans import Plan
    from rig.plans.forecast import Forecast, GateForecast
    from rig.plans.tests_forecast import TestForecast


def by_point(found: tuple[Forecast, ...]) -> dict[LoadPoint, dict[str, float]]:
    """U/L by analog input of each point."""
    table: dict[LoadPoint, dict[str, float]] = {}
    for each in found:
        table.setdefault(each.point, {})[f"AI{each.item.instance}"] = each.ratio
    return table


def as_data(found: tuple[Forecast, ...], gates: tuple[GateForecast, ...]) -> dict[str, Any]:
    """The forecast as JSON has it; a ratio that cannot be known is null."""
    return {
        "uncertainty_to_limit": [
            {
                "point": each.point.label,
                "input": f"AI{each.item.instance}",
                "quantity": str(each.item.quantity),
                "ratio": round(each.ratio, 5) if each.ratio < float("inf") else None,
                "largest_part": each.dominant,
                "concludes": not each.is_open,
            }
            for each in found
        ],
        "energy_gates": [
            {
                "point": each.point.label,
                "register": f"AI{each.instance}",
                "value_kwh": each.value_kwh,
                "step_kwh": each.step_kwh,
                "gate_s": round(each.gate_s, 1),
            }
            for each in gates
        ],
    }


def lines(found: tuple[Forecast, ...], gates: tuple[GateForecast, ...], longest_s: float) -> list[str]:
    """The forecast in words: what cannot be concluded, grouped by quantity and largest part, then the energy gates."""
    from rig.procedures.accuracy.energy_register import LEAST_GATE

    said = []
    still_open = [each for each in found if each.is_open]
    points = dict.fromkeys(each.point.label for each in found)
    if not still_open:
        said.append(f"U is at most {max(each.ratio for each in found):.2f} of the limit: everything can be concluded")
    else:
        said.append(
            f"{len(still_open)} of {len(found)} results cannot be concluded on this bench (U is more than a third of "
            "the limit: INCONCLUSIVE, or FAIL where the error is far outside):"
        )
        groups: dict[tuple[str, str], list[Forecast]] = {}
        for each in still_open:
            groups.setdefault((str(each.item.quantity).replace("_", " "), each.kind), []).append(each)
        for (quantity, dominant), members in groups.items():
            where = dict.fromkeys(each.point.label for each in members)
            ratios = [each.ratio for each in members]
            currents = ", ".join(f"{c:g}" for c in sorted({each.point.current_pct for each in members}))
            named = ", ".join(list(where)[:4]) + (f" and {len(where) - 4} more" if len(where) > 4 else "")
            said.append(
                f"  {quantity}: U/L {min(ratios):.2f} to {max(ratios):.2f} at {len(where)} of {len(points)} points "
                f"({named}), at {currents} % of In; largest part: {dominant}"
            )
    for gate in gates:
        if gate.point == gates[0].point:
            too_long = f": more than {longest_s / 3600.0:g} h, not run" if LEAST_GATE * gate.gate_s > longest_s else ""
            said.append(
                f"energy gate for a register at {gate.value_kwh:,.0f} kWh (step {gate.step_kwh:.3g} kWh or more): "
                f"{_duration(gate)}{too_long}"
            )
    return said


def test_lines(found: tuple[TestForecast, ...]) -> list[str]:
    """Say which planned tests cannot be concluded, by procedure, current and largest part."""
    still_open = [each for each in found if each.is_open]
    if not found:
        return []
    if not still_open:
        most = max(each.ratio for each in found)
        return [f"planned tests: U is at most {most:.2f} of the limit: everything can be concluded"]
    said = [f"{len(still_open)} of {len(found)} planned tests of powers cannot be concluded on this bench:"]
    groups: dict[tuple[str, str], list[TestForecast]] = {}
    for each in still_open:
        groups.setdefault((each.test.procedure.replace("_", " "), each.kind), []).append(each)
    for (procedure, kind), members in groups.items():
        currents = ", ".join(f"{c:g}" for c in sorted({each.test.points[0].current_pct for each in members}))
        ratios = [each.ratio for each in members]
        named = ", ".join(each.test.key for each in members[:4])
        more = f" and {len(members) - 4} more" if len(members) > 4 else ""
        said.append(
            f"  {procedure}: U/L {min(ratios):.2f} to {max(ratios):.2f} at {currents} % of In ({named}{more}); "
            f"largest part: {kind}"
        )
    return said


def forecast_of(bench: BenchFile, plan: Plan, register_kwh: float | None) -> tuple[Any, Any]:
    """Return the forecast of results and of gates."""
    from rig.plans.forecast import REGISTER_VALUES_KWH, forecast, gates

    values = REGISTER_VALUES_KWH if register_kwh is None else (register_kwh,)
    return forecast(bench, plan), gates(bench, plan, values)


def duration_text(seconds: float) -> str:
    """Say a duration in seconds, minutes or hours."""
    if seconds < 120.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.1f} h"


def _duration(gate: GateForecast) -> str:
    seconds = gate.gate_s
    if seconds <= 60.0 and not gate.is_sampled:
        return "five of 60 s"
    return f"one of {seconds / 60.0:.0f} min" if seconds < 5400.0 else f"one of {seconds / 3600.0:.3g} h"
