"""Schema version 0015: a key of each row that holds in any database, the outbox, and attempts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from rig.records.columns import ROW_NUMBER, UID, UtcTime
from rig.records.migrations.outboxed import append_only, sent_to_servers, uid_column
from rig.uid import new_uid, uid_of

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_RUN = "run ON t.run_id = run.id"
_POINT = "point ON t.point_id = point.id JOIN run ON point.run_id = run.id"
_RESULT = "result ON t.result_id = result.id JOIN point ON result.point_id = point.id JOIN run ON point.run_id = run.id"
_JUDGEMENT = "judgement ON t.judgement_id = judgement.id JOIN run ON judgement.run_id = run.id"
_TABLES = {
    "run": ("", "id"), "run_plan": (_RUN, "run_id"), "unit": (_RUN, "id"), "instrument_use": (_RUN, "id"),
    "point": (_RUN, "id"), "set_aside": (_POINT, "point_id"), "reference_reading": (_POINT, "id"),
    "meter_reading": (_POINT, "id"), "measurement": (_POINT, "id"), "result": (_POINT, "id"),
    "budget_component": (_RESULT, "id"), "finding": (_RUN, "id"), "saved_value": (_RUN, "id"),
    "wiring_check": (_RUN, "id"), "event": (_RUN, "id"), "artifact": (_RUN, "id"), "item_done": (_RUN, "id"),
    "certificate": (_RUN, "id"), "judgement": (_RUN, "id"), "judged_again": (_JUDGEMENT, "id"),
    "guardian_entry": ("", "id"),
}  # fmt: skip
"""Tables, owners before what they own; of each, how its run is found, and its key."""

_CHANGED = ("run", "point")
_CHUNK = 5000


def upgrade() -> None:
    """Add the keys, the same ones in each copy of a database, and put all rows into the outbox."""
    _make_tables()
    for table, (owner, key) in _TABLES.items():
        op.add_column(table, uid_column())
        _name_old_rows(table, owner, key)
        sent_to_servers(table, changes=table in _CHANGED)
        _put_into_the_outbox(table, key, is_change=False)
    for table in _CHANGED:
        _put_into_the_outbox(table, "id", is_change=True)
    if op.get_bind().dialect.name == "postgresql":
        _widen_row_numbers()


def _make_tables() -> None:
    number = sa.Column("n", ROW_NUMBER, nullable=False)
    op.create_table(
        "outbox",
        number,
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_uid", UID, nullable=False),
        sa.Column("is_change", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("n", name="pk_outbox"),
    )
    append_only("outbox")
    op.create_table(
        "outbox_sent",
        sa.Column("destination", UID, nullable=False),
        sa.Column("n", ROW_NUMBER, nullable=False),
        sa.Column("time_utc", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("destination", name="pk_outbox_sent"),
    )
    op.create_table(
        "outbox_refused",
        sa.Column("destination", UID, nullable=False),
        sa.Column("n", ROW_NUMBER, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time_utc", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("destination", "n", name="pk_outbox_refused"),
    )
    identity = op.create_table(
        "identity",
        sa.Column("uid", UID, nullable=False),
        sa.Column("time_utc", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("uid", name="pk_identity"),
    )
    op.bulk_insert(identity, [{"uid": new_uid(), "time_utc": datetime.now(UTC)}])
    text = ("kind", "station", "operator", "scanned", "product")
    op.create_table(
        "attempt",
        sa.Column("id", ROW_NUMBER, nullable=False),
        uid_column(),
        sa.Column("run_id", sa.String(36), nullable=True),
        sa.Column("time_utc", UtcTime(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in text),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("process", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
    )
    op.create_index("ix_attempt_run_id", "attempt", ["run_id"])
    sent_to_servers("attempt", changes=True)
    append_only("attempt", ["DELETE"])
    append_only("attempt", ["UPDATE"], "WHEN OLD.run_id IS NOT NULL OR OLD.reason IS NOT NULL")


def _name_old_rows(table: str, owner: str, key: str) -> None:
    """Give each row the key that follows from its run and its place there: two copies of a database give the same."""
    connection, rows_of = op.get_bind(), _columns_of(table, key)
    if connection.scalar(sa.select(rows_of.c[key]).limit(1)) is None:
        return
    guard = _taken_away(connection, f"no_update_of_{table}")
    run, begun = ("t.id", "t.started_utc") if table == "run" else ("run.id", "run.started_utc")
    if table == "guardian_entry":
        run, begun = "''", "t.time_utc"
    wanted = {"row_key": f"t.{key}", "run_key": run, "begun": begun}
    columns: list[sa.ColumnElement[Any]] = [sa.literal_column(place).label(name) for name, place in wanted.items()]
    found = sa.select(*columns).select_from(sa.text(f"{table} t" + (f" JOIN {owner}" if owner else "")))
    named = sa.update(rows_of).where(rows_of.c[key] == sa.bindparam("row_key")).values(uid=sa.bindparam("new"))
    rows = connection.execute(found).all()
    for start in range(0, len(rows), _CHUNK):
        connection.execute(named, [_named(table, row) for row in rows[start : start + _CHUNK]])
    for statement in guard:
        op.execute(sa.text(statement.replace(":", r"\:")))


def _columns_of(table: str, key: str) -> sa.TableClause:
    return sa.table(table, sa.column(key), sa.column("uid", UID))


def _put_into_the_outbox(table: str, key: str, *, is_change: bool) -> None:
    rows_of = _columns_of(table, key)
    box = sa.table("outbox", sa.column("table_name"), sa.column("row_uid", UID), sa.column("is_change", sa.Boolean()))
    rows = sa.select(sa.literal(table), rows_of.c.uid, sa.literal(is_change)).order_by(rows_of.c[key])
    op.get_bind().execute(sa.insert(box).from_select(["table_name", "row_uid", "is_change"], rows))


def _named(table: str, row: sa.Row[Any]) -> dict[str, object]:
    begun = datetime.fromisoformat(row.begun) if row.begun else None
    text = f"guardian_entry {row.row_key}" if table == "guardian_entry" else f"{row.run_key} {table} {row.row_key}"
    return {"new": uid_of(begun, text), "row_key": row.row_key}


def _taken_away(connection: sa.Connection, trigger: str) -> list[str]:
    """Remove a trigger of SQLite; returns the statement that makes it again, if there was one."""
    if connection.dialect.name != "sqlite":
        return []
    made = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    found = list(connection.scalars(made, {"name": trigger}))
    if found:
        op.execute(f"DROP TRIGGER {trigger}")
    return found


def _widen_row_numbers() -> None:
    """Let a server count beyond 2 147 483 647 rows."""
    for table, column in _row_numbers():
        op.alter_column(table, column, type_=sa.BigInteger())
        if column == "id":
            op.execute(f"ALTER SEQUENCE {table}_id_seq AS BIGINT")


def _row_numbers() -> Iterator[tuple[str, str]]:
    owners = {"set_aside": "point_id", "budget_component": "result_id", "judged_again": "judgement_id"}
    owners |= dict.fromkeys(("reference_reading", "meter_reading", "measurement", "result"), "point_id")
    for table in _TABLES:
        if table not in ("run", "run_plan", "set_aside", "guardian_entry"):
            yield table, "id"
        if table in owners:
            yield table, owners[table]
