"""From the rows of limit tables to planned tests: which load points each needs, and why some cannot be done."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from rig.load_point import FULL, PHASE_NAMES, LoadPoint, three
from rig.metrology.certification_points import USUAL, Density
from rig.metrology.limits import LimitTable, LoadFactor, Quantity
from rig.metrology.standards.programme_rows import (
    DifferenceRow,
    Influence,
    InfluenceRow,
    NoLoadRow,
    ProgrammeRow,
    RepeatabilityRow,
    StartingRow,
)
from rig.metrology.standards.row_parts import Band
from rig.plans.durations import CREEP_S, MEASUREMENT_S, SELF_HEATING_S, SOAK_S, START_S, UPDATES_S, change_s
from rig.plans.programme import PROCEDURES, NotPossible, PlannedTest

_POWERS = (Quantity.ACTIVE_POWER, Quantity.REACTIVE_POWER)
_ENERGIES = (Quantity.ACTIVE_ENERGY, Quantity.REACTIVE_ENERGY)
_REVERSED_DEG = three((0.0, -120.0, 120.0))
_IN_PCT = 100.0


@dataclass(frozen=True)
class BenchAbilities:
    """What planned tests ask of a bench beside load points of sine waves.

    ``why_not``: why it cannot change an influence quantity, empty where it can; ``why_not_waveform``: why it cannot
    inject a waveform of that name. ``chamber_c``: lowest and highest temperature, degrees Celsius, that its chamber may
    be set to, None without one.
    """

    why_not: Callable[[Influence], str]
    chamber_c: tuple[float, float] | None = None
    why_not_waveform: Callable[[str], str] = lambda _name: ""


@dataclass(frozen=True)
class _Change:
    """One way to change an influence quantity: words for the key, words for people, and the load point it leads to."""

    key: str
    condition: str
    point: LoadPoint
    why_not: str = ""
    value: float | None = None


def planned_tests(
    tables: Iterable[LimitTable],
    nominal: LoadPoint,
    procedures: Collection[str],
    abilities: BenchAbilities,
    *,
    suffix: str = "",
    density: Density = USUAL,
) -> tuple[tuple[PlannedTest, ...], tuple[NotPossible, ...]]:
    """Return the tests of ``procedures`` that the rows of ``tables`` ask for, and those that the bench cannot do.

    ``nominal``: any load point at nominal voltage and frequency, of the system type. ``suffix``: ends each key, where
    a plan has several nominal conditions. ``density``: which currents are tried where a row leaves a band of them, and
    whether each row is tried once. The order is by procedure, then by what stays the same longest.
    """
    maker = _Maker(nominal, abilities, suffix, density)
    tests: list[PlannedTest] = []
    left_out: list[NotPossible] = []
    for table in tables:
        for row in table.programme_rows:
            found = [each for each in maker.of(row, table.name) if each[0].procedure in procedures]
            for test, why_not in _one_of(found) if density.is_short else found:
                if why_not:
                    left_out.append(NotPossible(test.key, why_not))
                else:
                    tests.append(test)
    return in_test_order(tests), tuple(left_out)


def _one_of(found: list[tuple[PlannedTest, str]]) -> list[tuple[PlannedTest, str]]:
    """Return the one test that stands for a row: a possible one, at In where there is one."""
    return sorted(found, key=lambda each: (bool(each[1]), each[0].points[0].current_pct != _IN_PCT))[:1]


def in_test_order(tests: Iterable[PlannedTest]) -> tuple[PlannedTest, ...]:
    """Order tests so that little changes: by procedure, then by the point that they begin with, then as they come.

    Tests that begin with the same load point follow one another, and measure it once. Keys that occur twice, from two
    rows of the same load and quantity in two tables, are told apart by their table.
    """
    ordered = sorted(tests, key=_test_rank)
    twice = {key for key, same in itertools.groupby(sorted(test.key for test in ordered)) if len(list(same)) > 1}
    return tuple(replace(test, key=f"{test.key}-{test.table}") if test.key in twice else test for test in ordered)


def _test_rank(test: PlannedTest) -> tuple[object, ...]:
    first = test.points[0]
    return (PROCEDURES.index(test.procedure), first.current_pct, first.angle_deg, first.phases)


class _Maker:
    def __init__(self, nominal: LoadPoint, abilities: BenchAbilities, suffix: str, density: Density) -> None:
        self._nominal = nominal
        self._abilities = abilities
        self._suffix = suffix
        self._density = density

    def of(self, row: ProgrammeRow, table: str) -> Iterator[tuple[PlannedTest, str]]:
        if isinstance(row, DifferenceRow):
            yield from self._differences(row, table)
        elif isinstance(row, InfluenceRow):
            yield from self._influences(row, table)
        elif isinstance(row, RepeatabilityRow):
            yield from self._repeats(row, table)
        elif isinstance(row, StartingRow):
            yield from self._starts(row, table)
        else:
            yield from self._creeps(row, table)

    def _point(self, current_pct: float, factor: LoadFactor) -> LoadPoint:
        return replace(self._nominal, current_pct=float(current_pct), angle_deg=factor.angle_deg)

    def _differences(self, row: DifferenceRow, table: str) -> Iterator[tuple[PlannedTest, str]]:
        balanced = self._point(row.current_pct, row.factor)
        if len(balanced.ct_phases) == 1:
            return  # one CT: there is no single-phase load beside the balanced one
        for phase in balanced.ct_phases:
            points = (balanced, replace(balanced, phases=phase))
            for quantity in _of(row.quantities, _POWERS):
                words = f"{balanced.load_name}-{row.current_pct:g}pct-{phase}-{quantity}"
                seconds = MEASUREMENT_S + change_s(*points)
                yield self._test("difference", words, points, quantity, row, table, seconds, f"load on {phase} alone")

    def _influences(self, row: InfluenceRow, table: str) -> Iterator[tuple[PlannedTest, str]]:
        procedure = "self_heating" if row.influence is Influence.SELF_HEATING else "influence"
        for factor, current_pct in itertools.product(row.factors, self._currents(row.current_pct)):
            base = self._point(current_pct, factor)
            for change in self._changes(row, base):
                points = (base,) if change.point == base else (base, change.point)
                seconds = _seconds(row.influence, base, change.point)
                for quantity in _of(row.quantities, _POWERS):
                    words = f"{change.key}{base.load_name}-{current_pct:g}pct-{quantity}"
                    test, _ = self._test(procedure, words, points, quantity, row, table, seconds, change.condition)
                    yield replace(test, value=change.value), change.why_not

    def _repeats(self, row: RepeatabilityRow, table: str) -> Iterator[tuple[PlannedTest, str]]:
        for factor, current_pct in itertools.product(row.factors, row.currents_pct):
            point = self._point(current_pct, factor)
            for quantity in _of(row.quantities, _POWERS):
                words = f"{point.load_name}-{current_pct:g}pct-{quantity}"
                seconds = MEASUREMENT_S + row.repeats * UPDATES_S
                yield self._test("repeatability", words, (point,), quantity, row, table, seconds, "")

    def _starts(self, row: StartingRow, table: str) -> Iterator[tuple[PlannedTest, str]]:
        for factor in row.factors:
            forward = self._point(row.current_pct, factor)
            backward = replace(forward, angle_deg=_opposite(forward.angle_deg))
            for point in (forward, backward) if row.both_directions else (forward,):
                for quantity in _of(row.quantities, _ENERGIES):
                    words = f"{point.load_name}-{row.current_pct:g}pct-{quantity}"
                    yield self._test("starting", words, (point,), quantity, row, table, START_S, "")

    def _creeps(self, row: NoLoadRow, table: str) -> Iterator[tuple[PlannedTest, str]]:
        volts = self._nominal.voltage_v * row.voltage_pct / 100.0
        point = replace(self._nominal, voltage_v=volts, current_pct=0.0, angle_deg=0.0)
        for quantity in _of(row.quantities, _ENERGIES):
            words = f"{row.voltage_pct:g}pct-{quantity}"
            condition = f"voltage {row.voltage_pct - 100.0:+g} %, no current"
            yield self._test("no_load", words, (point,), quantity, row, table, CREEP_S, condition)

    def _test(
        self,
        procedure: str,
        words: str,
        points: tuple[LoadPoint, ...],
        quantity: Quantity,
        row: ProgrammeRow,
        table: str,
        seconds: float,
        condition: str,
    ) -> tuple[PlannedTest, str]:
        key = f"{procedure}-{words}{self._suffix}"
        return PlannedTest(key, procedure, points, (quantity,), row, table, seconds, condition), ""

    def _currents(self, band: Band) -> tuple[float, ...]:
        """The currents of a row: one number, or of a band those that were chosen, else its lowest and In."""
        if band.low == band.high:
            return (band.low,)
        chosen = tuple(current for current in self._density.currents_pct if current in band)
        return chosen or tuple(dict.fromkeys((band.low, _IN_PCT if _IN_PCT in band else band.high)))

    def _changes(self, row: InfluenceRow, base: LoadPoint) -> Iterator[_Change]:
        influence = row.influence
        if influence in (Influence.VOLTAGE, Influence.FREQUENCY):
            for percent in row.values:
                yield _scaled(influence, percent, base)
        elif influence is Influence.VOLTAGE_UNBALANCE:
            for percent in row.values if len(base.lines) > 1 else ():
                point = replace(base, voltages_pct=(percent, *FULL[1:]))
                yield _Change(
                    f"{influence}-{percent:g}pct-", f"voltage A {percent - 100.0:+g} %, B and C nominal", point
                )
        elif influence is Influence.PHASE_SEQUENCE:
            if base.lines == PHASE_NAMES:
                yield _Change(
                    f"{influence}-", "phase sequence reversed", replace(base, voltage_shift_deg=_REVERSED_DEG)
                )
        elif influence is Influence.PHASES_MISSING:
            yield from _interruptions(base)
        elif influence is Influence.TEMPERATURE:
            yield from (self._heated(celsius, base) for celsius in row.values)
        elif influence is Influence.AUXILIARY_VOLTAGE:
            for percent in row.values:
                condition = f"auxiliary voltage {percent - 100.0:+g} %"
                why_not = self._abilities.why_not(influence)
                yield _Change(f"{influence}-{percent:g}pct-", condition, base, why_not, percent)
        elif influence is Influence.SELF_HEATING:
            yield _Change("", "after self-heating", base)
        else:
            yield self._distorted(row, base)

    def _heated(self, celsius: float, base: LoadPoint) -> _Change:
        why, held = self._abilities.why_not(Influence.TEMPERATURE), self._abilities.chamber_c
        if held is not None and not held[0] <= celsius <= held[1]:
            why = f"the bench's chamber is set from {held[0]:g} to {held[1]:g} degrees Celsius only"
        key = f"{Influence.TEMPERATURE}-{celsius:g}degC-"
        return _Change(key, f"temperature {celsius:g} degrees Celsius", base, why, celsius)

    def _distorted(self, row: InfluenceRow, base: LoadPoint) -> _Change:
        name = PurePath(row.injected).stem
        key = f"{row.influence}-{name}-" if row.waveform else f"{row.influence}-"
        why = self._abilities.why_not_waveform(row.waveform) if row.waveform else self._abilities.why_not(row.influence)
        return _Change(key, f"waveform {name.replace('_', ' ')}", replace(base, waveform=row.injected), why)


def _scaled(influence: Influence, percent: float, base: LoadPoint) -> _Change:
    if influence is Influence.VOLTAGE:
        point = replace(base, voltage_v=base.voltage_v * percent / 100.0)
    else:
        point = replace(base, frequency_hz=base.frequency_hz * percent / 100.0)
    return _Change(f"{influence}-{percent:g}pct-", f"{influence} {percent - 100.0:+g} %", point, value=percent)


def _interruptions(base: LoadPoint) -> Iterator[_Change]:
    """One or two lines of three interrupted: neither voltage nor current there. A system of three phases only.

    A stays: all angles refer to its voltage, and the meter takes its frequency from it. Without a neutral an
    interrupted line floats between the others, which a source cannot imitate.
    """
    if base.lines != PHASE_NAMES:
        return
    for missing in ("B", "C", "BC"):
        left = "".join(name for name in base.phases if name not in missing)
        point = replace(
            base, phases=left, voltages_pct=three(0.0 if name in missing else 100.0 for name in PHASE_NAMES)
        )
        why = "" if base.system_type == 40 else "an interrupted line floats in a system without neutral"
        condition = f"phase{'s' if len(missing) > 1 else ''} {' and '.join(missing)} missing"
        yield _Change(f"{Influence.PHASES_MISSING}-{missing}-", condition, point, why)


def _seconds(influence: Influence, base: LoadPoint, point: LoadPoint) -> float:
    if influence is Influence.SELF_HEATING:
        return SELF_HEATING_S
    if influence is Influence.TEMPERATURE:
        return 2.0 * SOAK_S
    return 2.0 * MEASUREMENT_S + change_s(None, base) + change_s(base, point)


def _of(quantities: Iterable[Quantity], kinds: Collection[Quantity]) -> tuple[Quantity, ...]:
    """Return those of a row's quantities that a procedure measures: powers, or energies."""
    return tuple(quantity for quantity in quantities if quantity in kinds)


def _opposite(angle_deg: float) -> float:
    """Return the angle of the same factor with the power reversed, in (-180, 180]."""
    return math.remainder(angle_deg + 180.0, 360.0)
