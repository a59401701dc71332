"""Every test of a unit with its outcome and failure classes, of many runs in five queries."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from rig.records import tables
from rig.records.production.selection import Selection, chosen_runs, conditions, of_whole_units, text_column
from rig.records.verdicts import SEVERITY, worst_outcome

PASSED = ("PASS", "COND_PASS")
FAILED = ("FAIL", "COND_FAIL")
"""Outcomes that say something about a unit; with any other one its test was not completed."""

UNCLASSED = "other"
"""The class of a failure for which none was recorded."""

_STOPPED = ("ABORTED", "TERMINATED")
_OF_THE_BENCH = ("ERROR", "INVALID", "INCONCLUSIVE")

@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """One test of one unit: a unit of one run. ``classes``: of its failures, in the order of their recording.

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
        return self.classes[0] if self.classes else UNCLASSED

    @property
    def unit(self) -> tuple[str, str]:
        """What is the same for all tests of one unit: serial number and product."""
        return self.serial_number, self.product


@dataclass(frozen=True, slots=True)
class _OfRun:
    """What is recorded of one run: of each unit, of the whole run (None), and of its load points."""

    outcomes: dict[int | None, list[str]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[int | None, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    points: list[str] = field(default_factory=list)

    def of_unit(self, number: int) -> list[str]:
        """Return the outcomes that count for one unit."""
        return [*self.outcomes.get(number, ()), *self.outcomes.get(None, ()), *self.points]

    def of_others(self, number: int) -> list[str]:
        """Return the outcomes of the other units."""
        return [each for other, found in self.outcomes.items() if other not in (number, None) for each in found]

    def classes_of(self, number: int) -> tuple[str, ...]:
        """Return the failure classes of one unit in the order in which they were recorded."""
        named = sorted([*self.classes.get(number, ()), *self.classes.get(None, ())])
        return tuple(dict.fromkeys(name for _, name in named))


def read_unit_tests(connection: Connection, chosen: Selection, *, whole_units: bool = False) -> tuple[UnitTest, ...]:
    """Return the tests that are meant, the oldest first; ``whole_units``: all tests of the units that have one."""
    run, unit = tables.RUN.c, tables.UNIT.c
    meant = of_whole_units(chosen) if whole_units else conditions(chosen)
    rows = connection.execute(
        select(
            run.id, unit.number, unit.serial_number, unit.position, run.station, run.bench_name, run.operator,
            run.started_utc, run.finished_utc, run.outcome, run.simulated,
            text_column(tables.RUN, "product").label("product"), text_column(tables.RUN, "lot").label("lot"),
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
    """Return the outcome of one unit of a run.

    A run that was stopped tells nothing of any unit. What the bench did wrong counts against every unit, unless
    something at least as bad is recorded of another one.
    """
    if row.finished_utc is None:
        return "ABORTED"
    if row.outcome in _STOPPED:
        return str(row.outcome)
    own = found.of_unit(row.number)
    if row.outcome in _OF_THE_BENCH:
        rank = SEVERITY[row.outcome]
        if not any(SEVERITY[outcome] <= rank for outcome in found.of_others(row.number)):
            own.append(row.outcome)
    return worst_outcome(own) or "NOT_JUDGED"


def _found(connection: Connection, runs: Select[Any]) -> dict[str, _OfRun]:
    found: defaultdict[str, _OfRun] = defaultdict(_OfRun)
    point, result, finding = tables.POINT.c, tables.RESULT.c, tables.FINDING.c
    counts = point.id.not_in(select(tables.SET_ASIDE.c.point_id))
    of_results = (
        point.run_id, result.unit_number, result.outcome, text_column(tables.RESULT, "failure_class").label("named"),
    )  # fmt: skip
    of_findings = (
        finding.run_id, finding.unit_number, finding.outcome,
        text_column(tables.FINDING, "failure_class").label("named"),
    )  # fmt: skip
    queries = (
        select(*of_findings, func.min(finding.time_utc)).where(finding.run_id.in_(runs)).group_by(*of_findings),
        select(*of_results, func.min(point.started_utc))
        .join(tables.POINT, point.id == result.point_id)
        .where(point.run_id.in_(runs), counts)
        .group_by(*of_results),
    )
    for query in queries:
        for run_id, number, outcome, failure_class, first_utc in connection.execute(query):
            found[run_id].outcomes[number].append(outcome)
            if outcome in FAILED and failure_class:
                found[run_id].classes[number].append((str(first_utc), failure_class))
    stated = select(point.run_id, point.outcome).where(
        point.run_id.in_(runs), counts, point.outcome.is_not(None) | point.finished_utc.is_(None)
    )
    for run_id, outcome in connection.execute(stated):
        found[run_id].points.append(outcome or "ABORTED")
    return found
