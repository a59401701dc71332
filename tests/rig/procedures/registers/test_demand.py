"""Demand in-process: constant load against mean power, a step, the maximum; block, rolling and ended by command."""

import pytest

from rig.emulation.defects.behaviour import BEHAVIOUR_DEFECTS
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.limits import Quantity
from rig.procedures.registers.demand import DemandLimit, Interval, demand
from tests.rig.procedures.registers.register_bench import RegisterBench, used

POINT, EXPORT = LoadPoint(277.0, 100.0, -30.0), LoadPoint(277.0, 100.0, 150.0)
LIMITS = {Quantity.ACTIVE_POWER: DemandLimit(0.3), Quantity.REACTIVE_POWER: DemandLimit(2.0)}
BLOCK, ROLLING, BY_COMMAND = Interval(1, 60.0), Interval(3, 20.0), Interval(1, 0.0)
KINDS = {"block": BLOCK, "rolling": ROLLING, "by command": BY_COMMAND}


def under_test(interval, defect=None, *, point=POINT, may_reset=True, **bench):
    meter = BEHAVIOUR_DEFECTS[defect](used()) if defect else used()
    meter.write("AV", 10, "present-value", float(interval.subintervals))
    meter.write("AV", 11, "present-value", 100.0 * interval.subinterval_s)
    meter.advance(5.0, RegisterBench(meter, point).stimulus)
    world = RegisterBench(meter, point, **bench)
    return list(demand(world.examined, interval, LIMITS, may_reset=may_reset)), world


def by_instance(results):
    return {each.instance: each.outcome for each in results}


@pytest.mark.parametrize("kind", KINDS)
def test_good_demand_passes_and_its_maximum_is_kept(kind):
    results, _ = under_test(KINDS[kind])
    assert by_instance(results) == {
        19: "PASS",
        20: "PASS",
        21: "NOT_JUDGED",
        22: "PASS",
        23: "PASS",
        24: "NOT_JUDGED",
    }
    assert all(abs(each.error_pct) < 0.05 for each in results)
    assert kind.split()[-1] in results[0].condition


def test_export_is_counted_in_the_export_maxima():
    results, _ = under_test(BLOCK, point=EXPORT)
    outcomes = by_instance(results)
    assert (outcomes[19], outcomes[25]) == ("PASS", "PASS")
    assert results[0].read_value < 0.0 < next(each for each in results if each.instance == 25).read_value


@pytest.mark.parametrize(
    ("kind", "defect"),
    [("block", "demand-frozen"), ("rolling", "demand-not-rolling"), ("by command", "demand-sync-ignored")],
)
def test_seeded_meter_fails_its_kind_of_demand(kind, defect):
    results, _ = under_test(KINDS[kind], defect)
    assert "FAIL" in {each.outcome for each in results if each.instance == 19}, results


def test_maximum_that_is_not_reset_fails_by_what_was_there_before():
    meter = used()
    meter.write("AV", 11, "present-value", 6000.0)
    meter.advance(5.0, RegisterBench(meter, POINT).stimulus)
    world = RegisterBench(BEHAVIOUR_DEFECTS["maximum-demand-reset-ignored"](meter), LoadPoint(277.0, 120.0, -30.0))
    world.apply(world.point)
    world.sleep(200.0)
    world.point = POINT
    outcomes = by_instance(demand(world.examined, BLOCK, LIMITS, may_reset=True))
    assert (outcomes[19], outcomes[22]) == ("PASS", "FAIL")


def test_nothing_is_reset_without_permission():
    results, world = under_test(Interval(1, 900.0), may_reset=False)
    assert by_instance(results) == {19: "PASS", 20: "PASS", 21: "NOT_JUDGED"}
    assert 1800.0 < world.now < 2000.0
    assert {point.current_pct for point in world.applied} == {100.0}, "the load was never changed"


def test_interval_ended_by_command_is_refused_without_permission():
    with pytest.raises(UsageRefused, match="allow it with --allow-reset"):
        under_test(BY_COMMAND, may_reset=False)


def test_interval_longer_than_allowed_is_inconclusive_with_its_hours():
    results, world = under_test(Interval(6, 900.0), may_reset=False)
    assert set(by_instance(results).values()) == {"INCONCLUSIVE"}
    assert "takes 1.75 h of constant load, and 1 h are allowed" in results[0].reason
    assert world.applied == []


def test_load_off_its_nominal_is_invalid_and_not_a_wrong_demand():
    results, _ = under_test(BLOCK, "demand-frozen", voltage_gain=0.97)
    assert set(by_instance(results).values()) == {"INVALID"}
