"""Errors of energising and measuring safely; each carries its data."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from drivers.errors import RigError
from rig.errors import BenchFault

if TYPE_CHECKING:
    from rig.safety.phasors import SeenPhasors


class ReferenceInvalid(RigError):
    """The reference analyzer gave no valid value, so the reading must not be judged (INVALID, never FAIL)."""

    def __init__(self, quantity: str, phase: str) -> None:
        super().__init__(
            f"the analyzer gave no valid {quantity} on phase {phase} (none, or over range); check its range and leads"
        )
        self.quantity = quantity
        self.phase = phase


class NotSettled(RigError):
    """The load point did not become stable in time (INVALID, never FAIL); ``waited_s`` is bench time."""

    def __init__(self, point: str, waited_s: float, unsteady: str) -> None:
        super().__init__(f"{point} was not stable after {waited_s:g} s: {unsteady}; check the source and its leads")
        self.point = point
        self.waited_s = waited_s
        self.unsteady = unsteady


class EndAsked(RigError):
    """The user of the bench asks for an end; the outputs are unchanged and go off in the normal order."""


class StepFailed(BenchFault):
    """A step of energising failed, nothing after it was done; ``step``, ``found``, ``wanted`` and ``advice`` say what.

    ``seen``: the phasors that the analyzer saw there, None where it was not asked.

    The outputs are off, as far as the error that comes in its place does not say otherwise (SafeStateNotConfirmed).
    """

    def __init__(self, step: str, found: str, wanted: str, advice: str) -> None:
        super().__init__(f"not energised, at the step {step!r}: {found} where {wanted} was wanted; {advice}")
        self.step = step
        self.found = found
        self.wanted = wanted
        self.advice = advice
        self.seen: SeenPhasors | None = None


@dataclass(eq=False, repr=False)
class OutputWrong(BenchFault):
    """What the analyzer measures is not what the source was set to; the outputs have been switched off.

    ``step``: of energising, None where it was later. ``seen``: the phasors of the data set that was judged, None where
    it was none. ``wires``: which wires they point to, in one clause, None where that is not clear.
    """

    quantity: str
    measured: str
    expected: str
    advice: str
    step: str | None = None
    seen: SeenPhasors | None = field(default=None, kw_only=True)
    wires: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        where = f"not energised, at the step {self.step!r}: " if self.step else ""
        what = f"{self.quantity} is {self.measured} where {self.expected} was expected"
        advice = self.advice
        super().__init__(f"{where}{what}; {self.wires or advice}")
        self.advice = advice

    def at(self, step: str) -> OutputWrong:
        """Return the same error, with the step of energising at which it was found."""
        return replace(self, step=step)

    def with_seen(self, seen: SeenPhasors, wires: str | None) -> OutputWrong:
        """Return the same error, with the phasors that were seen and the wires that they point to."""
        return replace(self, seen=seen, wires=wires)


class SafetyInputOpen(RigError):
    """The interlock is open, the emergency stop is pressed, or an input cannot be read (exit 2).

    The rig only reads these inputs: what protects people acts in hardware. ``found`` and ``wanted`` say what was
    read; ``step`` is that of energising, None where the outputs were on: they have been switched off at once.
    """

    def __init__(self, found: str, wanted: str, step: str | None = None) -> None:
        where = f"not energised, at the step {step!r}" if step else "stopped, outputs switched off"
        super().__init__(
            f"{where}: {found} where {wanted} was wanted; find out why, make the enclosure safe, and start a new run"
        )
        self.found = found
        self.wanted = wanted
        self.step = step


class GuardianLost(BenchFault):
    """The guardian process is gone or does not answer: the rig may not stay energised without it."""

    def __init__(self, what: str, made_safe: str) -> None:
        super().__init__(f"the guardian process {what}; {made_safe}")
        self.made_safe = made_safe


class RigSlept(BenchFault):
    """Nothing watched the outputs for a while: the host was suspended or the rig was stopped; they are off now."""

    def __init__(self, what: str, made_safe: str) -> None:
        super().__init__(f"{what} while the outputs were on; {made_safe}; start a new run")
        self.what = what
        self.made_safe = made_safe


class GuardianActed(BenchFault):
    """The guardian has switched the outputs off, because the rig made no progress; ``reason`` is its own."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the guardian has switched the outputs off: {reason}; what was being measured is lost")
        self.reason = reason
