"""Starting tests in-process: good meters start and keep on, late ones and those that stop fail."""

import pytest

from meter_model.device.meter import S4100
from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.load_point import LoadPoint
from rig.procedures.registers.starting import StartingLimit, starting
from tests.rig.procedures.registers.register_bench import RegisterBench, Shown, used

IMPORT, EXPORT = LoadPoint(277.0, 0.1, 0.0), LoadPoint(277.0, 0.1, 180.0)
LIMIT = StartingLimit(50.0)


def under_test(meter, point=IMPORT, **bench):
    world = RegisterBench(meter, point, **bench)
    (result,) = starting(world.examined, LIMIT)
    return result, world


@pytest.mark.parametrize(("point", "instance"), [(IMPORT, 2), (EXPORT, 3)])
def test_good_meter_starts_and_keeps_on_in_each_direction(point, instance):
    result, world = under_test(used(), point)
    assert (result.instance, result.outcome) == (instance, "PASS")
    assert abs(result.error_pct) < result.expanded_uncertainty_pct < 10.0
    assert "first seen to have counted" in result.reason
    assert any("at the starting current" in note for note in world.notes)


@pytest.mark.parametrize(("angle_deg", "instance"), [(-90.0, 4), (90.0, 7)])
def test_reactive_registers_of_both_quadrants_start_together(angle_deg, instance):
    result, _ = under_test(used(), LoadPoint(277.0, 0.3, angle_deg))
    assert (result.instance, result.quantity, result.outcome) == (instance, "reactive_energy", "PASS")
    assert abs(result.error_pct) < result.expanded_uncertainty_pct < 10.0


@pytest.mark.parametrize("point", [IMPORT, EXPORT])
def test_meter_that_starts_late_fails_by_a_hundred_percent(point):
    result, _ = under_test(CREEP_DEFECTS["starts-late"](used()), point)
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-100.0, abs=0.1)


def test_meter_that_stops_after_a_while_fails_and_says_in_which_part():
    result, _ = under_test(CREEP_DEFECTS["stops-at-starting-current"](used()))
    assert result.outcome == "FAIL"
    assert "did not count in part" in result.reason


def test_dead_register_fails_once_it_was_given_its_largest_step():
    # The step of a register at 0 is taken to be 1 kWh: ten of them take five days at 83 W.
    result, _ = under_test(REGISTER_DEFECTS["import-register-dead"](S4100()), longest_s=6 * 86_400.0)
    assert result.outcome == "FAIL"
    assert result.error_pct == pytest.approx(-100.0)


def test_large_register_is_inconclusive_with_the_hours_that_it_takes():
    result, world = under_test(Shown(used(), history_kwh=2.0**20))
    assert result.outcome == "INCONCLUSIVE"
    assert "with the register's step of 0.125 kWh the test takes 24.6 h" in result.reason
    assert world.now < 600.0
    result, _ = under_test(Shown(used(), history_kwh=2.0**20), longest_s=10 * 3600.0)
    assert result.outcome == "PASS", "four tenths of the time will do"


def test_current_that_is_half_of_it_is_invalid_and_not_a_late_start():
    result, world = under_test(CREEP_DEFECTS["starts-late"](used()), pickup_pct=-0.05)
    assert result.outcome == "INVALID"
    assert "current A deviates by -50 % of nominal" in result.reason
    assert world.finished[-1][0] == "INVALID"


def test_small_current_itself_is_no_deviation():
    # Of a range of 50 mV this analyzer may be off by 0.2 %: a tenth of the signal.
    result, world = under_test(used(), pickup_pct=0.004)
    assert result.outcome == "PASS", result.reason
    assert "current A (% of nominal)" in world.finished[-1][1]["deviation"]


def test_noise_of_the_reference_is_in_the_budget():
    quiet, _ = under_test(used())
    noisy, _ = under_test(used(), noise=0.05)
    assert noisy.outcome == "PASS"
    assert noisy.expanded_uncertainty_pct > quiet.expanded_uncertainty_pct
