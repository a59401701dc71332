"""The one who energises: identity, off, ranges, ramp with comparison, rotation, currents; settles; and back down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ReferenceAnalyzer
from drivers.source.base import AcSource, Channel, Range, SafeOff, SourceSetting
from meter_model.stimulus import Stimulus
from rig.errors import BenchFault, UsageRefused
from rig.load_point import LoadPoint
from rig.safety import comparison
from rig.safety.conditions import IEC_REFERENCE, Deviation, ReferenceLimits, deviations
from rig.safety.errors import NotSettled, OutputWrong
from rig.safety.guardian_link import Watched
from rig.safety.limits import EnvelopeName, InjectionPath, MeterRating, check, rms
from rig.safety.safe_state import Clock, SafeState, SafeStateReport, guarded
from rig.safety.settling import SettlingLimits, StabilityWindow
from rig.safety.timed_source import STEP_S, TimedSource
from rig.safety.watchdog import SourceWatchdog

_NOTHING: tuple[Channel, Channel, Channel] = ((), (), ())
_RAMP_MARGIN_S = 10.0
_CURRENT_TRIES = 10
_RESTART_ABOVE = 0.15
"""A voltage that changes by more than this part is ramped down and up again instead of jumping."""


@dataclass(frozen=True, slots=True)
class _Present:
    """What is energised now."""

    point: LoadPoint
    setting: SourceSetting
    target: Stimulus


class Supervisor:
    """Brings the bench to a load point and back; nothing else may switch a source on.

    Where the source has a watchdog of its own (``watchdog``), it is armed before the output is switched on, disarmed
    once the outputs are confirmed off, and left to trip where they are not. Every point is checked against ``rating``
    and the source's capabilities again before it is applied. Any error on the way up switches everything off at once
    before it is raised. ``envelope``: how far points may go, other than inside ``beyond``.
    ``answer_s``: wall seconds that a setting or an answer of the source may take while it is on (TimedSource).
    """

    def __init__(
        self,
        *,
        source: AcSource,
        analyzer: ReferenceAnalyzer | None,
        path: InjectionPath,
        clock: Clock,
        guardian: Watched,
        rating: MeterRating,
        safe_off: Sequence[SafeOff] | None = None,
        ramp_s: float = 5.0,
        settling: SettlingLimits | None = None,
        envelope: EnvelopeName = "accuracy",
        on_event: Callable[[str, str], None] = lambda _kind, _text: None,
        watchdog: SourceWatchdog | None = None,
        answer_s: float = STEP_S,
    ) -> None:
        self._source = source = TimedSource(source, guardian.off_by, answer_s)
        self._analyzer = analyzer
        self._path = path
        self._clock = clock
        self._guardian = guardian
        self.rating = rating
        self._safe_off = tuple(safe_off or source.safe_off())
        self._ramp_s = ramp_s
        self._settling = settling or SettlingLimits()
        self._envelope: EnvelopeName = envelope
        self._watchdog = watchdog or SourceWatchdog()
        self.on_event = on_event
        """Told of everything that happens to the outputs: kind and one sentence."""
        self._safe_state = SafeState(source, analyzer, clock, guardian, ramp_s)
        self._present: _Present | None = None
        self._give_up_s: float | None = None
        self._ranges: AnalyzerRanges | None = None
        self._range_inputs: tuple[float, float, float] | None = None

    @property
    def load_point(self) -> LoadPoint | None:
        """The load point that is energised now, None when the outputs are off."""
        return self._present.point if self._present else None

    @property
    def analyzer_ranges(self) -> AnalyzerRanges | None:
        """The analyzer's ranges as last selected."""
        return self._ranges

    @contextmanager
    def beyond(self, envelope: EnvelopeName) -> Iterator[None]:
        """Let points go as far as ``envelope`` inside this context, for its ``longest_s`` of bench time at most.

        The outputs are off when it begins and when it ends. Once the time is over the next call switches off and
        raises BenchFault: whoever waits in between calls ``check_time`` meanwhile. Raises UsageRefused where the
        envelope is not known or has no longest time.
        """
        limits = self.rating.envelope(envelope)
        if limits.longest_s is None:
            raise UsageRefused(
                f"the {envelope} envelope of {self.rating.meter_type}, rating {self.rating.name}, says not for how "
                f"long a meter may be exposed to it ({limits.why})"
            )
        self.de_energise().raise_if_not_confirmed()
        before, self._envelope = self._envelope, envelope
        self._give_up_s = self._clock.now_s() + limits.longest_s
        try:
            yield
        finally:
            self._envelope, self._give_up_s = before, None
            self.de_energise().raise_if_not_confirmed()

    @property
    def is_beyond(self) -> bool:
        """Whether points may go beyond the usual envelope now, for a time that ``check_time`` watches."""
        return self._give_up_s is not None

    def check_time(self) -> None:
        """Switch off and raise BenchFault where points beyond the usual envelope have been allowed for too long."""
        if self._give_up_s is None or self._clock.now_s() <= self._give_up_s:
            return
        report = self._switch_off_at_once()
        report.raise_if_not_confirmed()
        longest_s = self.rating.envelope(self._envelope).longest_s
        raise BenchFault(
            f"the meter was exposed to its {self._envelope} envelope for more than {longest_s:g} s and has been "
            "switched off; ask less at a time"
        )

    def energise(self, point: LoadPoint) -> None:
        """Go from off to ``point``: voltages first, seen by the analyzer on their way up, then the currents.

        Raises UsageRefused or LimitExceeded before any I/O; GuardianLost, OutputWrong or what an instrument raises
        after everything has been switched off again.
        """
        if self._present is not None:
            self.apply(point)
            return
        self.check_time()
        wanted = self._wanted(point)
        self._source.identify()
        if self._analyzer is not None:
            self._analyzer.identify()
        self._guardian.arm(self._safe_off)
        with guarded(self._switch_off_at_once):
            self._safe_state.at_once().raise_if_not_confirmed()
            self.on_event("energise", f"{point.label}: outputs confirmed off, ranges and settings follow")
            voltages_only = replace(wanted.setting, current=_NOTHING)
            self._select_analyzer_ranges([wanted.target])
            self._source.select_ranges(wanted.setting)
            self._source.set_point(voltages_only)
            self._present = replace(wanted, setting=voltages_only)
            self._watchdog.arm()
            self._source.set_output(True, self._ramp_s)
            self._watch_ramp(wanted.target)
            self._source.set_point(wanted.setting)
            self._present = wanted
            self._confirm_currents(wanted)
        self.on_event("energised", point.label)

    def apply(self, point: LoadPoint) -> None:
        """Go from one energised point to the next, without switching off where the voltage hardly changes.

        Ranges change only when they must; a channel whose range changes is off meanwhile. A voltage that changes by
        more than 15 % or needs another range is ramped down and up again. Raises as ``energise``.
        """
        if self._present is None:
            self.energise(point)
            return
        self.check_time()
        wanted = self._wanted(point)
        if self._must_restart(self._present.setting, wanted.setting):
            self.de_energise().raise_if_not_confirmed()
            self.energise(point)
            return
        before = self._present
        with guarded(self._switch_off_at_once):
            # While old and new are both possible, ranges hold both: a range too small is "no valid data".
            self._select_analyzer_ranges([before.target, wanted.target])
            self._source.select_ranges(wanted.setting)
            self._present = wanted
            self._source.set_point(wanted.setting)
            if not self._source.output_is_on():
                raise OutputWrong("the source's output", "off", "on", "the source was reset or tripped; look at it")
            self._select_analyzer_ranges([wanted.target])
            self._confirm_currents(wanted)
        self.on_event("applied", point.label)

    def settle(self) -> list[AnalyzerReading]:
        """Wait until the point is stable; returns the data sets (five or more) that showed it, oldest first.

        Stable is not "equal to the set-point": how far it is from nominal is ``deviations_from_nominal``'s business.
        Raises NotSettled after the time-out (bench time; the outputs stay on), UsageRefused where there is nothing
        to settle, and what an instrument raises, or OutputWrong, after everything has been switched off.
        """
        if self._present is None or self._analyzer is None or self._ranges is None:
            raise UsageRefused("nothing can settle: the outputs are off, or the bench has no analyzer")
        a, b, c = (rms(spectrum) > 0.0 for spectrum in self._present.target.voltages)
        window = StabilityWindow(self._settling, self._ranges, (a, b, c))
        point = self._present.point
        with guarded(self._switch_off_at_once, harmless=(NotSettled,)):
            started_s = self._clock.now_s()
            while True:
                reading = self._analyzer.read()
                self._check_voltages(reading, self._present)
                window.add(reading)
                unsteady = window.unsteady()
                if unsteady is None:
                    return window.readings
                waited_s = self._clock.now_s() - started_s
                if waited_s > self._settling.timeout_s:
                    raise NotSettled(point.label, round(waited_s, 1), unsteady)

    def deviations_from_nominal(
        self, measured: Stimulus, limits: ReferenceLimits = IEC_REFERENCE
    ) -> tuple[Deviation, ...]:
        """Compare a measured stimulus with the present point's nominal one, as reference conditions (data)."""
        if self._present is None:
            raise UsageRefused("there is no nominal point: the outputs are off")
        return deviations(measured, self._present.target, limits)

    def de_energise(self, *, softly: bool = True) -> SafeStateReport:
        """Go down in order, verify by source and analyzer, and report; may be called at any time, and twice.

        Raises no RigError: a report that is not confirmed must be acted on (``raise_if_not_confirmed``). The guardian
        stays armed until the safe state is confirmed. An interrupt on the way is raised when all is done. Not
        ``softly``: at once, as after a fault.
        """
        present = self._present if softly else None
        report = self._safe_state.reach(present.setting if present else None)
        return self._off(report)

    def _switch_off_at_once(self) -> SafeStateReport:
        return self._off(self._safe_state.at_once())

    def _off(self, report: SafeStateReport) -> SafeStateReport:
        self._present = None
        if report.confirmed:
            self._watchdog.disarm()
            self._guardian.disarm()
            # What the guardian did meanwhile it may have said only now.
            report = replace(report, trouble=report.trouble or self._guardian.trouble())
        else:
            self._watchdog.starve()
        if self._watchdog.trouble is not None:
            self.on_event("watchdog", self._watchdog.trouble)
        self.on_event("safe" if report.confirmed else "not-safe", "; ".join(report.details))
        if report.confirmed and report.interrupted_by is not None:
            raise report.interrupted_by
        return report

    def _wanted(self, point: LoadPoint) -> _Present:
        check(
            [point],
            rating=self.rating,
            path=self._path,
            source=self._source.capabilities,
            envelope=self._envelope,
        )
        return _Present(point, self._path.source_setting(point), self._path.terminals(point))

    def _select_analyzer_ranges(self, targets: list[Stimulus]) -> None:
        if self._analyzer is None:
            return
        volts, inputs = comparison.range_request(targets)
        # Without any current the ranges stay: an integration may run across a current that is switched off and on.
        self._range_inputs = inputs or self._range_inputs or (self._path.ct_secondary_v,) * 3
        self._ranges = self._analyzer.select_ranges(volts, self._range_inputs)

    def _watch_ramp(self, target: Stimulus) -> None:
        """Follow the voltages up: never above where they go, there in time, in the right order and frequency."""
        if self._analyzer is None:
            self._clock.sleep(self._ramp_s)
            return
        give_up_s = self._clock.now_s() + self._ramp_s + _RAMP_MARGIN_S
        while True:
            reading = self._analyzer.read()
            limit_v = self.rating.envelope(self._envelope).voltage_ln_v
            comparison.check_not_above(reading, target, limit_v, all_valid=True)
            if comparison.has_arrived(reading, target):
                break
            if self._clock.now_s() > give_up_s:
                wanted = " / ".join(f"{rms(spectrum):.4g} V" for spectrum in target.voltages)
                raise OutputWrong(
                    "the voltage after the ramp", comparison.volts_seen(reading), wanted, "check leads and source"
                )
        # A data set that was begun after the end of the ramp: angles and frequency of a rising voltage are neither.
        comparison.check_sequence_and_frequency(self._analyzer.read(), target)

    def _confirm_currents(self, wanted: _Present) -> None:
        if self._analyzer is None:
            return
        wrong: BenchFault | None = None
        for _ in range(_CURRENT_TRIES):
            reading = self._analyzer.read()
            self._check_voltages(reading, wanted)
            wrong = comparison.wrong_current(reading, wanted.target, self._path.ct_secondary_v)
            if wrong is None:
                return
        assert wrong is not None
        raise wrong

    def _check_voltages(self, reading: AnalyzerReading, present: _Present) -> None:
        comparison.check_not_above(reading, present.target, self.rating.envelope(self._envelope).voltage_ln_v)
        comparison.check_still_there(reading, present.target)

    def _must_restart(self, before: SourceSetting, after: SourceSetting) -> bool:
        if before.frequency_hz != after.frequency_hz:
            return True
        ranges = self._source.capabilities.voltage_ranges
        for old, new in zip(before.voltage, after.voltage, strict=True):
            old_v, new_v = rms(old), rms(new)
            if abs(new_v - old_v) > _RESTART_ABOVE * max(old_v, new_v) or _range(old_v, ranges) != _range(
                new_v, ranges
            ):
                return True
        return False


def _range(volts: float, ranges: tuple[Range, ...]) -> Range | None:
    return min((r for r in ranges if r.low <= volts <= r.high), key=lambda r: r.high, default=None)
