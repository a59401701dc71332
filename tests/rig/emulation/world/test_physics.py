"""The wires between the instruments, against values worked out by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.stimulus import Phasor
from rig.emulation.world.physics import NOTHING, SourceTerminals, Wiring, rms

VOLTS = (True, True, True)
AMPERES = (False, False, False)


def currents(*amplitudes):
    return tuple((Phasor(1, amplitude, -30.0),) if amplitude else () for amplitude in amplitudes)


def test_divider_8_to_1_loaded_by_a_1_volt_input_gives_the_computed_volts():
    # 700 + 100 ohms; below, 100 ohms beside 32.1 kilohms and 1 megohm: 99.6795 ohms, so 8 V becomes 0.997195 V.
    lower = 1.0 / (1.0 / 100.0 + 1.0 / 32.1e3 + 1.0 / 1e6)
    stimulus = Wiring().stimulus(SourceTerminals(60.0, NOTHING, currents(8.0, 0, 0), VOLTS))
    assert rms(stimulus.ct_inputs[0]) == pytest.approx(8.0 * lower / (700.0 + lower), rel=1e-12)
    assert rms(stimulus.ct_inputs[0]) == pytest.approx(0.997195, abs=1e-6)
    assert stimulus.ct_inputs[1] == ()


def test_a_third_volt_input_loads_the_divider_three_times_as_much():
    # 20:1 of 800 ohms: 40 ohms beside 10.6 kilohms and 1 megohm; unloaded it would be 0.33333 V.
    lower = 1.0 / (1.0 / 40.0 + 1.0 / 10.6e3 + 1.0 / 1e6)
    stimulus = Wiring(ct_secondary=3, divider_ratio=20.0).stimulus(
        SourceTerminals(60.0, NOTHING, currents(20.0 / 3.0, 0, 0), VOLTS)
    )
    assert rms(stimulus.ct_inputs[0]) == pytest.approx(20.0 / 3.0 * lower / (760.0 + lower), rel=1e-12)
    assert 1.0 - rms(stimulus.ct_inputs[0]) * 3.0 == pytest.approx(0.00361, abs=2e-5)


@pytest.mark.parametrize("meters", [1, 32])
def test_voltage_inputs_of_all_meters_load_the_lead(meters):
    burden = 1.0 / (meters / 2.5e6 + 1.0 / 10e6)
    voltages = ((Phasor(1, 277.0, 0.0),), (), ())
    stimulus = Wiring(meters=meters).stimulus(SourceTerminals(60.0, voltages, NOTHING, VOLTS))
    assert rms(stimulus.voltages[0]) == pytest.approx(277.0 * burden / (burden + 0.05), rel=1e-12)


def test_current_channel_left_in_amperes_drives_the_input_over_range():
    stimulus = Wiring().stimulus(SourceTerminals(60.0, NOTHING, currents(0.333, 0, 0), AMPERES))
    assert rms(stimulus.ct_inputs[0]) == pytest.approx(14.0 / 8.0, rel=0.01)


@given(st.floats(1.5, 100.0), st.floats(0.01, 10.0), st.floats(-180.0, 180.0), st.integers(1, 15))
def test_resistors_change_no_angle_and_no_order(ratio, amplitude, angle_deg, order):
    waveform = ((Phasor(order, amplitude, angle_deg),), (), ())
    stimulus = Wiring(divider_ratio=ratio).stimulus(SourceTerminals(50.0, waveform, waveform, VOLTS))
    for spectrum, most in ((stimulus.voltages[0], amplitude), (stimulus.ct_inputs[0], amplitude / ratio)):
        assert [(phasor.order, phasor.phase_deg) for phasor in spectrum] == [(order, angle_deg)]
        assert 0.9 * most < spectrum[0].rms < most
    assert stimulus.frequency_hz == 50.0


def test_rms_adds_the_squares_of_all_components():
    assert rms((Phasor(1, 3.0, 0.0), Phasor(3, 4.0, 90.0))) == pytest.approx(5.0)
    assert math.isclose(rms(()), 0.0)


@pytest.mark.parametrize(("percent", "angle_deg"), [(0.03, -120.0), (-0.03, 60.0)])
def test_pickup_is_there_with_the_currents_off_in_phase_with_its_voltage(percent, angle_deg):
    volts = tuple((Phasor(1, 277.0, angle),) for angle in (0.0, -120.0, 120.0))
    stimulus = Wiring(pickup_pct=percent).stimulus(SourceTerminals(60.0, volts, NOTHING, VOLTS))
    assert stimulus.ct_inputs[1] == (Phasor(1, pytest.approx(3e-4), angle_deg),)
    without = Wiring(pickup_pct=percent).stimulus(SourceTerminals(60.0, NOTHING, NOTHING, VOLTS))
    assert without.ct_inputs == NOTHING
