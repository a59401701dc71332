"""Self-heating: how the error changes with the time for which a large current has flowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import Input
from rig.metrology.decision import DecisionRule
from rig.metrology.outcome import Outcome
from rig.procedures.accuracy.judgement import evidence_of
from rig.procedures.accuracy.readings import PointMeasurement
from rig.procedures.accuracy.variations.compared import Comparison, Limit, judge_variation
from rig.records.data import ResultRecord

_SETTLED_SHARE = 0.2
"""The error has settled when it changes by less than this share of the limit in ``Heating.settled_over_s``."""


@dataclass(frozen=True)
class Heating:
    """How long what is applied, bench seconds.

    ``idle_s``: voltages without current, in which the meter warms up with its voltage inputs; then the current flows,
    and the error is measured at once and every ``every_s``, for ``least_s`` at least. It ends when the error has
    settled, by ``settled_over_s``, and after ``longest_s`` at the latest.
    """

    idle_s: float = 3600.0
    every_s: float = 600.0
    least_s: float = 3600.0
    settled_over_s: float = 1200.0
    longest_s: float = 7200.0


@dataclass(frozen=True)
class Heated:
    """What was measured: (seconds since the current flowed, measurement), the first at once; and whether it settled."""

    course: tuple[tuple[float, PointMeasurement], ...]
    settled: bool


class HeatingBench:
    """What self-heating needs of a bench: ``apply`` a point, ``measure`` one, ``let_pass`` seconds, ``now_s``."""

    def __init__(
        self,
        apply: Callable[[LoadPoint], None],
        measure: Callable[[LoadPoint], PointMeasurement],
        let_pass: Callable[[float], None],
        now_s: Callable[[], float],
    ) -> None:
        self.apply = apply
        self.measure = measure
        self.let_pass = let_pass
        self.now_s = now_s


def measure_self_heating(
    bench: HeatingBench,
    point: LoadPoint,
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    heating: Heating = Heating(),
) -> Heated:
    """Warm up without current, apply ``point``, and follow the error of ``item`` until it has settled."""
    bench.apply(replace(point, current_pct=0.0))
    bench.let_pass(heating.idle_s)
    began_s = bench.now_s()
    course = [(0.0, bench.measure(point))]
    while True:
        next_s = began_s + len(course) * heating.every_s
        bench.let_pass(max(0.0, next_s - bench.now_s()))
        course.append((bench.now_s() - began_s, bench.measure(point)))
        since_s = course[-1][0]
        settled = _is_settled(course, item, limit, accuracy, heating)
        if (since_s >= heating.least_s and settled) or since_s >= heating.longest_s:
            return Heated(tuple(course), settled)


def judge_self_heating(
    heated: Heated,
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    rule: DecisionRule,
) -> tuple[PointMeasurement, ResultRecord]:
    """Judge the largest variation of the error against the first one; return the measurement it was found in, too.

    INVALID where one of the measurements is. INCONCLUSIVE where the error passes but had not settled in the end.
    """
    (_, first), *later = heated.course
    results = []
    for since_s, measured in later:
        condition = f"rated load for {since_s / 60.0:.0f} min"
        compared = Comparison("self_heating", condition, first, measured)
        results.append((measured, judge_variation(compared, item, limit, accuracy, rule)))
    measured, worst = max(results, key=lambda each: _rank(each[1]))
    if not heated.settled and worst.outcome in (Outcome.PASS, Outcome.COND_PASS):
        minutes = heated.course[-1][0] / 60.0
        worst = replace(
            worst,
            outcome=str(Outcome.INCONCLUSIVE),
            reason=f"the error had not settled after {minutes:.0f} min: it still changed by more than "
            f"{_SETTLED_SHARE * limit.limit_pct:.2g} points; give it more time",
        )
    return measured, worst


def _rank(result: ResultRecord) -> tuple[int, float]:
    """What is INVALID comes before what the meter did; else the largest variation."""
    without = result.error_pct is None
    order = (Outcome.INVALID, Outcome.FAIL, Outcome.INCONCLUSIVE)
    place = len(order) - order.index(Outcome(result.outcome)) if without and result.outcome in order else 0
    return place, abs(result.error_pct or 0.0)


def _is_settled(
    course: list[tuple[float, PointMeasurement]],
    item: Input,
    limit: Limit,
    accuracy: ReferenceAccuracy,
    heating: Heating,
) -> bool:
    last_s = course[-1][0]
    recent = [measured for since_s, measured in course if since_s >= last_s - heating.settled_over_s - 1.0]
    evidences = [evidence_of(each, [item], accuracy)[0] for each in recent]
    if any(each.invalid or not each.read for each in evidences) or course[0][1] in recent:
        return False
    errors = [each.error() for each in evidences if all(map(_is_number, each.read))]
    return len(errors) == len(recent) and max(errors) - min(errors) <= _SETTLED_SHARE * limit.limit_pct


def _is_number(value: float) -> bool:
    return value == value
