"""No-load tests in-process: good meters pass, those that creep fail, and a bench with current left is INVALID."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.behaviour.profile import DEFAULT
from meter_model.device.meter import S4100
from rig.emulation.defects.creeping import CREEP_DEFECTS
from rig.emulation.defects.registers import REGISTER_DEFECTS
from rig.load_point import LoadPoint
from rig.metrology.decision import DecisionRule
from rig.metrology.register_tests.creep import Permitted, power_shown, without_current
from rig.procedures.registers.examined import Judged, result_of
from rig.procedures.registers.no_load import NoLoadLimit, no_load
from tests.rig.procedures.registers.register_bench import RegisterBench, Shown, used

POINT = LoadPoint(277.0 * 1.15, 0.0, 0.0)
LIMIT = NoLoadLimit("active_energy", Permitted(3 * 277.0 * 120.0 / 15_000.0, 900.0))


class Counting:
    """A meter of which one register counts at 50 W without current."""

    def __init__(self, meter, register):
        self._meter, self._register, self._extra = meter, register, 0.0

    def __getattr__(self, name):
        return getattr(self._meter, name)

    def advance(self, dt_s, stimulus):
        self._meter.advance(dt_s, stimulus)
        self._extra += 0.0 if any(stimulus.ct_inputs) else 0.05 * dt_s / 3600.0

    def read(self, kind, instance, prop, index=None):
        value = self._meter.read(kind, instance, prop, index)
        return value + self._extra * (kind == "AI" and instance == self._register)


def under_test(meter, limits=(LIMIT,), **bench):
    world = RegisterBench(meter, POINT, **bench)
    results = {each.instance: each for each in no_load(world.examined, limits)}
    return results, world


def test_good_meter_passes_both_directions_and_shows_no_power():
    results, world = under_test(used())
    assert {number: each.outcome for number, each in results.items()} == {2: "PASS", 3: "PASS", 11: "PASS"}
    assert results[2].error_pct == results[3].error_pct == 0.0
    assert results[2].expanded_uncertainty_pct < 1.0
    assert world.finished[-1][0] is None
    assert world.target.ct_inputs == ((), (), ())


def test_creeping_meter_fails_in_both_directions():
    results, _ = under_test(CREEP_DEFECTS["creeps-without-current"](used()))
    assert (results[2].outcome, results[3].outcome, results[11].outcome) == ("FAIL", "FAIL", "PASS")
    assert results[2].error_pct == pytest.approx(100.0 * 50.0 / LIMIT.permitted.power_w, rel=0.01)


def test_creep_of_a_third_of_what_is_permitted_passes():
    meter = CREEP_DEFECTS["creeps-without-current"](used())
    limit = NoLoadLimit("active_energy", Permitted(150.0, 900.0))
    results, _ = under_test(meter, (limit,))
    assert results[2].outcome == "PASS"
    assert results[2].error_pct == pytest.approx(100.0 / 3.0, rel=0.01)


def test_current_that_is_left_makes_it_invalid_and_not_fail():
    meter = used(profile=replace(DEFAULT, no_load_current_pct=0.001))
    results, world = under_test(meter, pickup_pct=0.05)
    assert {each.outcome for each in results.values()} == {"INVALID"}
    assert "open current A deviates by +0.05 % of In" in results[2].reason
    assert world.finished[-1][0] == "INVALID"


def test_voltage_below_that_of_the_row_makes_it_invalid():
    results, _ = under_test(used(), voltage_gain=1.0 / 1.15)
    assert {each.outcome for each in results.values()} == {"INVALID"}
    assert "voltage A deviates by -13" in results[2].reason


def test_registers_reset_meanwhile_make_it_invalid():
    results, _ = under_test(used(), at_s={400.0: lambda meter: meter.write("AV", 1, "present-value", 30078.0)})
    assert {each.outcome for each in results.values()} == {"INVALID"}
    assert "AI78" in results[2].reason


def test_large_register_is_inconclusive_with_the_hours_that_it_takes():
    results, world = under_test(Shown(used(), history_kwh=2.0**20))
    assert results[2].outcome == "INCONCLUSIVE"
    assert "the test takes 75.2 h, and 1 h are allowed" in results[2].reason
    assert world.now < 1200.0
    results, world = under_test(Shown(used(), history_kwh=2.0**20), longest_s=80 * 3600.0)
    assert results[2].outcome == "PASS"
    assert world.now > 75 * 3600.0


def test_large_register_that_creeps_much_fails_in_the_short_test():
    meter = CREEP_DEFECTS["creeps-without-current"](used())
    limit = NoLoadLimit("active_energy", Permitted(1.0, 900.0))
    results, _ = under_test(Shown(meter, step_kwh=0.001), (limit,), longest_s=1000.0)
    assert results[2].outcome == "FAIL"


def test_register_that_never_moved_under_load_is_inconclusive():
    results, _ = under_test(REGISTER_DEFECTS["import-register-dead"](S4100()))
    assert results[2].outcome == "INCONCLUSIVE"
    assert results[2].reason.endswith("(--longest-gate)")


@pytest.mark.parametrize("register", [4, 9, 32])
def test_other_registers_that_count_without_current_are_named(register):
    results, _ = under_test(Counting(used(), register))
    assert register in results
    expected = "FAIL" if register == 32 else "NOT_JUDGED"
    assert results[register].outcome == expected
    assert results[2].outcome == "PASS"


def test_reactive_limit_judges_the_four_quadrants():
    reactive = NoLoadLimit("reactive_energy", Permitted(3 * 277.0 * 120.0 / 8_000.0, 900.0))
    results, _ = under_test(Counting(used(), 5), (LIMIT, reactive))
    outcomes = {number: results[number].outcome for number in (2, 3, 4, 5, 6, 7)}
    assert outcomes == {2: "PASS", 3: "PASS", 4: "PASS", 5: "FAIL", 6: "PASS", 7: "PASS"}


def test_creep_that_a_current_unseen_by_the_analyzer_explains_is_no_fail():
    # A range of 50 mV: less than 0.25 mV may be shown as none, which is 24 W here.
    small = replace(DEFAULT, no_load_current_pct=0.0001)
    world = RegisterBench(used(profile=small), POINT, pickup_pct=0.014, shown_from_v=0.15e-3)
    results = {each.instance: each for each in no_load(world.examined, (LIMIT,))}
    assert results[2].outcome == "INCONCLUSIVE"
    assert "open the CT leads" in results[2].reason


REACTIVE = NoLoadLimit("reactive_energy", Permitted(3 * 277.0 * 120.0 / 8_000.0, 900.0))


class ShowsPower:
    """A meter of which AI11 and AI12 show ``power_kw`` where no current flows."""

    def __init__(self, meter, power_kw):
        self._meter, self._power_kw, self._flows = meter, power_kw, False

    def __getattr__(self, name):
        return getattr(self._meter, name)

    def advance(self, dt_s, stimulus):
        self._flows = any(stimulus.ct_inputs)
        self._meter.advance(dt_s, stimulus)

    def read(self, kind, instance, prop, index=None):
        value = self._meter.read(kind, instance, prop, index)
        return self._power_kw if kind == "AI" and instance in (11, 12) and not self._flows else value


def test_power_without_load_names_the_unit_of_its_quantity():
    results, _ = under_test(used(), (LIMIT, REACTIVE))
    assert results[11].reason.endswith("6.648 W are permitted")
    assert results[12].reason.endswith("12.46 var are permitted")


def test_budget_of_power_without_load_has_resolution_and_reference():
    results, _ = under_test(used())
    lines = {each.name: each.standard_uncertainty_pct for each in results[11].components}
    assert list(lines) == ["repeatability", "resolution of the reading", "current that the reference shows"]
    assert lines["resolution of the reading"] > 0.0
    assert results[11].expanded_uncertainty_pct > 0.0


def test_current_that_the_analyzer_shows_widens_u_of_the_power():
    quiet, _ = under_test(used())
    # 0.001 % of In in each CT input: 0.96 W, a seventh of what is permitted.
    results, _ = under_test(used(), pickup_pct=0.001)
    assert quiet[11].expanded_uncertainty_pct < 0.01
    assert results[11].expanded_uncertainty_pct == pytest.approx(2.0 * 100.0 * 0.9557 / 6.648 / 3.0**0.5, rel=0.01)


def test_power_that_an_unseen_current_explains_is_no_fail():
    results, _ = under_test(ShowsPower(used(), 0.010), shown_from_v=0.15e-3)
    assert results[11].outcome == "INCONCLUSIVE"
    assert "open the CT leads" in results[11].reason
    results, _ = under_test(ShowsPower(used(), 0.050))
    assert results[11].outcome == "FAIL"


def test_power_that_is_no_number_without_load_fails():
    results, _ = under_test(ShowsPower(used(), float("nan")))
    assert results[11].outcome == "FAIL"
    assert "QNAN" in results[11].reason


@given(readings=st.lists(st.integers(0, 20), min_size=3, max_size=10))
def test_resolution_is_that_in_which_the_powers_differ(readings):
    lines = {each.name: each for each in power_shown([float(n) for n in readings], 20.0, 0.0)}
    resolution_w = lines["resolution of the reading"].stated * 2.0 * 20.0 / 100.0
    if len(set(readings)) > 1:
        assert resolution_w >= 0.999
    else:
        assert resolution_w == pytest.approx(1.86e-6, rel=0.01)


@given(creep_w=st.floats(0.0, 40.0))
def test_verdict_follows_the_creep(creep_w):
    seen = seen_of(creep_w, 900.0)
    outcome = result_of(seen, DecisionRule.ILAC_G8_NON_BINARY).outcome
    permitted = LIMIT.permitted.power_w
    slack = 0.005 * permitted
    if creep_w > permitted + slack:
        assert outcome == "FAIL"
    elif creep_w < permitted - slack:
        assert outcome == "PASS"


def seen_of(creep_w, duration_s):
    permitted = LIMIT.permitted.energy(duration_s)
    error = 100.0 * creep_w * duration_s / 3.6e6 / permitted
    return Judged(
        procedure="no_load", instance=2, quantity="active_energy", read=0.0, expected=0.0, error_pct=error,
        limit_pct=100.0, components=without_current(1e-6, permitted, duration_s, 1.0),
    )  # fmt: skip
