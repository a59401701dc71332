"""Schema version 0007: the correlation of budget lines that have one source."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the coefficient; null, as in all budgets before: independent."""
    op.add_column("budget_component", sa.Column("correlation", sa.Double(), nullable=True))
