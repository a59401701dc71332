"""Energise from off to a load point, step by step: each step is recorded, and a failed step ends the way up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.errors import RigError
from drivers.source.base import AcSource, SafeOff
from rig.errors import SafeStateNotConfirmed, UsageRefused
from rig.events import EnergiseStep, Events, OutputsChanged
from rig.safety.contactor.proof import CONTACTOR, BenchContactor, Proving
from rig.safety.envelopes import EnvelopeName, MeterRating
from rig.safety.errors import GuardianActed, GuardianLost, OutputWrong, SafetyInputOpen, StepFailed
from rig.safety.inputs import SafetyInputs
from rig.safety.limits import InjectionPath
from rig.safety.settling import SettlingLimits
from rig.safety.switching_off.safe_state import Clock, SafeState, Watched
from rig.safety.transition import Present, Transition
from rig.safety.watch.alarm import SourceAlarm
from rig.safety.watch.identity import KnownInstrument, named
from rig.safety.watch.judging import Ceiling
from rig.safety.watch.timed_source import STEP_S
from rig.safety.watch.watchdog import SourceWatchdog
from rig.safety.watch.watching import Watching

INTERLOCK, IDENTITY, CHECKS, OUTPUT_OFF = "interlock", "identity", "checks", "output off"
CURRENT_LIMIT, SETTINGS, RAMP = "current limit", "settings", "ramp"
ROTATION, CURRENTS = "rotation and frequency", "current channels"

STEPS = (INTERLOCK, IDENTITY, CHECKS, OUTPUT_OFF, CONTACTOR, CURRENT_LIMIT, SETTINGS, RAMP, ROTATION, CURRENTS)
"""The steps in their order; the output is off until the ramp."""

_WANTED_AND_ADVICE = {
    IDENTITY: ("an answer of the instrument that the bench was opened with", "look at its power and its connection"),
    CHECKS: ("every check before energising passed", "do what the check says"),
    OUTPUT_OFF: ("the output off, by source and analyzer", "look at both; switch the source off by hand"),
    CONTACTOR: ("a contactor that opens and closes", "look at the switch unit, the contactor and the analyzer's leads"),
    CURRENT_LIMIT: ("ranges selected and the current limit in force", "look at the source's ranges and protection"),
    SETTINGS: ("every setting taken and read back", "look at the source's display and its error messages"),
    RAMP: ("a voltage that rises as programmed", "look at source, analyzer and leads"),
    ROTATION: ("angles and frequency confirmed by the analyzer", "look at the analyzer"),
    CURRENTS: ("currents set, and confirmed by the analyzer", "look at the source's current channels and the analyzer"),
}

_SAYS_ENOUGH = (StepFailed, SafetyInputOpen, UsageRefused, SafeStateNotConfirmed, GuardianLost, GuardianActed)


@dataclass(frozen=True, kw_only=True)
class Supervised:
    """What a supervisor works with.

    ``watchdog``: the source's own, where it has one. ``envelope``: how far points may go, other than inside ``beyond``.
    ``instruments``: those that are identified before energising, by default source and analyzer. ``inputs``:
    interlock and emergency stop, which the rig obeys; hardware protects people. ``contactor``: proven, then closed on
    the way up. ``answer_s``: wall seconds that a setting or an answer of the source may take while it is on
    (TimedSource); ``alarm`` tells where one does not come. ``ramp_s``: seconds of bench time. ``on_time`` is called
    whenever time is spent while energised, with whether it goes down; EndAsked leaves the outputs on.
    """

    source: AcSource
    analyzer: ReferenceAnalyzer | None
    path: InjectionPath
    clock: Clock
    guardian: Watched
    rating: MeterRating
    safe_off: Sequence[SafeOff] | None = None
    ramp_s: float = 5.0
    settling: SettlingLimits = field(default_factory=SettlingLimits)
    envelope: EnvelopeName = "accuracy"
    events: Events = field(default_factory=Events)
    on_time: Callable[[bool], None] = lambda _goes_down: None
    watchdog: SourceWatchdog = field(default_factory=SourceWatchdog)
    instruments: Sequence[KnownInstrument] = ()
    inputs: SafetyInputs = field(default_factory=SafetyInputs.none)
    contactor: BenchContactor | None = None
    pre_energise_checks: Sequence[Callable[[], None]] = ()
    answer_s: float = STEP_S
    alarm: SourceAlarm | None = None


@dataclass(frozen=True, kw_only=True)
class Energising:
    """Everything that the steps need; ``run`` goes through them once.

    ``ceiling``: what no input may be above, ``rise_v_per_s``: fastest rise. ``transition`` brings the currents up.
    ``publish`` is given each step that is done, ``now_present`` what is energised from that moment on.
    """

    wanted: Present
    source: AcSource
    watching: Watching
    parts: Supervised
    safe_state: SafeState
    instruments: Sequence[KnownInstrument]
    checks: Sequence[Callable[[], None]]
    ceiling: Ceiling
    rise_v_per_s: float
    transition: Transition
    now_present: Callable[[Present], None]
    publish: Callable[[OutputsChanged], None]

    def run(self) -> None:
        """Go through the steps; raises StepFailed, OutputWrong or SafetyInputOpen, naming the step that failed.

        Errors of a check (UsageRefused), of guardian and of safe state pass unchanged. The caller switches off after
        any of them.
        """
        for number, (name, do) in enumerate(
            (
                (INTERLOCK, self._interlock),
                (IDENTITY, self._identity),
                (CHECKS, self._do_checks),
                (OUTPUT_OFF, self._output_off),
                (CONTACTOR, self._contactor_ready),
                (CURRENT_LIMIT, self._current_limit),
                (SETTINGS, self._settings),
                (RAMP, self._ramp),
                (ROTATION, self._rotation),
                (CURRENTS, self._currents),
            ),
            start=1,
        ):
            try:
                found = do()
            except OutputWrong as wrong:
                raise wrong.at(name) from wrong.__cause__
            except _SAYS_ENOUGH:
                raise
            except RigError as error:
                wanted, advice = _WANTED_AND_ADVICE[name]
                raise StepFailed(name, str(error), wanted, advice) from error
            self.publish(EnergiseStep(self.wanted.point, number, len(STEPS), name, found))

    def _interlock(self) -> str:
        return self._require_safe_inputs(INTERLOCK)

    def _identity(self) -> str:
        answers = []
        for instrument in self.instruments:
            said, objection = instrument.ask()
            if objection is not None:
                advice = "put the right one in place, or correct the bench file"
                raise StepFailed(IDENTITY, f"the {instrument.role} is {named(said)}", objection, advice)
            answers.append(f"{instrument.role} {named(said)}")
        return ", ".join(answers)

    def _do_checks(self) -> str:
        for check in self.checks:
            check()
        return f"{len(self.checks)} passed" if self.checks else "none"

    def _output_off(self) -> str:
        report = self.safe_state.at_once()
        report.raise_if_not_confirmed()
        if report.interrupted_by is not None:
            raise report.interrupted_by
        needed = {"source", "analyzer"} if self.watching.is_there else {"source"}
        if not needed <= set(report.by):
            wanted, advice = _WANTED_AND_ADVICE[OUTPUT_OFF]
            raise StepFailed(OUTPUT_OFF, "; ".join(report.details), wanted, advice)
        return "; ".join(report.details)

    def _contactor_ready(self) -> str:
        if self.parts.contactor is None:
            return "none on this bench"
        return self.parts.contactor.make_ready(self.wanted.point, Proving(self.source, self.watching, self.parts.path))

    def _current_limit(self) -> str:
        self.watching.select_ranges([self.wanted.target])
        self.source.select_ranges(self.wanted.setting)
        limits, protection = self.source.capabilities.current_limit_a, self.source.protection()
        if limits is None and protection is None:
            return "ranges selected; the current limit is not for the rig to set on this source"
        low_a, high_a = limits or (0.0, math.inf)
        found_a = math.nan if protection is None else protection.current_limit_a
        if not (math.isfinite(found_a) and low_a <= found_a <= high_a):
            said = "the source tells no current limit" if protection is None else f"a current limit of {found_a:g} A"
            advice = "look at the source's protection; nothing was switched on"
            raise StepFailed(CURRENT_LIMIT, said, f"one of {low_a:g} to {high_a:g} A", advice)
        return f"ranges selected, {found_a:g} A in force"

    def _settings(self) -> str:
        self.source.set_point(self.wanted.without_currents.setting)
        return "voltages and frequency taken and read back, currents none"

    def _ramp(self) -> str:
        # Read again: the state read before identities and ranges is old by now.
        self._require_safe_inputs(RAMP)
        target = self.wanted.without_currents.target
        self.now_present(self.wanted.without_currents)
        self.watching.expect(target, ceiling=self.ceiling)
        self.parts.watchdog.arm()
        begun_s = self.parts.clock.now_s()
        self.source.set_output(True, self.parts.ramp_s)
        return self.watching.watch_ramp(
            target, begun_s=begun_s, ramp_s=self.parts.ramp_s, rise_v_per_s=self.rise_v_per_s
        )

    def _rotation(self) -> str:
        return self.watching.confirm_rotation(self.wanted.target)

    def _currents(self) -> str:
        return self.transition.bring_up_currents(self.wanted)

    def _require_safe_inputs(self, step: str) -> str:
        if not self.parts.inputs.are_wired:
            return "not wired"
        reading = self.parts.inputs.read()
        if not reading.is_safe:
            raise SafetyInputOpen(reading.found, reading.wanted, step)
        return reading.found
