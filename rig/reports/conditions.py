"""Reference conditions of a run: of each the worst value against its tolerance, and where that was."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from rig.records.data import ConditionRecord, PointRecord, RunRecord

AIR = ("ambient temperature", "relative humidity", "air pressure")
"""Conditions that need a probe."""


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One condition: at how many load points it was judged and met, and its ``worst`` value with the load point.

    ``worst`` is None where nothing measured it; ``name`` is without the phase.
    """

    name: str
    judged: int
    met: int
    worst: ConditionRecord | None
    place: str


def condition_lines(run: RunRecord) -> list[ConditionLine]:
    """Return a line for each condition, in the order of the record; what no instrument measured comes last."""
    groups: dict[str, list[tuple[PointRecord, ConditionRecord]]] = defaultdict(list)
    for point in run.points:
        for condition in point.conditions:
            groups[_without_phase(condition.quantity)].append((point, condition))
    if not groups:
        return []
    lines = [_line(name, group) for name, group in groups.items()]
    lines += _air(run, groups)
    return lines


def _line(name: str, group: list[tuple[PointRecord, ConditionRecord]]) -> ConditionLine:
    place, worst = max(group, key=lambda each: (not each[1].met, abs(each[1].deviation) / each[1].limit))
    judged = {point.number for point, _ in group}
    unmet = {point.number for point, condition in group if not condition.met}
    return ConditionLine(name, len(judged), len(judged) - len(unmet), worst, place.label)


def _air(run: RunRecord, groups: dict[str, list[tuple[PointRecord, ConditionRecord]]]) -> list[ConditionLine]:
    """Lines of what a probe did not measure, or measured without a tolerance to judge it by."""
    measured = {
        "ambient temperature": any(point.temperature_c is not None for point in run.points),
        "relative humidity": any(point.humidity_pct is not None for point in run.points),
        "air pressure": any(point.pressure_hpa is not None for point in run.points),
    }
    return [
        ConditionLine(name, 0, 0, None, "recorded; no tolerance is stated" if measured[name] else "not measured")
        for name in AIR
        if name not in groups
    ]


def _without_phase(quantity: str) -> str:
    name, _, last = quantity.rpartition(" ")
    return name if len(last) == 1 and last in "ABC" else quantity
