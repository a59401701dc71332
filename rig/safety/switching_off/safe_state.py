"""Reach and confirm the safe state: softly where all works, at once otherwise, by the guardian as the last way."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from drivers.analyzer.base import ReferenceAnalyzer
from drivers.errors import NotConfigured, RigError
from drivers.source.base import AcSource, Channel, SafeOff, SourceSetting
from rig.errors import SafeStateNotConfirmed
from rig.load_point import three
from rig.safety.limits import scaled
from rig.safety.switching_off.raw_off import SafeOffResult
from rig.safety.switching_off.terminals import TerminalsSeen, look_at_terminals

_STEPS_DOWN = (0.6, 0.3, 0.1)
_CONFIRM_BEFORE_CUT_S = 1.0
_NOTHING: tuple[Channel, Channel, Channel] = ((), (), ())


class Clock(Protocol):
    """What is needed of the bench clock (rig.bench.clock)."""

    def now_s(self) -> float:
        """Tell the bench time in seconds."""

    def sleep(self, dt_s: float) -> None:
        """Spend bench time."""


class Watched(Protocol):
    """What the supervisor needs of the guardian."""

    def arm(self, recipes: Iterable[SafeOff]) -> None:
        """From now on silence or death switches these off."""

    def disarm(self) -> None:
        """Tell that the outputs are off and verified: nothing is left to guard."""

    def beat(self) -> None:
        """Tell that the rig made progress."""

    def switch_off(self, reason: str) -> list[SafeOffResult]:
        """Ask for everything to be switched off now, without ramp."""

    def quietly(self) -> contextlib.AbstractContextManager[None]:
        """Beats raise nothing within: for switching off."""

    def off_by(self, within_s: float | None) -> None:
        """Have the guardian switch off after so many seconds, unless None or ``disarm`` comes first."""

    def trouble(self) -> str | None:
        """Say what is wrong with the guardian, or what it had to do; None where all is well."""


class Opening(Protocol):
    """A contactor that can be opened (rig.safety.contactor)."""

    def open(self) -> str | None:
        """Open it; returns what went wrong."""


@dataclass(frozen=True, slots=True)
class SafeStateReport:
    """Whether the outputs are known to be off, and who says so: ``source``, ``analyzer``, ``guardian``.

    ``details``: what was done and found, one sentence each. ``trouble``: what went otherwise than it should on the way,
    though the outputs may be off by now, None where nothing did. ``interrupted_by``: what came in between and was put
    off until now, an interrupt or an error that the rig does not know.
    """

    confirmed: bool
    by: tuple[str, ...]
    details: tuple[str, ...]
    trouble: str | None = None
    interrupted_by: BaseException | None = None

    def raise_if_not_confirmed(self) -> None:
        """Raise SafeStateNotConfirmed, the most serious error, unless the outputs are known to be off."""
        if not self.confirmed:
            raise SafeStateNotConfirmed(
                "OUTPUTS NOT CONFIRMED OFF: treat the meter's terminals as live, switch the source off by hand; "
                f"{'; '.join(self.details)}"
            )


@dataclass(eq=False)
class SafeState:
    """Brings a source to its safe state and has it confirmed by those who can see it."""

    source: AcSource
    analyzer: ReferenceAnalyzer | None
    clock: Clock
    guardian: Watched
    ramp_s: float
    contactor: Opening | None = None

    def reach(self, setting: SourceSetting | None, ramp_s: float | None = None) -> SafeStateReport:
        """Switch off and verify; ``setting`` is what the source gives now, None when nothing was switched on.

        ``ramp_s``: bench seconds that the ramp down may take, None for as many as the ramp up.

        Currents first, then the voltage down in steps, then the output. Any failure on the way (an instrument, the
        clock, an interrupt, the rig itself) ends the soft way, and the output is switched off at once. Raises nothing:
        the caller must raise ``interrupted_by`` once all is done.
        """
        way = _Way()
        with self.guardian.quietly():
            if setting is not None:
                self._softly(setting, way, self.ramp_s if ramp_s is None else min(ramp_s, self.ramp_s))
            by = self._switch_off(way)
            denied = self._ask_analyzer(by, way)
            if denied and self.contactor is not None:
                denied = self._cut_off(by, way, self.contactor)
            guardian = self.guardian.trouble()
        if guardian is not None:
            way.went_wrong(guardian)
        return SafeStateReport(bool(by) and not denied, tuple(by), tuple(way.details), way.trouble, way.interrupted_by)

    def at_once(self) -> SafeStateReport:
        """Switch off without ramp and verify, as after a fault."""
        return self.reach(None)

    def _softly(self, setting: SourceSetting, way: _Way, ramp_s: float) -> None:
        try:
            dead = replace(setting, current=_NOTHING)
            self.source.set_point(dead)
            for part in _STEPS_DOWN:
                self.source.set_point(replace(dead, voltage=three(scaled(one, part) for one in setting.voltage)))
                self.clock.sleep(ramp_s / len(_STEPS_DOWN))
            self.source.set_output(False)
        except BaseException as error:  # noqa: BLE001 - off first, on any error
            way.failed("not ramped down", error)
        else:
            way.details.append("currents off, voltage ramped down")

    def _switch_off(self, way: _Way) -> list[str]:
        try:
            # A driver's make_safe verifies; asking again would only repeat it.
            self.source.make_safe()
        except BaseException as error:  # noqa: BLE001 - the guardian must have its turn
            way.failed("the source did not confirm", error)
        else:
            way.details.append("the source says that its output is off")
            return ["source"]
        # Where the source takes one client only, the guardian can reach it only after it is released here.
        with contextlib.suppress(RigError):
            self.source.close()
        results = self.guardian.switch_off("the rig cannot reach the source, or it does not switch off")
        way.details += [f"guardian: {result.resource}: {result.details}" for result in results]
        return ["guardian"] if results and all(result.confirmed for result in results) else []

    def _cut_off(self, by: list[str], way: _Way, contactor: Opening) -> bool:
        """Open the contactor where volts are still seen, and ask again; returns what ``_ask_analyzer`` does."""
        problem = contactor.open()
        way.details.append(problem or "the contactor was opened")
        way.went_wrong(
            "THE SOURCE'S OUTPUT STAYED ON, and the contactor was opened: treat the source's terminals as live"
        )
        return self._ask_analyzer(by, way)

    def _ask_analyzer(self, by: list[str], way: _Way) -> bool:
        """Have the analyzer look at the terminals; True is "it sees volts, or cannot say that there are none"."""
        if self.analyzer is None:
            way.details.append("there is no analyzer to confirm it")
            return False
        try:
            seen = self._look(self.analyzer, None if self.contactor is None else _CONFIRM_BEFORE_CUT_S)
        except BaseException as error:  # noqa: BLE001 - who else has confirmed counts as well
            way.failed("the analyzer could not confirm", error)
            return False
        way.details.append(seen.text)
        if seen.is_dead:
            by.append("analyzer")
        return not seen.is_dead

    @staticmethod
    def _look(analyzer: ReferenceAnalyzer, within_s: float | None) -> TerminalsSeen:
        """Look; an analyzer whose transaction was interrupted, by a signal for instance, is configured again first."""
        try:
            return look_at_terminals(analyzer, within_s)
        except NotConfigured:
            analyzer.configure()
            return look_at_terminals(analyzer, within_s)


class _Way:
    """What was done and found on one way down."""

    def __init__(self) -> None:
        self.details: list[str] = []
        self.trouble: str | None = None
        self.interrupted_by: BaseException | None = None

    def failed(self, what: str, error: BaseException) -> None:
        """Note an error; one that is not the rig's own must be raised later."""
        text = f"{what} ({_said(error)})"
        self.details.append(text)
        self.went_wrong(text)
        if not isinstance(error, RigError) and self.interrupted_by is None:
            self.interrupted_by = error

    def went_wrong(self, text: str) -> None:
        """Note what went otherwise than it should; the first thing counts."""
        self.trouble = self.trouble or text


def cut(source: AcSource, guardian: Watched, reason: str) -> SafeStateReport:
    """Switch the source off and ask nothing else: the analyzer may be in the middle of a reading. Raises nothing."""
    with guardian.quietly():
        try:
            source.make_safe()
        except RigError as error:
            results = guardian.switch_off(reason)
            details = tuple(f"guardian: {result.resource}: {result.details}" for result in results)
            is_off = bool(results) and all(result.confirmed for result in results)
            return SafeStateReport(is_off, ("guardian",), (reason, str(error), *details))
    return SafeStateReport(True, ("source",), ())


@contextlib.contextmanager
def guarded(make_safe: Callable[[], SafeStateReport], harmless: tuple[type[RigError], ...] = ()) -> Iterator[None]:
    """Switch off before any exception leaves this context, ``harmless`` ones apart.

    If that is not confirmed, SafeStateNotConfirmed is raised in its place.
    """
    try:
        yield
    except harmless:
        raise
    except BaseException as error:
        try:
            make_safe().raise_if_not_confirmed()
        except SafeStateNotConfirmed as worse:
            raise worse from error
        raise


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
