"""Note attempts, and how they came out; list those that became no run, or a run that no meter is known of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, exists, insert, select, update

from rig.records import tables
from rig.records._mapping import record_of
from rig.records.plain_json import to_json

KILLED = "the process ended without a word (killed, or crashed) before a run began"
"""The reason of an attempt whose process is gone."""

_IS_OPEN = (tables.ATTEMPT.c.run_id.is_(None), tables.ATTEMPT.c.reason.is_(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One attempt to begin a run. ``scanned``: the text of the labels, as far as one was read; ``reason``: why no run.

    ``run_id``: the run that it became, None where it became none. ``kind``: eol, certify ...
    """

    time_utc: datetime = field(default_factory=lambda: datetime.now(UTC))
    station: str = ""
    scanned: str = ""
    reason: str = ""
    run_id: str | None = None
    kind: str = ""
    operator: str = ""
    product: str = ""


def note_attempt(connection: Connection, attempt: AttemptRecord) -> None:
    """Record an attempt that is over."""
    begin_attempt(connection, attempt, None)


def begin_attempt(connection: Connection, attempt: AttemptRecord, process: Mapping[str, Any] | None) -> int:
    """Record an attempt of a process, which is going on where it has no reason yet; returns its key."""
    values = {
        name: getattr(attempt, name) for name in ("time_utc", "station", "scanned", "kind", "operator", "product")
    }
    added = connection.execute(
        insert(tables.ATTEMPT)
        .values(**values, run_id=attempt.run_id, reason=attempt.reason or None, process=to_json(process))
        .returning(tables.ATTEMPT.c.id)
    )
    return int(added.scalar_one())


def end_attempt(connection: Connection, key: int, *, run_id: str | None = None, reason: str | None = None) -> None:
    """Record that an attempt became a run, or why it did not; nothing where that is recorded already."""
    table = tables.ATTEMPT
    connection.execute(update(table).where(table.c.id == key, *_IS_OPEN).values(run_id=run_id, reason=reason))


def close_killed(connection: Connection, is_gone: Callable[[Mapping[str, Any]], bool]) -> int:
    """Record of attempts whose process ``is_gone`` that it was killed; returns how many."""
    table = tables.ATTEMPT
    begun = connection.execute(select(table.c.id, table.c.process).where(*_IS_OPEN)).all()
    gone = [row.id for row in begun if row.process and is_gone(row.process)]
    if gone:
        connection.execute(update(table).where(table.c.id.in_(gone), *_IS_OPEN).values(reason=KILLED))
    return len(gone)


def read_attempts(connection: Connection, newest: int) -> tuple[AttemptRecord, ...]:
    """List the attempts that became no run, and the runs that ended before a meter was known; the newest first."""
    table, run, event = tables.ATTEMPT, tables.RUN, tables.EVENT
    failed = connection.execute(
        select(table).where(table.c.run_id.is_(None)).order_by(table.c.time_utc.desc()).limit(newest)
    ).all()
    found = [record_of(AttemptRecord, row, reason=row.reason or "it is going on") for row in failed]
    without_unit = connection.execute(
        select(run)
        .where(run.c.finished_utc.is_not(None), ~exists().where(tables.UNIT.c.run_id == run.c.id))
        .order_by(run.c.started_utc.desc())
        .limit(newest)
    ).all()
    for row in without_unit:
        said = connection.scalar(
            select(event.c.text)
            .where(event.c.run_id == row.id, event.c.severity != "info")
            .order_by(event.c.id.desc())
            .limit(1)
        )
        scanned = connection.scalar(select(table.c.scanned).where(table.c.run_id == row.id).limit(1))
        found.append(
            AttemptRecord(
                time_utc=row.started_utc,
                station=row.station,
                scanned=scanned or "",
                reason=f"{row.outcome} before a serial number was known" + (f": {said}" if said else ""),
                run_id=row.id,
                kind=row.kind,
                operator=row.operator,
                product=row.product or "",
            )
        )
    return tuple(sorted(found, key=lambda each: each.time_utc, reverse=True)[:newest])
