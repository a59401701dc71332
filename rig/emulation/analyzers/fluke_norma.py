"""The emulated Fluke Norma 4000 of three phases: averaging intervals, synchronisation, ranges, status, integrator.

Its command table is in ``fluke_norma_commands``, its functions in ``fluke_norma_functions``. Source: Norma
4000/5000 Remote Control Users Guide, June 2007 Rev. 2.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence

from meter_model.stimulus import Stimulus
from rig.emulation.analyzers.arithmetic import ELEMENTS, FREQUENCY_FROM, AnalyzerErrors, ElementSums, Update
from rig.emulation.analyzers.cycles import CyclicAnalyzer, Interval
from rig.emulation.analyzers.fluke_norma_functions import UNDER_RANGE_BELOW, AveragedSet, Function
from rig.emulation.analyzers.integrator import Integrator
from rig.emulation.scpi.engine import ScpiEngine
from rig.emulation.scpi.syntax import ScpiError
from rig.emulation.world.surroundings import Surroundings

VOLTAGE_RANGES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
SHUNT_RANGES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Of a current channel: amperes with the internal shunt, volts at its input for an external one."""

SHORTEST_TIMEOUT_S = 0.3
SYNCHRONIZED, AVERAGING = 0x100, 0x400
"""Bits of the operation status register."""

DEFAULT_DIGITS = 6
_MOST_DIGITS = 8


