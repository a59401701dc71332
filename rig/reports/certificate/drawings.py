"""Error curves and vector diagrams: what the template draws, in shares of a frame, computed from what was measured."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from rig.reports.certificate.measured import Facts
from rig.reports.certificate.numbers import short
from rig.reports.certificate.tables import load_order, unlike

_FOLLOWS_LOAD = ("power", "energy")
_TICKS_PCT = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_ROOM = 1.12
_APART = 0.012

_Scale = Callable[[float], float]


def curves(measured: Facts) -> list[dict[str, Any]]:
    """Return a panel for each quantity and load of the comparison that has at least two currents.

    Positions are shares of the frame, 0 to 1 from its left and lower edge; currents are on a logarithmic scale. A limit
    is drawn only where it is verified.
    """
    points = {point["number"]: point for point in measured["points"]}
    panels: dict[tuple[Any, ...], dict[str, list[Facts]]] = defaultdict(lambda: defaultdict(list))
    for result in measured["results"]:
        point = points[result["point"]]
        follows = any(word in result["quantity"] for word in _FOLLOWS_LOAD)
        if result["procedure"] != "power_comparison" or result["error_pct"] is None or point["current_pct"] <= 0.0:
            continue
        if result["limit"] is None or result["condition"] or point["waveform"] or set(point["voltages_pct"]) != {100.0}:
            continue
        if not follows and not (point["load"] == "PF 1" and point["is_balanced"]):
            continue
        if follows and not point["is_balanced"] and len(result["phase"]) != 1:
            continue  # the total of one phase alone is that phase once more, of each of the three
        kind = (len(result["phase"]), point["is_balanced"])
        key = (
            result["name"],
            not kind[1],
            kind[0] if not follows else 0,
            point["load"],
            point["voltage_v"],
            point["frequency_hz"],
        )
        panels[key][result["phase"]].append(result)
    order = {key: load_order({"load": key[3]}) for key in panels}
    kinds = list(dict.fromkeys(key[0] for key in panels))
    sorted_keys = sorted(panels, key=lambda key: (kinds.index(key[0]), key[1], key[2], order[key], key[4:]))
    found = [_panel(key, panels[key], points) for key in sorted_keys]
    return [panel for panel in found if panel is not None]  # fmt: skip


def _panel(key: tuple[Any, ...], series: dict[str, list[Facts]], points: dict[int, Facts]) -> dict[str, Any] | None:
    name, single, lines, load, voltage_v, frequency_hz = key
    between = " line to line" if lines == 2 else " line to neutral" if lines == 1 and "voltage" in name else ""
    every = [result for results in series.values() for result in results]
    currents = sorted({points[result["point"]]["current_pct"] for result in every})
    if len(currents) < 2:
        return None
    low, high = math.log10(currents[0] / 1.25), math.log10(currents[-1] * 1.25)

    def x(current: float) -> float:
        return float((math.log10(current) - low) / (high - low))

    limits = {
        points[result["point"]]["current_pct"]: result["limit_pct"]
        for result in every
        if result["limit"] is not None and result["limit"]["verified"] and result["limit_pct"]
    }
    reach = [abs(result["error_pct"]) + (result["expanded_uncertainty_pct"] or 0.0) for result in every]
    top = _ROOM * max(*reach, *limits.values(), 1e-6)
    step = _step(top)

    def y(value: float) -> float:
        return float(0.5 + value / (2.0 * top))

    return {
        "title": f"{name[:1].upper()}{name[1:]}{between}, {load}{', one phase alone' if single else ''}",
        "where": f"{short(voltage_v)} V, {short(frequency_hz)} Hz",
        "x_ticks": [[x(tick), short(tick)] for tick in _TICKS_PCT if 0.0 <= x(tick) <= 1.0],
        "y_ticks": [[y(k * step), short(round(k * step, 9), 4)] for k in range(-int(top / step), int(top / step) + 1)],
        "limits": [[x(current), y(limit), y(-limit)] for current, limit in sorted(limits.items())],
        "series": [
            {
                "name": f"phase {phase}" if len(phase) == 1 else "total" if phase == "ABC" else phase,
                "points": _marks(series[phase], points, x, y, _APART * (place - (len(series) - 1) / 2)),
            }
            for place, phase in enumerate(sorted(series))
        ],
    }  # fmt: skip


def _marks(results: list[Facts], points: dict[int, Facts], x: _Scale, y: _Scale, apart: float) -> list[list[float]]:
    """Return place, error and both ends of U of each result, by current; ``apart``: so that no curve hides another."""
    found = []
    for result in sorted(results, key=lambda each: (points[each["point"]]["current_pct"], each["point"])):
        error, u = result["error_pct"], result["expanded_uncertainty_pct"] or 0.0
        here = x(points[result["point"]]["current_pct"]) + apart
        found.append([round(value, 5) for value in (here, y(error), y(error - u), y(error + u))])
    return found


def _step(top: float) -> float:
    """A round step that gives two to four ticks on each side of zero."""
    rough = top / 3.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in _STEPS if step * power >= rough)


def vectors(measured: Facts) -> list[dict[str, Any]]:
    """Return a vector diagram for each kind of load: the reference's mean reading at its largest current.

    Voltage A points up; angles count counter-clockwise. Voltages are in shares of the largest voltage, currents in
    shares of 0.75 of the largest current of the diagram.
    """
    chosen: dict[tuple[Any, ...], Facts] = {}
    for point in measured["points"]:
        key = (
            point["load"], point["phases"], tuple(point["voltages_pct"]), tuple(point["voltage_shift_deg"]),
            point["waveform"],
        )  # fmt: skip
        if len(point["phasors"]) == 3 and (key not in chosen or point["current_pct"] > chosen[key]["current_pct"]):
            chosen[key] = point
    ordered = sorted(chosen.values(), key=lambda point: (not point["is_balanced"], *load_order(point), point["phases"]))
    drawn = [_diagram(point) for point in ordered]
    return [diagram for diagram in drawn if diagram["arrows"]]


def _diagram(point: Facts) -> dict[str, Any]:
    arrows: list[dict[str, Any]] = []
    for magnitude, angle, kind, length in (("u_v", "u_phase_deg", "U", 1.0), ("i", "i_phase_deg", "I", 0.75)):
        values = [phasor[magnitude] or 0.0 for phasor in point["phasors"]]
        largest = max(values, default=0.0)
        for phase, value, phasor in zip("ABC", values, point["phasors"], strict=False):
            degrees = phasor[angle]
            if degrees is None or largest <= 0.0 or value < 0.02 * largest:
                continue
            turned = math.radians(degrees + 90.0)
            share = length * value / largest
            arrows.append(
                {
                    "kind": kind,
                    "phase": phase,
                    "x": round(share * math.cos(turned), 5),
                    "y": round(share * math.sin(turned), 5),
                }
            )
    return {
        "title": ", ".join([point["load"], *unlike(point)]),
        "where": f"{short(point['voltage_v'])} V, {short(point['current_pct'])} %",
        "arrows": arrows,
    }
