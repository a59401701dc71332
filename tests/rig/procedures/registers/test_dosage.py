"""Doses in-process: a fixed energy in portions, against the integrator."""

from types import SimpleNamespace

import pytest

from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.errors import UsageRefused
from rig.load_point import LoadPoint
from rig.procedures.registers.dosage import PORTIONS, dosage
from tests.rig.procedures.registers.register_bench import RegisterBench, Shown, used
from tests.rig.procedures.registers.test_running import EXPORT, IMPORT, item_at


def under_test(meter, point=IMPORT, instance=2, **bench):
    world = RegisterBench(meter, point, **bench)
    result, *others = dosage(world.examined, item_at(point, instance))
    return result, others, world


@pytest.mark.parametrize(("point", "instance"), [(IMPORT, 2), (EXPORT, 3)])
def test_good_register_passes_a_round_dose_in_six_portions(point, instance):
    result, others, world = under_test(used(), point, instance)
    assert (result.procedure, result.instance, result.outcome, others) == ("dosage", instance, "PASS", [])
    assert abs(result.error_pct) < 0.01
    assert "2 kWh in 6 portions" in world.notes[0]
    assert abs(result.expected_value) == pytest.approx(2.0, rel=0.05)
    assert world.applied.count(point) == PORTIONS + 1


def test_meter_that_loses_beginnings_fails_by_what_it_loses():
    result, _, _ = under_test(CREEP_DEFECTS["loses-beginnings"](used()))
    assert result.outcome == "FAIL"
    assert -0.7 < result.error_pct < -0.25


def test_dead_register_fails_by_a_hundred_percent():
    result, _, _ = under_test(REGISTER_DEFECTS["import-register-dead"](used()))
    assert (result.outcome, result.error_pct) == ("FAIL", pytest.approx(-100.0))


@pytest.mark.parametrize(("step_kwh", "longest_s", "outcome"), [(0.01, 3600.0, "PASS"), (1.0, 3600.0, "INCONCLUSIVE")])
def test_coarse_register_gets_a_larger_dose_or_is_inconclusive(step_kwh, longest_s, outcome):
    result, _, world = under_test(Shown(used(), step_kwh), longest_s=longest_s)
    assert result.outcome == outcome
    if outcome == "PASS":
        assert abs(result.expected_value) == pytest.approx(50.0, rel=0.01)
    else:
        assert "a gate of 49.1 h is needed" in result.reason
        assert world.now < 900.0


def test_load_off_its_nominal_is_invalid_and_not_a_loss():
    result, _, _ = under_test(CREEP_DEFECTS["loses-beginnings"](used()), voltage_gain=0.97)
    assert (result.outcome, result.error_pct) == ("INVALID", None)
    assert "voltage A deviates" in result.reason


def test_registers_reset_meanwhile_make_it_invalid():
    result, _, _ = under_test(used(), at_s={60.0: lambda meter: meter.write("AV", 1, "present-value", 30078.0)})
    assert result.outcome == "INVALID"
    assert "AI78" in result.reason


def test_bench_without_an_integrator_is_refused_before_any_load():
    world = RegisterBench(used(), IMPORT)
    at = world.examined
    at.bench.analyzer.capabilities = SimpleNamespace(integrates=False, why_not="its driver does not work it")
    with pytest.raises(UsageRefused, match="the energy that the analyzer integrates"):
        dosage(at, item_at(IMPORT, 2))
    assert world.applied == []


def test_reactive_register_is_refused():
    point = LoadPoint(277.0, 100.0, -30.0)
    with pytest.raises(UsageRefused, match="choose AI2 or AI3"):
        dosage(RegisterBench(used(), point).examined, item_at(point, 4))