class NormaAnalyzer(CyclicAnalyzer):
    """One emulated instrument. All methods but ``engine.execute`` expect the world to be held.

    The CT inputs are wired to the inputs for external shunts: a current channel that is left on its internal shunt
    reads zero. ``digits`` beyond 8 overrules what FORMat says, for an ideal bench.
    """

    engine: ScpiEngine

    def __init__(self, around: Surroundings[AnalyzerErrors], digits: int) -> None:
        super().__init__(around, 0xA2)
        self._ideal_digits = digits if digits > _MOST_DIGITS else None
        self._timer_reset_s = 0.0
        self.transitions = {"positive": 0xFFFF, "negative": 0}
        self.event_enable = 0
        self._events = 0
        self.reset()

    def reset(self) -> None:
        """Bring every setting to what the manual gives as its *RST state."""
        self.system = '"3W"'
        self.sync_source = "VOLT1"
        self.is_sync_on = True
        self.sync_timeout_s = SHORTEST_TIMEOUT_S
        self.aperture_s = 0.3
        self.voltage_range: list[float | None] = [None] * ELEMENTS
        self.current_range: list[float | None] = [None] * ELEMENTS
        self.is_external = [False] * ELEMENTS
        self.gain = [1.0] * ELEMENTS
        self.digits = DEFAULT_DIGITS
        self.functions: list[Function] = []
        self.is_concurrent = True
        self.is_continuous = True
        self.integrator: Integrator | None = None
        self.integral_functions = [Function("POWer", phase, "ACTive", "") for phase in (1, 2, 3, 0)]
        self._single_left = 0
        self._auto = [(VOLTAGE_RANGES[-1], SHUNT_RANGES[-1])] * ELEMENTS
        self.restart()

    def restart(self) -> None:
        """Begin a new interval now; until its end there are no data. What a change of range or source does."""
        self.data: AveragedSet | None = None
        self._cycles.restart()

    def set_aperture(self, seconds: float) -> None:
        """Set the nominal averaging interval, and with it the synchronisation timeout."""
        self.aperture_s = seconds
        self.sync_timeout_s = max(seconds, SHORTEST_TIMEOUT_S)
        self.restart()

    def format_number(self, value: float) -> str:
        """Write a measured value as FORMat ASCii says: ``+1.23456E+02``."""
        digits = self._ideal_digits or (self.digits or _MOST_DIGITS)
        return f"{value:+.{digits - 1}E}"

    # Single measurements

    def start_single(self) -> None:
        """Take one averaging interval; raises ScpiError(-213) in free-run mode or while one is taken."""
        if self.is_continuous or self._single_left:
            raise ScpiError(-213)
        self._single_left = 1
        self._cycles.restart()

    # Bench time

    def _live(self, dt_s: float, sums: Sequence[ElementSums]) -> None:
        if self.integrator is not None:
            scale, ranges = self._scale(), self.ranges()
            over = [
                math.sqrt(part.u_squared) > math.sqrt(2.0) * limit[0]
                or math.sqrt(part.i_squared) > math.sqrt(2.0) * limit[1]
                for part, limit in zip(sums, ranges, strict=True)
            ]
            self.integrator.add([part.watts * scale[i] for i, part in enumerate(sums)], over, dt_s)

    def _plan(self, stimulus: Stimulus) -> Interval:
        if not self.is_continuous and not self._single_left:
            return Interval(wait_s=math.inf, length_s=self.aperture_s)
        assert self._seen is not None
        self._range_automatically(self._seen[1])
        if not self.is_sync_on:
            return Interval(0.0, self.aperture_s)
        if not self._has_sync(self._seen[1]):
            # "The instrument starts averaging after the timeout if no sync signal is available."
            return Interval(self.sync_timeout_s, self.aperture_s)
        # "Held to the first integer multiple of the sync signal that is greater than" the nominal interval.
        periods = math.floor(self.aperture_s * stimulus.frequency_hz) + 1
        return Interval(0.0, periods / stimulus.frequency_hz)

    def _finish(self, update: Update, begun_s: float, ended_s: float) -> None:
        ranges = self.ranges()
        results = update.results(ranges, self._scale(), self._errors, self._generator)
        kind, index = self.sync_source[:4], int(self.sync_source[4:]) - 1
        result = results[index]
        phasor = (result.u_harmonics if kind == "VOLT" else result.i_harmonics).get(1, 0j)
        rms, limit = (result.u, ranges[index][0]) if kind == "VOLT" else (result.i, ranges[index][1])
        is_locked = self.is_sync_on and rms >= FREQUENCY_FROM * limit and phasor != 0j
        frequencies = [one.frequency_hz for one in results if one.frequency_hz is not None]
        self.data = AveragedSet(
            results,
            ended_s - self._timer_reset_s,
            ended_s - begun_s,
            ranges,
            math.degrees(cmath.phase(phasor)) if is_locked else None,
            frequencies[0] if is_locked and frequencies else None,
        )
        self._single_left = 0
        # At the end of each averaging cycle the averaging bit goes off and on again: a glitch.
        if self.transitions["negative"] & AVERAGING or self.transitions["positive"] & AVERAGING:
            self._events |= AVERAGING

    def _has_sync(self, sums: Sequence[ElementSums]) -> bool:
        kind, index = self.sync_source[:4], int(self.sync_source[4:]) - 1
        squared = sums[index].u_squared if kind == "VOLT" else sums[index].i_squared
        return math.sqrt(squared) >= FREQUENCY_FROM * self.ranges()[index][0 if kind == "VOLT" else 1]

    def _range_automatically(self, sums: Sequence[ElementSums]) -> None:
        self._auto = [
            (_up(math.sqrt(part.u_squared), VOLTAGE_RANGES), _up(math.sqrt(part.i_squared), SHUNT_RANGES))
            for part in sums
        ]

    def ranges(self) -> tuple[tuple[float, float], ...]:
        """Ranges of each phase as they are now, rms volts at both inputs; those on automatic follow the signal."""
        return tuple(
            (self.voltage_range[index] or self._auto[index][0], self.current_range[index] or self._auto[index][1])
            for index in range(ELEMENTS)
        )

    def _scale(self) -> list[float]:
        return [gain if external else 0.0 for gain, external in zip(self.gain, self.is_external, strict=True)]

    # Timer and status

    def reset_timer(self) -> None:
        """Set the timer that stamps the intervals to zero."""
        self._timer_reset_s = self._cycles.time_s

    @property
    def condition(self) -> int:
        """The operation condition register."""
        value = AVERAGING if self._cycles.is_averaging else 0
        return value | (SYNCHRONIZED if self.data is not None and self.data.sync_deg is not None else 0)

    def take_events(self) -> int:
        """Read and clear the operation event register."""
        events, self._events = self._events, 0
        return events

    def overloads(self, kind: int) -> int:
        """The questionable condition register of voltage (0) or current (1): overload bits 0 up, underload 8 up."""
        if self.data is None:
            return 0
        value = 0
        for index, (result, limit) in enumerate(zip(self.data.results, self.data.ranges, strict=True)):
            rms = result.i if kind else result.u
            value |= (rms > math.sqrt(2.0) * limit[kind]) << index
            value |= (rms < UNDER_RANGE_BELOW * limit[kind]) << (index + 8)
        return value

    def clear(self) -> None:
        """Clear the events, as *CLS does."""
        self._events = 0
        self.transitions = {"positive": 0xFFFF, "negative": 0xFFFF}


def _up(rms: float, ranges: Sequence[float]) -> float:
    return next((each for each in ranges if rms <= each), ranges[-1])
