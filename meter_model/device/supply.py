"""Control power: what is enough, how long the meter rides through a gap, how long it takes to start (manual page 2)."""

from __future__ import annotations

from enum import Enum, StrEnum, auto

MINIMUM_AC_V = 90.0
"""RMS volts."""

MAXIMUM_AC_V = 600.0
"""RMS volts, line to line (UL)."""

MINIMUM_DC_V = 125.0

MAXIMUM_DC_V = 300.0

_ROUNDING_S = 1e-9


class SupplyKind(StrEnum):
    """What the control power terminals are fed with."""

    AC = "ac"
    DC = "dc"


def is_sufficient(kind: SupplyKind, volts: float) -> bool:
    """Return whether the meter runs on this; raises ValueError above what it may be exposed to."""
    low, high = (MINIMUM_AC_V, MAXIMUM_AC_V) if kind is SupplyKind.AC else (MINIMUM_DC_V, MAXIMUM_DC_V)
    if not 0.0 <= volts <= high:
        raise ValueError(f"control power of {volts:g} V {kind} is not from 0 to {high:g} V: it would harm the meter")
    return volts >= low


class SupplyState(Enum):
    """What the meter does with its control power."""

    RUNNING = auto()
    STARTING = auto()
    OFF = auto()


class Supply:
    """Follows control power; a meter that is made is running."""

    def __init__(self, ride_through_s: float, start_up_s: float) -> None:
        self._ride_through_s = ride_through_s
        self._start_up_s = start_up_s
        self._missing_s = 0.0
        self._starting_s = 0.0
        self.state = SupplyState.RUNNING

    def restart(self) -> None:
        """Restart with control power present."""
        self._starting_s = 0.0
        self.state = SupplyState.STARTING

    def span_s(self, is_present: bool, at_most_s: float) -> float:
        """Return for how much of the coming ``at_most_s`` the state stays as it is."""
        match self.state:
            case SupplyState.RUNNING if not is_present:
                return min(at_most_s, self._ride_through_s - self._missing_s)
            case SupplyState.OFF if is_present:
                return 0.0
            case SupplyState.STARTING if is_present:
                return min(at_most_s, self._start_up_s - self._starting_s)
        return at_most_s

    def advance(self, dt_s: float, is_present: bool) -> SupplyState:
        """Let ``dt_s`` of one span pass and return the state that follows it."""
        self._missing_s = 0.0 if is_present else self._missing_s + dt_s
        if self.state is SupplyState.RUNNING:
            if not is_present and self._missing_s >= self._ride_through_s - _ROUNDING_S:
                self.state = SupplyState.OFF
            return self.state
        if not is_present:
            self.state = SupplyState.OFF
            return self.state
        if self.state is SupplyState.OFF:
            self._starting_s = 0.0
            self.state = SupplyState.STARTING
        self._starting_s += dt_s
        if self._starting_s >= self._start_up_s - _ROUNDING_S:
            self.state = SupplyState.RUNNING
        return self.state
