"""Planned tests beside single load points: a row of a standard, the points that it needs, and its duration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from rig.load_point import LoadPoint
from rig.metrology.limits import LimitRow, Quantity
from rig.metrology.standards.programme_rows import ProgrammeRow

PlannedProcedure = Literal[
    "difference",
    "influence",
    "repeatability",
    "self_heating",
    "starting",
    "no_load",
    "energy_running",
    "dosage",
    "demand",
    "clock",
]
PROCEDURES: tuple[PlannedProcedure, ...] = get_args(PlannedProcedure)
"""Procedures of planned tests, in the order in which they are done; each has a fixture ``planned_<procedure>``."""


@dataclass(frozen=True)
class PlannedTest:
    """One row of a table at one load: what a procedure is asked to find out.

    ``key``: stable, unique in the plan, usable with pytest's -k, such as
    ``influence-voltage-110pct-PF1-100pct-active_power``. ``procedure``: as in ``ResultRecord.procedure``. ``points``:
    load points that are needed, in this order; the last one carries the results. ``condition``: what is changed, in
    words, such as ``voltage +10 %``; empty where nothing is. ``value``: the one of the row's values that this is about,
    None where a row has none. ``row`` is an error row where a test is judged by one, and None where no table has a
    limit. ``table``: name of the limit table that ``row`` is from. ``duration_s``: bench seconds.
    """

    key: str
    procedure: str
    points: tuple[LoadPoint, ...]
    quantities: tuple[Quantity, ...]
    row: ProgrammeRow | LimitRow | None
    table: str
    duration_s: float
    condition: str = ""
    value: float | None = None

    @property
    def point(self) -> LoadPoint:
        """The load point that carries the results."""
        return self.points[-1]


@dataclass(frozen=True)
class NotPossible:
    """A test that the bench cannot do: its ``key`` as in PlannedTest, and ``why`` in one sentence."""

    key: str
    why: str
