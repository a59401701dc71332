"""What a unit has lived through before it comes to the bench."""

from __future__ import annotations

import numpy as np

from meter_model.device.meter import S4100
from meter_model.stimulus import Phasor, Stimulus

_HISTORY_S = (20, 60)


def use(meter: S4100, rated_v: float, generator: np.random.Generator) -> None:
    """Have a unit tested before it comes to the bench: nothing may depend on registers that start at zero."""
    for angle_deg in (-30.0, 150.0):
        meter.advance(float(generator.integers(*_HISTORY_S)), _load(rated_v * generator.uniform(0.5, 1.0), angle_deg))
    meter.advance(1.0, _load(0.0, 0.0))
    meter.save()


def _load(ct_v: float, angle_deg: float) -> Stimulus:
    voltages = [(Phasor(1, 277.0, shift),) for shift in (0.0, -120.0, 120.0)]
    currents = [(Phasor(1, ct_v, shift + angle_deg),) if ct_v else () for shift in (0.0, -120.0, 120.0)]
    return Stimulus(60.0, (voltages[0], voltages[1], voltages[2]), (currents[0], currents[1], currents[2]))
