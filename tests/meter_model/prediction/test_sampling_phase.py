"""What depends on the meter's sampling phase has no predicted value; everything else has one that the meter reads."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meter_model.behaviour.profile import AntiAlias, BehaviourProfile
from meter_model.configuration import Configuration
from meter_model.device.meter import S4100
from meter_model.prediction.prediction import predict
from meter_model.prediction.sampling_phase import SamplingPhaseDependent, require_determined
from meter_model.stimulus import Phasor, Stimulus

WYE = Configuration()
READ = (55, 58, 61, 64, 70, 73)
"""P, Q, S and power factor of phase A, V_AN and I_A."""


def with_harmonic(order: int, frequency_hz: float, part: float, phase_deg: float) -> Stimulus:
    volts = (Phasor(1, 277.0, 0.0), Phasor(order, 277.0 * part, phase_deg))
    ct_volts = (Phasor(1, 0.5, -30.0), Phasor(order, 0.5 * part, phase_deg - 50.0))
    return Stimulus(frequency_hz, (volts, (), ()), (ct_volts, (), ()))


def read_at(sampling_phase: float, stimulus: Stimulus, profile: BehaviourProfile) -> np.ndarray:
    """What an ideal meter reads whose samples lie ``sampling_phase`` of a sample later."""
    meter = S4100(configuration=WYE, profile=profile)
    # One second of a slightly higher frequency leaves the waveform that much ahead of the samples.
    ahead = replace(stimulus, frequency_hz=stimulus.frequency_hz * (1.0 + sampling_phase / 2520.0))
    meter.advance(1.0, ahead)
    meter.advance(3.0, stimulus)
    return np.array([meter.analog_input(instance) for instance in READ])


def spread(stimulus: Stimulus, profile: BehaviourProfile = BehaviourProfile()) -> float:
    """Largest difference of a reading among sampling phases, in parts of its scale."""
    expected_scale = np.array([*[277.0 * 50.0 / 1000.0] * 3, 1.0, 277.0, 50.0])
    read = np.array([read_at(part, stimulus, profile) for part in (0.0, 0.13, 0.37, 0.5, 0.81)])
    return float(np.max(np.ptp(read, axis=0) / expected_scale))


@pytest.mark.parametrize(
    ("order", "frequency_hz"),
    [(21, 60.0), (42, 60.0), (28, 45.0), (41, 60.0), (43, 60.0), (21, 59.97), (42, 60.02), (63, 60.0), (84, 60.0)],
)
def test_images_that_meet_move_the_reading_and_are_refused(order: int, frequency_hz: float) -> None:
    stimulus = with_harmonic(order, frequency_hz, 0.07, 30.0)
    assert spread(stimulus) > 3e-4
    with pytest.raises(SamplingPhaseDependent) as refused:
        predict(stimulus, WYE)
    assert refused.value.orders[1] == order
    assert f"order {order}" in str(refused.value) or f"and {order}" in str(refused.value)


@pytest.mark.parametrize(("order", "frequency_hz"), [(22, 60.0), (25, 60.0), (30, 50.0), (20, 60.0), (51, 50.0)])
def test_an_image_of_its_own_is_read_at_any_sampling_phase(order: int, frequency_hz: float) -> None:
    stimulus = with_harmonic(order, frequency_hz, 0.07, 30.0)
    require_determined(stimulus)
    assert spread(stimulus) < 2e-6


@settings(max_examples=60)
@example(order=50, frequency_hz=49.0, part=0.1, phase_deg=0.0)  # the image moves the measured frequency by 5e-7 Hz
@example(order=24, frequency_hz=54.78125, part=0.0625, phase_deg=0.0)  # an image 0.06 Hz beside order 22
@example(order=24, frequency_hz=54.77, part=0.1, phase_deg=0.0)
@example(order=22, frequency_hz=60.03, part=0.1, phase_deg=0.0)
@given(
    order=st.integers(2, 90),
    frequency_hz=st.one_of(st.integers(45, 65).map(float), st.floats(45.0, 65.0)),
    part=st.floats(0.001, 0.1),
    phase_deg=st.floats(-180.0, 180.0),
)
def test_what_is_predicted_is_read_at_any_sampling_phase(
    order: int, frequency_hz: float, part: float, phase_deg: float
) -> None:
    stimulus = with_harmonic(order, frequency_hz, part, phase_deg)
    try:
        expected = predict(stimulus, WYE, clock_is_set=False)
    except SamplingPhaseDependent:
        return
    values = np.array([expected[instance].value for instance in READ])
    scale = np.array([expected[instance].scale for instance in READ])
    for phase in (0.0, 0.37, 0.71):
        assert np.max(np.abs(read_at(phase, stimulus, BehaviourProfile()) - values) / scale) < 6e-4


def test_a_filtered_meter_does_not_see_what_lies_beyond_half_the_rate() -> None:
    filtered = BehaviourProfile(anti_alias=AntiAlias.IDEAL)
    for order in (21, 41, 42, 43):
        require_determined(with_harmonic(order, 60.0, 0.07, 30.0), filtered)


def test_two_harmonics_whose_images_coincide_are_refused_together() -> None:
    """18 x 60 Hz and 24 x 60 Hz lie as far below half the rate as above it."""
    volts = (Phasor(1, 277.0, 0.0), Phasor(18, 10.0, 0.0), Phasor(24, 10.0, 0.0))
    both = Stimulus(60.0, (volts, (), ()), ((Phasor(1, 0.5, 0.0),), (), ()))
    with pytest.raises(SamplingPhaseDependent) as refused:
        require_determined(both)
    assert refused.value.orders == (18, 24)
    for one in itertools.combinations(volts, 2):
        if Phasor(1, 277.0, 0.0) in one:
            require_determined(Stimulus(60.0, (one, (), ()), both.ct_inputs))


def on_two_phases(first: int, second: int, *, in_current: bool = False) -> Stimulus:
    """Phase A's voltage has the first order; the second is in phase B's voltage, or in phase A's current."""
    volts: list[tuple[Phasor, ...]] = [(Phasor(1, 277.0, angle),) for angle in (0.0, -120.0, 120.0)]
    ct_volts: list[tuple[Phasor, ...]] = [(Phasor(1, 0.5, angle),) for angle in (0.0, -120.0, 120.0)]
    volts[0] += (Phasor(first, 30.0, 0.0),)
    if in_current:
        ct_volts[0] += (Phasor(second, 0.1, 0.0),)
    else:
        volts[1] += (Phasor(second, 30.0, 0.0),)
    return Stimulus(60.0, (volts[0], volts[1], volts[2]), (ct_volts[0], ct_volts[1], ct_volts[2]))


