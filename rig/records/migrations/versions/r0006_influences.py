"""Schema version 0006: what a result compares with what, and the waveform of each load point."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add condition, basis and waveform; null, as in all runs before: nothing was changed, and sinusoidal."""
    op.add_column("result", sa.Column("condition", sa.Text(), nullable=True))
    op.add_column("result", sa.Column("basis", sa.Text(), nullable=True))
    op.add_column("point", sa.Column("waveform", sa.Text(), nullable=True))
