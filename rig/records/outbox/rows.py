"""Rows on their way: read from the database that recorded them, and written where keys of rows are others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    Column,
    Connection,
    Executable,
    Select,
    Table,
    and_,
    bindparam,
    or_,
    select,
    update,
)

from rig.records import tables

TABLES: Mapping[str, Table] = {
    table.name: table for table in tables.METADATA.sorted_tables if "uid" in table.c and table is not tables.IDENTITY
}
"""What is sent, owners before what they own."""

CHANGING: Mapping[str, tuple[str, ...]] = {
    "run": ("finished_utc", "outcome", "exit_code"),
    "point": ("finished_utc", "outcome"),
    "attempt": ("run_id", "reason"),
}
"""Tables whose rows are changed, and the columns that are NULL until what a row stands for has come to its end."""

_NUL, _SHOWN_NUL = "\0", "\u2400"  # PostgreSQL stores no NUL: it gets the symbol for it

SentRow = dict[str, Any]  # Any: of any column


@dataclass(slots=True)
class Batch:
    """Rows to be sent in one transaction, by table; ``numbers``: of a row's first entry of the outbox among them.

    ``last``: number of the last entry of all.
    """

    last: int = 0
    entries: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    added: dict[str, list[SentRow]] = field(default_factory=dict)
    changed: dict[str, list[SentRow]] = field(default_factory=dict)

    def statements(self, dialect: str) -> Iterable[tuple[Executable, SentRow]]:
        """Return what writes each row into a database of this kind, in an order in which owners come first."""
        for name in TABLES:
            for row in self.added.get(name, ()):
                yield _insertion(name, dialect), row
        for name in TABLES:
            for row in self.changed.get(name, ()):
                yield _change(name), row

    def write(self, connection: Connection) -> None:
        """Write all rows; one that is there already is left as it is, and a change takes its place."""
        for name in TABLES:
            if rows := self.added.get(name):
                connection.execute(_insertion(name, connection.dialect.name), rows)
        for name in TABLES:
            if rows := self.changed.get(name):
                connection.execute(_change(name), rows)


def read_batch(connection: Connection, after: int, most: int) -> Batch:
    """Read what the outbox has after an entry, ``most`` entries at the most.

    Of a row that has ended meanwhile the end is left out, unless it is among these entries: it is sent after all that
    was recorded before it. So no run is seen as passed where a part of it has not arrived.
    """
    box = tables.OUTBOX
    entries = connection.execute(select(box).where(box.c.n > after).order_by(box.c.n).limit(most)).all()
    if not entries:
        return Batch(after)
    batch = Batch(entries[-1].n, len(entries), {entry.row_uid: entry.n for entry in reversed(entries)})
    for name in {entry.table_name for entry in entries} & TABLES.keys():
        of_table = [entry for entry in entries if entry.table_name == name]
        added = dict.fromkeys(entry.row_uid for entry in of_table if not entry.is_change)
        changed = dict.fromkeys(entry.row_uid for entry in of_table if entry.is_change)
        rows = _read(connection, name, added | changed)
        batch.added[name] = [_unended(name, rows[uid]) for uid in added if uid in rows]
        batch.changed[name] = [rows[uid] for uid in changed if uid in rows]
    return batch


def read_entries(connection: Connection, numbers: Sequence[int]) -> Batch:
    """Read the rows of some entries as they are now."""
    box = tables.OUTBOX
    entries = connection.execute(select(box).where(box.c.n.in_(numbers)).order_by(box.c.n)).all()
    batch = Batch(entries=len(entries), numbers={entry.row_uid: entry.n for entry in entries})
    for name in {entry.table_name for entry in entries} & TABLES.keys():
        wanted = dict.fromkeys(entry.row_uid for entry in entries if entry.table_name == name)
        rows = _read(connection, name, wanted)
        found = [rows[uid] for uid in wanted if uid in rows]
        batch.added[name] = [_unended(name, row) for row in found]
        batch.changed[name] = found if name in CHANGING else []
    return batch


def _read(connection: Connection, name: str, uids: Collection[str]) -> dict[str, SentRow]:
    found = connection.execute(_selection(name).where(TABLES[name].c.uid.in_(uids))).mappings()
    return {row["v_uid"]: {key: _storable(value) for key, value in row.items()} for row in found}


def _unended(name: str, row: SentRow) -> SentRow:
    return row | {f"v_{column}": None for column in CHANGING.get(name, ())}


def _storable(value: Any) -> Any:  # Any: of any column
    if isinstance(value, str):
        return value.replace(_NUL, _SHOWN_NUL)
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return value


@cache
def _selection(name: str) -> Select[Any]:
    table = TABLES[name]
    columns = [column.label(f"v_{column.name}") for column in table.c if _is_sent(column)]
    source: Any = table  # Any: a table or a join
    for column in table.c:
        if (owner := _owner(column)) is not None:
            parent = owner.alias(f"owner_{column.name}")
            source = source.outerjoin(parent, column == parent.c.id)
            columns.append(parent.c.uid.label(f"v_{column.name}"))
    return select(*columns).select_from(source)


@cache
def _insertion(name: str, dialect: str) -> Executable:
    from sqlalchemy.dialects import postgresql, sqlite

    table = TABLES[name]
    values: dict[str, Any] = {column.name: _value(column) for column in table.c if _is_sent(column)}
    for column in table.c:
        if (owner := _owner(column)) is not None:
            of_owner = owner.c.uid == bindparam(f"v_{column.name}", type_=owner.c.uid.type)
            values[column.name] = select(owner.c.id).where(of_owner).scalar_subquery()
    of = postgresql.insert if dialect == "postgresql" else sqlite.insert
    insertion: Executable = of(table).values(values).on_conflict_do_nothing(index_elements=["uid"])
    return insertion


@cache
def _change(name: str) -> Executable:
    table = TABLES[name]
    values = {
        column.name: _value(column)
        for column in table.c
        if _is_sent(column) and not column.primary_key and column.name != "uid" and not column.foreign_keys
    }
    ends = [table.c[column] for column in CHANGING[name]]
    has_not_ended = and_(*(column.is_(None) for column in ends))
    differs = or_(*(column.is_distinct_from(_value(column)) for column in ends))  # the end of a resumed run is another
    is_it = table.c.uid == bindparam("v_uid", type_=table.c.uid.type)
    return update(table).where(is_it, or_(has_not_ended, differs)).values(values)


def _value(column: Column[Any]) -> BindParameter[Any]:
    """Return the parameter of a column; no value is NULL, not JSON's null."""
    kind = JSON(none_as_null=True) if isinstance(column.type, JSON) and column.nullable else column.type
    return bindparam(f"v_{column.name}", type_=kind)


def _is_sent(column: Column[Any]) -> bool:
    """Whether a column has the same value in any database: row numbers have not."""
    is_row_number = column.name == "id" and column.type.python_type is int
    return not is_row_number and _owner(column) is None


def _owner(column: Column[Any]) -> Table | None:
    """Return the table whose row number a column holds, None of any other."""
    for key in column.foreign_keys:
        if key.column.type.python_type is int:
            return key.column.table
    return None