def line_voltage_at(sampling_phase: float, stimulus: Stimulus) -> float:
    meter = S4100(configuration=WYE)
    meter.advance(1.0, replace(stimulus, frequency_hz=stimulus.frequency_hz * (1.0 + sampling_phase / 2520.0)))
    meter.advance(3.0, stimulus)
    return meter.analog_input(67)


def test_images_of_two_phases_that_meet_in_a_line_voltage_are_refused() -> None:
    stimulus = on_two_phases(20, 22)
    read = [line_voltage_at(phase, stimulus) for phase in (0.0, 0.13, 0.37, 0.5, 0.81)]
    assert max(read) - min(read) > 3e-4 * read[0]
    with pytest.raises(SamplingPhaseDependent, match="order 20 of V_A and order 22 of V_B at 60 Hz") as refused:
        predict(stimulus, WYE)
    assert (refused.value.channels, refused.value.orders) == (("V_A", "V_B"), (20, 22))


def test_current_image_that_meets_the_voltage_is_named_in_the_current() -> None:
    with pytest.raises(SamplingPhaseDependent) as refused:
        predict(on_two_phases(20, 22, in_current=True), WYE)
    assert refused.value.channels == ("V_A", "I_A")


@pytest.mark.parametrize("system_type", [40, 31, 12, 11])
def test_without_a_neutral_another_phases_voltage_is_in_the_power(system_type: int) -> None:
    plain = on_two_phases(1, 1)
    volts = tuple((Phasor(1, 277.0, angle),) for angle in (0.0, -120.0, 120.0))
    ct_input = (*plain.ct_inputs[0], Phasor(22, 0.1, 0.0))
    in_b = (*volts[1], Phasor(20, 30.0, 0.0))
    stimulus = Stimulus(60.0, (volts[0], in_b, volts[2]), (ct_input, *plain.ct_inputs[1:]))
    configuration = Configuration().write(2, float(system_type))
    if system_type in (40, 12):
        predict(stimulus, configuration)
        return
    with pytest.raises(SamplingPhaseDependent) as refused:
        predict(stimulus, configuration)
    assert refused.value.channels == ("V_B", "I_A")
