"""Where the prediction is QNAN, against the sets worked out by hand from the manual's page 8."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from meter_model.stimulus import Phasor, Stimulus
from tests.meter_model.transcription import manual_system_types as manual

SYSTEM_TYPES = sorted(manual.QNAN)


def stimulus(volts=120.0, ct=(0.5, 0.5, 0.5), angle=-30.0, frequency_hz=60.0):
    def balanced(rms, turn=0.0):
        return tuple((Phasor(1, r, -120.0 * i + turn),) for i, r in enumerate(rms))

    return Stimulus(frequency_hz, balanced((volts,) * 3), balanced(ct, angle))


def qnan_inputs(system_type, at):
    predictions = predict(at, Configuration(system_type=system_type))
    assert sorted(predictions) == list(range(1, 84))
    assert not any(math.isinf(prediction.value) for prediction in predictions.values())
    return {instance for instance, prediction in predictions.items() if math.isnan(prediction.value)}


@pytest.mark.parametrize("system_type", SYSTEM_TYPES)
def test_qnan_places_are_those_of_the_manual(system_type):
    assert qnan_inputs(system_type, stimulus()) == manual.QNAN[system_type]


@pytest.mark.parametrize("system_type", SYSTEM_TYPES)
def test_a_frequency_out_of_range_makes_only_the_frequency_qnan_as_well(system_type):
    for frequency_hz in (44.9, 65.1):
        assert qnan_inputs(system_type, stimulus(frequency_hz=frequency_hz)) == manual.QNAN[system_type] | {18}


@pytest.mark.parametrize("system_type", SYSTEM_TYPES)
def test_the_reserved_input_with_a_range_reads_zero(system_type):
    predictions = predict(stimulus(), Configuration(system_type=system_type))
    assert {predictions[instance].value for instance in manual.RESERVED_ZERO} == {0.0}


@settings(deadline=None, max_examples=50)
@given(
    st.sampled_from(SYSTEM_TYPES),
    st.floats(90, 347),
    st.tuples(*[st.sampled_from([0.0, 0.001, 0.3, 1.0])] * 3),
    st.floats(-180, 180),
)
def test_qnan_places_depend_on_the_system_type_and_not_on_the_load(system_type, volts, ct, angle):
    assert qnan_inputs(system_type, stimulus(volts, ct, angle)) == manual.QNAN[system_type]
