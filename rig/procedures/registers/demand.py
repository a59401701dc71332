"""Demand: the mean power of an interval, block, rolling or ended by command, and the maximum that is kept of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from rig.errors import UsageRefused
from rig.metrology.accuracy import AccuracyNotStated
from rig.metrology.limits import Quantity
from rig.metrology.outcome import Outcome
from rig.metrology.reference import ReferenceNotUsable
from rig.metrology.register_tests.timing import after_step, interval_edges
from rig.metrology.uncertainty import Component
from rig.procedures.accuracy.climate import note_climate
from rig.procedures.accuracy.energy_register import duration
from rig.procedures.accuracy.judgement import reference_at
from rig.procedures.accuracy.readings import with_measured_powers
from rig.procedures.accuracy.register_watch import METER_UPDATE_S
from rig.procedures.registers.conditions import worst_of
from rig.procedures.registers.examined import Examined, Judged, mean_of, result_of
from rig.records.data import LimitProvenance, ResultRecord
from rig.safety.conditions import Deviation, distortions, unmet
from rig.safety.errors import NotSettled, ReferenceInvalid

PROCEDURE = "demand"

BEGIN_SUBINTERVAL, RESET_MAXIMA = 21211, 21212
"""Commands to AV1 (manual page 23)."""

SYNCHRONISED_S = 60.0
"""Length of an interval that the rig ends by command, seconds; 10 s is the least between two (manual page 23)."""

_PRESENT = {19: (11, Quantity.ACTIVE_POWER), 20: (12, Quantity.REACTIVE_POWER), 21: (13, Quantity.APPARENT_POWER)}
"""Present demand by instance: the power of which it is the mean."""

_MAXIMUM_OF = {19: (22, 25), 20: (23, 26), 21: (24, 27)}
"""Import and export maximum by instance of the present demand (manual page 26)."""

_SETS = 40
_REST = 0.5
"""Part of the load that is left for the second half: demand follows, and the maximum is kept."""

_STEP_WAITS = 1.5
_SETTLED_UPDATES = 3
_SLACK_S = 4.0
"""Seconds by which a change of the load and a boundary are unknown: the rig's switching, two updates."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A demand interval of ``subintervals`` times ``subinterval_s`` seconds; 0 s: it ends by command 21211."""

    subintervals: int
    subinterval_s: float

    @property
    def name(self) -> str:
        """The kind of demand in words."""
        if not self.subinterval_s:
            return "ended by command"
        whole = f"{self.subintervals} x {self.subinterval_s:g} s"
        return f"rolling, {whole}" if self.subintervals > 1 else f"block, {whole}"

    @property
    def length_s(self) -> float:
        """Its whole length, seconds."""
        return self.subintervals * self.subinterval_s or SYNCHRONISED_S

    @property
    def full_after_s(self) -> float:
        """After so many seconds of constant load the present demand is that of this load alone."""
        return (self.subintervals + 1) * self.subinterval_s or SYNCHRONISED_S


@dataclass(frozen=True, slots=True)
class DemandLimit:
    """How far a demand may be from the mean power, percent, and where that is stated."""

    limit_pct: float
    provenance: LimitProvenance | None = None


def demand(
    at: Examined, interval: Interval, limits: Mapping[Quantity, DemandLimit], *, may_reset: bool
) -> tuple[ResultRecord, ...]:
    """Compare AI19 to AI21 with the mean power of a constant load at the point of ``at``, and judge by ``limits``.

    ``interval``: as the meter is set. A demand without a limit is reported and NOT_JUDGED. With ``may_reset`` maximum
    demand is reset (21212), the load then falls to half: the maximum must be kept, and the present demand must follow
    the step as its interval says. Without it the maximum may be older, and is only asked to be no less than the present
    demand. Raises UsageRefused where the interval ends by command and that is not permitted, RigError where the bench
    fails.
    """
    if not interval.subinterval_s and not may_reset:
        raise UsageRefused(
            "the meter's demand interval ends by command (AV11 is 0), and 21211 would end the present one: allow it "
            "with --allow-reset"
        )
    run = _Demand(at, interval, dict(limits), may_reset)
    if interval.full_after_s > at.longest_s:
        hours, allowed = interval.full_after_s / 3600.0, at.longest_s / 3600.0
        why = f"demand {interval.name} takes {hours:.3g} h of constant load, and {allowed:.3g} h are allowed"
        at.record.finish("SKIP", reason=why)
        return tuple(run.undecided(instance, f"{why} (--longest-gate)") for instance in _PRESENT)
    return run.results()


