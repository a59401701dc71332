"""One output channel of the emulated Fluke 6105A: its range, its harmonics, and what it refuses.

Ranges of the current channels: Fluke 6100B/6105A Users Manual p. 5-43. Of the 6105A's voltage ranges only the upper
limits are known (two laboratories' public programs, ``RANG 0,360``); their lower limit is taken as 0, as that implies.
Of the 6100A's one is read in a public program (``RANG 23,336``), the others are recalled, unverified.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

from meter_model.stimulus import Phasor, Spectrum
from rig.emulation.scpi.syntax import ScpiError

HIGHEST_ORDER = 100


@dataclass(frozen=True, slots=True)
class OutputRange:
    """One range: rms limits of the composite waveform, in volts or amperes."""

    low: float
    high: float


VOLTAGE_RANGES = tuple(OutputRange(0.0, high) for high in (23.0, 45.0, 90.0, 180.0, 360.0, 650.0, 1008.0))
OLD_VOLTAGE_RANGES = (
    OutputRange(1.0, 16.0),
    OutputRange(2.3, 33.0),
    OutputRange(5.6, 78.0),
    OutputRange(11.0, 168.0),
    OutputRange(23.0, 336.0),
    OutputRange(70.0, 1008.0),
)
"""Those of a 6100A."""

CURRENT_RANGES = (
    OutputRange(0.05, 0.25),
    OutputRange(0.05, 0.5),
    OutputRange(0.1, 1.0),
    OutputRange(0.2, 2.0),
    OutputRange(0.5, 5.0),
    OutputRange(1.0, 10.0),
    OutputRange(2.0, 21.0),
)
OLD_CURRENT_RANGES = (*CURRENT_RANGES[:-1], OutputRange(2.0, 20.0))
"""Those of a 6100A: the largest is recalled, unverified."""

LOW_LEVEL_RANGES = (OutputRange(0.05, 0.25), OutputRange(0.15, 1.5), OutputRange(1.0, 10.0))
"""Ranges of a current channel that is switched to give a voltage; the manual prints the first as "0.5 V range"."""


AMPLIFIER_RANGES = (OutputRange(0.2, 2.0), OutputRange(2.0, 20.0), OutputRange(12.0, 120.0))
"""Ranges of a current channel with a 52120A amplifier behind it: upper limits recalled, the lower ones supposed."""


class Mode(Enum):
    """What a channel gives, and by which of its outputs; a voltage channel is always in ``VOLTS``."""

    VOLTS = "volts"
    AMPERES = "amperes"
    AMPLIFIER = "amplifier"


class Scale(StrEnum):
    """In what unit amplitudes of harmonics are set and answered; by the words of the UNIT subsystem."""

    ABSOLUTE = "ABS"
    PERCENT_OF_RMS = "PRMS"
    PERCENT_OF_FUNDAMENTAL = "PFUN"
    DECIBELS = "DBF"

    def amplitude(self, number: float, rms: float, fundamental: float) -> float:
        """Return what ``number`` means, in the channel's unit; more than 100 % raises ScpiError(-222)."""
        if self is Scale.ABSOLUTE:
            return number
        if self is Scale.DECIBELS:
            return fundamental * math.pow(10.0, min(number, 0.0) / 20.0)
        if number > 100.0:
            raise ScpiError(-222)
        return number / 100.0 * (rms if self is Scale.PERCENT_OF_RMS else fundamental)

    def number(self, amplitude: float, rms: float, fundamental: float) -> float:
        """Return an amplitude as it is answered: the inverse of ``amplitude``; nothing is 0 in each unit."""
        base = rms if self is Scale.PERCENT_OF_RMS else fundamental
        if self is Scale.ABSOLUTE or amplitude == 0.0 or base == 0.0:
            return amplitude if self is Scale.ABSOLUTE else 0.0
        part = amplitude / base
        return 20.0 * math.log10(part) if self is Scale.DECIBELS else 100.0 * part


@dataclass(frozen=True, slots=True)
class Harmonic:
    """One component as set: amplitude rms in the channel's unit, angle in degrees."""

    amplitude: float
    angle_deg: float


