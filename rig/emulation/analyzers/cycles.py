"""Data sets of an emulated analyzer in bench time, one after another; and the base class of the analyzers."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from meter_model.stimulus import Stimulus
from rig.emulation.analyzers.arithmetic import AnalyzerErrors, ElementSums, Update, element_sums
from rig.emulation.world.surroundings import Surroundings

_ROUNDING_S = 1e-9


@dataclass(frozen=True, slots=True)
class Interval:
    """How the next data set is taken: ``wait_s`` seconds of nothing first, then ``length_s`` seconds of averaging."""

    wait_s: float
    length_s: float


class Cycles:
    """Averages a stimulus over intervals that follow each other; ``finish`` is given each when it is complete.

    ``plan`` says, at the moment an interval begins, how it is taken. ``finish(update, begun_s, ended_s)``: times on
    this instrument's own clock, ``time_s``, which runs with bench time from zero.
    """

    def __init__(self, plan: Callable[[Stimulus], Interval], finish: Callable[[Update, float, float], None]) -> None:
        self._plan = plan
        self._finish = finish
        self.time_s = 0.0
        self.restart()

    def restart(self) -> None:
        """Throw the interval that is being taken away; the next begins now."""
        self._update = Update()
        self._interval: Interval | None = None
        self._waited_s = 0.0

    @property
    def is_averaging(self) -> bool:
        """Whether an interval is being averaged, rather than waited for."""
        return self._interval is not None and self._waited_s >= self._interval.wait_s

    def left_s(self) -> float:
        """Return how long the present interval takes at least (0 where none has begun)."""
        if self._interval is None:
            return 0.0
        whole_s = self._interval.wait_s + self._interval.length_s
        return max(0.0, whole_s - self._waited_s - self._update.elapsed_s)

    def advance(self, dt_s: float, sums: Sequence[ElementSums], stimulus: Stimulus) -> None:
        """Live through ``dt_s`` seconds of a constant stimulus, over as many intervals as they hold."""
        while dt_s > 0.0:
            if self._interval is None:
                self._interval = self._plan(stimulus)
            interval = self._interval
            if self._waited_s < interval.wait_s:
                step_s = _step(dt_s, interval.wait_s - self._waited_s)
                self._waited_s += step_s
            else:
                step_s = _step(dt_s, interval.length_s - self._update.elapsed_s)
                self._update.add(sums, stimulus.frequency_hz, step_s)
            dt_s -= step_s
            self.time_s += step_s
            if self._update.elapsed_s >= interval.length_s - _ROUNDING_S:
                update, length_s = self._update, self._update.elapsed_s
                self.restart()
                self._finish(update, self.time_s - length_s, self.time_s)
                # No client can read in between: of equal intervals only the last is visible.
                whole_s = interval.wait_s + interval.length_s
                skipped_s = max(0, math.floor(dt_s / whole_s) - 1) * whole_s
                dt_s -= skipped_s
                self.time_s += skipped_s


def _step(dt_s: float, left_s: float) -> float:
    """Return how far to go; a remainder of nanoseconds is the rounding of sums, not a step of its own."""
    return left_s if left_s - dt_s < _ROUNDING_S else dt_s


class CyclicAnalyzer:
    """What the emulated analyzers share: errors and noise of their own, and data sets that follow each other.

    All methods expect the world to be held. ``stream``: of the random numbers.
    """

    def __init__(self, around: Surroundings[AnalyzerErrors], stream: int) -> None:
        self._errors = around.errors
        self._generator = around.generator(stream)
        self._seen: tuple[Stimulus, tuple[ElementSums, ...]] | None = None
        self._cycles = Cycles(self._plan, self._finish)

    def advance(self, dt_s: float, stimulus: Stimulus) -> None:
        """Measure ``dt_s`` seconds of a constant stimulus, over as many data sets as they hold."""
        if self._seen is None or self._seen[0] is not stimulus:
            self._seen = (stimulus, element_sums(stimulus, self._errors))
        sums = self._seen[1]
        self._live(dt_s, sums)
        self._cycles.advance(dt_s, sums, stimulus)

    def _live(self, dt_s: float, sums: Sequence[ElementSums]) -> None:
        """Do what goes on beside the data sets for ``dt_s`` seconds."""

    @abstractmethod
    def _plan(self, stimulus: Stimulus) -> Interval:
        """Return how the data set that begins now is taken."""

    @abstractmethod
    def _finish(self, update: Update, begun_s: float, ended_s: float) -> None:
        """Take the data set that is complete."""
