"""Schema version 0012: what a run was to do, what of it is done, and which load points do not count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from rig.records.columns import UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_TAKES_THE_END_BACK = (
    "NEW.finished_utc IS NULL AND NEW.outcome IS NULL AND NEW.exit_code IS NULL AND NEW.id = OLD.id "
    "AND NEW.started_utc = OLD.started_utc AND EXISTS (SELECT 1 FROM run_plan WHERE run_id = OLD.id)"
)
"""The one change of a run that has ended which is permitted: a run with a plan goes on."""


def upgrade() -> None:
    """Add the tables run_plan, item_done and set_aside, and each point's step; runs before have none of these."""
    op.add_column("point", sa.Column("step", sa.Text(), nullable=True))
    op.create_table(
        "run_plan",
        sa.Column("run_id", sa.String(36), sa.ForeignKey("run.id", name="fk_run_plan_run_id"), nullable=False),
        sa.Column("bench_path", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_run_plan"),
    )
    op.create_table(
        "item_done",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), sa.ForeignKey("run.id", name="fk_item_done_run_id"), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("time_utc", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_item_done"),
    )
    op.create_index("ix_item_done_run_id", "item_done", ["run_id"])
    op.create_table(
        "set_aside",
        sa.Column("point_id", sa.Integer(), sa.ForeignKey("point.id", name="fk_set_aside_point_id"), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("time_utc", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("point_id", name="pk_set_aside"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for table in ("run_plan", "item_done", "set_aside"):
            _forbid(f"no_delete_of_{table}", f"DELETE ON {table}")
            _forbid(f"no_update_of_{table}", f"UPDATE ON {table}")
        op.execute("DROP TRIGGER no_update_of_run")
        _forbid("no_update_of_run", f"UPDATE ON run WHEN OLD.finished_utc IS NOT NULL AND NOT ({_TAKES_THE_END_BACK})")


def _forbid(name: str, what: str) -> None:
    op.execute(f"CREATE TRIGGER {name} BEFORE {what} BEGIN SELECT RAISE(ABORT, 'records are append-only'); END")
