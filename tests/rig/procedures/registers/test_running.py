"""Running registers in-process: a line through updates against sampled power, active and in four quadrants."""

import pytest

from rig.emulation.defects.behaviour import BEHAVIOUR_DEFECTS
from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.metrology.certification_points import judged_energy_at
from rig.metrology.limit_files import load_limit_table
from rig.plans.programmes import CERTIFICATION_TABLES
from rig.procedures.registers.running import energy_running
from tests.rig.procedures.registers.register_bench import RegisterBench, Shown, used

TABLES = [load_limit_table(name) for name in CERTIFICATION_TABLES]
IMPORT, EXPORT = LoadPoint(277.0, 100.0, 0.0), LoadPoint(277.0, 100.0, 180.0)
QUADRANTS = {4: -30.0, 5: -150.0, 6: 150.0, 7: 30.0}
"""Angle of the current by register: sin 0.5 in each quadrant."""


def item_at(point, instance):
    return next(each for each in judged_energy_at(point, TABLES) if each.instance == instance)


def under_test(meter, point=IMPORT, instance=2, **bench):
    world = RegisterBench(meter, point, **bench)
    result, *others = energy_running(world.examined, item_at(point, instance))
    return result, others, world


@pytest.mark.parametrize(("point", "instance"), [(IMPORT, 2), (EXPORT, 3)])
def test_good_register_passes_while_the_load_is_on(point, instance):
    result, others, world = under_test(used(), point, instance)
    assert (result.procedure, result.instance, result.outcome, others) == ("energy_running", instance, "PASS", [])
    assert abs(result.error_pct) < 0.02
    assert result.expanded_uncertainty_pct < 0.2 / 3
    assert world.applied == [point], "the current was never switched off"
    names = " ".join(component.name for component in result.components)
    for each in ("repeatability", "reference power", "line through 10 updates", "clock of the rig", "quantisation"):
        assert each in names
    assert "integrator" not in names


@pytest.mark.parametrize(("instance", "angle_deg"), QUADRANTS.items())
def test_reactive_register_of_each_quadrant_passes(instance, angle_deg):
    result, others, _ = under_test(used(), LoadPoint(277.0, 100.0, angle_deg), instance)
    assert (result.instance, result.quantity, result.outcome, others) == (instance, "reactive_energy", "PASS", [])
    assert abs(result.error_pct) < 0.1


@pytest.mark.parametrize("lost", [range(1, 4000, 120), (60, 61, 62, 90)])
def test_lost_requests_make_the_time_longer_and_not_invalid(lost):
    point = LoadPoint(277.0, 100.0, -30.0)
    result, others, world = under_test(used(), point, 4, lost=frozenset(lost))
    assert (result.outcome, others) == ("PASS", []), result.reason
    assert world.lost & set(range(world.requests)), "requests were lost"
    assert abs(result.error_pct) < result.expanded_uncertainty_pct < 2.0 / 3.0


def test_exchanged_quadrants_fail_and_name_the_register_that_counted():
    meter = BEHAVIOUR_DEFECTS["quadrants-swapped"](used())
    result, others, _ = under_test(meter, LoadPoint(277.0, 100.0, -30.0), 4)
    assert result.outcome == "FAIL"
    assert [other.outcome for other in others] == ["FAIL"]
    assert "in another quadrant" in others[0].reason


def test_register_that_is_behind_while_loaded_fails_by_what_it_keeps_back():
    result, _, _ = under_test(CREEP_DEFECTS["catches-up-when-idle"](used()))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-1.0, abs=0.05)


def test_dead_register_fails_by_a_hundred_percent():
    result, _, _ = under_test(REGISTER_DEFECTS["import-register-dead"](used()))
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-100.0)


@pytest.mark.parametrize(("step_kwh", "outcome"), [(0.01, "PASS"), (1.0, "INCONCLUSIVE")])
def test_coarse_register_takes_its_time_or_is_inconclusive_with_the_hours(step_kwh, outcome):
    result, _, world = under_test(Shown(used(), step_kwh))
    assert result.outcome == outcome
    if outcome == "INCONCLUSIVE":
        assert "a gate of 49.1 h is needed" in result.reason
        assert world.now < 1000.0


def test_large_register_takes_as_long_as_its_float32_step_asks_for():
    result, _, world = under_test(Shown(used(), history_kwh=100_000.0))
    assert result.outcome == "PASS"
    assert 1000.0 < world.now < 2500.0


def test_drifting_load_is_followed():
    result, _, _ = under_test(used(), current_drift_per_h=0.02)
    assert result.outcome == "PASS"
    assert abs(result.error_pct) < 0.03


def test_voltage_off_its_nominal_is_invalid():
    result, _, _ = under_test(CREEP_DEFECTS["catches-up-when-idle"](used()), voltage_gain=0.95)
    assert (result.outcome, result.error_pct) == ("INVALID", None)
    assert "voltage A deviates by -5 %" in result.reason


def test_reference_without_power_for_a_while_is_invalid():
    result, _, world = under_test(used(), without_power=(80.0, 120.0))
    assert result.outcome == "INVALID"
    assert "gave no active power for" in result.reason
    assert world.finished[-1][0] == "INVALID"


def test_apparent_register_is_refused_for_want_of_a_measured_power():
    world = RegisterBench(used(), IMPORT)
    item = item_at(IMPORT, 2)
    with pytest.raises(UsageRefused, match="AI9 has no measured power"):
        energy_running(world.examined, type(item)(9, item.quantity, "ABC", item.row, item.table))
