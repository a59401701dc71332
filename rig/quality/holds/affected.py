"""Which units are in doubt when a golden unit, reference or position is found out: all since its last good check."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rig.quality.golden.state import GoldenCheck, golden_checks
from rig.quality.yields import Unit, units_of
from rig.records.production.selection import Selection
from rig.records.production.units import UnitTest
from rig.records.store import RunStore
from rig.records.units.hold_record import HoldRecord


class Cause(StrEnum):
    """What was found out to be wrong."""

    GOLDEN = "golden"
    REFERENCE = "reference"
    POSITION = "position"


@dataclass(frozen=True, slots=True)
class Suspect:
    """What was found out. ``name``: serial number of a golden unit or reference, or a position; of one ``station``."""

    cause: Cause
    name: str
    station: str = ""

    @property
    def words(self) -> str:
        """Name it for people."""
        kind = {Cause.GOLDEN: "golden unit", Cause.REFERENCE: "reference", Cause.POSITION: "position"}[self.cause]
        return f"{kind} {self.name}" + (f" of station {self.station}" if self.station else "")


@dataclass(frozen=True, slots=True)
class Doubtful:
    """One unit in doubt: ``test`` is the one that decides over it; ``since_utc``: last good check, None for none."""

    unit: Unit
    test: UnitTest
    since_utc: datetime | None


def affected(
    store: RunStore, suspect: Suspect, golden_units: Collection[str] = (), since: datetime | None = None
) -> tuple[Doubtful, ...]:
    """Return the units whose deciding (last complete) test came after the last good check of ``suspect``.

    A good check is a complete test of a golden unit that was in control, at the same station: of a golden unit its own
    last one, of a position the last one there, of a reference the last one with it. Without any, all tests since
    the beginning are in doubt. ``since`` says itself when all was last known to be well. ``golden_units``: serial
    numbers whose end-of-line tests are checks.
    """
    tests = store.unit_tests(Selection(station=suspect.station), whole_units=True)
    units = [unit for unit in units_of(tests) if unit.first.serial_number not in golden_units]
    references = store.references(tuple({test.run_id for test in tests})) if suspect.cause is Cause.REFERENCE else {}
    stations = {unit.last.station for unit in units}
    good = {station: _good_checks(store, suspect, station, golden_units) for station in stations}
    if suspect.cause is Cause.GOLDEN:
        used = {station for station in stations if _was_used(store, suspect.name, station, golden_units)}
    else:
        used = stations
    found = []
    for unit in units:
        test = unit.last
        if test.station not in used or not _is_about(test, suspect, references):
            continue
        last_good = since or _last_good(good[test.station], test, suspect)
        if last_good is None or test.started_utc > last_good:
            found.append(Doubtful(unit, test, last_good))
    return tuple(sorted(found, key=lambda each: each.test.started_utc))


def holds_of(
    found: Sequence[Doubtful], suspect: Suspect, reason: str, placed_by: str, now: datetime
) -> tuple[HoldRecord, ...]:
    """Return what puts the units on hold."""
    return tuple(
        HoldRecord(
            serial_number=each.test.serial_number,
            product=each.test.product,
            placed_utc=now,
            placed_by=placed_by,
            cause=str(suspect.cause),
            cause_name=suspect.name,
            reason=reason or f"{suspect.words} was found out",
            run_id=each.test.run_id,
            since_utc=each.since_utc,
        )
        for each in found
    )


def _good_checks(
    store: RunStore, suspect: Suspect, station: str, golden_units: Collection[str]
) -> tuple[GoldenCheck, ...]:
    named = {*golden_units, suspect.name} if suspect.cause is Cause.GOLDEN else golden_units
    checks = [check for check in golden_checks(store, station, named) if check.in_control]
    if suspect.cause is Cause.GOLDEN:
        checks = [check for check in checks if check.test.serial_number == suspect.name]
    if suspect.cause is Cause.REFERENCE:
        references = store.references(tuple({check.test.run_id for check in checks}))
        checks = [check for check in checks if _names(references.get(check.test.run_id, ""), suspect.name)]
    return tuple(checks)


def _last_good(checks: Sequence[GoldenCheck], test: UnitTest, suspect: Suspect) -> datetime | None:
    """Return the time of the last good check; one position says nothing of another, but a reference serves them all."""
    times = [
        check.test.started_utc
        for check in checks
        if suspect.cause is Cause.REFERENCE or check.test.position == test.position
    ]
    return max(times, default=None)


def _was_used(store: RunStore, golden_unit: str, station: str, golden_units: Collection[str]) -> bool:
    checks = golden_checks(store, station, {*golden_units, golden_unit})
    return any(check.test.serial_number == golden_unit for check in checks)


def _is_about(test: UnitTest, suspect: Suspect, references: dict[str, str]) -> bool:
    if suspect.station and test.station != suspect.station:
        return False
    if suspect.cause is Cause.POSITION:
        return test.position == suspect.name
    return suspect.cause is Cause.GOLDEN or _names(references.get(test.run_id, ""), suspect.name)


def _names(reference: str, name: str) -> bool:
    """Whether a reference, as ``references`` gives it, has this serial number, or this identity without one."""
    return reference == name or reference.startswith(f"{name} ")
