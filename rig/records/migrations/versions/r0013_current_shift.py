"""Schema version 0013: load points whose currents are turned by angles of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the angles; null, as in all points before: none is turned."""
    op.add_column("point", sa.Column("current_shift_deg", sa.JSON(), nullable=True))
