"""The plan of a suite as data: load points, judged quantities, configuration, highest volts, duration; no I/O."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from drivers.analyzer import ANALYZERS
from meter_model.system_type import SYSTEM_TYPES
from rig.bench import BenchFile, MeterType, Wiring
from rig.bench.schema.bench import NominalPart
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.certification_points import (
    Input,
    JudgedQuantity,
    certification_points,
    judged_at,
    judged_energy_at,
    reported_at,
)
from rig.metrology.limit_files import load_limit_table
from rig.metrology.limits import LimitTable, Quantity
from rig.metrology.sampled_energy import edges_gate_s
from rig.plans.programme import NotPossible, PlannedTest
from rig.procedures.accuracy.register_watch import EDGE_KNOWN_S
from rig.procedures.accuracy.sampled_gate import why_sampled
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits
from rig.safety.limits import check

CERTIFICATION_TABLES = (
    "iec62053-22-2003-class-0.2S",
    "iec62053-23-2003-class-2",
    "s4100-manual-voltage-current",
)

ENERGY_GATE_S = 60.0
ENERGY_GATES = 5

_SAMPLED_OVERHEAD_S = 50.0
"""Two times still, settling, looks at the step and for updates, and the repeats of power."""

_DATA_SET_S = 1.0
"""Bench seconds of a reading that is begun after the call: two updates of the analyzer, 0.5 s each."""

_SETTLE_S = 3.0
_UPDATES_S = 5 * 1.0 + 6 * 0.5
_GATE_OVERHEAD_S = 12.0 + _DATA_SET_S
"""Current comes from a tenth at each gate (docs/explanation/safety.md), and is seen there first."""


def least_sampled_gate_s(limit_pct: float) -> float:
    """Return how long a gate against sampled power is at least, s: its edges are small against ``limit_pct``."""
    return max(ENERGY_GATE_S, edges_gate_s(EDGE_KNOWN_S, limit_pct))


@dataclass(frozen=True)
class Plan:
    """The load points of a suite in the order in which they are measured, and the limit tables that judge them.

    ``energy``: points at which energy registers are gated, each with its register; ``why_sampled``: why their
    reference is sampled power, None where it is the analyzer's integrator. ``configuration``: the analog values the
    meter must have for it (AV number to value). ``left_out``: load points of the suite that are not in the plan.
    ``tests``: what a programme asks beside its load points, in the order in which it is done; ``not_possible``: what
    the bench cannot do of it.
    """

    points: tuple[LoadPoint, ...]
    tables: tuple[LimitTable, ...]
    energy: tuple[tuple[LoadPoint, JudgedQuantity], ...]
    configuration: dict[int, float]
    why_sampled: str | None = None
    left_out: int = 0
    tests: tuple[PlannedTest, ...] = ()
    not_possible: tuple[NotPossible, ...] = ()

    def tests_of(self, procedure: str) -> tuple[PlannedTest, ...]:
        """The planned tests of one procedure, in the plan's order."""
        return tuple(test for test in self.tests if test.procedure == procedure)

    def judged(self, point: LoadPoint, *quantities: Quantity) -> tuple[JudgedQuantity, ...]:
        """What has a limit row at ``point``, of the quantities named (all where none is)."""
        found = judged_at(point, self.tables)
        return tuple(item for item in found if not quantities or item.quantity in quantities)

    def reported(self, point: LoadPoint) -> tuple[Input, ...]:
        """What is measured at ``point`` and reported without a limit."""
        return reported_at(point, self.tables)

    def points_for(self, quantity: Quantity) -> tuple[LoadPoint, ...]:
        """The points at which some input of this quantity has a limit row, in the plan's order."""
        return tuple(point for point in self.points if self.judged(point, quantity))

    @property
    def points_in_all(self) -> int:
        """How many load points the whole suite has."""
        return len(self.points) + self.left_out

    @property
    def reference_limits(self) -> ReferenceLimits:
        """The reference conditions of the first table that states any."""
        stated = next((t.reference_conditions for t in self.tables if t.reference_conditions is not None), None)
        return stated or IEC_REFERENCE

    @cached_property
    def places(self) -> dict[LoadPoint, int]:
        """Each point's place in the order of measurement."""
        return {point: place for place, point in enumerate(self.points)}

    @property
    def highest_voltage_v(self) -> float:
        """Highest volts line to neutral on the primary side of any point."""
        return max(max(point.phase_voltages_v) for point in self.points)

    @property
    def duration_s(self) -> float:
        """Bench seconds that the measurements take: a real bench takes about as long, the emulated one much less."""
        one_s = ENERGY_GATES * (ENERGY_GATE_S + _GATE_OVERHEAD_S)
        gates = math.fsum(
            one_s if self.why_sampled is None else least_sampled_gate_s(item.row.limit_pct) + _SAMPLED_OVERHEAD_S
            for _, item in self.energy
        )
        before = (None, *self.points[:-1])
        changes = sum(_change_s(old, new) for old, new in zip(before, self.points, strict=True)) if self.points else 0.0
        return changes + len(self.points) * (_SETTLE_S + _UPDATES_S) + gates


