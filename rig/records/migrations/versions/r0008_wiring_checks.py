"""Schema version 0008: checks of a meter's wiring, and load points whose currents differ."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; null, as in all points before: the currents are equal."""
    op.add_column("point", sa.Column("currents_pct", sa.JSON(), nullable=True))
    op.create_table(
        "wiring_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("time_utc", sa.String(32), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("suspect", sa.Text(), nullable=False),
        sa.Column("faults", sa.JSON(), nullable=False),
        sa.Column("pictures", sa.JSON(), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_wiring_check_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wiring_check")),
    )
    op.create_index(op.f("ix_wiring_check_run_id"), "wiring_check", ["run_id"])
    if op.get_bind().dialect.name == "sqlite":
        for what in ("DELETE", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER no_{what.lower()}_of_wiring_check BEFORE {what} ON wiring_check "
                f"BEGIN SELECT RAISE(ABORT, 'records are append-only'); END"
            )
