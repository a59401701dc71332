"""Units on hold: enter them, and read them back. An entry is never changed; what releases a unit is a later test."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, insert, select

from rig.records import tables
from rig.records._mapping import columns_of, record_of
from rig.records.units.hold_record import HoldRecord


def enter_holds(connection: Connection, holds: Iterable[HoldRecord]) -> None:
    """Enter units on hold, all of them or none."""
    rows = [columns_of(hold) for hold in holds]
    if rows:
        connection.execute(insert(tables.HOLD), rows)


def read_holds(connection: Connection, serial_numbers: Collection[str] | None = None) -> tuple[HoldRecord, ...]:
    """Return what was put on hold, in the order of entry; ``serial_numbers``: of these units only."""
    query = select(tables.HOLD).order_by(tables.HOLD.c.id)
    if serial_numbers is not None:
        query = query.where(tables.HOLD.c.serial_number.in_(serial_numbers))
    return tuple(record_of(HoldRecord, row) for row in connection.execute(query))
