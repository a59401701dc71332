"""How often U covers the true error in tests of registers and clock, and how verdicts follow it, by seeded trials."""

import numpy as np
import pytest

from rig.metrology.decision import DecisionRule, decide
from rig.metrology.register_tests.creep import Permitted, aged, starting_s, without_current
from rig.metrology.register_tests.timing import ClockReading, clock_rate
from rig.metrology.sampled_energy import Moment
from rig.metrology.uncertainty import Budget, register_quantisation

pytestmark = pytest.mark.untraced

TRIALS = 2000
RULE = DecisionRule.ILAC_G8_NON_BINARY
UPDATE_S = 1.0


def counted(rng, power_kw, duration_s, step_kwh, trials):
    """What a register of ``step_kwh`` is seen to advance by: read at any place in its step, each reading up to a second
    old."""
    start = rng.uniform(0.0, 1.0, trials) * step_kwh
    age = rng.uniform(0.0, UPDATE_S, trials) - rng.uniform(0.0, UPDATE_S, trials)
    true = power_kw * (duration_s + age) / 3600.0
    return step_kwh * (np.floor((start + true) / step_kwh) - np.floor(start / step_kwh))


def no_load(creep_share, step_kwh, seed):
    """Decisions on no-load tests of a meter that creeps with a share of what is permitted."""
    permitted = Permitted(6.648, 600.0)
    duration_s = permitted.needed_s(step_kwh)
    energy = permitted.energy(duration_s)
    rng = np.random.default_rng(seed)
    seen = counted(rng, creep_share * permitted.power_w / 1000.0, duration_s, step_kwh, TRIALS)
    found = []
    for advance in seen:
        expanded = Budget(without_current(step_kwh, energy, duration_s, UPDATE_S, advance)).expanded
        found.append(decide(100.0 * advance / energy, expanded, 100.0, RULE))
    return found


def share_of(found, outcome):
    return sum(each.outcome.value == outcome for each in found) / TRIALS


@pytest.mark.parametrize("step_kwh", [1e-6, 1e-3, 0.0625])
@pytest.mark.parametrize("creep_share", [0.0, 0.3, 0.9, 2.0])
def test_u_of_a_no_load_test_covers_the_creep(creep_share, step_kwh):
    found = no_load(creep_share, step_kwh, 5)
    assert np.mean([abs(each.error_pct - 100.0 * creep_share) <= each.expanded_pct for each in found]) >= 0.94


@pytest.mark.parametrize("step_kwh", [1e-6, 1e-3, 0.0625])
def test_creep_beyond_limit_and_u_fails_and_none_far_inside_does(step_kwh):
    expanded = no_load(0.0, step_kwh, 6)[0].expanded_pct / 100.0
    assert share_of(no_load(1.01 + 2.0 * expanded, step_kwh, 7), "FAIL") >= 0.95
    assert share_of(no_load(max(0.0, 1.0 - 2.0 * expanded), step_kwh, 8), "FAIL") == 0.0
    assert share_of(no_load(0.0, step_kwh, 9), "PASS") == 1.0


@pytest.mark.parametrize("step_kwh", [6e-8, 1e-4, 0.0078])
@pytest.mark.parametrize("error_pct", [0.0, -30.0, 80.0])
def test_u_of_a_starting_test_covers_the_error(error_pct, step_kwh):
    power_kw, tolerance = 0.0831, 50.0
    duration_s = max(120.0, starting_s(step_kwh, power_kw, tolerance, UPDATE_S))
    energy = power_kw * duration_s / 3600.0
    rng = np.random.default_rng(11)
    seen = counted(rng, power_kw * (1.0 + error_pct / 100.0), duration_s, step_kwh, TRIALS)
    covered = 0
    for advance in seen:
        lines = (register_quantisation(step_kwh, energy), aged(duration_s, UPDATE_S, advance / energy))
        expanded = Budget(lines).expanded
        assert expanded <= tolerance / 3.0
        covered += abs(100.0 * (advance - energy) / energy - error_pct) <= expanded
    assert covered / TRIALS >= 0.94


@pytest.mark.parametrize("resolution_s", [0.01, 1.0])
def test_u_of_a_clocks_rate_covers_it(resolution_s):
    rng = np.random.default_rng(13)
    covered = 0
    for _ in range(TRIALS):
        true_ppm, of_rig = rng.uniform(-200.0, 200.0), rng.uniform(-100.0, 100.0)
        groups = []
        for begun_s in (0.0, 600.0):
            group = []
            for _ in range(5):
                wide_s = rng.uniform(0.02, 0.1)
                at_s = begun_s + rng.uniform(0.0, 2.0)
                moment = at_s + rng.uniform(0.0, wide_s)
                shown = (1000.3 + moment * (1.0 + (true_ppm + of_rig) * 1e-6)) // resolution_s * resolution_s
                group.append(ClockReading(shown, Moment(at_s, at_s + wide_s)))
            groups.append(group)
        found = clock_rate(groups[0], groups[1], resolution_s)
        covered += abs(found.ppm - true_ppm) <= Budget(found.components).expanded
    assert covered / TRIALS >= 0.94