def narrowest(ranges: tuple[OutputRange, ...], low: float, high: float) -> OutputRange:
    """Return the narrowest range that covers ``low`` to ``high``; raises ScpiError(-222) when there is none."""
    if low > high:
        raise ScpiError(-222)
    covering = [candidate for candidate in ranges if candidate.low <= low and candidate.high >= high]
    if not covering:
        raise ScpiError(-222)
    return min(covering, key=lambda candidate: candidate.high)


@dataclass(slots=True)
class SourceChannel:
    """A channel's settings.

    The rms value of the whole waveform must lie within the range at all times: a setting that would leave it is
    refused with -222 and changes nothing. Harmonic 0 (DC) is kept and answered, but the bench's wiring carries none.
    """

    range: OutputRange
    harmonics: dict[int, Harmonic]
    mode: Mode = Mode.VOLTS
    is_enabled: bool = False
    applies_harmonics: bool = False
    last_ranges: dict[Mode, OutputRange] = field(default_factory=dict)

    @property
    def amplitude(self) -> float:
        """The rms value of the whole waveform as set."""
        return math.hypot(*(harmonic.amplitude for harmonic in self.harmonics.values()))

    def shown(self, order: int, scale: Scale) -> Harmonic:
        """Return one component as it is answered, its amplitude in ``scale``."""
        found = self.harmonics.get(order, Harmonic(0.0, 0.0))
        number = scale.number(found.amplitude, self.amplitude, self.harmonics[1].amplitude)
        return replace(found, amplitude=number)

    def set_harmonic(self, order: int, number: float, angle_deg: float, scale: Scale = Scale.ABSOLUTE) -> None:
        """Set one component, ``number`` in ``scale``; amplitude 0 takes it away. Raises ScpiError(-222)."""
        amplitude = scale.amplitude(number, self.amplitude, self.harmonics[1].amplitude)
        if (order == 0 and angle_deg != 0.0) or (order > 0 and amplitude < 0.0) or abs(angle_deg) > 180.0:
            raise ScpiError(-222)
        changed = {**self.harmonics, order: Harmonic(amplitude, angle_deg)}
        if amplitude == 0.0 and order != 1:
            del changed[order]
        self._take(changed)

    def set_amplitude(self, amplitude: float) -> None:
        """Scale the waveform to an rms value, keeping its shape. Raises ScpiError(-222)."""
        if amplitude < 0.0:
            raise ScpiError(-222)
        present = self.amplitude
        if present == 0.0:
            self._take({**self.harmonics, 1: replace(self.harmonics[1], amplitude=amplitude)})
            return
        factor = amplitude / present
        self._take(
            {
                order: replace(harmonic, amplitude=harmonic.amplitude * factor)
                for order, harmonic in self.harmonics.items()
            }
        )

    def clear_harmonics(self) -> None:
        """Take away every component but the fundamental. Raises ScpiError(-222) if that leaves too little."""
        self._take({1: self.harmonics[1]})

    def select(self, output_range: OutputRange, mode: Mode) -> None:
        """Select a range; a waveform it cannot hold is replaced by a fundamental at the range's lower limit.

        The manual's chapter 5 does not say what a 6105A does with such a waveform; a driver sets a new waveform.
        """
        self.range, self.mode = output_range, mode
        self.last_ranges[mode] = output_range
        if not self._holds(self.harmonics):
            self.harmonics = {1: replace(self.harmonics[1], amplitude=output_range.low)}

    def spectrum(self) -> Spectrum:
        """Return the waveform as set, without DC; only the fundamental unless harmonics are applied."""
        return tuple(
            Phasor(order, harmonic.amplitude, harmonic.angle_deg)
            for order, harmonic in sorted(self.harmonics.items())
            if harmonic.amplitude > 0.0 and (order == 1 or (self.applies_harmonics and order > 0))
        )

    def _holds(self, harmonics: dict[int, Harmonic]) -> bool:
        amplitude = math.hypot(*(harmonic.amplitude for harmonic in harmonics.values()))
        # A driver's decimal text of a limit may round just beyond it.
        return self.range.low * (1.0 - 1e-9) <= amplitude <= self.range.high * (1.0 + 1e-9)

    def _take(self, harmonics: dict[int, Harmonic]) -> None:
        if not self._holds(harmonics):
            raise ScpiError(-222)
        self.harmonics = harmonics
