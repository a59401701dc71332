"""Runs whose process is gone: their outcome, from what was recorded and from the guardian's journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from rig.records import tables
from rig.records._mapping import executor
from rig.records.listing import PROCESS, never_energised, outcome_of, resumed_since, said_since


def close_abandoned(connection: Connection, is_gone: Callable[[Mapping[str, Any]], bool]) -> tuple[str, ...]:
    """Close the records of runs whose process ``is_gone``, by what the event PROCESS says of it; returns their ids."""
    processes = connection.execute(
        select(tables.EVENT.c.run_id, tables.EVENT.c.data)
        .join(tables.RUN, tables.RUN.c.id == tables.EVENT.c.run_id)
        .where(tables.RUN.c.finished_utc.is_(None), tables.EVENT.c.kind == PROCESS)
        .order_by(tables.EVENT.c.id)
    ).all()
    newest = dict(tuple(row) for row in processes)  # a run that was resumed has had others before
    gone = [run_id for run_id, process in newest.items() if is_gone(process)]
    never_on = never_energised(executor(connection), gone)
    since = resumed_since(executor(connection), gone)
    for run_id in gone:
        entries = connection.execute(
            select(tables.GUARDIAN_ENTRY.c.confirmed, tables.GUARDIAN_ENTRY.c.time_utc).where(
                tables.GUARDIAN_ENTRY.c.run_id == run_id
            )
        ).all()
        said = said_since([(e.confirmed, e.time_utc) for e in entries], since.get(run_id))
        outcome = outcome_of(None, said, was_never_on=run_id in never_on)
        outputs = (
            "the outputs were never on" if run_id in never_on else "what is known of the outputs is in the journal"
        )
        connection.execute(
            insert(tables.EVENT).values(
                run_id=run_id,
                time_utc=datetime.now(UTC),
                kind="closed",
                severity="warning",
                text=f"the process that recorded this run ended without closing it (killed, or crashed); {outputs}",
                data={},
            )
        )
        connection.execute(
            update(tables.RUN)
            .where(tables.RUN.c.id == run_id, tables.RUN.c.finished_utc.is_(None))
            .values(finished_utc=datetime.now(UTC), outcome=outcome)
        )
    return tuple(gone)
