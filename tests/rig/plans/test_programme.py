"""Planned tests of a programme as data."""

from __future__ import annotations

from rig.bench import load_bench
from rig.plans import certification_plan


def test_the_intrinsic_programme_has_points_and_no_tests():
    plan = certification_plan(load_bench("emulated"))
    assert len(plan.points) == 90
    assert plan.tests == plan.not_possible == plan.tests_of("influence") == ()
