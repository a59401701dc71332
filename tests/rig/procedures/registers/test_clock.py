"""The meter's clock in-process: its rate against the rig's, judged where a limit is stated."""

import datetime as dt

import pytest

from meter_model.sampled.sampling import UnitErrors
from rig.emulation.defects.behaviour import BEHAVIOUR_DEFECTS
from rig.load_point import LoadPoint
from rig.metrology.register_tests.timing import ClockReading, after_step, clock_rate, interval_edges
from rig.metrology.sampled_energy import Moment
from rig.procedures.registers.clock import ClockLimit, clock
from tests.rig.procedures.registers.register_bench import RegisterBench, used

POINT = LoadPoint(277.0, 1.0, 0.0)


def under_test(ppm=0.0, limit=None, defect=None, at_s=None):
    meter = used(errors=UnitErrors(clock_ppm=ppm))
    world = RegisterBench(BEHAVIOUR_DEFECTS[defect](meter) if defect else meter, POINT, at_s=dict(at_s or {}))
    (result,) = clock(world.examined, limit)
    return result, world


@pytest.mark.parametrize("ppm", [0.0, 300.0, -2000.0])
def test_rate_is_reported_and_not_judged_without_a_limit(ppm):
    result, _ = under_test(ppm)
    assert (result.procedure, result.quantity, result.outcome) == ("clock", "time_keeping", "NOT_JUDGED")
    assert abs(result.error_pct - ppm * 1e-4) < result.expanded_uncertainty_pct < 0.02
    assert "s a day" in result.reason


@pytest.mark.parametrize(("ppm", "outcome"), [(50.0, "PASS"), (3000.0, "FAIL")])
def test_limit_of_a_table_judges_the_rate(ppm, outcome):
    result, _ = under_test(ppm, ClockLimit(1000.0))
    assert result.outcome == outcome


def test_limit_finer_than_the_rigs_clock_is_inconclusive():
    result, _ = under_test(5.0, ClockLimit(20.0))
    assert result.outcome == "INCONCLUSIVE"
    assert "clock of the rig" in result.reason


def test_clock_that_stands_fails_with_or_without_a_limit():
    result, _ = under_test(defect="clock-stopped")
    assert result.outcome == "FAIL"
    assert "it stands still" in result.reason


def test_clock_that_is_set_meanwhile_is_told_from_a_fast_one():
    moved = {300.0: lambda meter: meter.synchronise_time(dt.datetime(2024, 5, 1, 12, 0, 0))}
    result, _ = under_test(at_s=moved)
    assert result.outcome == "INVALID"
    assert "was set meanwhile" in result.reason


def test_rate_of_a_clock_that_is_a_second_in_ten_thousand_fast():
    first = [ClockReading(100.0, Moment(0.0, 0.02)), ClockReading(101.0, Moment(0.9, 1.5))]
    last = [ClockReading(10_101.0, Moment(10_000.0, 10_000.02))]
    found = clock_rate(first, last, 0.01)
    assert found.ppm == pytest.approx(100.0)
    moments, resolution, rig = found.components
    assert moments.stated == pytest.approx(1e6 * 0.02 / 10_000.0)
    assert resolution.stated == pytest.approx(1.0)
    assert rig.stated == 100.0
    with pytest.raises(ValueError, match="a time that has a length"):
        clock_rate(first, first, 0.01)


def test_demand_after_a_step_lies_where_the_last_boundary_can_be():
    assert after_step(1, 1.5, 0.5, 0.0) == (0.5, 0.75)
    assert after_step(3, 1.5, 0.5, 0.0) == (pytest.approx(0.75), pytest.approx(1.0 - 0.25 / 3.0))


def test_edges_of_an_interval_count_only_what_the_load_varied_by():
    assert interval_edges([10.0] * 5, 900.0, 1.0).stated == 0.0
    assert interval_edges([9.9, 10.1], 60.0, 1.0).stated == pytest.approx(100.0 * 0.2 / (10.0 * 60.0))
