"""Every test of a unit with its outcome and failure classes, of many runs in five queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from rig.metrology.outcome import Outcome, worst
from rig.products.failure_classes import FailureClass
from rig.records import tables
from rig.records.production.selection import Selection, chosen_runs, conditions, of_whole_units
from rig.records.units.outcomes import NEVER_ENDED

PASSED = ("PASS", "COND_PASS")
FAILED = ("FAIL", "COND_FAIL")
"""Outcomes that say something about a unit; with any other one its test was not completed."""

_WEIGH_NOTHING = (Outcome.NOT_JUDGED, Outcome.SKIP)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """One test of one unit: a unit of one run. ``classes``: of its failures, the one first that it is counted by.

    ``outcome`` is that of the unit, not of the run: another unit's failure leaves it alone.
    """

    run_id: str
    unit_number: int
    serial_number: str
    product: str
    lot: str
    station: str
    position: str
    bench_name: str
    operator: str
    started_utc: datetime
    outcome: str
    classes: tuple[str, ...] = ()
    simulated: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether it says something about the unit: aborted tests, and those in which the bench failed, do not."""
        return self.outcome in PASSED + FAILED

    @property
    def passed(self) -> bool:
        """Whether the unit was found good."""
        return self.outcome in PASSED

    @property
    def pareto_class(self) -> str:
        """The class that its failure is counted in; empty where it did not fail."""
        if self.outcome not in FAILED:
            return ""
        return self.classes[0] if self.classes else str(FailureClass.OTHER)

    @property
    def unit(self) -> tuple[str, str]:
        """What is the same for all tests of one unit: serial number and product."""
        return self.serial_number, self.product


@dataclass(frozen=True, slots=True)
class _OfRun:
    """What is recorded of one run: of each unit, of the whole run (None), and of its load points."""

    outcomes: dict[int | None, list[str]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[int | None, set[FailureClass]] = field(default_factory=lambda: defaultdict(set))
    points: list[str] = field(default_factory=list)

    def of_unit(self, number: int) -> list[Outcome]:
        """Return the outcomes that count for one unit."""
        found = (*self.outcomes.get(number, ()), *self.outcomes.get(None, ()), *self.points)
        return [Outcome(each) for each in found if each not in _WEIGH_NOTHING]

    def explains(self, whole: Outcome) -> bool:
        """Whether anything that is recorded of units or load points is as bad as the run as a whole."""
        found = (*self.points, *(each for outcomes in self.outcomes.values() for each in outcomes))
        return any(Outcome(each).severity >= whole.severity for each in found)

    def classes_of(self, number: int) -> tuple[str, ...]:
        """Return the failure classes of one unit, the one first that it is counted by."""
        found = self.classes.get(number, set()) | self.classes.get(None, set())
        return tuple(str(each) for each in FailureClass if each in found)


def read_unit_tests(connection: Connection, chosen: Selection, *, whole_units: bool = False) -> tuple[UnitTest, ...]:
    """Return the tests that are meant, the oldest first; ``whole_units``: all tests of the units that have one."""
    run, unit = tables.RUN.c, tables.UNIT.c
    meant = of_whole_units(chosen) if whole_units else conditions(chosen)
    rows = connection.execute(
        select(
            run.id, unit.number, unit.serial_number, unit.position, run.station, run.bench_name, run.operator,
            run.started_utc, run.finished_utc, run.outcome, run.simulated,
            run.product, run.lot,
        )
        .join(tables.UNIT, run.id == unit.run_id)
        .where(*meant)
        .order_by(run.started_utc, run.id, unit.number)
    ).all()  # fmt: skip
    found = _found(connection, chosen_runs(meant))
    return tuple(_unit_test(row, found[row.id]) for row in rows)


def _unit_test(row: Any, found: _OfRun) -> UnitTest:
    return UnitTest(
        run_id=row.id,
        unit_number=row.number,
        serial_number=row.serial_number,
        product=row.product or "",
        lot=row.lot or "",
        station=row.station,
        position=row.position,
        bench_name=row.bench_name,
        operator=row.operator,
        started_utc=row.started_utc,
        outcome=_outcome(row, found),
        classes=found.classes_of(row.number),
        simulated=bool(row.simulated),
    )


def _outcome(row: Any, found: _OfRun) -> str:
    """Return the outcome of one unit of a run, as ``rig.records.units.outcomes.unit_outcome`` does for a RunRecord."""
    if row.finished_utc is None:
        return str(Outcome.ABORTED)
    whole = Outcome(row.outcome)
    if whole in NEVER_ENDED:
        return str(whole)
    own = found.of_unit(row.number)
    if whole.severity >= Outcome.INCONCLUSIVE.severity and not found.explains(whole):
        own.append(whole)
    return str(worst(own))


def _found(connection: Connection, runs: Select[Any]) -> dict[str, _OfRun]:
    found: defaultdict[str, _OfRun] = defaultdict(_OfRun)
    point, result, finding = tables.POINT.c, tables.RESULT.c, tables.FINDING.c
    counts = point.id.not_in(select(tables.SET_ASIDE.c.point_id))
    queries = (
        select(finding.run_id, finding.unit_number, finding.outcome, finding.failure_class).where(
            finding.run_id.in_(runs)
        ),
        select(point.run_id, result.unit_number, result.outcome, result.failure_class)
        .join(tables.POINT, point.id == result.point_id)
        .where(point.run_id.in_(runs), counts),
    )
    known = {each.value: each for each in FailureClass}
    for query in queries:
        for run_id, number, outcome, failure_class in connection.execute(query.distinct()):
            found[run_id].outcomes[number].append(outcome)
            if outcome in FAILED or failure_class:
                found[run_id].classes[number].add(known.get(failure_class, FailureClass.OTHER))
    stated = select(point.run_id, point.outcome).where(point.run_id.in_(runs), counts, point.outcome.is_not(None))
    for run_id, outcome in connection.execute(stated):
        found[run_id].points.append(outcome)
    return found
