"""Schema version 0014: product and lot of a run, the scanned serial number of a unit, and classes of failures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ADDED = (
    ("run", "product"), ("run", "lot"), ("unit", "scanned"), ("finding", "failure_class"), ("result", "failure_class"),
)  # fmt: skip


def upgrade() -> None:
    """Add the columns; null, as in all rows before: not recorded."""
    for table, column in _ADDED:
        op.add_column(table, sa.Column(column, sa.Text(), nullable=True))
