"""Base class of the pulse generators: trains of pulses, timed by hardware, on numbered outputs."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

from drivers.instrument import DrivingInstrument


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """``count`` pulses of ``width_s`` seconds, their beginnings ``period_s`` seconds apart."""

    count: int
    width_s: float
    period_s: float

    @property
    def duration_s(self) -> float:
        """Seconds from the first rise to the last fall."""
        return (self.count - 1) * self.period_s + self.width_s


@dataclass(frozen=True, slots=True)
class GeneratorCapabilities:
    """What a generator can do, as data: outputs, and (lowest, highest) count, width, period in s, high level in V.

    ``shortest_low_s``: the shortest time in seconds between the end of a pulse and the beginning of the next.
    """

    outputs: tuple[int, ...]
    count: tuple[int, int]
    width_s: tuple[float, float]
    period_s: tuple[float, float]
    high_v: tuple[float, float]
    shortest_low_s: float


class PulseGenerator(DrivingInstrument):
    """A generator whose outputs rest low (0 V) and pulse high.

    What an output drives must take low, and an output that is off, for rest: the pulse contact open, control power
    on. The generator answers the width that was set, never a measurement: a counter measures it. ``make_safe``
    switches all outputs off, in the middle of a train too.
    """

    capabilities: GeneratorCapabilities

    @abstractmethod
    def arm(self, output: int, train: PulseTrain, high_v: float) -> None:
        """Set an output up for one train, verified, and switch it on at rest; raises SettingOutOfRange before I/O."""

    @abstractmethod
    def trigger(self, output: int) -> None:
        """Begin the train that the output is armed for; returns at once."""
