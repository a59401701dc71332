"""A run that follows an adjustment of the meter is linked to the one that found it before: as found and as left."""

from __future__ import annotations

from collections.abc import Collection

from rig.bench import Bench
from rig.errors import UsageRefused
from rig.records.data import RunRecord
from rig.records.store import RunStore


class NotTheAdjustedMeter(UsageRefused):
    """The meter on the bench is not the one that the earlier run found (exit 11); serial numbers of both."""

    def __init__(self, run_id: str, then: Collection[str], now: Collection[str]) -> None:
        super().__init__(
            f"run {run_id[:8]} found meter {', '.join(then) or 'without a serial number'}, and the bench has "
            f"{', '.join(now) or 'none'}; as found and as left are of one meter: name the run of this one"
        )
        self.then, self.now = tuple(then), tuple(now)


def run_before(reference: str, records: str) -> RunRecord:
    """Return the run that ``reference`` names; raises NoSuchRun, and UsageRefused for one that judged nothing."""
    with RunStore.open_to_read(records) as store:
        run = store.run(reference)
    if not any(point.results for point in run.points):
        raise UsageRefused(f"run {run.run_id[:8]} judged nothing, so it does not say how the meter was found")
    return run


def refuse_another_meter(store: RunStore, reference: str, bench: Bench) -> None:
    """Raise NotTheAdjustedMeter where no meter on the bench has a serial number of the run ``reference``."""
    run = store.run(reference)
    then = [unit.serial_number for unit in run.units]
    now = [position.identity.serial_number for position in bench.positions]
    if not set(then) & set(now):
        raise NotTheAdjustedMeter(run.run_id, then, now)
