"""Settled means stable: noise, drift and turning phasors are seen, an offset is not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges, AnalyzerReading, ElementReading
from rig.safety.settling import SettlingLimits, StabilityWindow

RANGES = AnalyzerRanges(voltage=(300.0,) * 3, current=(1.0,) * 3)
LIMITS = SettlingLimits()


def reading(u_v=277.0, i=0.5, frequency_hz=60.0, u_phase_deg=0.0, i_phase_deg=-60.0):
    element = ElementReading(u_v, i, 0.0, 0.0, 0.0, frequency_hz, u_phase_deg, i_phase_deg)
    return AnalyzerReading(0.0, (element,) * 3)


def verdict(*readings, limits=LIMITS):
    window = StabilityWindow(limits, RANGES)
    for one in readings:
        window.add(one)
    return window.unsteady()


def test_fewer_than_five_data_sets_are_never_settled():
    assert verdict() == "no data set has arrived"
    assert verdict(*[reading()] * 4) == "only 4 valid data sets in a row"
    assert verdict(*[reading()] * 5) is None


@given(st.floats(90.0, 400.0), st.floats(0.01, 1.2), st.floats(45.0, 65.0))
def test_a_steady_value_is_settled_whatever_it_is(u_v, i, frequency_hz):
    assert verdict(*[reading(u_v, i, frequency_hz)] * 5) is None


@given(st.floats(90.0, 400.0), st.floats(0.002, 0.05))
def test_a_drift_above_the_limits_is_never_settled(u_v, per_set):
    assert "voltage A" in verdict(*[reading(u_v * (1 + per_set * k)) for k in range(5)])


def test_noise_within_the_floor_of_the_range_is_settled_and_above_is_not():
    quiet = [reading(i=0.01 + 5e-5 * sign) for sign in (1, -1, 1, -1, 1)]
    noisy = [reading(i=0.01 + 5e-4 * sign) for sign in (1, -1, 1, -1, 1)]
    assert verdict(*quiet) is None
    assert "CT input A 0.01" in verdict(*noisy)
    assert "standard deviation" in verdict(*noisy)


def test_angles_on_both_sides_of_half_a_turn_are_neighbours():
    assert verdict(*[reading(i_phase_deg=179.999 * sign) for sign in (1, -1, 1, -1, 1)]) is None


def test_a_turning_phasor_is_not_settled():
    assert "angle of current A" in verdict(*[reading(i_phase_deg=0.1 * k) for k in range(5)])
    assert "angle of voltage A" in verdict(*[reading(u_phase_deg=0.1 * k) for k in range(5)])


def test_the_angle_of_no_current_does_not_matter():
    assert verdict(*[reading(i=1e-5, i_phase_deg=angle) for angle in (0.0, 90.0, None, -170.0, 33.0)]) is None


def test_a_moving_frequency_is_not_settled():
    assert "frequency moves by" in verdict(*[reading(frequency_hz=60.0 + 0.01 * k) for k in range(5)])


@pytest.mark.parametrize(("field", "name"), [("u_v", "voltage"), ("i", "CT input"), ("frequency_hz", "frequency")])
def test_a_data_set_without_valid_data_starts_the_window_anew(field, name):
    hole = reading(**{field: None})
    assert name in verdict(*[reading()] * 4, hole)
    assert verdict(*[reading()] * 4, hole, *[reading()] * 4) == "only 4 valid data sets in a row"


def test_only_the_newest_sets_count():
    assert verdict(reading(100.0), *[reading()] * 5) is None


def unfed(phase):
    """Data sets of a load of which one phase has no voltage, as the analyzer gives them."""
    loaded = ElementReading(277.0, 0.5, 0.0, 0.0, 0.0, 60.0, 0.0, -60.0)
    gone = ElementReading(0.0, 0.5, 0.0, 0.0, 0.0, None, None, None)
    blind = replace(loaded, u_phase_deg=None, i_phase_deg=None)
    elements = [gone if place == phase else blind if phase == 0 else loaded for place in range(3)]
    return AnalyzerReading(0.0, tuple(elements))


@pytest.mark.parametrize("phase", range(3))
def test_phase_meant_to_be_missing_does_not_keep_a_point_from_settling(phase):
    fed = tuple(place != phase for place in range(3))
    window = StabilityWindow(LIMITS, RANGES, fed)
    for _ in range(5):
        window.add(unfed(phase))
    assert window.unsteady() is None
    assert verdict(*[unfed(phase)] * 5) is not None, "it was meant to be there"


def test_a_phase_that_is_missing_must_be_steady_at_nothing_all_the_same():
    window = StabilityWindow(LIMITS, RANGES, (True, True, False))
    for volts in (0.0, 0.0, 40.0, 0.0, 0.0):
        steady = unfed(2)
        a, b, c = steady.elements
        window.add(AnalyzerReading(0.0, (a, b, replace(c, u_v=volts))))
    assert "voltage C" in window.unsteady()
