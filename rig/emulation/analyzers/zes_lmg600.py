"""The emulated ZES ZIMMER LMG671 of three channels: cycles, jacks and ranges, two command languages.

Its command table is in ``zes_lmg600_commands``, with what is known of the commands and from where.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

from meter_model.stimulus import Stimulus
from rig.emulation.analyzers.arithmetic import ELEMENTS, AnalyzerErrors, ElementResult, ElementSums, Update
from rig.emulation.analyzers.cycles import CyclicAnalyzer, Interval
from rig.emulation.scpi.engine import ScpiEngine, Wait
from rig.emulation.world.surroundings import Surroundings

VOLTAGE_RANGES = (3.0, 6.0, 12.5, 25.0, 60.0, 130.0, 250.0, 400.0, 600.0, 1000.0)
SENSOR_RANGES = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Nominal ranges of the voltage input and of the sensor jack, volts; they hold 110 % of it [R]."""

DIRECT_JACK, SENSOR_JACK = 0, 1
"""Where a current channel is connected: its current terminals, or the input for a sensor's voltage."""

_SWITCHED_ON = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class CycleSet:
    """One measuring cycle: its results, and when it ended on the instrument's clock, seconds since it was on."""

    results: tuple[ElementResult, ...]
    ended_s: float
    length_s: float


class ZesAnalyzer(CyclicAnalyzer):
    """One emulated instrument. All methods but ``engine.execute`` expect the world to be held.

    The CT inputs are wired to the sensor jacks: a channel whose current jack is selected reads zero. Values are those
    of the cycle that INIM waited for, until the next INIM, for every client.
    """

    engine: ScpiEngine

    def __init__(self, around: Surroundings[AnalyzerErrors], digits: int) -> None:
        super().__init__(around, 0xA3)
        self._now = around.now
        self._digits = digits
        self._finished = 0
        self._last: CycleSet | None = None
        self.reset()

    def reset(self) -> None:
        """Bring every setting, the command language too, to what it is after *RST."""
        self.is_short = False
        self.cycle_s = 0.5
        self.jack = [DIRECT_JACK] * ELEMENTS
        self.scale = [1.0] * ELEMENTS
        self.voltage_range = [VOLTAGE_RANGES[-1]] * ELEMENTS
        self.current_range = [SENSOR_RANGES[-1]] * ELEMENTS
        self.is_automatic = {kind: [True] * ELEMENTS for kind in "UI"}
        self.groups = [ELEMENTS]
        self.shown: CycleSet | None = None
        self.restart()

    def restart(self) -> None:
        """Begin a new cycle now. What a change of range, jack or cycle time does."""
        self._last = None
        self._cycles.restart()

    def number(self, value: float | None) -> str:
        """Write a value as FRMT ASCii does; ``None`` is no valid value."""
        return "NAN" if value is None else f"{value:.{self._digits - 1}E}"

    def _live(self, dt_s: float, sums: Sequence[ElementSums]) -> None:
        """Choose the ranges that are automatic."""
        for index, part in enumerate(sums):
            for kind, chosen, listed, squared in (
                ("U", self.voltage_range, VOLTAGE_RANGES, part.u_squared),
                ("I", self.current_range, SENSOR_RANGES, part.i_squared),
            ):
                if self.is_automatic[kind][index]:
                    chosen[index] = next((each for each in listed if math.sqrt(squared) <= each), listed[-1])

    def _plan(self, stimulus: Stimulus) -> Interval:
        return Interval(0.0, self.cycle_s)

    def _finish(self, update: Update, begun_s: float, ended_s: float) -> None:
        ranges = list(zip(self.voltage_range, self.current_range, strict=True))
        scale = [scale if jack == SENSOR_JACK else 0.0 for scale, jack in zip(self.scale, self.jack, strict=True)]
        results = update.results(ranges, scale, self._errors, self._generator)
        self._last = CycleSet(results, ended_s, ended_s - begun_s)
        self._finished += 1

    def wait_for_cycle(self) -> Wait:
        """Return the wait that ends with the present cycle, whose values are shown from then on."""
        wanted = self._finished + 1

        def is_over() -> bool:
            if self._finished < wanted:
                return False
            self.shown = self._last
            return True

        return Wait(is_over, lambda: self._now() + (self._cycles.left_s() or self.cycle_s))

    def time_stamp(self) -> str:
        """Write when the cycle shown ended, as the instrument does: ``2026:01:01D00:00:00.500000000``."""
        if self.shown is None:
            return "NAN"
        nanoseconds = round(self.shown.ended_s * 1e9)
        seconds, rest = divmod(nanoseconds, 10**9)
        moment = _SWITCHED_ON + dt.timedelta(seconds=seconds)
        return f"{moment:%Y:%m:%dD%H:%M:%S}.{rest:09d}"