def _change_s(before: LoadPoint | None, point: LoadPoint) -> float:
    """Bench seconds until a point stands: currents are compared at the level, and at a tenth first where they rise."""
    is_same = before is not None and (before.current_pct, before.phases) == (point.current_pct, point.phases)
    return _DATA_SET_S if is_same else 2.0 * _DATA_SET_S


def certification_plan(bench: BenchFile, *, max_points: int | None = None) -> Plan:
    """The certification of a meter on ``bench``: the points of the limit tables at the bench's nominal voltage.

    Everything is checked against meter type, wiring, source and analyzer here, before any I/O. Raises UsageRefused or
    LimitExceeded naming point and limit, AccuracyNotStated where the analyzer's accuracy says nothing of a point, and
    BenchFileError for a table that cannot be read.
    """
    nominal, wiring, meter_type = _parts(bench)
    tables = tuple(load_limit_table(name) for name in CERTIFICATION_TABLES)
    every = certification_points(
        tables, nominal.voltage_v, frequency_hz=nominal.frequency_hz, system_type=nominal.system_type
    )
    points = every[:max_points]
    energy_points = [nominal.point(100.0, angle_deg) for angle_deg in (0.0, 180.0)]
    energy = tuple(
        (point, item)
        for point in energy_points
        for item in judged_energy_at(point, tables)
        if item.quantity is Quantity.ACTIVE_ENERGY and item.phase == "ABC"
    )
    analyzer = bench.parts.analyzer
    sampled = None
    if analyzer is not None:
        can = ANALYZERS[analyzer.driver].capabilities
        sampled = why_sampled(can, analyzer.driver, nominal.system_type)
    plan = Plan(points, tables, energy, _configuration(nominal), sampled, len(every) - len(points))
    return _checked(bench, plan, wiring, meter_type)


def end_of_line_plan(bench: BenchFile) -> Plan:
    """The end-of-line test: each phase alone, import and export, at 100 % of current and PF 1."""
    nominal, wiring, meter_type = _parts(bench)
    tables = tuple(load_limit_table(name) for name in CERTIFICATION_TABLES)
    points = tuple(
        nominal.point(100.0, angle_deg, phase)
        for phase in SYSTEM_TYPES[nominal.system_type].phases
        for angle_deg in (0.0, 180.0)
    )
    return _checked(bench, Plan(points, tables, (), _configuration(nominal)), wiring, meter_type)


def _parts(bench: BenchFile) -> tuple[NominalPart, Wiring, MeterType]:
    parts = bench.parts
    if parts.nominal is None or parts.wiring is None or parts.source is None or not parts.positions:
        missing = [name for name in ("source", "analyzer", "meter") if name not in bench.capabilities]
        raise UsageRefused(f"bench {bench.name} has no {' and no '.join(missing)}; this suite needs them")
    return parts.nominal, Wiring.from_part(parts.wiring), bench.meter_types[parts.positions[0].meter_type]


def _configuration(nominal: NominalPart) -> dict[int, float]:
    return {2: float(nominal.system_type), 6: nominal.system_voltage_v}


def _checked(bench: BenchFile, plan: Plan, wiring: Wiring, meter_type: MeterType) -> Plan:
    nominal, analyzer = bench.parts.nominal, bench.parts.analyzer
    assert nominal is not None
    if analyzer is not None:
        for point, item in (*((p, each) for p in plan.points for each in plan.judged(p)), *plan.energy):
            analyzer.reference_accuracy.require(item.quantity, item.phase, point.frequency_hz, point.power_factor)
    check(
        [*plan.points, *(point for point, _ in plan.energy)],
        rating=meter_type.ratings[nominal.rating],
        path=wiring,
        source=bench.source_capabilities,
        envelope="accuracy",
        ramp_s=bench.parts.source.ramp_s if bench.parts.source else None,
    )
    return plan
