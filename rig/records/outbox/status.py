"""How far the records of a station have been sent, read from its own database alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from rig.records import tables


@dataclass(frozen=True, slots=True)
class Destination:
    """A server that something was sent to: its identity, when last, and how many rows wait or were refused."""

    identity: str
    last_utc: datetime
    waiting: int
    refused: int


def read_destinations(connection: Connection) -> tuple[int, tuple[Destination, ...]]:
    """Return how many entries the outbox has in all, and each server that something was sent to."""
    sent, refused = tables.OUTBOX_SENT, tables.OUTBOX_REFUSED
    newest = int(connection.scalar(select(func.max(tables.OUTBOX.c.n))) or 0)
    found = connection.execute(select(sent).order_by(sent.c.time_utc)).all()
    counts: dict[str, int] = {
        row.destination: row.refused
        for row in connection.execute(
            select(refused.c.destination, func.count().label("refused")).group_by(refused.c.destination)
        )
    }
    return newest, tuple(
        Destination(row.destination, row.time_utc, newest - row.n, counts.get(row.destination, 0)) for row in found
    )
