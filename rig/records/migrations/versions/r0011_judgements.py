"""Schema version 0011: what a judgement needs beside the readings, and later judgements of a run."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TYPES: dict[str, TypeEngine[Any]] = {
    "int": sa.Integer(),
    "text": sa.Text(),
    "number": sa.Double(),
    "json": sa.JSON(),
    "time": sa.String(32),
}
_TABLES = {
    "measurement": ("point_id", "procedure:text data:json"),
    "judgement": (
        "run_id",
        "made_utc:time software_version:text standard:text decision_rule:text outcome:text correction:json? "
        "operator:text left_out:json",
    ),
    "judged_again": (
        "judgement_id",
        "point_number:int was:text? unit_number:int? procedure:text instance:int quantity:text phase:text "
        "read_value:number? expected_value:number? unit:text error_pct:number? expanded_uncertainty_pct:number? "
        "k:number? nu_eff:number? n:int limit_pct:number? guard_band_pct:number? limit:json? decision_rule:text "
        "outcome:text conformance_probability:number? reason:text components:json condition:text basis:text",
    ),
}


def upgrade() -> None:
    """Add all of it; null, as in all runs before: such a run cannot be judged once more."""
    op.add_column("run", sa.Column("judged_with", sa.JSON(), nullable=True))
    op.add_column("run", sa.Column("after_adjustment_of", sa.Text(), nullable=True))
    for table, (owner, columns) in _TABLES.items():
        of = owner.removesuffix("_id")
        named = [column.partition(":")[::2] for column in columns.split()]
        op.create_table(
            table,
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column(owner, sa.String(36) if of == "run" else sa.Integer(), nullable=False),
            *(sa.Column(name, _TYPES[kind.rstrip("?")], nullable=kind.endswith("?")) for name, kind in named),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.ForeignKeyConstraint([owner], [f"{of}.id"], name=f"fk_{table}_{owner}"),
        )
        op.create_index(f"ix_{table}_{owner}", table, [owner])
        if op.get_bind().dialect.name == "sqlite":
            for what in ("DELETE", "UPDATE"):
                op.execute(
                    f"CREATE TRIGGER no_{what.lower()}_of_{table} BEFORE {what} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'records are append-only'); END"
                )
