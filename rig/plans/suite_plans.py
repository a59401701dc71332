"""Plans of the suites on a bench: what a programme asks for, checked against everything that can refuse it; no I/O."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from functools import partial

from drivers.analyzer import ANALYZERS
from drivers.errors import RigError
from meter_model.system_type import SYSTEM_TYPES
from rig.bench import BenchFile, MeterType, Wiring
from rig.bench.schema.bench import NominalPart
from rig.errors import UsageRefused
from rig.load_point import PHASE_NAMES, LoadPoint
from rig.metrology.certification_points import (
    JudgedQuantity,
    certification_points,
    exported_deg,
    judged_at,
    judged_energy_at,
)
from rig.metrology.limits import Quantity
from rig.plans.plan import Plan, Stage
from rig.plans.planned_tests import BenchAbilities, in_test_order, planned_tests
from rig.plans.programme import NotPossible, PlannedTest
from rig.plans.programmes import INTRINSIC, Programme
from rig.plans.register_tests import register_tests
from rig.procedures.accuracy.sampled_gate import why_sampled
from rig.procedures.accuracy.variations.possible import why_not, why_not_waveform
from rig.safety.limits import check

_Needed = tuple[LoadPoint, Quantity, str]
"""A load point, and a quantity and phase that are judged there."""

_TENTH_PCT = 10.0
_LAG_DEG = -60.0
"""PF 0.5 lag."""

_MOST_NAMED = 3
"""Of what a bench cannot do, in a refusal."""


def certification_plan(
    bench: BenchFile, *, max_points: int | None = None, programme: Programme = INTRINSIC, strict: bool = False
) -> Plan:
    """The certification of a meter on ``bench``: what ``programme`` asks for, by default its load points alone.

    Everything is checked against meter type, wiring, source and analyzer here, before any I/O. The intrinsic programme
    is refused as a whole where the bench cannot do all of it. Of any other one the plan names what the bench cannot
    do, and ``strict`` refuses it. ``max_points``: the first load points only. Raises UsageRefused or LimitExceeded
    naming point and limit, AccuracyNotStated where the analyzer's accuracy says nothing of a point, and BenchFileError
    for a table that cannot be read.
    """
    nominal, _, _ = _parts(bench)
    maker = _Maker(bench, programme)
    nominals = programme.nominals(nominal)
    stages = [maker.stage(each, "" if len(nominals) == 1 else _suffix(each)) for each in nominals]
    every = [point for stage in stages for point in stage.points]
    left_out = max(0, len(every) - max_points) if max_points is not None else 0
    for number, stage in enumerate(stages):
        kept = stage.points if max_points is None else stage.points[:max_points]
        max_points = None if max_points is None else max_points - len(kept)
        stages[number] = replace(stage, points=kept)
    plan = Plan(
        points=tuple(point for stage in stages for point in stage.points),
        tables=maker.tables,
        energy=tuple(each for stage in stages for each in stage.energy),
        configuration=_configuration(nominal, bench),
        why_sampled=_why_sampled(bench, nominal),
        left_out=left_out,
        tests=tuple(test for stage in stages for test in stage.tests),
        not_possible=tuple(maker.not_possible),
        stages=tuple(stages),
        programme=programme.name,
        whole_range=programme.whole_range,
    )
    _refuse_what_is_missing(plan, bench, strict=strict)
    _refuse_several_positions(plan, bench)
    return plan


def _refuse_several_positions(plan: Plan, bench: BenchFile) -> None:
    """Raise UsageRefused, naming the procedures, where a plan asks of several positions what is done at one only."""
    procedures = list(dict.fromkeys(test.procedure.replace("_", " ") for test in plan.tests))
    if len(bench.parts.positions) > 1 and procedures:
        raise UsageRefused(
            f"programme {plan.programme} has tests that are done at one position only ({', '.join(procedures)}), and "
            f"bench {bench.name} has {len(bench.parts.positions)}",
            "choose one with --position NAME, or a programme of load points and energy registers",
        )


def end_of_line_plan(bench: BenchFile) -> Plan:
    """The end-of-line test: each phase alone, import and export, at 100 % of current and PF 1."""
    nominal, _, _ = _parts(bench)
    tables = INTRINSIC.load_tables()
    points = tuple(
        nominal.point(100.0, angle_deg, phase)
        for phase in SYSTEM_TYPES[nominal.system_type].phases
        for angle_deg in (0.0, 180.0)
    )
    _check(bench, nominal, points, [(p, item.quantity, item.phase) for p in points for item in judged_at(p, tables)])
    return Plan(points, tables, (), _configuration(nominal, bench))


class _Maker:
    """Makes the stages of one programme on one bench, and collects what the bench cannot do."""

    def __init__(self, bench: BenchFile, programme: Programme) -> None:
        self.tables = programme.load_tables()
        self.not_possible: list[NotPossible] = []
        self._bench = bench
        self._programme = programme

    def stage(self, nominal: NominalPart, suffix: str) -> Stage:
        """Return what is done at one nominal condition."""
        points: tuple[LoadPoint, ...] = ()
        if "power_comparison" in self._programme.procedures:
            points = certification_points(
                self.tables,
                nominal.voltage_v,
                frequency_hz=nominal.frequency_hz,
                system_type=nominal.system_type,
                density=self._programme.density,
            )
        energy: tuple[tuple[LoadPoint, JudgedQuantity], ...] = ()
        if "energy_register" in self._programme.procedures:
            energy = tuple(
                (point, item)
                for point in _gated_points(nominal, is_type_test=self._programme.type_test)
                for item in judged_energy_at(point, self.tables)
                if item.quantity is Quantity.ACTIVE_ENERGY and item.phase == "ABC"
            )
        tests, left_out = planned_tests(
            self.tables,
            nominal.point(100.0),
            self._programme.procedures,
            abilities_of(self._bench),
            suffix=suffix,
            density=self._programme.density,
        )
        of_registers, not_these = register_tests(
            self.tables,
            nominal.point(100.0),
            self._programme.procedures,
            why_sampled=_why_sampled(self._bench, nominal),
            suffix=suffix,
            is_short=self._programme.density.is_short,
        )
        stage = Stage(_configuration(nominal, self._bench), points, energy, in_test_order((*tests, *of_registers)))
        if self._programme is INTRINSIC:  # all of it or nothing
            self._check(nominal, [*points, *(point for point, _ in energy)], [*self._judged(points), *_gated(energy)])
            return stage
        stage = self._possible(stage, nominal, suffix)
        self.not_possible += [*left_out, *not_these]
        return stage

    def _possible(self, stage: Stage, nominal: NominalPart, suffix: str) -> Stage:
        """Leave out of ``stage`` what is refused on this bench, and note it by name."""
        points = tuple(p for p in stage.points if self._can(f"{p.label}{suffix}", nominal, (p,), self._judged((p,))))
        energy = tuple(
            each
            for each in stage.energy
            if self._can(f"AI{each[1].instance}-{each[0].label}{suffix}", nominal, (each[0],), _gated((each,)))
        )
        tests = tuple(
            test for test in stage.tests if self._can(test.key, nominal, test.points, _needed_of_reference(test))
        )
        return replace(stage, points=points, energy=energy, tests=tests)

    def _can(self, key: str, nominal: NominalPart, points: Collection[LoadPoint], needed: Iterable[_Needed]) -> bool:
        try:
            self._check(nominal, points, needed)
        except RigError as refusal:
            why = str(refusal)
            for point in points:  # not named twice
                why = why.removeprefix(f"{point.label}: ") if point.label in key else why
            self.not_possible.append(NotPossible(key, why))
            return False
        return True

    def _judged(self, points: Iterable[LoadPoint]) -> list[_Needed]:
        return [(point, item.quantity, item.phase) for point in points for item in self._items(point)]

    def _items(self, point: LoadPoint) -> tuple[JudgedQuantity, ...]:
        return judged_at(point, self.tables, whole_range=self._programme.whole_range)

    def _check(self, nominal: NominalPart, points: Iterable[LoadPoint], needed: Iterable[_Needed]) -> None:
        _check(self._bench, nominal, points, needed)


def _gated_points(nominal: NominalPart, *, is_type_test: bool) -> tuple[LoadPoint, ...]:
    """Return where energy registers are gated, import and export: at In and PF 1; in a type test at less power too."""
    less = ((_TENTH_PCT, 0.0), (100.0, _LAG_DEG)) if is_type_test else ()
    loads = ((100.0, 0.0), *less)
    return tuple(
        nominal.point(current_pct, angle_deg)
        for current_pct, lag_deg in loads
        for angle_deg in (lag_deg, exported_deg(lag_deg))
    )


def _gated(energy: Iterable[tuple[LoadPoint, JudgedQuantity]]) -> list[_Needed]:
    return [(point, item.quantity, item.phase) for point, item in energy]


def _needed_of_reference(test: PlannedTest) -> list[_Needed]:
    return [(point, quantity, PHASE_NAMES) for point in test.points for quantity in test.quantities]


def abilities_of(bench: BenchFile) -> BenchAbilities:
    """What planned tests may ask of a bench beside sine waves."""
    chamber = bench.parts.chamber
    held = (chamber.lowest_c, chamber.highest_c) if chamber is not None else None
    return BenchAbilities(partial(why_not, bench), held, partial(why_not_waveform, bench))


def _refuse_what_is_missing(plan: Plan, bench: BenchFile, *, strict: bool) -> None:
    """Raise UsageRefused where nothing is left of a programme, or, with ``strict``, where something was left out."""
    missing = plan.not_possible
    named = "; ".join(f"{each.key}: {each.why}" for each in missing[:_MOST_NAMED])
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    if not (plan.points or plan.energy or plan.tests):
        why = f" ({named}{more})" if missing else ": its tables have no row for any of its procedures"
        raise UsageRefused(f"nothing of programme {plan.programme} can be done on bench {bench.name}{why}")
    if strict and missing:
        raise UsageRefused(
            f"bench {bench.name} cannot do {len(missing)} parts of programme {plan.programme}, which --strict refuses: "
            f"{named}{more}"
        )


def _suffix(nominal: NominalPart) -> str:
    """What ends the names of tests where a plan has several nominal conditions."""
    return f"-type{nominal.system_type}-{nominal.voltage_v:g}V-{nominal.frequency_hz:g}Hz"


def _why_sampled(bench: BenchFile, nominal: NominalPart) -> str | None:
    analyzer = bench.parts.analyzer
    if analyzer is None:
        return None
    return why_sampled(ANALYZERS[analyzer.driver].capabilities, analyzer.driver, nominal.system_type)


def _parts(bench: BenchFile) -> tuple[NominalPart, Wiring, MeterType]:
    parts = bench.parts
    if parts.nominal is None or parts.wiring is None or parts.source is None or not parts.positions:
        missing = [name for name in ("source", "analyzer", "meter") if name not in bench.capabilities]
        raise UsageRefused(f"bench {bench.name} has no {' and no '.join(missing)}; this suite needs them")
    return parts.nominal, Wiring.from_part(parts.wiring), bench.meter_types[parts.positions[0].meter_type]


def _configuration(nominal: NominalPart, bench: BenchFile) -> dict[int, float]:
    """Return what the meters are set to; of several, whose settings may differ, also the CT primary of the bench."""
    settings = {2: float(nominal.system_type), 6: nominal.system_voltage_v}
    if bench.parts.wiring is not None and len(bench.parts.positions) > 1:
        settings[3] = bench.parts.wiring.ct.primary_a
    return settings


def _check(bench: BenchFile, nominal: NominalPart, points: Iterable[LoadPoint], needed: Iterable[_Needed]) -> None:
    """Refuse points that meter type, wiring, source or the analyzer's accuracy do not permit.

    ``needed``: whose uncertainty the analyzer's accuracy must state.
    """
    _, wiring, meter_type = _parts(bench)
    analyzer = bench.parts.analyzer
    if analyzer is not None:
        for point, quantity, phase in needed:
            analyzer.reference_accuracy.require(quantity, phase, point.frequency_hz, point.power_factor)
    check(
        points,
        rating=meter_type.ratings[nominal.rating],
        path=wiring,
        source=bench.source_capabilities,
        envelope="accuracy",
        ramp_s=bench.parts.source.ramp_s if bench.parts.source else None,
    )
