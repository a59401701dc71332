"""Load points have the signs and the names that everybody expects."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.errors import UsageRefused
from rig.load_point import LoadPoint


@pytest.mark.parametrize(
    ("angle_deg", "phases", "label"),
    [
        (0.0, "ABC", "277V-5pct-PF1-ABC"),
        (-60.0, "ABC", "277V-5pct-PF0.5lag-ABC"),
        (math.degrees(math.acos(0.8)), "ABC", "277V-5pct-PF0.8lead-ABC"),
        (-90.0, "B", "277V-5pct-sin1lag-B"),
        (30.0, "ABC", "277V-5pct-sin0.5lead-ABC"),
        (-math.degrees(math.asin(0.25)), "ABC", "277V-5pct-sin0.25lag-ABC"),
        (180.0, "C", "277V-5pct-PF1exp-C"),
        (120.0, "ABC", "277V-5pct-PF0.5leadexp-ABC"),
    ],
)
def test_label_says_power_factor_side_and_phases(angle_deg: float, phases: str, label: str) -> None:
    assert LoadPoint(277.0, 5.0, angle_deg, phases).label == label


@given(st.floats(-180, 180))
def test_a_lagging_current_has_positive_sin_phi(angle_deg: float) -> None:
    point = LoadPoint(277.0, 100.0, angle_deg)
    if -179.9 < angle_deg < -0.1:
        assert point.sin_phi > 0
    if 0.1 < angle_deg < 179.9:
        assert point.sin_phi < 0


def test_equal_points_share_one_hash_so_that_tests_share_one_measurement() -> None:
    assert len({LoadPoint(277.0, 5.0, 0.0), LoadPoint(277.0, 5.0, 0.0, "ABC", 60.0)}) == 1


def test_label_says_which_phases_have_voltages_of_their_own() -> None:
    low = LoadPoint(277.0, 5.0, 0.0, voltages_pct=(100.0, 87.5, 0.0), voltage_shift_deg=(0.0, 10.0, 0.0))
    assert low.label == "277V-5pct-PF1-ABC-UB87.5pct-UB+10deg-UC0pct"


def test_label_names_another_frequency_system_type_and_waveform() -> None:
    assert LoadPoint(277.0, 5.0, 0.0, frequency_hz=60.0).label == "277V-5pct-PF1-ABC"
    assert LoadPoint(277.0, 5.0, 0.0, frequency_hz=58.8).label == "277V-5pct-PF1-ABC-58.8Hz"
    assert LoadPoint(277.0, 5.0, 0.0, frequency_hz=50.0, system_type=12).label == "277V-5pct-PF1-AB-50Hz-type12"
    assert LoadPoint(277.0, 5.0, 0.0, waveform="fifth_harmonic").label == "277V-5pct-PF1-ABC-fifth_harmonic"


def test_only_voltages_that_are_alike_are_balanced() -> None:
    assert LoadPoint(277.0, 5.0, 0.0).is_balanced
    assert LoadPoint(277.0, 5.0, 0.0, voltages_pct=(90.0, 90.0, 90.0)).is_balanced
    assert not LoadPoint(277.0, 5.0, 0.0, voltages_pct=(90.0, 100.0, 100.0)).is_balanced
    assert not LoadPoint(277.0, 5.0, 0.0, voltage_shift_deg=(0.0, 0.0, 1.0)).is_balanced


@given(st.tuples(*[st.floats(-180, 180)] * 3))
def test_angles_of_voltages_refer_to_phase_a_whichever_phase_is_turned(shift_deg: tuple[float, float, float]) -> None:
    angles = LoadPoint(277.0, 5.0, 0.0, voltage_shift_deg=shift_deg).voltage_angles_deg
    assert angles[0] == 0.0
    for place, sequence_deg in ((1, -120.0), (2, 120.0)):
        turned = angles[place] - sequence_deg - (shift_deg[place] - shift_deg[0])
        assert math.remainder(turned, 360.0) == pytest.approx(0.0, abs=1e-9)
        assert -180.0 < angles[place] <= 180.0


@pytest.mark.parametrize("percent", [-1.0, math.nan, math.inf])
def test_a_phase_voltage_that_is_no_amplitude_is_refused(percent: float) -> None:
    with pytest.raises(UsageRefused, match="voltage B cannot have"):
        LoadPoint(277.0, 5.0, 0.0, voltages_pct=(100.0, percent, 100.0))


def test_an_angle_that_is_no_number_is_refused() -> None:
    with pytest.raises(UsageRefused, match="turned by nan"):
        LoadPoint(277.0, 5.0, 0.0, voltage_shift_deg=(0.0, 0.0, math.nan))


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0])
@pytest.mark.parametrize("what", ["voltage_v", "current_pct", "frequency_hz", "angle_deg"])
def test_what_is_negative_or_no_number_is_refused(what: str, wrong: float) -> None:
    """Not even compared with a limit: NaN is above none, and what is not above zero is taken for nothing at all."""
    values = {"voltage_v": 277.0, "current_pct": 5.0, "angle_deg": 0.0, what: wrong}
    if what == "angle_deg" and wrong == -1.0:
        assert LoadPoint(**values).angle_deg == -1.0
        return
    with pytest.raises(UsageRefused, match="of a load point cannot be"):
        LoadPoint(**values)
