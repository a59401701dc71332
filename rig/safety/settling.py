"""When a load point counts as settled: its readings are stable; their distance from the set-point is not judged."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from rig.files.yaml_types import Seconds, Strict
from rig.load_point import PHASE_NAMES

_Share = Annotated[float, Field(gt=0, le=100, allow_inf_nan=False)]

_LOADED_PART = 1e-3
"""A current below this part of the current range counts as zero: it has no angle that could be steady."""


class SettlingLimits(Strict):
    """``sets`` fresh data sets in a row must be within these limits before ``timeout_s`` (bench time) is over.

    ``std_pct``, ``drift_pct``: standard deviation of rms values and their drift from end to end, percent of reading,
    either plus ``floor_pct`` of the analyzer's range. ``phase_deg``, ``frequency_hz``: spread and drift likewise.
    """

    sets: Annotated[int, Field(ge=5, le=1_000)] = 5
    std_pct: _Share = 0.02
    drift_pct: _Share = 0.02
    floor_pct: _Share = 0.01
    phase_deg: _Share = 0.05
    frequency_hz: _Share = 0.005
    timeout_s: Seconds = 60.0


class StabilityWindow:
    """The newest ``limits.sets`` data sets, and what about them is not steady yet.

    ``fed``: which of the phases A, B, C are meant to have a voltage; one that has none has no angle that could be
    steady, and without phase A, to whose voltage the analyzer refers them, there are no angles at all.
    """

    def __init__(
        self, limits: SettlingLimits, ranges: AnalyzerRanges, fed: tuple[bool, bool, bool] = (True, True, True)
    ) -> None:
        self._limits = limits
        self._ranges = ranges
        self._has_angle = [is_fed and fed[0] for is_fed in fed]
        self._of_frequency = fed.index(True) if any(fed) else None
        self._readings: deque[AnalyzerReading] = deque(maxlen=limits.sets)
        self._invalid = "no data set has arrived"

    def add(self, reading: AnalyzerReading) -> None:
        """Take a fresh data set in; one without valid data clears the window."""
        missing = next(self._missing(reading), None)
        if missing is None:
            self._readings.append(reading)
        else:
            self._readings.clear()
            self._invalid = f"the analyzer gave no valid {missing}"

    @property
    def readings(self) -> list[AnalyzerReading]:
        """The data sets in the window, oldest first."""
        return list(self._readings)

    def unsteady(self) -> str | None:
        """Tell what is not steady, in words with numbers; None when everything is."""
        if len(self._readings) < self._limits.sets:
            return self._invalid if not self._readings else f"only {len(self._readings)} valid data sets in a row"
        for phase, name in enumerate(PHASE_NAMES):
            complaint = self._unsteady_rms_values(phase, name)
            if complaint is None and self._has_angle[phase]:
                complaint = self._unsteady_angles(phase, name)
            if complaint:
                return complaint
        if self._of_frequency is None:
            return None
        frequencies = [reading.elements[self._of_frequency].frequency_hz for reading in self._readings]
        return _unsteady_absolute("frequency", frequencies, self._limits.frequency_hz, "Hz")

    def _elements(self, phase: int) -> list[ElementReading]:
        return [reading.elements[phase] for reading in self._readings]

    def _unsteady_rms_values(self, phase: int, name: str) -> str | None:
        volts = [element.u_v for element in self._elements(phase)]
        currents = [element.i for element in self._elements(phase)]
        complaint = self._unsteady_rms(f"voltage {name}", volts, self._ranges.voltage[phase])
        return complaint or self._unsteady_rms(f"CT input {name}", currents, self._ranges.current[phase])

    def _unsteady_angles(self, phase: int, name: str) -> str | None:
        elements, current_range = self._elements(phase), self._ranges.current[phase]
        complaint = _unsteady_absolute(
            f"angle of voltage {name}", _unwrapped([e.u_phase_deg for e in elements]), self._limits.phase_deg, "deg"
        )
        mean = _course([element.i for element in elements])[0]
        if complaint or mean < _LOADED_PART * current_range:
            return complaint
        # The floor of the rms limits, seen as an angle: noise across a small phasor turns it.
        floor_deg = math.degrees(self._limits.floor_pct / 100.0 * current_range / mean)
        angles = _unwrapped([element.i_phase_deg for element in elements])
        return _unsteady_absolute(f"angle of current {name}", angles, self._limits.phase_deg + floor_deg, "deg")

    def _missing(self, reading: AnalyzerReading) -> Iterator[str]:
        if self._of_frequency is not None and reading.elements[self._of_frequency].frequency_hz is None:
            yield "frequency"
        for name, element, has_angle in zip(PHASE_NAMES, reading.elements, self._has_angle, strict=True):
            if element.u_v is None or (has_angle and element.u_phase_deg is None):
                yield f"voltage on phase {name}"
            if element.i is None:
                yield f"CT input voltage on phase {name}"

    def _unsteady_rms(self, what: str, values: Sequence[float | None], full_range: float) -> str | None:
        mean, std, drift = _course(values)
        floor = self._limits.floor_pct / 100.0 * full_range
        std_limit = self._limits.std_pct / 100.0 * mean + floor
        drift_limit = self._limits.drift_pct / 100.0 * mean + floor
        if std > std_limit:
            return f"{what} {mean:.5g} V has a standard deviation of {std:.2g} V, more than {std_limit:.2g} V"
        if abs(drift) > drift_limit:
            return f"{what} {mean:.5g} V drifts by {drift:.2g} V, more than {drift_limit:.2g} V"
        return None


def _unsteady_absolute(what: str, values: Sequence[float | None], limit: float, unit: str) -> str | None:
    if any(value is None for value in values):
        return f"{what} is not valid"
    _, std, drift = _course(values)
    worst = max(std, abs(drift))
    return f"{what} moves by {worst:.2g} {unit}, more than {limit:.2g} {unit}" if worst > limit else None


def _unwrapped(angles_deg: Sequence[float | None]) -> list[float | None]:
    """Bring angles to within half a turn of the first, so that -179.99 and 179.99 are neighbours."""
    first = next((angle for angle in angles_deg if angle is not None), 0.0)
    return [None if angle is None else first + (angle - first + 180.0) % 360.0 - 180.0 for angle in angles_deg]


def _course(values: Sequence[float | None]) -> tuple[float, float, float]:
    """Return mean, standard deviation, and the rise of the fitted line from the first value to the last.

    NaN where a value is missing.
    """
    data = [math.nan if value is None else value for value in values]
    mean = math.fsum(data) / len(data)
    deviations = [value - mean for value in data]
    places = [number - (len(data) - 1) / 2.0 for number in range(len(data))]
    slope = _sumprod(places, deviations) / _sumprod(places, places)
    return mean, math.sqrt(_sumprod(deviations, deviations) / (len(data) - 1)), slope * (len(data) - 1)


def _sumprod(left: Sequence[float], right: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(left, right, strict=True))
