"""Schema version 0002: load points with voltages of their own by phase; null, as in all points before, is balanced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what each phase has of the voltage, percent, and how far it is turned, degrees: lists of three."""
    op.add_column("point", sa.Column("voltages_pct", sa.JSON(), nullable=True))
    op.add_column("point", sa.Column("voltage_shift_deg", sa.JSON(), nullable=True))
