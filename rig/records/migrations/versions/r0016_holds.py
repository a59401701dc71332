"""Schema version 0016: units on hold."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from rig.records.columns import ROW_NUMBER, UtcTime
from rig.records.migrations.outboxed import append_only, sent_to_servers, uid_column

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of holds; empty, as in all databases before."""
    text = ("serial_number", "product", "placed_by", "cause", "cause_name", "reason")
    op.create_table(
        "hold",
        sa.Column("id", ROW_NUMBER, nullable=False),
        uid_column(),
        sa.Column("run_id", sa.String(36), sa.ForeignKey("run.id", name="fk_hold_run_id"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in text),
        sa.Column("placed_utc", UtcTime(), nullable=False),
        sa.Column("since_utc", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_hold"),
    )
    op.create_index("ix_hold_run_id", "hold", ["run_id"])
    op.create_index("ix_hold_serial_number", "hold", ["serial_number"])
    sent_to_servers("hold")
    append_only("hold")
