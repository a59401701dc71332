"""Schema version 0003: the air at each load point, and what each instrument's calibration was worth in the run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add temperature in degrees Celsius and relative humidity in percent; null, as in all points before: no probe."""
    op.add_column("point", sa.Column("temperature_c", sa.Double(), nullable=True))
    op.add_column("point", sa.Column("humidity_pct", sa.Double(), nullable=True))
    op.add_column("instrument_use", sa.Column("calibration_status", sa.Text(), nullable=True))
