"""Schema version 0005: how much of its suite a run was to cover, and the source that a finding cites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; null, as in all runs before: not recorded."""
    op.add_column("run", sa.Column("programme", sa.JSON(), nullable=True))
    op.add_column("finding", sa.Column("cites", sa.Text(), nullable=True))
