"""From settings to terminals: relay, soft-start ramp, and the emulated source's own errors and noise."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from meter_model.stimulus import Phasor, Spectrum

RELAY_S = 0.01
"""Bench time from the command to the closing of the output relay; it opens at once."""

RAMP_SLICE_S = 0.02
"""While ramping the output is constant for this long."""

_CHANNELS = 6


def _zeros() -> tuple[float, ...]:
    return (0.0,) * _CHANNELS


@dataclass(frozen=True, slots=True)
class SourceErrors:
    """How far the output is from what is set: channels V1, V2, V3, I1, I2, I3.

    ``gain`` as a fraction, ``phase_deg`` at the fundamental (growing with the order, as a delay does), ``noise``
    the relative standard deviation of a level that wanders from second to second, ``frequency`` as a fraction.
    """

    gain: tuple[float, ...] = field(default_factory=_zeros)
    phase_deg: tuple[float, ...] = field(default_factory=_zeros)
    noise: float = 0.0
    frequency: float = 0.0

    @classmethod
    def drawn_from(cls, seed: int) -> SourceErrors:
        """Return the errors of one source: gain within some 0.01 %, phase 0.003 degrees, 3 ppm noise, 2 ppm in f."""
        generator = np.random.default_rng([seed, 0x50])
        return cls(
            gain=tuple(generator.normal(0.0, 5e-5, _CHANNELS).tolist()),
            phase_deg=tuple(generator.normal(0.0, 1.5e-3, _CHANNELS).tolist()),
            noise=3e-6,
            frequency=float(generator.normal(0.0, 2e-6)),
        )


class OutputStage:
    """The relay and the ramp, in bench time.

    On: the relay closes after ``RELAY_S``, then the level rises linearly over the ramp time that was set when the
    output was switched on. Off is always at once, with any ramp set: the guardian depends on that. ``is_stuck``
    is a fault: a closed relay does not open any more, although the instrument reports it open.
    """

    def __init__(self) -> None:
        self.is_on = False
        self.is_stuck = False
        self._is_held = False
        self._closed_s = -math.inf
        self._ramp_s = 0.0

    def switch_on(self, now_s: float, ramp_s: float) -> None:
        """Switch on at ``now_s``; nothing happens when it is on already."""
        if not self.is_on:
            self.is_on, self._is_held = True, False
            self._closed_s, self._ramp_s = now_s + RELAY_S, ramp_s

    def switch_off(self) -> None:
        """Switch off at once."""
        self._is_held = self.is_on or self._is_held
        self.is_on = False

    def level(self, at_s: float) -> float:
        """Return the fraction of the set amplitude that is at the terminals at a moment, 0 to 1."""
        if not self.is_on:
            return 1.0 if self.is_stuck and self._is_held else 0.0
        if at_s < self._closed_s:
            return 0.0
        if at_s >= self._closed_s + self._ramp_s:
            return 1.0
        return (at_s - self._closed_s) / self._ramp_s

    def next_change_s(self, now_s: float) -> float:
        """Return until when, from ``now_s``, the level may be taken as constant."""
        if not self.is_on:
            return math.inf
        if now_s < self._closed_s:
            return self._closed_s
        end_s = self._closed_s + self._ramp_s
        if now_s >= end_s:
            return math.inf
        slices = math.floor((now_s - self._closed_s) / RAMP_SLICE_S + 1e-9) + 1
        return min(end_s, self._closed_s + slices * RAMP_SLICE_S)


def distorted(spectrum: Spectrum, gain: float, phase_deg: float) -> Spectrum:
    """Return a waveform after a gain and a delay that is ``phase_deg`` at the fundamental."""
    return tuple(
        Phasor(phasor.order, phasor.rms * gain, phasor.phase_deg + phasor.order * phase_deg) for phasor in spectrum
    )


class NoisySource:
    """A source that is off by errors of its own, a noise that is drawn each second, and the gain of a seeded defect.

    ``channels``: how many have noise, 3 for voltages alone. ``revision`` changes whenever a setting or the noise does.
    """

    def __init__(self, errors: SourceErrors, generator: np.random.Generator, channels: int = _CHANNELS) -> None:
        self._errors, self._generator = errors, generator
        self._noise = (0.0,) * channels
        self._gain = {"voltage": 0.0, "current": 0.0}
        self.revision = 0

    def add_gain(self, kind: str, fraction: float) -> None:
        """Make the output of ``kind`` ("voltage", "current" or "both") wrong by a fraction: a seeded defect."""
        for name in self._gain if kind == "both" else (kind,):
            self._gain[name] += fraction
        self.revision += 1

    def wander(self, seconds: int) -> None:
        """Draw new noise for the level: the mean of so many bench seconds that are independent of each other."""
        if self._errors.noise:
            sigma = self._errors.noise / math.sqrt(seconds)
            self._noise = tuple(self._generator.normal(0.0, sigma, len(self._noise)).tolist())
            self.revision += 1

    def _distorted(self, spectrum: Spectrum, channel: int, level: float = 1.0) -> Spectrum:
        """Return what comes out of a channel (0 to 2 voltages, 3 to 5 currents) that is to give ``spectrum``."""
        gain = level * (1.0 + self._gain["voltage" if channel < 3 else "current"])
        gain *= 1.0 + self._errors.gain[channel]
        return distorted(spectrum, gain * (1.0 + self._noise[channel]), self._errors.phase_deg[channel])
