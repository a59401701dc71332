"""The contactor between the source's terminals and the meters': its coil's circuit, what welds it, what it cuts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

HOLD_S = 3.0
"""Wall seconds for which the timer relay stays on after its last pulse."""

_OFF = float("-inf")


class Contactor:
    """A contactor of six poles: three voltages and three CT inputs of all meters, the analyzer's leads behind it.

    Its coil is fed while the contact of one relay (``enable``) is closed and a timer relay is on. The timer relay is a
    retriggerable one-shot: each closing (not the closed state) of another relay's contact, ``pulse``, keeps it on for
    ``HOLD_S`` of wall time, as hardware does. Until one of the two relays is worked a bypass is shut, so that a bench
    that does not use the contactor is wired as if there were none. Used with the world held.
    """

    def __init__(
        self, log: Callable[..., None] = lambda *_args, **_data: None, wall_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._log = log
        self._wall_s = wall_s
        self._is_enabled = False
        self._pulsed_s = _OFF
        self._is_closed = False
        self._is_bypassed = True
        self._is_stuck = False

    def enable(self, closed: bool) -> None:
        """Open or close the relay in series with the coil."""
        self._is_bypassed = False
        self._is_enabled = closed
        self._move("enable")

    def pulse(self, closed: bool) -> None:
        """Work the contact that triggers the timer relay: a closing counts."""
        self._is_bypassed = False
        if closed:
            self._pulsed_s = self._wall_s()
        self._move("pulse")

    def stick(self, on: bool) -> None:
        """Weld the contacts where they are closed, or as soon as they close (a fault), or mend them."""
        self._is_stuck = on
        self._move("fault")

    def bypass(self, on: bool) -> None:
        """Shut or open the bypass by hand."""
        self._is_bypassed = on

    @property
    def lets_through(self) -> bool:
        """Whether what the source gives is at the meters' terminals; the timer relay is looked at now."""
        self._move("timer")
        return self._is_closed or self._is_bypassed

    def status(self) -> dict[str, Any]:
        """Return what can be seen from outside."""
        lets_through = self.lets_through
        return {"contactor_closed": lets_through, "contactor_bypassed": self._is_bypassed}

    def _move(self, cause: str) -> None:
        is_fed = self._is_enabled and self._wall_s() - self._pulsed_s < HOLD_S
        is_closed = is_fed or (self._is_stuck and self._is_closed)
        if is_closed != self._is_closed:
            self._is_closed = is_closed
            self._log("contactor", closed=is_closed, cause=cause)
