"""Stimuli for the tests of the meter model, and the comparison of a meter with its prediction."""

from __future__ import annotations

import math
import random

from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Phasor, Spectrum, Stimulus

INSTANTANEOUS = (*range(11, 19), *range(55, 77), 82, 83)
"""AI that a constant stimulus determines."""


def sine(rms: float, phase_deg: float = 0.0) -> Spectrum:
    return (Phasor(1, rms, phase_deg),) if rms else ()


def three_phase(
    configuration: Configuration,
    volts: float,
    amperes: tuple[float, float, float],
    angle_deg: float = 0.0,
    frequency_hz: float = 60.0,
) -> Stimulus:
    """Balanced voltages A-B-C and one current a phase, each turned by ``angle_deg`` from its own voltage."""
    angles = (0.0, -120.0, 120.0)
    return configuration.stimulus_from_primary(
        frequency_hz,
        [sine(volts, angle) for angle in angles],
        [sine(each, angle + angle_deg) for each, angle in zip(amperes, angles, strict=True)],
    )


def random_spectrum(rng: random.Random, base: float, highest_order: int, distortion: float) -> Spectrum:
    parts = [Phasor(1, base * rng.uniform(0.3, 1.0), rng.uniform(-180.0, 180.0))]
    parts += [
        Phasor(order, base * distortion * rng.random(), rng.uniform(-180.0, 180.0))
        for order in range(2, highest_order + 1)
        if rng.random() < 0.6
    ]
    return tuple(parts)


def random_stimulus(rng: random.Random, configuration: Configuration, frequency_hz: float) -> Stimulus:
    """Unbalanced, every quadrant, harmonics up to the 15th on all channels."""
    a, b, c = (random_spectrum(rng, 340.0, 15, 0.1) for _ in range(3))
    d, e, f = (random_spectrum(rng, configuration.ct_rated_v, 15, 0.5) for _ in range(3))
    return Stimulus(frequency_hz, (a, b, c), (d, e, f))


def deviations(
    stimulus: Stimulus, configuration: Configuration, profile: BehaviourProfile = DEFAULT
) -> dict[int, float]:
    """Deviation of an ideal sampled meter from the prediction by AI, in parts of each point's scale.

    Infinite where one of the two is QNAN and the other is not; points that both call QNAN are left out.
    """
    meter = S4100(configuration=configuration, profile=profile)
    meter.advance(1.0, stimulus)
    expected = predict(stimulus, configuration, profile, clock_is_set=False)
    found = {}
    for instance in INSTANTANEOUS:
        read, prediction = meter.analog_input(instance), expected[instance]
        if math.isnan(read) and prediction.is_qnan:
            continue
        if math.isnan(read) or prediction.is_qnan:
            found[instance] = math.inf
        else:
            found[instance] = abs(read - prediction.value) / (prediction.scale or 1.0)
    return found
