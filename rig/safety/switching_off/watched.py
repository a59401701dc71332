"""Interface of the guardian to the supervisor and to the way to the safe state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Protocol

from drivers.source.base import SafeOff
from rig.safety.switching_off.raw_off import SafeOffResult


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
