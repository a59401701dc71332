"""May these units be tested now: golden unit check, retest policy and holds, before anything is energised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from rig.bench.schema.bench import GoldenPart
from rig.errors import UsageRefused
from rig.products.product import Product
from rig.quality.golden.state import station_state
from rig.quality.holds.open_holds import open_holds
from rig.quality.retest import refuse_retest
from rig.records.production.selection import EOL, GOLDEN
from rig.records.store import RunStore

__all__ = ["EOL", "GOLDEN", "StationLocked", "kind_of", "refuse_units"]


class StationLocked(UsageRefused):
    """The station's golden unit check is due, or was out of control (exit 11)."""


def kind_of(scanned: Mapping[str, str], golden: GoldenPart | None) -> str:
    """Return the kind of a run: golden where its units are golden ones; raises UsageRefused for a mixture."""
    known = [number for number in scanned.values() if golden is not None and number in golden.units]
    if known and len(known) < len(scanned):
        others = [number for number in scanned.values() if number not in known]
        raise UsageRefused(
            f"{known[0]} is a golden unit and {others[0]} is not: they are not tested in one run",
            "test golden units alone, and mask the other positions",
        )
    return GOLDEN if known else EOL


def refuse_units(
    store: RunStore, station: str, scanned: Mapping[str, str], product: Product, golden: GoldenPart | None
) -> tuple[str, ...]:
    """Raise StationLocked where the golden unit check does not allow tests, RetestRefused for a unit tested too often.

    Golden units may always be tested: that is what unlocks a station. A bench that names none has no such check.
    Returns a sentence for each unit that is on hold: it has to be tested, so its tests before the hold do not count.
    """
    if kind_of(scanned, golden) == GOLDEN:
        return ()
    if golden is not None:
        now = datetime.now(UTC)
        units, positions = golden.units, tuple(scanned)
        state = station_state(store, station, now, golden_units=units, positions=positions, valid_h=golden.proof_h)
        if not state.may_test:
            raise StationLocked(state.why)
    holds = {
        hold.serial_number: hold for hold in open_holds(store, tuple(scanned.values())) if hold.product == product.name
    }
    for number in scanned.values():
        placed = holds[number].placed_utc if number in holds else None
        refuse_retest(store, number, product.name, product.retest, since=placed)
    return tuple(
        f"unit {each.serial_number} is ON HOLD since {each.placed_utc:%Y-%m-%d %H:%M} UTC ({each.reason}); "
        "a PASS of this test releases it"
        for each in holds.values()
    )