@dataclass(slots=True)
class _Demand:
    at: Examined
    interval: Interval
    limits: dict[Quantity, DemandLimit]
    may_reset: bool
    powers: list[Mapping[int, float]] = field(default_factory=list)
    conditions: list[Deviation] = field(default_factory=list)
    lines: dict[int, tuple[Component, ...]] = field(default_factory=dict)
    unknown: dict[int, str] = field(default_factory=dict)

    def results(self) -> tuple[ResultRecord, ...]:
        at = self.at
        assert at.bench.supervisor is not None
        at.bench.supervisor.apply(at.point)
        try:
            at.bench.supervisor.settle()
            climate = note_climate(at.bench, at.record, at.limits)
            held = self._hold()
            after = self._step(held) if self.may_reset else {}
        except (NotSettled, ReferenceInvalid) as error:
            at.record.finish("INVALID", reason=str(error))
            return tuple(self._result(each, {}, invalid=str(error)) for each in _PRESENT)
        found = worst_of((*climate.conditions, *self.conditions))
        invalid = climate.invalid or unmet(found)
        at.finish(found, invalid)
        results = [self._result(each, held, invalid=invalid) for each in _PRESENT]
        if not invalid:
            results += self._maxima(held, after)
            results += self._follows(held, after)
        return tuple(results)

    def _hold(self) -> dict[int, float]:
        """Hold the load until the demand is that of this load alone, and read it."""
        at = self.at
        if not self.interval.subinterval_s:
            at.position.meter.command(BEGIN_SUBINTERVAL)
            at.updates(_SETTLED_UPDATES)
        until_s = at.now_s() + self.interval.full_after_s + _SETTLED_UPDATES * METER_UPDATE_S
        pause_s = self.interval.full_after_s / _SETS
        while (left_s := until_s - at.now_s()) > 0.0:
            self._power()
            at.bench.clock.sleep(min(pause_s, left_s))
        self._power()
        if not self.interval.subinterval_s:
            at.position.meter.command(BEGIN_SUBINTERVAL)
            at.updates(_SETTLED_UPDATES)
        if self.may_reset:
            at.position.meter.command(RESET_MAXIMA)
            at.updates(_SETTLED_UPDATES)
        return at.read([*_PRESENT, *(each for pair in _MAXIMUM_OF.values() for each in pair)])

    def _step(self, held: Mapping[int, float]) -> dict[int, float]:
        """Let the load fall, and read demand again a sub-interval and a half later; or before and after a command."""
        at = self.at
        assert at.bench.supervisor is not None
        at.bench.supervisor.apply(replace(at.point, current_pct=_REST * at.point.current_pct))
        if self.interval.subinterval_s:
            at.bench.clock.sleep(_STEP_WAITS * self.interval.subinterval_s)
            return at.read(held)
        at.bench.clock.sleep(0.5 * SYNCHRONISED_S)
        before = at.read(held)
        at.position.meter.command(BEGIN_SUBINTERVAL)
        at.updates(_SETTLED_UPDATES)
        after = at.read(held)
        return after | {-19: before[19]}

    def _power(self) -> None:
        at = self.at
        assert at.bench.analyzer is not None
        assert at.bench.wiring is not None
        assert at.bench.supervisor is not None
        reading = at.bench.analyzer.read()
        at.record.reference_reading(reading, reading.monotonic_s)
        stimulus = at.bench.wiring.stimulus(reading)
        self.powers.append(
            with_measured_powers(stimulus, *at.bench.wiring.powers_off(reading, stimulus), at.configuration)
        )
        self.conditions += at.bench.supervisor.deviations_from_nominal(stimulus, at.limits)
        self.conditions += distortions(reading, at.bench.wiring.terminals(at.point), at.limits)
        if self.lines or self.unknown:
            return
        reference = reference_at(at.point, (stimulus,), at.bench.supervisor.analyzer_ranges, at.bench.accuracy)
        for instance, (_, quantity) in _PRESENT.items():
            try:
                self.lines[instance] = reference.of(quantity, at.point.ct_phases) if reference else ()
            except (AccuracyNotStated, ReferenceNotUsable) as refusal:
                self.unknown[instance] = str(refusal)

    def undecided(self, instance: int, why: str) -> ResultRecord:
        """Return an INCONCLUSIVE result of one demand."""
        return replace(self._result(instance, {}, invalid=why), outcome=str(Outcome.INCONCLUSIVE))

    def _result(self, instance: int, held: Mapping[int, float], invalid: str, shown: int | None = None) -> ResultRecord:
        """Judge the present demand ``instance`` as read, or a maximum of it (``shown``), against the mean power."""
        power, quantity = _PRESENT[instance]
        limit = self.limits.get(quantity)
        shown = instance if shown is None else shown
        expected = [each[power] for each in self.powers]
        judged = Judged(
            procedure=PROCEDURE,
            instance=shown,
            quantity=str(quantity),
            read=held.get(shown, math.nan),
            expected=mean_of(expected),
            limit_pct=limit.limit_pct if limit else None,
            provenance=limit.provenance if limit else None,
            invalid=invalid,
            unknown=self.unknown.get(instance, ""),
            readings=len(expected),
            condition=self.interval.name,
        )
        if not invalid and judged.expected:
            judged = replace(
                judged,
                expected=math.copysign(judged.expected, judged.read) if shown != instance else judged.expected,
                error_pct=100.0 * (abs(judged.read / judged.expected) - 1.0)
                if shown != instance
                else 100.0 * (judged.read - judged.expected) / judged.expected,
                components=self._components(instance, expected),
            )
        return result_of(judged, self.at.rule)

    def _components(self, instance: int, expected: Sequence[float]) -> tuple[Component, ...]:
        mean = mean_of(expected)
        return (
            Component.type_a("repeatability of the load", [100.0 * each / mean for each in expected]),
            *self.lines.get(instance, ()),
            interval_edges(expected, self.interval.length_s, METER_UPDATE_S),
        )

    def _maxima(self, held: Mapping[int, float], after: Mapping[int, float]) -> list[ResultRecord]:
        """Judge the maxima: kept over the step after a reset; else only where one is below the present demand."""
        found = []
        for instance, pair in _MAXIMUM_OF.items():
            maximum = pair[0] if held[instance] >= 0.0 else pair[1]
            if self.may_reset:
                found.append(self._result(instance, after, invalid="", shown=maximum))
            elif held[maximum] < abs(held[instance]) * (1.0 - 1e-6):
                why = f"AI{maximum} is {held[maximum]:.6g}, less than the present demand of {abs(held[instance]):.6g}"
                found.append(self._fault(maximum, instance, held[maximum], abs(held[instance]), why))
        return found

    def _follows(self, held: Mapping[int, float], after: Mapping[int, float]) -> list[ResultRecord]:
        """Return a FAIL where the present demand did not follow the step of the load as its interval says."""
        if not after:
            return []
        if -19 in after:
            if after[-19] == held[19]:
                return []
            why = f"AI19 went from {held[19]:.6g} to {after[-19]:.6g} without a command"
            return [self._fault(19, 19, after[-19], held[19], why)]
        slack = _SLACK_S / self.interval.subinterval_s
        low, high = after_step(self.interval.subintervals, _STEP_WAITS, _REST, slack)
        part = after[19] / held[19] if held[19] else math.nan
        if low - 0.01 <= part <= high + 0.01:
            return []
        waited = duration(_STEP_WAITS * self.interval.subinterval_s)
        why = (
            f"{waited} after the load fell to half AI19 is {100.0 * part:.3g} % of what it was; demand "
            f"{self.interval.name} has {100.0 * low:.3g} to {100.0 * high:.3g} % then"
        )
        return [self._fault(19, 19, after[19], held[19], why)]

    def _fault(self, shown: int, instance: int, read: float, expected: float, why: str) -> ResultRecord:
        judged = Judged(
            procedure=PROCEDURE,
            instance=shown,
            quantity=str(_PRESENT[instance][1]),
            read=read,
            expected=expected,
            fault=why,
            condition=self.interval.name,
        )
        return result_of(judged, self.at.rule)
