"""The plan of a suite as data: load points, judged quantities, planned tests, highest volts, duration; no I/O."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property

from rig.load_point import LoadPoint
from rig.metrology.certification_points import Input, JudgedQuantity, judged_at, reported_at
from rig.metrology.limits import LimitTable, Quantity
from rig.metrology.sampled_energy import edges_gate_s
from rig.plans.durations import DATA_SET_S, MEASUREMENT_S, change_s
from rig.plans.programme import NotPossible, PlannedTest
from rig.procedures.accuracy.register_watch import EDGE_KNOWN_S
from rig.safety.conditions import IEC_REFERENCE, ReferenceLimits

ENERGY_GATE_S = 60.0
ENERGY_GATES = 5

_SAMPLED_OVERHEAD_S = 50.0
"""Two times still, settling, looks at the step and for updates, and the repeats of power."""

_GATE_OVERHEAD_S = 12.0 + DATA_SET_S
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
    the bench cannot do of it. ``whole_range``: whether rows that hold between two power factors are
    taken there. ``stages``: the parts of a plan that has several nominal conditions, in their order;
    empty where it has one.
    """

    points: tuple[LoadPoint, ...]
    tables: tuple[LimitTable, ...]
    energy: tuple[tuple[LoadPoint, JudgedQuantity], ...]
    configuration: dict[int, float]
    why_sampled: str | None = None
    left_out: int = 0
    tests: tuple[PlannedTest, ...] = ()
    not_possible: tuple[NotPossible, ...] = ()
    stages: tuple[Stage, ...] = ()
    programme: str = "intrinsic"
    whole_range: bool = False

    def tests_of(self, procedure: str) -> tuple[PlannedTest, ...]:
        """The planned tests of one procedure, in the plan's order."""
        return tuple(test for test in self.tests if test.procedure == procedure)

    def judged(self, point: LoadPoint, *quantities: Quantity) -> tuple[JudgedQuantity, ...]:
        """What has a limit row at ``point``, of the quantities named (all where none is)."""
        found = judged_at(point, self.tables, whole_range=self.whole_range)
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
    def order(self) -> dict[Hashable, int]:
        """Each part's place in the order of measurement: of load points, of ``energy``, and of tests by their key."""
        parts: list[Hashable] = []
        for stage in self.in_order:
            parts += [*stage.points, *stage.energy, *(test.key for test in stage.tests)]
        return {part: place for place, part in enumerate(parts)}

    @cached_property
    def in_order(self) -> tuple[Stage, ...]:
        """The plan by nominal conditions, in the order in which they are visited."""
        return self.stages or (Stage(self.configuration, self.points, self.energy, self.tests),)

    @cached_property
    def _configurations(self) -> dict[LoadPoint, dict[int, float]]:
        return {point: stage.configuration for stage in self.in_order for point in stage.every_point}

    def configuration_at(self, point: LoadPoint) -> dict[int, float]:
        """The analog values that the meter must have at ``point`` of the plan (AV number to value)."""
        return self._configurations.get(point, self.configuration)

    @property
    def every_point(self) -> tuple[LoadPoint, ...]:
        """All points that are brought up, those of energy registers and planned tests included."""
        return tuple(dict.fromkeys(point for stage in self.in_order for point in stage.every_point))

    @property
    def highest_voltage_v(self) -> float:
        """Highest volts line to neutral on the primary side of any point."""
        return max(max(point.phase_voltages_v) for point in self.every_point)

    @property
    def duration_s(self) -> float:
        """Bench seconds that the measurements take: a real bench takes about as long, the emulated one much less."""
        before = (None, *self.points[:-1]) if self.points else ()
        points = math.fsum(self.point_s(old, new) for old, new in zip(before, self.points, strict=True))
        gates = math.fsum(self.gate_s(item) for _, item in self.energy)
        return points + gates + math.fsum(test.duration_s for test in self.tests)

    @staticmethod
    def point_s(before: LoadPoint | None, point: LoadPoint) -> float:
        """Bench seconds of a load point that follows ``before``."""
        return change_s(before, point) + MEASUREMENT_S

    def gate_s(self, item: JudgedQuantity) -> float:
        """Bench seconds of the gates of an energy register, where its value leaves them as short as they may be."""
        if self.why_sampled is None:
            return ENERGY_GATES * (ENERGY_GATE_S + _GATE_OVERHEAD_S)
        return least_sampled_gate_s(item.row.limit_pct) + _SAMPLED_OVERHEAD_S


@dataclass(frozen=True)
class Stage:
    """What a plan does at one nominal condition: load points, energy registers, then planned tests."""

    configuration: dict[int, float]
    points: tuple[LoadPoint, ...]
    energy: tuple[tuple[LoadPoint, JudgedQuantity], ...]
    tests: tuple[PlannedTest, ...]

    @property
    def every_point(self) -> tuple[LoadPoint, ...]:
        """All its points; some more than once."""
        gated = (point for point, _ in self.energy)
        return (*self.points, *gated, *(point for test in self.tests for point in test.points))
