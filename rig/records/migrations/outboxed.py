"""What a migration does for a table that is sent to servers: its column ``uid``, and the triggers of the outbox."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from rig.records.columns import UID

_APPEND_ONLY = "BEGIN SELECT RAISE(ABORT, 'records are append-only'); END"


def uid_column() -> sa.Column[str]:
    """Make the column for ``op.create_table``; ``sent_to_servers`` makes its index."""
    return sa.Column("uid", UID, nullable=True)


def sent_to_servers(table: str, *, changes: bool = False) -> None:
    """Have every row that is added to a table, which has a column ``uid``, in the outbox, in the same transaction.

    ``changes``: rows are changed too, and each change is sent.
    """
    op.create_index(f"ix_{table}_uid", table, ["uid"], unique=True)
    if op.get_bind().dialect.name == "sqlite":
        _write_to_the_outbox(table, "outbox_of", "INSERT", is_change=0)
        if changes:
            _write_to_the_outbox(table, "outbox_of_changed", "UPDATE", is_change=1)


def append_only(table: str, what: Iterable[str] = ("DELETE", "UPDATE"), when: str = "") -> None:
    """Forbid what would change or remove rows of a table, in SQLite; ``when``: with a condition of its own."""
    if op.get_bind().dialect.name == "sqlite":
        for each in what:
            op.execute(f"CREATE TRIGGER no_{each.lower()}_of_{table} BEFORE {each} ON {table} {when} {_APPEND_ONLY}")


def _write_to_the_outbox(table: str, name: str, event: str, is_change: int) -> None:
    values = f"VALUES ('{table}', NEW.uid, {is_change})"
    op.execute(
        f"CREATE TRIGGER {name}_{table} AFTER {event} ON {table} "
        f"BEGIN INSERT INTO outbox (table_name, row_uid, is_change) {values}; END"
    )
