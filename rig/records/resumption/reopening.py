"""Open the record of an interrupted run again, in one transaction: one process alone may go on with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from rig.errors import UsageRefused
from rig.records import tables
from rig.records.listing import PROCESS
from rig.records.plain_json import to_json
from rig.records.resumption.stored_plan import read_plan

SUPERSEDED, CHECK = "superseded", "check"
"""Why a load point is set aside: it was not complete when the run was interrupted, or it repeats one as a check."""

_CLOSED = "closed"
"""Kind of the event of a later command that closes the record of a run that was killed."""


class ResumeRefused(UsageRefused):
    """A run is not resumed (exit 11): the sentence says why."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """A run that goes on. ``interrupted_utc``: the time of the last thing that was recorded of it before.

    ``outcome``: the one that it had until now. ``units`` and ``points``: how many are recorded.
    """

    interrupted_utc: datetime
    outcome: str
    units: int
    points: int


def reopen(connection: Connection, run_id: str, process: Mapping[str, Any]) -> Reopened:
    """Take the end of a run back, and set aside the load points of each step that is not complete.

    ``process``: the process that goes on with it, as the event PROCESS has it. Raises ResumeRefused where the run has
    no end: another process works on it.
    """
    run = tables.RUN
    outcome = connection.scalar(select(run.c.outcome).where(run.c.id == run_id))
    interrupted_utc = _last_recorded(connection, run_id)
    changed = connection.execute(
        update(run)
        .where(run.c.id == run_id, run.c.finished_utc.is_not(None))
        .values(finished_utc=None, outcome=None, exit_code=None)
    )
    if changed.rowcount != 1:
        raise ResumeRefused(f"run {run_id[:8]} is being worked on by another process", "wait until that has ended")
    now = note_process(connection, run_id, process)
    _supersede(connection, run_id, now)
    return Reopened(
        interrupted_utc or now,
        str(outcome),
        units=connection.scalar(select(func.count()).where(tables.UNIT.c.run_id == run_id)) or 0,
        points=connection.scalar(select(func.max(tables.POINT.c.number)).where(tables.POINT.c.run_id == run_id)) or 0,
    )


def note_process(connection: Connection, run_id: str, process: Mapping[str, Any]) -> datetime:
    """Record which process records a run from now on; returns the time."""
    now = datetime.now(UTC)
    connection.execute(
        insert(tables.EVENT).values(
            run_id=run_id,
            time_utc=now,
            kind=PROCESS,
            severity="info",
            text=f"recorded by process {process.get('pid')} on {process.get('host')}",
            data=to_json(process),
        )
    )
    return now


def _supersede(connection: Connection, run_id: str, now: datetime) -> None:
    plan = read_plan(connection, run_id)
    assert plan is not None, "a run that is resumed has a plan"
    aside = select(tables.SET_ASIDE.c.point_id)
    point = tables.POINT
    left = connection.execute(
        select(point.c.id, point.c.step).where(point.c.run_id == run_id, point.c.id.not_in(aside))
    ).all()
    reason = "not complete when the run was interrupted, and measured again"
    rows = [
        {"point_id": each.id, "purpose": SUPERSEDED, "reason": reason, "time_utc": now}
        for each in left
        if each.step not in plan.complete
    ]
    if rows:
        connection.execute(insert(tables.SET_ASIDE), rows)


def _last_recorded(connection: Connection, run_id: str) -> datetime | None:
    """Return when the last event or reading was recorded."""
    point, meter, reference = tables.POINT, tables.METER_READING, tables.REFERENCE_READING
    event = tables.EVENT
    of_run = select(point.c.id).where(point.c.run_id == run_id)
    found = (
        connection.scalar(select(func.max(event.c.time_utc)).where(event.c.run_id == run_id, event.c.kind != _CLOSED)),
        connection.scalar(select(func.max(meter.c.answered_utc)).where(meter.c.point_id.in_(of_run))),
        connection.scalar(select(func.max(reference.c.taken_utc)).where(reference.c.point_id.in_(of_run))),
    )
    return max((time for time in found if time is not None), default=None)
