"""Runs whose process is gone: their outcome, from what was recorded and from the guardian's journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from rig.records import models

PROCESS = "process"
"""Kind of the event by which a run says which process records it."""

_ENERGISING = ("energise", "energised", "applied")
"""Kinds of the events of which one is recorded before an output is switched on: else it is not switched on."""


def never_energised(connection: Connection, run_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the runs that never began to switch an output on.

    Only of a run that says which process recorded it: one of an earlier version may have said less than it did.
    """
    ids = list(run_ids)
    kinds: dict[str, set[str]] = {}
    wanted = models.Event.kind.in_((PROCESS, *_ENERGISING))
    for run_id, kind in connection.execute(
        select(models.Event.run_id, models.Event.kind).where(models.Event.run_id.in_(ids), wanted).distinct()
    ):
        kinds.setdefault(run_id, set()).add(kind)
    return frozenset(run_id for run_id, found in kinds.items() if found == {PROCESS})


def outcome_of(row: Row[Any], journal: Sequence[Any], *, was_never_on: bool = False) -> str:
    """Tell a run's outcome; one that never finished is ABORTED unless it is known that all is off.

    That is known where nothing was ever on (``was_never_on``), or where the last word of the guardian's journal is
    that the outputs were seen off.
    """
    if row.finished_utc is not None:
        return str(row.outcome)
    last = max(journal, key=lambda entry: (entry.time_utc is not None, entry.time_utc), default=None)
    is_off = was_never_on if last is None else last.confirmed or was_never_on
    return "TERMINATED" if is_off else "ABORTED"


def close_abandoned(connection: Connection, is_gone: Callable[[Mapping[str, Any]], bool]) -> tuple[str, ...]:
    """Close the records of runs whose process ``is_gone``, by what the event PROCESS says of it; returns their ids."""
    processes = connection.execute(
        select(models.Event.run_id, models.Event.data)
        .join(models.Run, models.Run.id == models.Event.run_id)
        .where(models.Run.finished_utc.is_(None), models.Event.kind == PROCESS)
    ).all()
    gone = [run_id for run_id, process in processes if is_gone(process)]
    never_on = never_energised(connection, gone)
    for run_id in gone:
        row = connection.execute(select(models.Run.__table__).where(models.Run.id == run_id)).one()
        entries = connection.execute(
            select(models.GuardianEntry.confirmed, models.GuardianEntry.time_utc).where(
                models.GuardianEntry.run_id == run_id
            )
        ).all()
        outcome = outcome_of(row, entries, was_never_on=run_id in never_on)
        outputs = (
            "the outputs were never on" if run_id in never_on else "what is known of the outputs is in the journal"
        )
        connection.execute(
            insert(models.Event).values(
                run_id=run_id,
                time_utc=datetime.now(UTC),
                kind="closed",
                severity="warning",
                text=f"the process that recorded this run ended without closing it (killed, or crashed); {outputs}",
                data={},
            )
        )
        connection.execute(
            update(models.Run)
            .where(models.Run.id == run_id, models.Run.finished_utc.is_(None))
            .values(finished_utc=datetime.now(UTC), outcome=outcome)
        )
    return tuple(gone)
