"""The limit tables that come with the rig: their rows, as printed in the standards, and the laws of selection."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.load_point import LoadPoint
from rig.metrology.certification_points import judged_at
from rig.metrology.limit_files import available_limit_tables, load_limit_table
from rig.metrology.limits import LimitTable, LoadKind, Quantity

P, Q, V, I = Quantity.ACTIVE_POWER, Quantity.REACTIVE_POWER, Quantity.VOLTAGE, Quantity.CURRENT  # noqa: E741
ACTIVE = load_limit_table("iec62053-22-2003-class-0.2S")
REACTIVE = load_limit_table("iec62053-23-2003-class-2")
MANUAL = load_limit_table("s4100-manual-voltage-current")
TABLES = (ACTIVE, REACTIVE, MANUAL)

pf1, lag_05, lead_08, lead_05, lag_025 = 0.0, -60.0, math.degrees(math.acos(0.8)), 60.0, -math.degrees(math.acos(0.25))


def limit(table: LimitTable, quantity, current, angle, phases="ABC", phase=None, volts=277.0, **more):
    point = LoadPoint(volts, current, angle, phases)
    row = table.row_for(point, quantity, phase or phases, **more)
    return None if row is None else row.limit_pct


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (pf1, {0.9: None, 1: 0.4, 4.99: 0.4, 5: 0.2, 100: 0.2, 120: 0.2, 120.1: None}),
        (lag_05, {1.9: None, 2: 0.5, 9.99: 0.5, 10: 0.3, 120: 0.3, 121: None}),
        (lead_08, {1.9: None, 2: 0.5, 9.99: 0.5, 10: 0.3, 120: 0.3, 121: None}),
        (lead_05, {5: None, 50: None}),
        (lag_025, {5: None, 50: None}),
        (-math.degrees(math.acos(0.8)), {5: 0.5, 50: 0.3}),  # between PF 0.5 lag and 0.8 lead the row holds too
        (-45.0, {1.9: None, 50: 0.3}),
        (-5.0, {50: 0.3}),
        (40.0, {50: None}),
        (180.0, {1: 0.4, 5: 0.2, 120: 0.2}),
        (-120.0, {5: 0.5, 50: 0.3}),
        (120.0, {50: None}),
    ],
)
def test_active_power_of_balanced_loads_has_the_limits_of_class_02s(angle, expected):
    assert {current: limit(ACTIVE, P, current, angle) for current in expected} == expected


def test_between_the_factors_of_a_row_nothing_is_judged_unless_asked_for():
    point = LoadPoint(277.0, 50, -45.0)
    assert ACTIVE.row_for(point, P, "ABC", whole_range=False) is None
    assert [item.row.limit_pct for item in judged_at(point, (ACTIVE,), whole_range=True)] == [0.3]
    assert judged_at(point, (ACTIVE,)) == ()


def test_rows_on_request_count_only_on_request():
    for angle in (lead_05, lag_025):
        assert limit(ACTIVE, P, 50, angle) is None
        assert limit(ACTIVE, P, 50, angle, on_request=True) == 0.5
        assert limit(ACTIVE, P, 9.9, angle, on_request=True) is None
    assert limit(ACTIVE, P, 50, pf1, on_request=True) == 0.2


@pytest.mark.parametrize("phase", "ABC")
def test_active_power_of_one_loaded_phase_has_its_own_limits(phase):
    for where in (phase, "ABC"):
        assert limit(ACTIVE, P, 4.9, pf1, phase, where) is None
        assert limit(ACTIVE, P, 5, pf1, phase, where) == 0.3
        assert limit(ACTIVE, P, 120, pf1, phase, where) == 0.3
        assert limit(ACTIVE, P, 9.9, lag_05, phase, where) is None
        assert limit(ACTIVE, P, 10, lag_05, phase, where) == 0.4
        assert limit(ACTIVE, P, 50, lead_08, phase, where) is None


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(
    ("sine", "expected"),
    [
        (1.0, {1.9: None, 2: 2.5, 4.99: 2.5, 5: 2.0, 120: 2.0, 121: None}),
        (0.5, {4.9: None, 5: 2.5, 9.99: 2.5, 10: 2.0, 120: 2.0}),
        (0.25, {9.9: None, 10: 2.5, 120: 2.5}),
        (0.866, {50: None}),
    ],
)
def test_balanced_reactive_power_has_class_2_limits_lagging_and_leading(side, sine, expected):
    angle = side * math.degrees(math.asin(sine))
    assert {current: limit(REACTIVE, Q, current, angle) for current in expected} == expected


def test_reactive_power_of_one_loaded_phase_has_its_own_limits():
    assert [limit(REACTIVE, Q, current, -90, "B") for current in (4.9, 5, 120)] == [None, 3.0, 3.0]
    assert [limit(REACTIVE, Q, current, -30, "B") for current in (9.9, 10, 120)] == [None, 3.0, 3.0]
    assert limit(REACTIVE, Q, 50, -14.4775, "B") is None


def test_voltage_has_the_manuals_limit_in_the_manuals_range_at_any_load():
    for current, phases in ((1, "ABC"), (120, "A"), (0, "ABC")):
        for phase in ("A", "B", "C", "AB", "BC", "CA"):
            assert limit(MANUAL, V, current, -60, phases, phase) == 0.1
    assert limit(MANUAL, V, 50, 0, "ABC", "A", volts=90) == 0.1
    assert limit(MANUAL, V, 50, 0, "ABC", "A", volts=89.9) is None
    assert limit(MANUAL, V, 50, 0, "ABC", "A", volts=347) == 0.1
    assert limit(MANUAL, V, 50, 0, "ABC", "A", volts=350) is None


def test_current_has_the_manuals_limits_on_loaded_phases_and_none_above():
    assert [limit(MANUAL, I, c, 0, "ABC", "B") for c in (0.9, 1, 4.9, 5, 100, 100.1, 120)] == [
        None,
        0.2,
        0.2,
        0.1,
        0.1,
        None,
        None,
    ]
    assert limit(MANUAL, I, 50, 0, "A", "B") is None
    assert limit(MANUAL, I, 50, 0, "ABC", "ABC") is None


@pytest.mark.parametrize(("celsius", "expected"), [(None, 0.1), (25, 0.1), (23, 0.11), (-30, 0.375), (70, 0.325)])
def test_the_manuals_limits_widen_with_the_distance_from_25_celsius(celsius, expected):
    row = MANUAL.row_for(LoadPoint(277, 50, 0), V, "A")
    assert row.limit_at(celsius) == pytest.approx(expected)


def test_energy_has_the_limits_of_power():
    for current in (1, 5, 120):
        assert limit(ACTIVE, Quantity.ACTIVE_ENERGY, current, pf1) == limit(ACTIVE, P, current, pf1)
        assert limit(REACTIVE, Quantity.REACTIVE_ENERGY, current, -90) == limit(REACTIVE, Q, current, -90)


def test_single_minus_balanced_differences_are_on_record():
    (active,), (reactive,) = ACTIVE.differences, REACTIVE.differences
    assert (active.limit_pct, active.current_pct, active.factor.text) == (0.4, 100, "PF 1")
    assert (reactive.limit_pct, reactive.provenance) == (2.5, "K-M")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_nothing_claims_to_be_verified_before_somebody_has_checked_it(table):
    assert table.status == "limit table unverified"
    for row in table.rows:
        assert not row.verified
        assert row.provenance in ("FR-LAW", "K-H", "MANUAL")


def test_reports_speak_of_limits_applied_and_not_of_compliance():
    for table in TABLES:
        assert "applied to the meter with simulated sensor output" in table.wording
        assert "compl" not in table.wording


def test_all_tables_on_the_shelf_are_known_by_name():
    assert {table.name for table in TABLES} <= set(available_limit_tables())


points = st.builds(
    LoadPoint,
    voltage_v=st.floats(50, 400),
    current_pct=st.floats(0, 140),
    angle_deg=st.one_of(
        st.floats(-180, 180),
        st.sampled_from([0.0, 180.0, -60, 60, 120, -120, lead_08, -lead_08, -90, 90, -30, 30, 150, -14.4775, 14.4775]),
    ),
    phases=st.sampled_from(["ABC", "A", "B", "C", "AB", "AC"]),
)


@given(
    points, st.sampled_from(list(Quantity)), st.sampled_from(["A", "B", "C", "AB", "BC", "CA", "ABC"]), st.booleans()
)
def test_at_most_one_row_of_a_table_applies(point, quantity, phase, on_request):
    for table in TABLES:
        fitting = [r for r in table.rows if r.applies_to(point, quantity, phase) and (on_request or not r.on_request)]
        assert len(fitting) <= 1
        assert table.row_for(point, quantity, phase, on_request=on_request) == (fitting[0] if fitting else None)


@given(st.floats(1, 120), st.sampled_from([0.0, 180.0]))
def test_every_current_in_the_class_range_has_a_row_at_unity(current, angle):
    assert limit(ACTIVE, P, current, angle) == (0.4 if current < 5 else 0.2)


@given(points.filter(lambda p: len(p.phases) != 2))
def test_a_row_speaks_of_the_load_that_is_there(point):
    for phase in ("A", "B", "C", "ABC"):
        row = ACTIVE.row_for(point, P, phase)
        if row is not None:
            assert row.load is (LoadKind.BALANCED if point.is_balanced else LoadKind.SINGLE_PHASE)
            assert phase == "ABC" or point.phases == phase


@given(points)
def test_two_loaded_phases_have_no_power_limit(point):
    if len(point.phases) == 2:
        assert ACTIVE.row_for(point, P, "ABC") is None
        assert REACTIVE.row_for(point, Q, "ABC") is None


@given(st.floats(2, 120))
def test_half_lagging_and_half_leading_are_different_loads(current):
    assert limit(ACTIVE, P, current, lag_05) is not None
    assert limit(ACTIVE, P, current, lead_05) is None


def test_unequal_voltages_leave_only_what_each_phase_reads_by_itself():
    low = LoadPoint(277.0, 50.0, 0.0, voltages_pct=(100.0, 20.0, 0.0))
    assert [MANUAL.row_for(low, V, phase) is not None for phase in ("A", "B", "C", "AB")] == [True, False, False, False]
    assert all(MANUAL.row_for(low, I, phase) is not None for phase in "ABC")
    assert all(table.row_for(low, quantity, "ABC") is None for table, quantity in ((ACTIVE, P), (REACTIVE, Q)))
    single = LoadPoint(277.0, 50.0, 0.0, "A", voltage_shift_deg=(0.0, 0.0, 5.0))
    assert ACTIVE.row_for(single, P, "A") is None
