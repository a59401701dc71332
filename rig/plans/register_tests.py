"""Planned tests of registers that no programme row of a table asks for: running energy and dosage, by error rows."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.certification_points import JudgedQuantity, judged_energy_at
from rig.metrology.limits import LimitTable, Quantity
from rig.plans.durations import DOSAGE_S, RUNNING_S
from rig.plans.programme import NotPossible, PlannedTest

_ACTIVE_DEG = (0.0, 180.0)
_REACTIVE_DEG = (-30.0, -150.0, 150.0, 30.0)
"""Sin 0.5 in quadrants 1 to 4: current against voltage, degrees, negative = lag."""


def register_tests(
    tables: Sequence[LimitTable],
    nominal: LoadPoint,
    procedures: Collection[str],
    *,
    why_sampled: str | None,
    suffix: str = "",
) -> tuple[tuple[PlannedTest, ...], tuple[NotPossible, ...]]:
    """Return the tests of energy registers under load, and those that the bench cannot do.

    Active energy import and export at 100 % and PF 1; reactive energy in each quadrant at sin 0.5, running only.
    ``nominal``: any load point at nominal voltage and frequency. ``why_sampled``: why the analyzer has no integrator
    for this meter, None where it has: a dose needs one.
    """
    tests: list[PlannedTest] = []
    left_out: list[NotPossible] = []
    active = _registers(tables, nominal, _ACTIVE_DEG, Quantity.ACTIVE_ENERGY)
    reactive = _registers(tables, nominal, _REACTIVE_DEG, Quantity.REACTIVE_ENERGY)
    for procedure, seconds, found in (
        ("energy_running", RUNNING_S, [*active, *reactive]),
        ("dosage", DOSAGE_S, active),
    ):
        if procedure not in procedures:
            continue
        for point, item in found:
            key = f"{procedure}-AI{item.instance}-{point.load_name}-{point.current_pct:g}pct{suffix}"
            if procedure == "dosage" and why_sampled is not None:
                left_out.append(NotPossible(key, f"a dose is compared with an integrator: {why_sampled}"))
                continue
            tests.append(PlannedTest(key, procedure, (point,), (item.quantity,), item.row, item.table, seconds))
    return tuple(tests), tuple(left_out)


def register_of(test: PlannedTest, tables: Sequence[LimitTable]) -> JudgedQuantity:
    """Return the energy register that a test of this file is about; ``tables`` are those of its plan."""
    return _judged(tables, test.point, test.quantities[0])[0]


def _registers(
    tables: Sequence[LimitTable], nominal: LoadPoint, angles_deg: Sequence[float], quantity: Quantity
) -> list[tuple[LoadPoint, JudgedQuantity]]:
    points = [replace(nominal, current_pct=100.0, angle_deg=angle_deg) for angle_deg in angles_deg]
    return [(point, item) for point in points for item in _judged(tables, point, quantity)[:1]]


def _judged(tables: Sequence[LimitTable], point: LoadPoint, quantity: Quantity) -> list[JudgedQuantity]:
    found = judged_energy_at(point, tables)
    return [item for item in found if item.quantity is quantity and item.phase == PHASE_NAMES]
