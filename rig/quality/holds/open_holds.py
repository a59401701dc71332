"""Which units are on hold now: put on hold, and not passed in a test that began after that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from rig.records.production.selection import Selection
from rig.records.store import RunStore
from rig.records.units.hold_record import HoldRecord


def open_holds(store: RunStore, serial_numbers: Collection[str] | None = None) -> tuple[HoldRecord, ...]:
    """Return the holds that stand, one for each unit: its newest; ``serial_numbers``: of these units only.

    A hold ends with the unit's next complete test that passed. A test that failed leaves it.
    """
    newest: dict[tuple[str, str], HoldRecord] = {}
    for hold in store.holds(serial_numbers):
        newest[hold.serial_number, hold.product] = hold
    passed: defaultdict[tuple[str, str], list[datetime]] = defaultdict(list)
    if newest:
        oldest = min(hold.placed_utc for hold in newest.values())
        only = next(iter(newest))[0] if len(newest) == 1 else ""
        for test in store.unit_tests(Selection(serial_number=only, since_utc=oldest)):
            if test.passed:
                passed[test.unit].append(test.started_utc)
    return tuple(hold for unit, hold in newest.items() if not any(time > hold.placed_utc for time in passed[unit]))
