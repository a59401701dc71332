"""Schema version 0004: the system type of each load point."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the system type; null in points before, which were all of type 40."""
    op.add_column("point", sa.Column("system_type", sa.Integer(), nullable=True))
