"""A voltage source and a low-level source on one bench, as one source to the world: locked, or drifting apart."""

from __future__ import annotations

import math
from typing import Protocol

from meter_model.stimulus import Phasor, Spectrum
from rig.emulation.world.physics import SourceTerminals, Spectra
from rig.emulation.world.world import Source

DRIFT_SLICE_S = 0.02
"""While the two are not locked the angle between them is constant for this long."""

CAPTURE = 1e-3
"""A locked source follows a frequency that is off its own setting by no more than this part."""


class LowLevelSource(Source, Protocol):
    """A source of the CT inputs: what it gives are ``currents``, in volts."""

    @property
    def is_locked(self) -> bool:
        """Whether it follows the voltage source's reference, as it is set and as the bench is cabled."""


class MergedSource:
    """Voltages of one source, currents of the other. Angles of a locked pair are fixed, those of another pair drift."""

    def __init__(self, voltage: Source, low_level: LowLevelSource) -> None:
        self._voltage = voltage
        self._low_level = low_level

    @property
    def revision(self) -> int:
        """A number that changes whenever a setting or the noise of either does."""
        return self._voltage.revision + self._low_level.revision

    def wander(self, seconds: int) -> None:
        """Draw new noise for both, as the mean of so many bench seconds."""
        self._voltage.wander(seconds)
        self._low_level.wander(seconds)

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, what both give may be taken as constant."""
        change_s = min(self._voltage.next_change_s(now_s), self._low_level.next_change_s(now_s))
        if self._drift_hz(now_s) == 0.0:
            return change_s
        slices = math.floor(now_s / DRIFT_SLICE_S + 1e-9) + 1
        return min(change_s, slices * DRIFT_SLICE_S)

    def terminals(self, at_s: float) -> SourceTerminals:
        """Return what is at the output terminals of both at a moment of bench time."""
        voltage, low_level = self._voltage.terminals(at_s), self._low_level.terminals(at_s)
        turn_deg = (360.0 * self._drift_hz(at_s) * at_s) % 360.0
        return SourceTerminals(
            voltage.frequency_hz,
            voltage.voltages,
            _turned(low_level.currents, turn_deg) if turn_deg else low_level.currents,
            low_level.current_is_volts,
        )

    def _drift_hz(self, at_s: float) -> float:
        """Return how much faster the low level runs than the voltage; 0 where nothing comes out of it."""
        low_level = self._low_level.terminals(at_s)
        if not any(low_level.currents):
            return 0.0
        drift_hz = low_level.frequency_hz - self._voltage.terminals(at_s).frequency_hz
        is_captured = self._low_level.is_locked and abs(drift_hz) <= CAPTURE * low_level.frequency_hz
        return 0.0 if is_captured else drift_hz


def _turned(spectra: Spectra, turn_deg: float) -> Spectra:
    def one(spectrum: Spectrum) -> Spectrum:
        return tuple(Phasor(p.order, p.rms, p.phase_deg + p.order * turn_deg) for p in spectrum)

    return one(spectra[0]), one(spectra[1]), one(spectra[2])
