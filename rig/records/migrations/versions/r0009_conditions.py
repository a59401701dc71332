"""Schema version 0009: air pressure, and each reference condition of a load point with limit and uncertainty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both; null, as in all points before: not recorded."""
    op.add_column("point", sa.Column("pressure_hpa", sa.Double(), nullable=True))
    op.add_column("point", sa.Column("conditions", sa.JSON(), nullable=True))
