"""The load points of a certification run: enough, distinct, each judged by something, in a cheap order."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.load_point import LoadPoint
from rig.metrology.certification_points import (
    certification_points,
    exported_deg,
    in_source_order,
    judged_at,
    judged_energy_at,
)
from rig.metrology.limit_files import load_limit_table
from rig.metrology.limits import Quantity

NAMES = ("iec62053-22-2003-class-0.2S", "iec62053-23-2003-class-2", "s4100-manual-voltage-current")
TABLES = tuple(load_limit_table(name) for name in NAMES)
POINTS = certification_points(TABLES, 277.0)


def judged(point):
    return {item.instance: item.row.limit_pct for item in judged_at(point, TABLES)}


def test_there_are_between_80_and_95_distinct_points():
    assert 80 <= len(POINTS) <= 95
    assert len(set(POINTS)) == len(POINTS)
    assert len({point.label for point in POINTS}) == len(POINTS)


def test_every_point_has_a_power_row_and_its_voltages_judged():
    for point in POINTS:
        instances = judged(point)
        assert instances.keys() & {11, 12}
        assert set(range(67, 73)) <= instances.keys()


def test_unity_power_factor_runs_from_1_to_120_percent():
    assert {p.current_pct for p in POINTS if p.angle_deg == 0 and p.is_balanced} == {1, 2, 5, 10, 20, 50, 80, 100, 120}


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("PF0.5lag-ABC", 7),
        ("PF0.8lead-ABC", 7),
        ("sin1lag-ABC", 7),
        ("sin1lead-ABC", 7),
        ("sin0.5lag-ABC", 4),
        ("sin0.5lead-ABC", 4),
        ("sin0.25lag-ABC", 3),
        ("sin0.25lead-ABC", 3),
        ("PF1exp-ABC", 3),
        *(
            (f"{kind}-{phase}", least)
            for phase in "ABC"
            for kind, least in (("PF1", 4), ("PF0.5lag", 3), ("PF1exp", 1))
        ),
        *((f"{kind}-{phase}", 2) for phase in "ABC" for kind in ("sin1lag", "sin0.5lag")),
    ],
)
def test_each_kind_of_load_the_class_knows_is_there(kind, least):
    assert sum(f"{point.load_name}-{point.phases}" == kind for point in POINTS) >= least


def test_every_row_that_is_not_on_request_judges_something_somewhere():
    used = {item.row for point in POINTS for item in (*judged_at(point, TABLES), *judged_energy_at(point, TABLES))}
    assert used == {row for table in TABLES for row in table.rows if not row.on_request}


def test_totals_are_judged_under_balanced_loads_and_phases_when_alone():
    assert judged(LoadPoint(277, 50, 0)).keys() == {11, *range(67, 76)}
    assert judged(LoadPoint(277, 50, 0, "B")) == {11: 0.3, 56: 0.3, 74: 0.1} | dict.fromkeys(range(67, 73), 0.1)
    assert judged(LoadPoint(277, 50, -90, "C")) == {12: 3.0, 60: 3.0, 75: 0.1} | dict.fromkeys(range(67, 73), 0.1)


def test_currents_are_not_judged_above_their_range():
    assert judged(LoadPoint(277, 120, 0)).keys() == {11, *range(67, 73)}


def test_the_phase_of_each_input_is_the_manuals():
    phases = {item.instance: item.phase for point in POINTS for item in judged_at(point, TABLES)}
    letters = dict(zip("ABC", range(3), strict=True))
    for first in (55, 58, 70, 73):
        assert all(phases[first + i] == letter for letter, i in letters.items())
    assert [phases[i] for i in (11, 12, 67, 68, 69)] == ["ABC", "ABC", "AB", "BC", "CA"]


@pytest.mark.parametrize(
    ("angle", "phases", "registers"),
    [
        (0, "ABC", {2}),
        (180, "ABC", {3}),
        (0, "B", {2, 32}),
        (180, "C", {3, 36}),
        (-30, "ABC", {4}),
        (-150, "ABC", {5}),
        (150, "ABC", {6}),
        (30, "ABC", {7}),
        (-30, "A", {4, 37}),
        (-150, "B", {5, 41}),
        (150, "C", {6, 45}),
        (30, "A", {7, 46}),
        (-90, "ABC", set()),
    ],
)
def test_energy_is_judged_on_the_register_of_its_direction_and_quadrant(angle, phases, registers):
    found = judged_energy_at(LoadPoint(277, 50, angle, phases), TABLES)
    assert {item.instance for item in found} == registers


def test_a_table_without_power_rows_asks_for_no_points():
    assert certification_points((TABLES[2],), 277.0) == ()


def test_the_order_visits_each_current_once_upwards():
    levels = [current for current, _ in itertools.groupby(point.current_pct for point in POINTS)]
    assert levels == sorted(set(levels))


def test_the_order_visits_each_load_once_inside_a_current():
    groups = [key for key, _ in itertools.groupby((point.current_pct, point.phases) for point in POINTS)]
    assert len(groups) == len(set(groups))


def changes(points):
    pairs = list(itertools.pairwise(points))
    return sum(
        10 * (a.current_pct != b.current_pct) + 5 * (a.phases != b.phases) + (a.angle_deg != b.angle_deg)
        for a, b in pairs
    )


def test_the_order_is_far_cheaper_than_chance():
    shuffled = list(POINTS)
    random.Random(1).shuffle(shuffled)
    assert changes(POINTS) < changes(shuffled) / 3


@given(st.permutations(POINTS), st.lists(st.sampled_from(POINTS), max_size=5))
def test_ordering_loses_nothing_and_does_not_depend_on_where_it_starts(points, again):
    assert in_source_order([*points, *again]) == POINTS


@given(st.floats(90, 347), st.sampled_from([50.0, 60.0]))
def test_any_voltage_of_the_meters_range_gives_the_same_loads(volts, frequency):
    points = certification_points(TABLES, volts, frequency_hz=frequency)
    assert [(p.current_pct, p.angle_deg, p.phases) for p in points] == [
        (p.current_pct, p.angle_deg, p.phases) for p in POINTS
    ]
    assert {(p.voltage_v, p.frequency_hz) for p in points} == {(volts, frequency)}


def test_quantities_carry_the_table_they_are_judged_by():
    tables = {item.quantity: item.table for item in judged_at(LoadPoint(277, 50, 0), TABLES)}
    assert tables[Quantity.ACTIVE_POWER] == NAMES[0]
    assert tables[Quantity.VOLTAGE] == tables[Quantity.CURRENT] == NAMES[2]


@given(st.sampled_from([0.0, -60.0, 36.9, -30.0, 150.0, -90.0, 90.0]))
def test_exported_deg_turns_the_power_and_keeps_the_side(angle_deg):
    load, turned = LoadPoint(277.0, 100.0, angle_deg), LoadPoint(277.0, 100.0, exported_deg(angle_deg))
    assert turned.power_factor == pytest.approx(-load.power_factor, abs=1e-12)
    assert turned.sin_phi == pytest.approx(load.sin_phi, abs=1e-12)
    assert -180.0 < turned.angle_deg <= 180.0
