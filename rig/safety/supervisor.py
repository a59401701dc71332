"""The supervisor: energise load points, settle, and switch off; the way up itself is in ``rig.safety.energise``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading
from drivers.errors import RigError
from meter_model.stimulus import Stimulus
from rig.errors import BenchFault, UsageRefused
from rig.events import Energised, OutputsChanged, OutputsFailed, PointApplied, SwitchedOff
from rig.load_point import LoadPoint, three
from rig.safety.conditions import IEC_REFERENCE, Deviation, ReferenceLimits, deviations
from rig.safety.energise import Energising, Supervised
from rig.safety.envelopes import EnvelopeName
from rig.safety.errors import EndAsked, NotSettled, OutputWrong, SafetyInputOpen
from rig.safety.inputs import InputsReading
from rig.safety.limits import check, rms
from rig.safety.settling import StabilityWindow
from rig.safety.switching_off.safe_state import SafeState, SafeStateReport, cut, guarded
from rig.safety.transition import Present, Transition, must_restart
from rig.safety.watch.analyzer import UnjudgedAnalyzer, WatchedAnalyzer
from rig.safety.watch.identity import KnownInstrument
from rig.safety.watch.judging import Ceiling
from rig.safety.watch.live_readings import LiveReadings
from rig.safety.watch.timed_source import TimedSource
from rig.safety.watch.watching import Watching


class Supervisor:
    """Brings the bench to a load point and back; nothing else may switch a source on.

    Where the source has a watchdog of its own (``watchdog``), it is armed before the output is switched on, disarmed
    once the outputs are confirmed off, and left to trip where they are not. Every point is checked against ``rating``
    and the source's capabilities again before it is applied. Any error on the way up switches everything off at once
    before it is raised.
    """

    def __init__(self, parts: Supervised) -> None:
        analyzer = parts.analyzer
        self._source = source = TimedSource(parts.source, parts.guardian.off_by, parts.answer_s, parts.alarm)
        self._parts = parts
        self.rating = parts.rating
        self._safe_off = tuple(parts.safe_off or source.safe_off())
        self._envelope: EnvelopeName = parts.envelope
        self._is_said_off = False
        self.pre_energise_checks = tuple(parts.pre_energise_checks)
        """Called each time before anything is energised; one that raises a RigError keeps the outputs off."""
        self.ramp_down_s: float | None = None
        """Bench seconds that a ramp down may take, None for as long as a ramp up."""
        self._instruments = tuple(parts.instruments) or KnownInstrument.of(source, analyzer)
        show = LiveReadings(parts.events, parts.path.ct_secondary_v).show
        self._watching = Watching(analyzer, parts.clock, parts.path.ct_secondary_v, self.watch_inputs, show)
        confirming = None if analyzer is None else UnjudgedAnalyzer(analyzer, self._watching.read_unjudged)
        self._safe_state = SafeState(source, confirming, parts.clock, parts.guardian, parts.ramp_s, parts.contactor)
        self.analyzer = analyzer and WatchedAnalyzer(analyzer, self.read_analyzer, self._watching.occupied)
        """The analyzer for measuring: each of its data sets is judged before it is returned."""
        self._present: Present | None = None
        self._goes_down = False
        self._give_up_s: float | None = None

    @property
    def load_point(self) -> LoadPoint | None:
        """The load point that is energised now, None when the outputs are off."""
        return self._present.point if self._present else None

    @property
    def analyzer_ranges(self) -> AnalyzerRanges | None:
        """The analyzer's ranges as last selected."""
        return self._watching.ranges

    @contextmanager
    def beyond(self, envelope: EnvelopeName) -> Iterator[None]:
        """Let points go as far as ``envelope`` inside this context, for its ``longest_s`` of bench time at most.

        The outputs are off when it begins and when it ends. Once the time is over the next call switches off and
        raises BenchFault: code that waits in between calls ``check_time``. Raises UsageRefused where the
        envelope is not known or has no longest time.
        """
        limits, longest_s = self.rating.envelope(envelope), self.rating.longest_s(envelope)
        if longest_s is None or limits.voltage_ln_v is None:
            raise UsageRefused(
                f"the {envelope} envelope of {self.rating.meter_type}, rating {self.rating.name}, does not say how "
                f"far and for how long a meter may be exposed to it ({limits.why})"
            )
        self.de_energise().raise_if_not_confirmed()
        before, self._envelope = self._envelope, envelope
        self._give_up_s = self._parts.clock.now_s() + longest_s
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
        if self._give_up_s is None or self._parts.clock.now_s() <= self._give_up_s:
            return
        report = self._switch_off_at_once()
        report.raise_if_not_confirmed()
        longest_s = self.rating.longest_s(self._envelope)
        raise BenchFault(
            f"the meter was exposed to its {self._envelope} envelope for more than {longest_s:g} s and has been "
            "switched off; ask less at a time"
        )

    def watch_inputs(self, *, now: bool = False) -> None:
        """Look at interlock and emergency stop where something is energised and it is time to (``now``: in any case).

        Call this wherever time is spent while energised. Where an input does not allow it any more, switch the output
        off before anything else and raise SafetyInputOpen.
        """
        if self._present is None or not (self._parts.inputs.are_wired if now else self._parts.inputs.is_due):
            return
        reading = self._parts.inputs.read()
        if not reading.is_safe:
            self._cut(reading)

    def watch(self) -> None:
        """Look at safety inputs and analyzer where something is energised and it is time to.

        Call this wherever time is spent while energised. Raises SafetyInputOpen or OutputWrong, with everything off.
        """
        if self._present is None or not self._watching.is_worker:
            return
        if self._goes_down:
            self._parts.on_time(True)
            self.watch_inputs()
            self._watching.watch()
            return
        self.watch_inputs()
        with guarded(self._switch_off_at_once, harmless=(EndAsked,)), self._explained():
            self._watching.watch()
            self._parts.on_time(False)

    def read_analyzer(self) -> AnalyzerReading:
        """Return a data set begun after this call, judged where something is energised; UsageRefused without analyzer.

        Raises what the analyzer raises, or OutputWrong, after everything has been switched off.
        """
        if not self._watching.is_there:
            raise UsageRefused("the bench has no analyzer")
        if self._present is None:
            return self._watching.read_unjudged()
        with guarded(self._switch_off_at_once, harmless=(EndAsked,)), self._explained():
            return self._watching.read()

    def energise(self, point: LoadPoint) -> None:
        """Go from off to ``point`` by the steps of ``rig.safety.energise.STEPS``; publish each.

        Raises UsageRefused or LimitExceeded before any I/O; GuardianLost before any with source or analyzer; and after
        everything has been switched off again StepFailed, OutputWrong or SafetyInputOpen, which name the step, or what
        one of ``pre_energise_checks`` refused.
        """
        if self._present is not None:
            self.apply(point)
            return
        self.check_time()
        wanted = self._wanted(point)
        self._parts.guardian.arm(self._safe_off)
        try:
            with guarded(self._switch_off_at_once), self._explained():
                Energising(
                    wanted=wanted,
                    source=self._source,
                    watching=self._watching,
                    parts=self._parts,
                    safe_state=self._safe_state,
                    instruments=self._instruments,
                    checks=self.pre_energise_checks,
                    ceiling=self._ceiling,
                    rise_v_per_s=self._rise_limit_v_per_s,
                    transition=self._transition(wanted),
                    now_present=self._now_present,
                    publish=self._publish,
                ).run()
        except RigError as error:
            self._publish(OutputsFailed("not-energised", str(error)))
            raise
        self._publish(Energised(point))

    def apply(self, point: LoadPoint) -> None:
        """Go from one energised point to the next, without switching off where the voltage hardly changes.

        A voltage that changes by more than 15 % or needs another range of the source is ramped down and up again, a
        smaller change goes in small steps, no faster than on the way up. Ranges of the analyzer change with the
        currents off; where one does, or a CT input is to have much more, currents come back from a tenth. Raises as
        ``energise``.
        """
        if self._present is None:
            self.energise(point)
            return
        self.check_time()
        wanted = self._wanted(point)
        with guarded(self._switch_off_at_once):
            self.watch_inputs(now=True)
        if must_restart(self._present.setting, wanted.setting, self._source.capabilities):
            self.de_energise().raise_if_not_confirmed()
            self.energise(point)
            return
        before = self._present
        with guarded(self._switch_off_at_once), self._explained():
            self._require_output_on()
            self._transition(wanted).between(before, wanted)
        self._publish(PointApplied(point))

    def settle(self) -> list[AnalyzerReading]:
        """Wait until the point is stable; returns the data sets (five or more) that showed it, oldest first.

        Stable is not "equal to the set-point": how far it is from nominal is ``deviations_from_nominal``'s business.
        Raises NotSettled after the time-out (bench time; the outputs stay on), UsageRefused where there is nothing
        to settle, and what an instrument raises, or OutputWrong, after everything has been switched off.
        """
        ranges = self._watching.ranges
        if self._present is None or self._parts.analyzer is None or ranges is None:
            raise UsageRefused("nothing can settle: the outputs are off, or the bench has no analyzer")
        fed = three(rms(spectrum) > 0.0 for spectrum in self._present.target.voltages)
        window = StabilityWindow(self._parts.settling, ranges, fed)
        point = self._present.point
        with guarded(self._switch_off_at_once, harmless=(NotSettled, EndAsked)), self._explained():
            started_s = self._parts.clock.now_s()
            while True:
                self.watch_inputs()
                window.add(self._watching.read())
                unsteady = window.unsteady()
                if unsteady is None:
                    return window.readings
                waited_s = self._parts.clock.now_s() - started_s
                if waited_s > self._parts.settling.timeout_s:
                    raise NotSettled(point.label, round(waited_s, 1), unsteady)

    def observe(self) -> AnalyzerReading | None:
        """Look once at what is energised: a fresh data set, None where the bench has no analyzer.

        Raises UsageRefused where the outputs are off; what an instrument raises, or OutputWrong where the output is
        off or a voltage is not what it should be, after everything has been switched off.
        """
        if self._present is None:
            raise UsageRefused("there is nothing to look at: the outputs are off")
        self.check_time()
        with guarded(self._switch_off_at_once, harmless=(EndAsked,)), self._explained():
            self._require_output_on()
            return self._watching.read() if self._watching.is_there else None

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
        self._watching.expect_nothing()
        if present is not None:
            self._watching.expect(present.target, ceiling=self._ceiling)
        self._goes_down = True
        try:
            report = self._safe_state.reach(present.setting if present else None, self.ramp_down_s)
        finally:
            self._goes_down = False
        return self._off(report)

    def _switch_off_at_once(self) -> SafeStateReport:
        self._present = None
        self._watching.expect_nothing()
        return self._off(self._safe_state.at_once())

    def _off(self, report: SafeStateReport) -> SafeStateReport:
        self._present = None
        self._watching.expect_nothing()
        not_opened = None
        if report.confirmed:
            not_opened = None if self._parts.contactor is None else self._parts.contactor.open()
            self._parts.watchdog.disarm()
            self._parts.guardian.disarm()
            # What the guardian did meanwhile it may have said only now.
            report = replace(report, trouble=report.trouble or self._parts.guardian.trouble())
        else:
            self._parts.watchdog.starve()
        if self._parts.watchdog.trouble is not None:
            self._publish(OutputsFailed("watchdog", self._parts.watchdog.trouble))
        if not_opened is not None:
            self._publish(OutputsFailed("contactor", not_opened, "info"))
        self._publish(SwitchedOff(report.confirmed, tuple(report.details), tuple(report.by)))
        if report.confirmed and report.interrupted_by is not None:
            raise report.interrupted_by
        return report

    def _publish(self, event: OutputsChanged) -> None:
        """Publish it; that all is off, which several places on the way down confirm, once until something else is."""
        was_off, self._is_said_off = self._is_said_off, isinstance(event, SwitchedOff) and event.confirmed
        if not (was_off and self._is_said_off):
            self._parts.events.publish(event)

    def _cut(self, reading: InputsReading) -> None:
        """Switch the source off and raise; the analyzer, which may be in the middle of a reading, is asked later."""
        self._present = None
        self._watching.expect_nothing()
        reason = f"{reading.found} where {reading.wanted} was wanted"
        cut(self._source, self._parts.guardian, reason).raise_if_not_confirmed()
        opened = SafetyInputOpen(reading.found, reading.wanted)
        self._publish(OutputsFailed("interlock", reason))
        raise opened

    def _now_present(self, present: Present) -> None:
        self._present = present

    def _wanted(self, point: LoadPoint) -> Present:
        source, envelope = self._source.capabilities, self._envelope
        path, ramp_s = self._parts.path, self._parts.ramp_s
        check([point], rating=self.rating, path=path, source=source, envelope=envelope, ramp_s=ramp_s)
        return Present(point, path.source_setting(point), path.terminals(point))

    def _require_output_on(self) -> None:
        if not self._source.output_is_on():
            raise OutputWrong("the source's output", "off", "on", "the source was reset or tripped; look at it")

    @property
    def _ceiling(self) -> Ceiling:
        return Ceiling.of(self.rating.envelope(self._envelope), self._parts.path.ct_secondary_v)

    @property
    def _rise_limit_v_per_s(self) -> float:
        limit = self.rating.damage.ramp_v_per_s
        assert limit is not None, "checked with the point"
        return limit

    def _transition(self, wanted: Present) -> Transition:
        highest_v = max(rms(spectrum) for spectrum in wanted.target.voltages)
        return Transition(
            source=self._source,
            watching=self._watching,
            clock=self._parts.clock,
            now_present=self._now_present,
            ceiling=self._ceiling,
            # As on the way up, which was checked against the damage envelope.
            rise_v_per_s=min(self._rise_limit_v_per_s, highest_v / self._parts.ramp_s),
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Look at interlock and emergency stop before an output is called wrong: they act in hardware, and first."""
        try:
            yield
        except OutputWrong:
            self.watch_inputs(now=True)
            raise
