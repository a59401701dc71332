"""What the records say before units are tested: the golden unit check of the station, the retest policy, and holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from rig.errors import UsageRefused
from rig.products.product import Product
from rig.quality.golden.state import StationState, station_state
from rig.quality.holds.open_holds import open_holds
from rig.quality.retest import refuse_retest
from rig.records.store import RunStore


class StationLocked(UsageRefused):
    """The golden unit check of a station is out of control or due: no unit is tested (exit 11), as ``state`` says."""

    def __init__(self, state: StationState) -> None:
        super().__init__(state.why)
        self.state = state


def admit_by_record(
    store: RunStore,
    product: Product,
    serial_numbers: Iterable[str],
    *,
    station: str,
    now: datetime,
    golden_units: Collection[str] = (),
    positions: Sequence[str] = (),
    valid_h: float = 12.0,
) -> tuple[str, ...]:
    """Refuse units that may not be tested now; returns a sentence for each that is on hold, which a PASS releases.

    A station without ``golden_units`` has no check. Golden units themselves are always admitted: they unlock a
    station. Raises StationLocked and RetestRefused.
    """
    tested = [each for each in serial_numbers if each not in golden_units]
    if not tested:
        return ()
    if golden_units:
        state = station_state(store, station, now, golden_units=golden_units, positions=positions, valid_h=valid_h)
        if not state.may_test:
            raise StationLocked(state)
    holds = [hold for hold in open_holds(store, tested) if hold.product == product.name]
    on_hold = {hold.serial_number: hold for hold in holds}
    for each in tested:
        placed = on_hold[each].placed_utc if each in on_hold else None
        refuse_retest(store, each, product.name, product.retest, since=placed)
    return tuple(
        f"unit {each.serial_number} is ON HOLD since {each.placed_utc:%Y-%m-%d %H:%M} UTC ({each.reason}); "
        "a PASS of this test releases it"
        for each in holds
    )
