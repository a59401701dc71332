"""The steps of a plan one after another: what each is about, how long it takes, its highest volts and amperes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from rig.load_point import LoadPoint
from rig.plans.plan import Plan


@dataclass(frozen=True)
class Step:
    """One part of a plan: ``kind`` is "load point", "energy register" or the procedure of a planned test.

    ``part``: as in ``Plan.order``. ``duration_s``: bench seconds. ``highest_voltage_v``: line to neutral;
    ``highest_current_a``: through the primary of the transducer. ``says``: what is changed and what is judged.
    """

    kind: str
    name: str
    part: Hashable
    points: tuple[LoadPoint, ...]
    duration_s: float
    highest_voltage_v: float
    highest_current_a: float
    says: str = ""


def steps(plan: Plan, ct_primary_a: float) -> tuple[Step, ...]:
    """Return the steps of ``plan`` in the order in which they are done; ``ct_primary_a``: rated primary amperes."""
    return tuple(_steps(plan, ct_primary_a))


def _steps(plan: Plan, ct_primary_a: float) -> Iterator[Step]:
    before: LoadPoint | None = None
    for stage in plan.in_order:
        for point in stage.points:
            seconds = plan.point_s(before, point)
            yield Step("load point", point.label, point, (point,), seconds, *_highest((point,), ct_primary_a))
            before = point
        for point, item in stage.energy:
            name = f"AI{item.instance}-{point.label}"
            gated = (point,)
            yield Step("energy register", name, (point, item), gated, plan.gate_s(item), *_highest(gated, ct_primary_a))
        for test in stage.tests:
            highest = _highest(test.points, ct_primary_a)
            yield Step(test.procedure, test.key, test.key, test.points, test.duration_s, *highest, test.condition)


def _highest(points: Iterable[LoadPoint], ct_primary_a: float) -> tuple[float, float]:
    every = tuple(points)
    volts = max(max(point.phase_voltages_v) for point in every)
    return volts, max(point.current_pct for point in every) * ct_primary_a / 100.0
