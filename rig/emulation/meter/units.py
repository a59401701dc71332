"""What makes emulated units differ: their random numbers, a life before the bench, configurations of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.stimulus import Phasor, Stimulus

_HISTORY_S = (20, 60)
_CT_PRIMARIES_A = (50, 100, 200, 300, 400, 600, 800, 1000, 1200, 1600, 2000, 3000)


def generator_of(seed: int, *stream: int) -> np.random.Generator:
    """Return random numbers that follow from a seed, apart for each stream."""
    return np.random.default_rng([seed, *stream])


def use(meter: S4100, rated_v: float, generator: np.random.Generator) -> None:
    """Have a unit tested before it comes to the bench: nothing may depend on registers that start at zero."""
    for angle_deg in (-30.0, 150.0):
        meter.advance(float(generator.integers(*_HISTORY_S)), _load(rated_v * generator.uniform(0.5, 1.0), angle_deg))
    meter.advance(1.0, _load(0.0, 0.0))
    meter.save()


def drawn_configuration(base: Configuration, seed: int, number: int) -> Configuration:
    """Return a configuration of the unit's own in what the bench's wiring does not fix."""
    generator = generator_of(seed, 0x21, number)
    return replace(
        base,
        ct_primary_a=float(generator.choice(_CT_PRIMARIES_A)),
        phase_loss_pct=float(generator.integers(5, 31)),
        imbalance_pct=float(generator.integers(10, 51)),
        display_units=int(generator.integers(2)),
        subintervals=int(generator.integers(1, 7)),
        subinterval_cs=int(generator.integers(10, 1801)) * 100,
    )


def _load(ct_v: float, angle_deg: float) -> Stimulus:
    voltages = [(Phasor(1, 277.0, shift),) for shift in (0.0, -120.0, 120.0)]
    currents = [(Phasor(1, ct_v, shift + angle_deg),) if ct_v else () for shift in (0.0, -120.0, 120.0)]
    return Stimulus(60.0, (voltages[0], voltages[1], voltages[2]), (currents[0], currents[1], currents[2]))
