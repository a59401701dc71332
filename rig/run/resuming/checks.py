"""Two measured load points are repeated when a run is resumed: E_n against their first results, recorded as checks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from rig.events import Event, Noted
from rig.load_point import LoadPoint
from rig.plans import Plan
from rig.procedures.meter_run import MeterRun
from rig.procedures.units import judge_each
from rig.records.data import PointRecord, ResultRecord, RunRecord
from rig.records.listing import RESUMED
from rig.records.resumption.reopening import Reopened, ResumeRefused
from rig.records.resumption.stored_plan import StoredPlan
from rig.run.resuming.request import Resumable
from rig.run.resuming.steps import LOAD_POINT

HIGHEST_EN = 1.0
_REASON = "repeated when the run was resumed, and compared with the first measurement"


@dataclass(frozen=True, slots=True)
class Check:
    """The largest E_n at one repeated load point, ``label``: ``what`` it is of.

    E_n = |first - repeat| / sqrt(U_first^2 + U_repeat^2).
    """

    label: str
    what: str
    e_n: float

    @property
    def is_good(self) -> bool:
        """Whether the repeat agrees."""
        return self.e_n <= HIGHEST_EN

    @property
    def text(self) -> str:
        """Say it in words."""
        return f"{self.label}: E_n {self.e_n:.2f} ({self.what})"


@dataclass(frozen=True)
class Resumed(Event):
    """An interrupted run goes on: conditions are established again. ``complete`` of ``steps`` steps were complete."""

    reopened: Reopened
    complete: int
    steps: int
    checks: tuple[Check, ...]
    software: str

    @property
    def gap_s(self) -> float:
        """Seconds from the last thing that was recorded before to now."""
        return (datetime.now(UTC) - self.reopened.interrupted_utc).total_seconds()

    def __str__(self) -> str:
        checks = "; ".join(check.text for check in self.checks) or "nothing was complete that could be repeated"
        return (
            f"resumed after a gap of {self.gap_s:.0f} s with {self.complete} of {self.steps} steps complete; "
            f"checks: {checks}"
        )

    def noted(self) -> Noted:
        """Return the sentence with its data."""
        data = {
            "interrupted_utc": self.reopened.interrupted_utc,
            "gap_s": self.gap_s,
            "outcome_before": self.reopened.outcome,
            "complete": self.complete,
            "steps": self.steps,
            "checks": [asdict(check) for check in self.checks],
            "software_version": self.software,
        }
        return Noted(RESUMED, str(self), data=data)


def establish_again(asked: Resumable, reopened: Reopened, meter_run: MeterRun, plan: Plan, software: str) -> None:
    """Repeat measured load points as checks and publish Resumed; raises ResumeRefused where one does not agree."""
    points = to_repeat(asked.run, asked.plan)
    checks = tuple(check for point in points for check in _repeated(meter_run, plan, point))
    for bad in (check for check in checks if not check.is_good):
        raise ResumeRefused(f"conditions are not those of the first part: {bad.text}", "begin a new run")
    steps = len({each.step for each in asked.plan.items})
    meter_run.events.publish(Resumed(reopened, len(asked.plan.complete), steps, checks, software))


def to_repeat(run: RunRecord, plan: StoredPlan) -> tuple[PointRecord, ...]:
    """Choose the first and the last complete load point that has an error with its uncertainty; fewer where so few."""
    usable = [
        point
        for point in run.points
        if point.step in plan.complete and point.step.startswith(LOAD_POINT) and any(map(_is_usable, point.results))
    ]
    return (usable[0], usable[-1]) if len(usable) > 1 else tuple(usable)


def check_of(label: str, first: Iterable[ResultRecord], repeat: Iterable[ResultRecord]) -> Check:
    """Compare the repeat of a load point with its first results: the largest E_n, infinite where one has no error."""
    repeated = {_key(result): result for result in repeat}
    worst: Check | None = None
    for result in first:
        if not _is_usable(result):
            continue
        again = repeated.get(_key(result))
        found = Check(
            label,
            f"AI{result.instance} {result.quantity.replace('_', ' ')} {result.phase}{_of_meter(result)}",
            _e_n(result, again),
        )
        if worst is None or found.e_n > worst.e_n:
            worst = found
    assert worst is not None, "a point with an error and its uncertainty"
    return worst


def _repeated(meter_run: MeterRun, plan: Plan, point: PointRecord) -> Sequence[Check]:
    load_point: LoadPoint = next(each for each in plan.points if each == point.load_point)
    meter_run.configure(plan.configuration_at(load_point))
    with meter_run.record.checking(_REASON):
        measurement = meter_run.measure(load_point, plan.reference_limits)
    if measurement.invalid and not measurement.dead:
        raise ResumeRefused(
            f"conditions are not those of the first part: {point.label} cannot be repeated ({measurement.invalid})",
            "put it right and resume, or begin a new run",
        )
    results = judge_each(measurement, plan.judged(load_point), meter_run.bench.accuracy, meter_run.rule)
    assert measurement.record is not None
    measurement.record.results(results)
    return [check_of(point.label, point.results, results)]


def _is_usable(result: ResultRecord) -> bool:
    """Whether a result can be compared: judged against a limit, which the repeat is too, with error and U."""
    return (
        result.procedure == "power_comparison"
        and result.limit_pct is not None
        and result.error_pct is not None
        and result.expanded_uncertainty_pct is not None
    )


def _of_meter(result: ResultRecord) -> str:
    return f" of meter {result.unit_number}" if (result.unit_number or 1) > 1 else ""


def _key(result: ResultRecord) -> tuple[object, ...]:
    return result.quantity, result.instance, result.phase, result.unit_number or 1


def _e_n(first: ResultRecord, repeat: ResultRecord | None) -> float:
    if repeat is None or repeat.error_pct is None or repeat.expanded_uncertainty_pct is None:
        return math.inf
    assert first.error_pct is not None
    assert first.expanded_uncertainty_pct is not None
    u = math.hypot(first.expanded_uncertainty_pct, repeat.expanded_uncertainty_pct)
    difference = abs(first.error_pct - repeat.error_pct)
    return difference / u if u > 0.0 else (0.0 if difference == 0.0 else math.inf)
