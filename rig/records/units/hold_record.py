"""One unit put on hold, as it is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRecord:
    """One unit put on hold. ``cause``: golden, reference or position; ``cause_name``: which one was found out.

    ``run_id``: the test of the unit that is in doubt; ``since_utc``: the last good check before, None where there
    was none; ``placed_by``: who decided it.
    """

    serial_number: str
    product: str
    placed_utc: datetime
    placed_by: str
    cause: str
    cause_name: str
    reason: str
    run_id: str
    since_utc: datetime | None = None
