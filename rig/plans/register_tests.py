"""Planned tests that no programme row of a table asks for: running energy, dosage, demand and the meter's clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.certification_points import JudgedQuantity, judged_energy_at
from rig.metrology.limits import LimitTable, Quantity
from rig.plans.durations import CLOCK_S, DEMAND_AS_FOUND_S, DEMAND_S, DOSAGE_S, RUNNING_S
from rig.plans.programme import NotPossible, PlannedTest
from rig.procedures.registers.demand import Interval

_ACTIVE_DEG = (0.0, 180.0)
_REACTIVE_DEG = (-30.0, -150.0, 150.0, 30.0)
"""Sin 0.5 in quadrants 1 to 4: current against voltage, degrees, negative = lag."""


_DEMAND_DEG = -30.0
"""Sin 0.5 lag: active and reactive demand at once."""

NEEDS_RESET = "needs --allow-reset"

DEMAND_KINDS = {
    "as_found": ("as the meter is set", None),
    "block": (f"block, one interval of 60 s ({NEEDS_RESET})", Interval(1, 60.0)),
    "rolling": (f"rolling, three sub-intervals of 20 s ({NEEDS_RESET})", Interval(3, 20.0)),
    "by_command": (f"ended by command ({NEEDS_RESET})", Interval(1, 0.0)),
}
"""Kinds of demand by word of the key: condition, and the interval; None: the one that the meter has.

All but the first change AV10 and AV11, which clears the meter's present demand and logs.
"""


def register_tests(
    tables: Sequence[LimitTable],
    nominal: LoadPoint,
    procedures: Collection[str],
    *,
    why_sampled: str | None,
    suffix: str = "",
    is_short: bool = False,
) -> tuple[tuple[PlannedTest, ...], tuple[NotPossible, ...]]:
    """Return the tests of registers, demand and clock, and those that the bench cannot do.

    Active energy import and export at 100 % and PF 1; reactive energy in each quadrant at sin 0.5, running only;
    demand of each kind, and the clock.
    ``nominal``: any load point at nominal voltage and frequency. ``why_sampled``: why the analyzer has no integrator
    for this meter, None where it has: a dose needs one. ``is_short``: one test of each procedure and kind of energy.
    """
    tests: list[PlannedTest] = []
    left_out: list[NotPossible] = []
    at_most = 1 if is_short else None
    active = _registers(tables, nominal, _ACTIVE_DEG[:at_most], Quantity.ACTIVE_ENERGY)
    reactive = _registers(tables, nominal, _REACTIVE_DEG[:at_most], Quantity.REACTIVE_ENERGY)
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
    if "demand" in procedures:
        tests += _demands(tables, nominal, suffix)[:at_most]
    if "clock" in procedures:
        point = replace(nominal, current_pct=100.0, angle_deg=0.0)
        tests.append(PlannedTest(f"clock{suffix}", "clock", (point,), (), None, "", CLOCK_S))
    return tuple(tests), tuple(left_out)


def interval_of(test: PlannedTest) -> Interval | None:
    """Return the interval that a test of demand sets; None where it takes the one that the meter has."""
    return next(interval for condition, interval in DEMAND_KINDS.values() if condition == test.condition)


def _demands(tables: Sequence[LimitTable], nominal: LoadPoint, suffix: str) -> list[PlannedTest]:
    """Return a test for each kind; active demand is judged by the widest row for a balanced load from PF 1 to 0.5."""
    point = replace(nominal, current_pct=100.0, angle_deg=_DEMAND_DEG)
    beside = [replace(point, angle_deg=angle_deg) for angle_deg in (0.0, -60.0)]
    rows = [
        (row, table.name)
        for table in tables
        for each in beside
        if (row := table.row_for(each, Quantity.ACTIVE_POWER, PHASE_NAMES)) is not None
    ]
    row, table_name = max(rows, key=lambda each: each[0].limit_pct, default=(None, ""))
    quantities = (Quantity.ACTIVE_POWER, Quantity.REACTIVE_POWER)
    found = []
    for word, (condition, interval) in DEMAND_KINDS.items():
        seconds = DEMAND_AS_FOUND_S if interval is None else DEMAND_S
        key = f"demand-{word}{suffix}"
        found.append(PlannedTest(key, "demand", (point,), quantities, row, table_name, seconds, condition))
    return found


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
