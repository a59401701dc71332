"""The two roads, closed form and sampled, must lead to the same number."""

from __future__ import annotations

import itertools
import random

import pytest

from meter_model.behaviour.profile import (
    BehaviourProfile,
    PowerFactorSign,
    ReactivePower,
    TotalApparent,
    Type31PhaseValues,
)
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from tests.meter_model.loads import deviations, random_stimulus, sine, three_phase

pytestmark = pytest.mark.untraced

WHOLE_CYCLE_FREQUENCIES_HZ = (45.0, 47.0, 48.0, 50.0, 52.5, 53.0, 55.0, 56.0, 57.0, 59.0, 60.0, 61.0, 63.0, 65.0)
SYSTEM_TYPES = (10, 11, 12, 31, 40)


@pytest.mark.parametrize("system_type", SYSTEM_TYPES)
@pytest.mark.parametrize("reactive_power", list(ReactivePower))
def test_prediction_and_ideal_meter_agree_within_1e_6_on_random_stimuli(
    system_type: int, reactive_power: ReactivePower
) -> None:
    rng = random.Random(f"{system_type}-{reactive_power}")
    for number in range(50):  # 5 system types x 4 definitions x 50 = 1,000
        configuration = Configuration(
            system_type=system_type,
            ct_secondary=rng.choice((1, 3)),
            ct_primary_a=rng.choice((5.0, 100.0, 3000.0)),
            pt_ratio=rng.choice((1.0, 2.5)),
        )
        profile = BehaviourProfile(
            reactive_power=reactive_power,
            total_apparent=rng.choice(list(TotalApparent)),
            type_31_phase_values=rng.choice(list(Type31PhaseValues)),
            pf_sign=rng.choice(list(PowerFactorSign)),
        )
        stimulus = random_stimulus(rng, configuration, rng.choice(WHOLE_CYCLE_FREQUENCIES_HZ))
        found = deviations(stimulus, configuration, profile)
        assert max(found.values()) <= 1e-6, (number, stimulus.frequency_hz, found)


@pytest.mark.parametrize("frequency_hz", [45.3, 49.95, 59.97, 60.05, 62.7])
@pytest.mark.parametrize("reactive_power", list(ReactivePower))
def test_fractional_frequency_costs_at_most_a_hundredth_of_a_percent(
    frequency_hz: float, reactive_power: ReactivePower
) -> None:
    rng = random.Random(frequency_hz)
    for _ in range(10):
        configuration = Configuration(system_type=rng.choice(SYSTEM_TYPES))
        found = deviations(
            random_stimulus(rng, configuration, frequency_hz),
            configuration,
            BehaviourProfile(reactive_power=reactive_power),
        )
        assert max(found.values()) <= 3e-4, found


@pytest.mark.parametrize("frequency_hz", [45.3, 49.95, 59.97, 60.05, 62.7, 64.999])
def test_a_sine_wave_of_fractional_frequency_agrees_within_1e_6(frequency_hz: float) -> None:
    configuration = Configuration()
    found = deviations(three_phase(configuration, 277.0, (50.0, 20.0, 80.0), -37.0, frequency_hz), configuration)
    assert max(found.values()) <= 1e-6, found


def test_they_agree_where_a_phase_is_dead_or_unloaded() -> None:
    configuration = Configuration()
    for amperes in ((0.0, 50.0, 0.0), (100.0, 0.0, 0.0), (0.0, 0.0, 0.0)):
        found = deviations(three_phase(configuration, 277.0, amperes, -60.0), configuration)
        assert max(found.values()) <= 1e-6, (amperes, found)
    dead_a = configuration.stimulus_from_primary(
        60.0, [(), sine(277.0, -120.0), sine(277.0, 120.0)], [sine(10.0), sine(10.0, -120.0), sine(10.0, 120.0)]
    )
    found = deviations(dead_a, configuration)
    assert 18 not in found, "both must call the frequency QNAN"
    assert max(found.values()) <= 1e-6, found


@pytest.mark.parametrize("frequency_hz", [44.0, 66.0])
def test_both_agree_on_qnan_frequency_out_of_range_and_on_other_values(frequency_hz: float) -> None:
    configuration = Configuration()
    found = deviations(three_phase(configuration, 277.0, (50.0, 50.0, 50.0), -30.0, frequency_hz), configuration)
    assert 18 not in found
    assert max(found.values()) <= 1e-6, found


def test_a_broken_definition_of_reactive_power_would_be_seen() -> None:
    """The comparison can fail: under harmonics the definitions differ by far more than its tolerance."""
    rng = random.Random(3)
    configuration = Configuration()
    stimulus = random_stimulus(rng, configuration, 60.0)
    values = {
        definition: predict(stimulus, configuration, BehaviourProfile(reactive_power=definition))[12].value
        for definition in ReactivePower
    }
    ordered = sorted(values.values())
    assert min(high - low for low, high in itertools.pairwise(ordered)) > 1e-3
