"""Load points have the signs and the names that everybody expects."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
