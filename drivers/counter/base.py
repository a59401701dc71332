"""Base class of the counters: measure the widths of passing pulses, one by one."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal

from drivers.instrument import DrivingInstrument

Polarity = Literal["positive", "negative"]


@dataclass(frozen=True, slots=True)
class CounterInput:
    """One input and what is connected: threshold ``level_v``, and whether a pulse is high (positive) or low."""

    channel: int
    level_v: float = 1.5
    polarity: Polarity = "positive"


@dataclass(frozen=True, slots=True)
class CounterCapabilities:
    """What a counter can do, as data: inputs, and (lowest, highest) threshold in V, count, time-out in s.

    ``width_uncertainty_s``: half-width of the limits of error of one width, in seconds.
    """

    inputs: tuple[int, ...]
    level_v: tuple[float, float]
    count: tuple[int, int]
    timeout_s: tuple[float, float]
    width_uncertainty_s: float


class WidthCounter(DrivingInstrument):
    """A counter that measures pulse widths in the background while the rig does something else.

    It drives nothing: ``make_safe`` stops measuring.
    """

    capabilities: CounterCapabilities

    @abstractmethod
    def arm(self, watched: CounterInput, count: int, timeout_s: float) -> None:
        """Begin to measure the next ``count`` pulses; ``timeout_s``: longest wait for each, in seconds."""

    @abstractmethod
    def widths_s(self) -> tuple[float, ...]:
        """Return the widths measured since ``arm`` in seconds, in order; fewer than asked for where fewer came."""
