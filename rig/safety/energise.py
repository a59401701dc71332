"""Energise from off to a load point, step by step: each step is recorded, and a failed step ends the way up."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from drivers.errors import RigError
from drivers.source.base import AcSource
from rig.errors import SafeStateNotConfirmed, UsageRefused
from rig.safety.contactor.proof import CONTACTOR, BenchContactor, Proving
from rig.safety.errors import GuardianActed, GuardianLost, OutputWrong, SafetyInputOpen, StepFailed
from rig.safety.inputs import SafetyInputs
from rig.safety.limits import InjectionPath
from rig.safety.switching_off.safe_state import Clock, SafeState
from rig.safety.transition import Present, Transition
from rig.safety.watch.identity import KnownInstrument, named
from rig.safety.watch.judging import Ceiling
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


class Energising:
    """Everything that the steps need; ``run`` goes through them once.

    ``ceiling``: what no input may be above, ``rise_v_per_s``: fastest rise. ``transition`` brings the currents up.
    ``tell`` is given kind and sentence of each step done; ``now_present`` what is energised from that moment on.
    """

    def __init__(
        self,
        wanted: Present,
        *,
        source: AcSource,
        watching: Watching,
        clock: Clock,
        safe_state: SafeState,
        inputs: SafetyInputs,
        contactor: BenchContactor | None,
        path: InjectionPath,
        instruments: Sequence[KnownInstrument],
        checks: Sequence[Callable[[], None]],
        watchdog: SourceWatchdog,
        ramp_s: float,
        ceiling: Ceiling,
        rise_v_per_s: float,
        transition: Transition,
        now_present: Callable[[Present], None],
        tell: Callable[[str, str], None],
    ) -> None:
        self._wanted = wanted
        self._voltages_only = wanted.without_currents
        self._source = source
        self._watching = watching
        self._clock = clock
        self._safe_state = safe_state
        self._inputs = inputs
        self._contactor = contactor
        self._path = path
        self._instruments = instruments
        self._checks = checks
        self._watchdog = watchdog
        self._ramp_s = ramp_s
        self._ceiling = ceiling
        self._rise_v_per_s = rise_v_per_s
        self._transition = transition
        self._now_present = now_present
        self._tell = tell

    def run(self) -> None:
        """Go through the steps; raises StepFailed, OutputWrong or SafetyInputOpen, naming the step that failed.

        Errors of a check (UsageRefused), of guardian and of safe state pass unchanged. The caller switches off after
        any of them.
        """
        label = self._wanted.point.label
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
            self._tell("energise", f"{label}: step {number} of {len(STEPS)}, {name}: {found}")

    def _interlock(self) -> str:
        return self._require_safe_inputs(INTERLOCK)

    def _identity(self) -> str:
        answers = []
        for instrument in self._instruments:
            said, objection = instrument.ask()
            if objection is not None:
                advice = "put the right one in place, or correct the bench file"
                raise StepFailed(IDENTITY, f"the {instrument.role} is {named(said)}", objection, advice)
            answers.append(f"{instrument.role} {named(said)}")
        return ", ".join(answers)

    def _do_checks(self) -> str:
        for check in self._checks:
            check()
        return f"{len(self._checks)} passed" if self._checks else "none"

    def _output_off(self) -> str:
        report = self._safe_state.at_once()
        report.raise_if_not_confirmed()
        if report.interrupted_by is not None:
            raise report.interrupted_by
        needed = {"source", "analyzer"} if self._watching.is_there else {"source"}
        if not needed <= set(report.by):
            wanted, advice = _WANTED_AND_ADVICE[OUTPUT_OFF]
            raise StepFailed(OUTPUT_OFF, "; ".join(report.details), wanted, advice)
        return "; ".join(report.details)

    def _contactor_ready(self) -> str:
        if self._contactor is None:
            return "none on this bench"
        return self._contactor.make_ready(self._wanted.point, Proving(self._source, self._watching, self._path))

    def _current_limit(self) -> str:
        self._watching.select_ranges([self._wanted.target])
        self._source.select_ranges(self._wanted.setting)
        limits, protection = self._source.capabilities.current_limit_a, self._source.protection()
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
        self._source.set_point(self._voltages_only.setting)
        return "voltages and frequency taken and read back, currents none"

    def _ramp(self) -> str:
        # Read again: the state read before identities and ranges is old by now.
        self._require_safe_inputs(RAMP)
        target = self._voltages_only.target
        self._now_present(self._voltages_only)
        self._watching.expect(target, ceiling=self._ceiling)
        self._watchdog.arm()
        begun_s = self._clock.now_s()
        self._source.set_output(True, self._ramp_s)
        return self._watching.watch_ramp(target, begun_s=begun_s, ramp_s=self._ramp_s, rise_v_per_s=self._rise_v_per_s)

    def _rotation(self) -> str:
        return self._watching.confirm_rotation(self._wanted.target)

    def _currents(self) -> str:
        return self._transition.bring_up_currents(self._wanted)

    def _require_safe_inputs(self, step: str) -> str:
        if not self._inputs.are_wired:
            return "not wired"
        reading = self._inputs.read()
        if not reading.is_safe:
            raise SafetyInputOpen(reading.found, reading.wanted, step)
        return reading.found
