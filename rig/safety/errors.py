"""Errors of energising and measuring safely; each carries its data."""

from __future__ import annotations

from drivers.errors import RigError
from rig.errors import BenchFault


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


class OutputWrong(BenchFault):
    """What the analyzer measures is not what the source was told to give; the outputs have been switched off."""

    def __init__(self, quantity: str, measured: str, expected: str, advice: str) -> None:
        super().__init__(f"{quantity} is {measured} where {expected} was expected; {advice}")
        self.quantity = quantity
        self.measured = measured
        self.expected = expected


class GuardianLost(BenchFault):
    """The guardian process is gone or does not answer: the rig may not stay energised without it."""

    def __init__(self, what: str, made_safe: str) -> None:
        super().__init__(f"the guardian process {what}; {made_safe}")
        self.made_safe = made_safe


class GuardianActed(BenchFault):
    """The guardian has switched the outputs off, because the rig made no progress; ``reason`` is its own."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the guardian has switched the outputs off: {reason}; what was being measured is lost")
        self.reason = reason
