"""The values of one measurement at one position, in the order of production: what charts and indices are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rig.quality.yields import Unit
from rig.records.production.measured import Measurement, Value
from rig.records.production.units import UnitTest


@dataclass(frozen=True, slots=True)
class Series:
    """Errors in percent of one measurement at one position of one station, the oldest first, one for each unit.

    ``limit_pct``: the half-width L that the newest value was judged by, None where none was; ``limit_changed``: an
    earlier one was judged by another.
    """

    measurement: Measurement
    station: str
    position: str
    values: tuple[float, ...]
    times: tuple[datetime, ...]
    serial_numbers: tuple[str, ...]
    limit_pct: float | None
    limit_changed: bool

    @property
    def place(self) -> str:
        """Station and position in words."""
        return " ".join(word for word in (self.station, self.position) if word) or "any position"


def series_of(values: Iterable[Value], tests: Iterable[UnitTest]) -> tuple[Series, ...]:
    """Sort the values of ``tests`` by measurement, station and position; values of other tests are left out.

    Of several values of one measurement in one test the last counts.
    """
    of_test = {(test.run_id, test.unit_number): test for test in tests}
    found: defaultdict[tuple[Measurement, str, str], dict[tuple[str, int], tuple[UnitTest, Value]]] = defaultdict(dict)
    for value in values:
        key = (value.run_id, value.unit_number or 1)
        test = of_test.get(key)
        if test is not None:
            found[value.measurement, test.station, test.position][key] = (test, value)
    return tuple(_series(*key, list(found[key].values())) for key in sorted(found))


def first_tests(units: Iterable[Unit], *, only_passed: bool = False) -> tuple[UnitTest, ...]:
    """Return the test of each unit whose values count: the first complete one, so that a unit counts once."""
    firsts = (unit.first for unit in units)
    return tuple(test for test in firsts if test.passed or not only_passed)


def _series(measurement: Measurement, station: str, position: str, found: list[tuple[UnitTest, Value]]) -> Series:
    found.sort(key=lambda pair: (pair[1].time_utc, pair[0].unit_number))
    limits = [value.limit_pct for _, value in found if value.limit_pct is not None]
    return Series(
        measurement=measurement,
        station=station,
        position=position,
        values=tuple(value.error_pct for _, value in found),
        times=tuple(value.time_utc for _, value in found),
        serial_numbers=tuple(test.serial_number for test, _ in found),
        limit_pct=limits[-1] if limits else None,
        limit_changed=len(set(limits)) > 1,
    )


def subgroups_of(series: Series, names: Sequence[str]) -> tuple[tuple[str, ...], tuple[tuple[float, ...], ...]]:
    """Put the values of one name (a shift, a lot) together; ``names`` has one for each value, in their order."""
    groups: dict[str, list[float]] = {}
    for name, value in zip(names, series.values, strict=True):
        groups.setdefault(name, []).append(value)
    return tuple(groups), tuple(tuple(group) for group in groups.values())
