"""First-pass and final yield: each unit once, its retests counted as what they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from rig.quality.numbers.proportion import Proportion
from rig.records.production.selection import Selection
from rig.records.production.units import UnitTest

NOT_STATED = "(not stated)"


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit with all its complete tests, the oldest first; ``incomplete``: how many tests said nothing of it."""

    tests: tuple[UnitTest, ...]
    incomplete: int = 0

    @property
    def first(self) -> UnitTest:
        """Its first complete test: the first pass."""
        return self.tests[0]

    @property
    def last(self) -> UnitTest:
        """Its last complete test."""
        return self.tests[-1]

    @property
    def first_failure(self) -> UnitTest | None:
        """Its first test that it failed."""
        return next((test for test in self.tests if not test.passed), None)


@dataclass(frozen=True, slots=True)
class Yield:
    """Yield of some units. ``retested``: units with more than one complete test; ``incomplete``: tests left out."""

    name: str
    first_pass: Proportion
    final: Proportion
    tests: int
    retested: int
    incomplete: int


@dataclass(frozen=True, slots=True)
class ParetoLine:
    """One failure class: how many units, their share of all that failed, and the share with the classes before."""

    failure_class: str
    units: int
    share: float
    cumulative: float


def units_of(tests: Iterable[UnitTest], chosen: Selection | None = None) -> tuple[Unit, ...]:
    """Put the tests of each unit together; of those ``chosen``, where that is given, by its first complete test.

    A unit is a serial number of a product. Tests that were stopped, or in which the bench failed, are not tests of
    the unit; one that has no other is left out.
    """
    complete: defaultdict[tuple[str, str], list[UnitTest]] = defaultdict(list)
    others: Counter[tuple[str, str]] = Counter()
    for test in sorted(tests, key=lambda test: (test.started_utc, test.run_id, test.unit_number)):
        if test.is_complete:
            complete[test.unit].append(test)
        else:
            others[test.unit] += 1
    found = (Unit(tuple(own), others[unit]) for unit, own in complete.items())
    return tuple(unit for unit in found if chosen is None or is_chosen(unit.first, chosen))


def is_chosen(test: UnitTest, chosen: Selection) -> bool:
    """Whether one test is among those chosen."""
    names = ("product", "station", "position", "lot", "serial_number", "bench_name")
    if any(getattr(chosen, name) not in ("", getattr(test, name)) for name in names):
        return False
    if chosen.since_utc is not None and test.started_utc < chosen.since_utc:
        return False
    return chosen.until_utc is None or test.started_utc < chosen.until_utc


def yield_of(units: Sequence[Unit], name: str = "all") -> Yield:
    """Return first-pass yield (first complete test) and final yield (last complete test)."""
    return Yield(
        name=name,
        first_pass=Proportion(sum(unit.first.passed for unit in units), len(units)),
        final=Proportion(sum(unit.last.passed for unit in units), len(units)),
        tests=sum(len(unit.tests) for unit in units),
        retested=sum(len(unit.tests) > 1 for unit in units),
        incomplete=sum(unit.incomplete for unit in units),
    )


def yields_by(units: Iterable[Unit], key: Callable[[UnitTest], str]) -> tuple[Yield, ...]:
    """Return the yield of each group; a unit counts once, in the group of its first complete test."""
    groups: defaultdict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        groups[key(unit.first)].append(unit)
    return tuple(yield_of(groups[name], name) for name in sorted(groups))


def group_key(group: str, zone: tzinfo, shift_starts: Sequence[int] = (6, 14, 22)) -> Callable[[UnitTest], str]:
    """Return what names the group of a test. ``zone`` and ``shift_starts`` (hours, rising) say where a day begins."""
    if group == "day":
        return lambda test: f"{test.started_utc.astimezone(zone):%Y-%m-%d}"
    if group == "shift":
        return lambda test: shift_name(test.started_utc, zone, shift_starts)
    return lambda test: getattr(test, group) or NOT_STATED


def shift_name(time: datetime, zone: tzinfo, starts: Sequence[int]) -> str:
    """Name the shift of a time by the beginning of it; before the first start of a day it is the day before's last."""
    local = time.astimezone(zone)
    begun = [hour for hour in starts if hour <= local.hour]
    day = local if begun else local - timedelta(days=1)
    return f"{day:%Y-%m-%d} {begun[-1] if begun else starts[-1]:02d}:00"


def pareto(units: Iterable[Unit]) -> tuple[ParetoLine, ...]:
    """Count the units that failed by failure class, the most frequent first.

    Each unit once: by the first class of the first test that it failed.
    """
    failures = [unit.first_failure for unit in units]
    counted = Counter(test.pareto_class for test in failures if test is not None)
    total = sum(counted.values())
    lines: list[ParetoLine] = []
    so_far = 0
    for name, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        so_far += count
        lines.append(ParetoLine(name, count, count / total, so_far / total))
    return tuple(lines)
