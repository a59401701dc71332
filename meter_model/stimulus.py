"""The stimulus at the meter's terminals: phasors, harmonics, frequency and temperature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Phasor:
    """One component of a waveform: harmonic ``order`` (1 = fundamental), ``rms``, ``phase_deg``.

    Angles in degrees relative to the fundamental of the phase-A voltage, negative = lag. The waveform is
    x(t) = Σ sqrt(2)·rms·sin(order·2πft + phase). Raises ValueError for an order below 1.
    """

    order: int
    rms: float
    phase_deg: float

    def __post_init__(self) -> None:
        if self.order < 1:
            raise ValueError(f"order {self.order} is no harmonic: 1 is the fundamental, and DC is not modelled")


Spectrum = tuple[Phasor, ...]
"""A waveform as the sum of its components; the empty tuple is zero."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """What the meter is exposed to, constant over some time.

    ``voltages``: A, B, C in volts at the voltage terminals, each against neutral (or, without a neutral, against any
    one common point). ``ct_inputs``: A, B, C in volts at the CT input terminals (1 V or 1/3 V at rated primary
    current). ``frequency_hz`` of the fundamental; ``temperature_c`` of the meter.
    """

    frequency_hz: float
    voltages: tuple[Spectrum, Spectrum, Spectrum]
    ct_inputs: tuple[Spectrum, Spectrum, Spectrum]
    temperature_c: float = 25.0
