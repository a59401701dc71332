"""Runs by what they are about: serial number, station, position, product, lot, outcome, failure class and time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from rig.records import tables
from rig.records._mapping import executor
from rig.records.listing import RunSummary, summaries
from rig.records.production.selection import Selection, conditions_of_run, conditions_of_unit

_AT_A_TIME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery(Selection):
    """What is looked for; empty or None means all. ``outcome``: of the run; ``failure_class``: of a unit in it."""

    kind: str = ""
    outcome: str = ""
    failure_class: str = ""

    @property
    def is_open(self) -> bool:
        """Whether all runs are meant."""
        return self == RunQuery()


def find_runs(connection: Connection, query: RunQuery, newest: int | None) -> tuple[RunSummary, ...]:
    """List the runs that are meant, the newest first; ``newest``: at most so many."""
    run = tables.RUN.c
    ids = connection.scalars(select(run.id).where(*_conditions(query)).order_by(run.started_utc.desc(), run.id)).all()
    found: list[RunSummary] = []
    for start in range(0, len(ids), _AT_A_TIME):
        listed = summaries(executor(connection), run_ids=ids[start : start + _AT_A_TIME])
        found += [each for each in listed if query.outcome in ("", each.outcome)]
        if newest is not None and len(found) >= newest:
            break
    return tuple(found[:newest])


def _conditions(query: RunQuery) -> list[ColumnElement[bool]]:
    """Return what must hold of a run; that of units must hold of one and the same unit."""
    run, unit = tables.RUN.c, tables.UNIT.c
    found = conditions_of_run(query)
    if query.outcome:
        found.append(or_(run.finished_utc.is_(None), run.outcome == query.outcome))  # one without an end is looked at
    of_unit = conditions_of_unit(query)
    if query.failure_class:
        finding, result, point = tables.FINDING.c, tables.RESULT.c, tables.POINT.c
        is_unit = or_(finding.unit_number.is_(None), finding.unit_number == unit.number)
        of_finding = exists().where(
            finding.run_id == unit.run_id, finding.failure_class == query.failure_class, is_unit
        )
        of_result = exists().where(
            point.run_id == unit.run_id,
            result.point_id == point.id,
            result.failure_class == query.failure_class,
            or_(result.unit_number.is_(None), result.unit_number == unit.number),
        )
        of_unit.append(or_(of_finding, of_result))
    if of_unit:
        found.append(exists().where(unit.run_id == run.id, *of_unit))
    return found
