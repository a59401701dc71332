"""Tests are done in the order of the plan: pass after pass, each part in its place, all others where they stand."""

from __future__ import annotations

from types import SimpleNamespace

from rig.load_point import LoadPoint
from rig.pytest_plugin import in_plan_order

LOW, HIGH = LoadPoint(277.0, 5.0, 0.0), LoadPoint(277.0, 100.0, 0.0)
GATE = (HIGH, "AI2")
PLACES = {LOW: 0, HIGH: 1, GATE: 2, "influence-1": 3, "influence-2": 4}


def item(name, **params):
    return SimpleNamespace(name=name, callspec=SimpleNamespace(params=params))


def ordered(items):
    in_plan_order(items, PLACES)
    return [each.name for each in items]


def test_points_gates_and_planned_tests_are_sorted_by_their_place():
    planned = [item(f"i{n}", planned_influence=SimpleNamespace(key=f"influence-{n}")) for n in (2, 1)]
    items = [item("high", measured=HIGH), *planned, item("gate", energy_point=GATE), item("low", measured=LOW)]
    assert ordered(items) == ["low", "high", "gate", "i1", "i2"]


def test_tests_of_one_point_follow_one_another_as_they_stand():
    items = [item("P high", measured=HIGH), item("P low", measured=LOW), item("V high", measured=HIGH)]
    assert ordered(items) == ["P low", "P high", "V high"]


def test_a_pass_is_done_before_the_next_one_begins():
    points = {"high": HIGH, "low": LOW}
    items = [item(f"{name}{n}", measured=points[name], repetition=n) for name in points for n in (2, 1)]
    assert ordered(items) == ["low1", "high1", "low2", "high2"]


def test_what_is_in_no_plan_stays_in_its_slot():
    own, other = SimpleNamespace(name="own"), item("other", question=(["x"],))
    assert ordered([item("high", measured=HIGH), own, other, item("low", measured=LOW)]) == [
        "low",
        "own",
        "other",
        "high",
    ]
