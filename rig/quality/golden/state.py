"""Whether a station may test: its last golden unit check in control and young enough, from the records alone.

Nothing is stored for it. A station whose last complete check was out of control stays locked until a later one passes,
on any host that reads these records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from rig.quality.golden.drift import Drift, drift_of
from rig.records.production.measured import Measurement, Value
from rig.records.production.selection import EOL, GOLDEN, Selection
from rig.records.production.units import UnitTest
from rig.records.store import RunStore


class StationWord(StrEnum):
    """State of a station's golden unit check."""

    IN_CONTROL = "in control"
    DUE = "due"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """One complete test of a golden unit. ``drifts``: each reading that has a history, against its limits."""

    test: UnitTest
    drifts: tuple[Drift, ...]

    @property
    def out(self) -> tuple[Drift, ...]:
        """The readings outside their limits, the furthest first."""
        found = [drift for drift in self.drifts if drift.is_out]
        return tuple(sorted(found, key=lambda drift: -abs(drift.value - drift.centre) / drift.half_width))

    @property
    def in_control(self) -> bool:
        """Whether it passed, and every reading is inside its limits."""
        return self.test.passed and not self.out

    @property
    def why(self) -> str:
        """Say what is out of control; empty where nothing is."""
        if not self.test.passed:
            return (
                f"golden unit {self.test.serial_number} failed ({self.test.pareto_class}) at position {_at(self.test)}"
            )
        if not self.out:
            return ""
        more = f" (and {len(self.out) - 1} more)" if len(self.out) > 1 else ""
        return f"golden unit {self.test.serial_number} is out of control: {self.out[0].text}{more}"


@dataclass(frozen=True, slots=True)
class StationState:
    """Whether a station may test units. ``why`` says in one sentence why not, and what to do; empty where it may."""

    station: str
    word: StationWord
    why: str
    last: GoldenCheck | None = None

    @property
    def may_test(self) -> bool:
        """Whether units may be tested."""
        return self.word is StationWord.IN_CONTROL


def golden_checks(store: RunStore, station: str, golden_units: Collection[str] = ()) -> tuple[GoldenCheck, ...]:
    """Return the complete checks of a station, the oldest first.

    A check is a run of kind "golden", or an end-of-line test of one of ``golden_units`` (serial numbers). Tests that
    were stopped, or that the bench spoiled, are none.
    """
    chosen = [Selection(kind=GOLDEN, station=station)]
    chosen += [Selection(kind=EOL, station=station, serial_number=each) for each in sorted(golden_units)]
    tests = [test for each in chosen for test in store.unit_tests(each) if test.is_complete]
    if not tests:
        return ()
    wanted = Selection(kind="", run_ids=tuple({test.run_id for test in tests}))
    return checks_of(tests, store.values(wanted), store.references(wanted.run_ids))


def checks_of(
    tests: Iterable[UnitTest], values: Iterable[Value], references: dict[str, str]
) -> tuple[GoldenCheck, ...]:
    """Judge each test of a golden unit by those before it that were in control, the oldest first.

    ``references``: what the reference of a run was and how it was calibrated; another one begins a new history, as its
    calibration may move every reading.
    """
    of_test: defaultdict[tuple[str, int], dict[Measurement, Value]] = defaultdict(dict)
    for value in values:
        of_test[value.run_id, value.unit_number or 1][value.measurement] = value
    history: defaultdict[tuple[str, str, str, Measurement], list[float]] = defaultdict(list)
    found = []
    for test in sorted(tests, key=lambda test: (test.started_utc, test.run_id, test.unit_number)):
        own = of_test[test.run_id, test.unit_number]
        place = (test.serial_number, test.position, references.get(test.run_id, ""))
        drifts = [drift_of(value, test.position, history[*place, of], len(own)) for of, value in own.items()]
        check = GoldenCheck(test, tuple(drift for drift in drifts if drift is not None))
        found.append(check)
        if check.in_control:
            for of, value in own.items():
                history[*place, of].append(value.error_pct)
    return tuple(found)


def station_state(
    store: RunStore,
    station: str,
    now: datetime,
    *,
    golden_units: Collection[str] = (),
    positions: Sequence[str] = (),
    valid_h: float = 12.0,
) -> StationState:
    """Return whether a station may test: each of ``positions`` (all that were checked, where none is named) in control.

    ``valid_h``: hours for which a check holds, so that each shift begins with one.
    """
    return state_of(station, golden_checks(store, station, golden_units), now, positions=positions, valid_h=valid_h)


def state_of(
    station: str, checks: Sequence[GoldenCheck], now: datetime, *, positions: Sequence[str] = (), valid_h: float = 12.0
) -> StationState:
    """Return the state that the checks of a station, the oldest first, leave it in."""
    last: dict[str, GoldenCheck] = {check.test.position: check for check in checks}
    newest = checks[-1] if checks else None
    state = StationState(station, StationWord.IN_CONTROL, "", newest)
    named = f"station {station}" if station else "this station"
    out = [check for check in last.values() if not check.in_control and _is_wanted(check.test.position, positions)]
    if out:
        why = f"{named} is locked: {out[0].why}; find out why, then test the golden unit there again"
        return replace(state, word=StationWord.LOCKED, why=why, last=out[0])
    oldest = now - timedelta(hours=valid_h)
    due = [each for each in positions or last or ("",) if each not in last or last[each].test.started_utc < oldest]
    if due:
        where = f" at position {', '.join(due)}" if any(due) else ""
        why = f"the golden unit check of {named} is due{where}: test the golden unit there first"
        return replace(state, word=StationWord.DUE, why=why)
    return state


def _is_wanted(position: str, positions: Sequence[str]) -> bool:
    return not positions or position in positions


def _at(test: UnitTest) -> str:
    return test.position or "(not stated)"
