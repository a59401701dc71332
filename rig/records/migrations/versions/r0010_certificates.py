"""Schema version 0010: the certificates that were issued of runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of certificates; empty, as in all databases before."""
    op.create_table(
        "certificate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("unit_number", sa.Integer(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_utc", sa.String(32), nullable=False),
        sa.Column("amends", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parties", sa.JSON(), nullable=False),
        sa.Column("pdf_sha256", sa.Text(), nullable=False),
        sa.Column("results_sha256", sa.Text(), nullable=False),
        sa.Column("raw_data_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificate"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_certificate_run_id"),
        sa.UniqueConstraint("number", name="uq_certificate_number"),
    )
    op.create_index("ix_certificate_run_id", "certificate", ["run_id"])
    if op.get_bind().dialect.name == "sqlite":
        for what in ("DELETE", "UPDATE"):
            op.execute(
                f"CREATE TRIGGER no_{what.lower()}_of_certificate BEFORE {what} ON certificate "
                "BEGIN SELECT RAISE(ABORT, 'records are append-only'); END"
            )
