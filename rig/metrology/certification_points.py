"""The load points of a certification run, made from the limit tables, and what is judged at each of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from meter_model.system_type import SYSTEM_TYPES
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.limits import LimitRow, LimitTable, LoadFactor, LoadKind, Quantity

LINE_PAIRS = ("AB", "BC", "CA")
_PER_PHASE = {
    Quantity.ACTIVE_POWER: 55,
    Quantity.REACTIVE_POWER: 58,
    Quantity.APPARENT_POWER: 61,
    Quantity.POWER_FACTOR: 64,
    Quantity.VOLTAGE: 70,
    Quantity.CURRENT: 73,
}
_TOTAL = {
    Quantity.ACTIVE_POWER: 11,
    Quantity.REACTIVE_POWER: 12,
    Quantity.APPARENT_POWER: 13,
    Quantity.POWER_FACTOR: 14,
}
_FREQUENCY = 18
_LEAST_REPORTED_PF = 0.1
_FIRST_LINE_VOLTAGE = 67


@dataclass(frozen=True, slots=True)
class Input:
    """One analog input, and what it reads: ``phase`` "A", "B", "C", "AB", "BC", "CA" or "ABC" for a total."""

    instance: int
    quantity: Quantity
    phase: str


@dataclass(frozen=True, slots=True)
class JudgedQuantity(Input):
    """One analog input that has a limit at a load point; ``row`` is from the table named ``table``."""

    row: LimitRow
    table: str


_CURRENTS_PCT = {
    (True, False, True): (1, 2, 5, 10, 20, 50, 80, 100, 120),
    (True, False, False): (2, 5, 10, 20, 50, 100, 120),
    (True, True, True): (5, 20, 100, 120),
    (True, True, False): (10, 50, 100),
    (False, False, True): (2, 5, 10, 20, 50, 100, 120),
    (False, False, False): (5, 10, 20, 100),
    (False, True, True): (10, 100),
    (False, True, False): (10, 100),
}
"""Currents in percent of In at which rows are tried, by: active power, one phase alone, factor 1. A row takes those
that lie in its own range. Denser where a class is tightest, thinner where limits are wide and time is short."""

_REVERSED_PCT = {
    (True, False, True): (5, 20, 100),
    (True, True, True): (100,),
}
"""Currents at which a factor is repeated with the power reversed, by the same three."""

_TYPE_TEST_PCT = {(True, True, False): (120,)}
_TYPE_TEST_REVERSED_PCT = {
    (True, False, True): (1, 120),
    (True, True, True): (5,),
    (True, False, False): (10, 100),
    (True, True, False): (100,),
    (False, False, False): (10, 100),
}
"""What a type test tries beside: Imax of a single lagging phase; the lowest current of each balanced row, Imax and In
with the power reversed, and reactive power in the quadrants of negative power."""


def _currents_pct(row: LimitRow, factor: LoadFactor, *, is_type_test: bool, is_reversed: bool) -> tuple[float, ...]:
    """Return the currents to try for one factor of a row; () where the row's quantity makes no points.

    A single leading phase is tried in a type test only.
    """
    is_single, is_active = row.load is LoadKind.SINGLE_PHASE, Quantity.ACTIVE_POWER in row.quantities
    if not (is_active or Quantity.REACTIVE_POWER in row.quantities):
        return ()
    if is_single and factor.side == "lead" and not is_type_test:
        return ()
    kind = (is_active, is_single, factor.value == 1.0)
    usual, more = (_REVERSED_PCT, _TYPE_TEST_REVERSED_PCT) if is_reversed else (_CURRENTS_PCT, _TYPE_TEST_PCT)
    return usual.get(kind, ()) + (more.get(kind, ()) if is_type_test else ())


def exported_deg(angle_deg: float) -> float:
    """Return the angle of the same factor and side with P reversed and Q as it is, degrees in (-180, 180]."""
    turned = math.remainder(180.0 - angle_deg, 360.0)
    return 180.0 if turned == -180.0 else turned


@dataclass(frozen=True, slots=True)
class Density:
    """How many load points a row asks for: ``currents_pct`` in place of the rig's own, percent of In; or one a factor.

    ``is_short``: each factor of a row once, at In where the row holds there, else at the lowest of its currents.
    ``is_type_test``: single phases that lead as well, and rows with the power reversed at more currents and factors.
    """

    currents_pct: tuple[float, ...] = ()
    is_short: bool = False
    is_type_test: bool = False

    def loads(self, row: LimitRow, factor: LoadFactor) -> Iterator[tuple[float, tuple[float, ...]]]:
        """Yield the angle of one factor of a row in each direction, degrees, with the currents tried there."""
        for is_reversed in (False, True):
            usual = _currents_pct(row, factor, is_type_test=self.is_type_test, is_reversed=is_reversed)
            yield exported_deg(factor.angle_deg) if is_reversed else factor.angle_deg, self.of(row, usual)

    def of(self, row: LimitRow, usual: tuple[float, ...]) -> tuple[float, ...]:
        """Return the currents for one factor of a row whose usual ones are ``usual``; () where there are none."""
        found = tuple(
            current
            for current in (self.currents_pct or usual if usual else ())
            if row.current_pct is None or current in row.current_pct
        )
        if not self.is_short or not found:
            return found
        return (_IN_PCT,) if _IN_PCT in found else (min(found),)


_IN_PCT = 100.0
USUAL = Density()


def certification_points(
    tables: Iterable[LimitTable],
    voltage_v: float,
    *,
    frequency_hz: float = 60.0,
    system_type: int = 40,
    density: Density = USUAL,
) -> tuple[LoadPoint, ...]:
    """Return the distinct load points that the rows of ``tables`` ask for, in the order of fewest source changes.

    ``voltage_v``: nominal volts line to neutral, the same at every point. ``system_type``: which phases there are; a
    system with one CT has no single-phase loads of its own. Rows on request are left out. Voltage and current rows ask
    for no points of their own: they are judged wherever powers are. Points without any row that
    applies do not occur. ``density``: which currents are tried.
    """
    points: dict[LoadPoint, None] = {}
    for row in (row for table in tables for row in table.rows if not row.on_request):
        for factor in row.factors:
            for angle_deg, currents in density.loads(row, factor):
                for current_pct in currents:
                    for phases in _loads(row.load, SYSTEM_TYPES[system_type].phases):
                        point = LoadPoint(
                            voltage_v, float(current_pct), angle_deg, phases, frequency_hz, system_type=system_type
                        )
                        points[point] = None
    return in_source_order(points)


def _loads(load: LoadKind, ct_phases: str) -> tuple[str, ...]:
    if load is LoadKind.BALANCED:
        return (ct_phases,)
    return tuple(ct_phases) if load is LoadKind.SINGLE_PHASE and len(ct_phases) > 1 else ()


def in_source_order(points: Iterable[LoadPoint]) -> tuple[LoadPoint, ...]:
    """Order points so that the source changes little from one to the next.

    Range changes cost most, then amplitudes, then phases: so each frequency, voltage and current is visited once,
    currents ascending; inside a current the loaded phases, and inside those the angles, run back and forth, so that
    the last setting of one group is the first of the next wherever it occurs in both. Duplicates are dropped.
    """
    distinct = list(dict.fromkeys(points))
    ordered: list[LoadPoint] = []
    angles_up = True
    levels = sorted({_level(p) for p in distinct})
    for number, level in enumerate(levels):
        group = [p for p in distinct if _level(p) == level]
        loads = sorted({p.phases for p in group}, key=_load_rank, reverse=number % 2 == 1)
        for phases in loads:
            angles = sorted((p for p in group if p.phases == phases), key=lambda p: p.angle_deg)
            ordered.extend(angles if angles_up else reversed(angles))
            angles_up = not angles_up
    return tuple(ordered)


def _level(point: LoadPoint) -> tuple[float, ...]:
    """What of a point costs most to change; angles of voltages count as amplitudes do."""
    return (
        point.frequency_hz,
        point.voltage_v,
        *point.voltages_pct,
        *point.voltage_shift_deg,
        point.current_pct,
    )


def _load_rank(phases: str) -> tuple[int, str]:
    return (-len(phases), phases)


def judged_at(
    point: LoadPoint, tables: Sequence[LimitTable], *, whole_range: bool = False
) -> tuple[JudgedQuantity, ...]:
    """Return every instantaneous analog input that the point's system type has and some row limits at ``point``.

    Total powers and power factor AI11-AI14; those of a phase, AI55-AI66, where that phase alone is loaded; voltages
    AI67-AI72; currents AI73-AI75 of the loaded phases; frequency AI18. Inputs that are not in the answer are
    NOT_JUDGED there. ``whole_range``: a row that names two power factors and all between them is taken at those too.
    """
    return _judged(point, tuple(tables), _INPUTS, whole_range=whole_range)


def reported_at(point: LoadPoint, tables: Sequence[LimitTable]) -> tuple[Input, ...]:
    """Return the inputs that are reported without a limit: frequency, total S and PF, where no row limits them.

    A power factor near zero has no percentage error that means anything, and is left out.
    """
    judged = {item.instance for item in judged_at(point, tables)}
    wanted = [Quantity.APPARENT_POWER] if point.current_pct > 0.0 else []
    wanted += [Quantity.POWER_FACTOR] if wanted and abs(point.power_factor) >= _LEAST_REPORTED_PF else []
    found = [each for quantity in wanted if (each := total_input(quantity)) is not None]
    if point.phase_voltages_v[0] > 0.0:
        found.append(Input(_FREQUENCY, Quantity.FREQUENCY, PHASE_NAMES[0]))
    existing = SYSTEM_TYPES[point.system_type].existing_inputs()
    return tuple(each for each in found if each.instance in existing and each.instance not in judged)


def total_input(quantity: Quantity) -> Input | None:
    """Return the input that reads the total of all phases, AI11 to AI14; None for what has no total."""
    instance = _TOTAL.get(quantity)
    return None if instance is None else Input(instance, quantity, PHASE_NAMES)


def judged_energy_at(point: LoadPoint, tables: Sequence[LimitTable]) -> tuple[JudgedQuantity, ...]:
    """Return the energy registers that some row limits at the nominal ``point``, for the gated register procedure.

    Real energy by direction: AI2, AI31-AI33 import; AI3, AI34-AI36 export; phase registers where that phase alone is
    loaded. Reactive energy by the quadrant of the point: AI4-AI7, and AI37-AI48 of that phase.
    """
    exporting = point.power_factor < -1e-9
    active_total, active_first = (3, 34) if exporting else (2, 31)
    quadrant = _quadrant(point)
    registers = {Quantity.ACTIVE_ENERGY: (active_total, active_first)}
    if quadrant is not None:
        registers[Quantity.REACTIVE_ENERGY] = (3 + quadrant, 34 + 3 * quadrant)
    inputs = tuple(each for quantity, of in registers.items() for each in _registers(quantity, *of))
    return _judged(point, tuple(tables), inputs)


def _registers(quantity: Quantity, total: int, first: int) -> Iterator[tuple[int, Quantity, str]]:
    yield total, quantity, PHASE_NAMES
    for place, name in enumerate(PHASE_NAMES):
        yield first + place, quantity, name


@lru_cache(maxsize=4096)  # plan, forecast, judgement and report ask the same of each load point
def _judged(
    point: LoadPoint,
    tables: tuple[LimitTable, ...],
    inputs: tuple[tuple[int, Quantity, str], ...],
    *,
    whole_range: bool = False,
) -> tuple[JudgedQuantity, ...]:
    """Return those of ``inputs`` that the point's system type has and some row limits, in their order."""
    existing = SYSTEM_TYPES[point.system_type].existing_inputs()
    judged = [
        JudgedQuantity(instance, quantity, phase, row, table.name)
        for table in tables
        for instance, quantity, phase in inputs
        if instance in existing and (row := table.row_for(point, quantity, phase, whole_range=whole_range)) is not None
    ]
    return tuple(sorted(judged, key=lambda item: item.instance))


def _quadrant(point: LoadPoint) -> int | None:
    """Return 1 to 4 by the signs of P and Q; None on an axis, where a meter's errors may pick either quadrant."""
    if abs(point.power_factor) < 1e-9 or abs(point.sin_phi) < 1e-9:
        return None
    if point.sin_phi > 0.0:
        return 1 if point.power_factor > 0.0 else 2
    return 4 if point.power_factor > 0.0 else 3


_INPUTS: tuple[tuple[int, Quantity, str], ...] = (
    *((instance, quantity, PHASE_NAMES) for quantity, instance in _TOTAL.items()),
    *((first + i, quantity, name) for quantity, first in _PER_PHASE.items() for i, name in enumerate(PHASE_NAMES)),
    *((_FIRST_LINE_VOLTAGE + i, Quantity.VOLTAGE, pair) for i, pair in enumerate(LINE_PAIRS)),
    (_FREQUENCY, Quantity.FREQUENCY, PHASE_NAMES[0]),
)
