"""Verdicts of every other procedure follow the rule's risk: running energy, doses, demand, clock, starting, no-load.

2,000 seeded trials each. What a procedure hands to its judgement is simulated, with a reference that errs as its stated
accuracy says; error and U come from the procedure's own code. Power, V, I, Q, gated energy and variations are in
``test_risk``; repeatability, which has a variance and no error, in ``test_risk_of_repeatability``.
"""

import math
from collections import Counter
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from drivers.analyzer.base import AnalyzerRanges
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.analysis.risk import predicted_outcomes
from rig.metrology.decision import DecisionRule, decide
from rig.metrology.limits import Quantity
from rig.metrology.outcome import Outcome
from rig.metrology.register_tests.creep import aged, without_current
from rig.metrology.register_tests.line_fit import fit
from rig.metrology.register_tests.timing import ClockReading, clock_rate
from rig.metrology.sampled_energy import Moment, PowerSet, sampled_energy
from rig.metrology.uncertainty import Budget, Distribution, register_quantisation
from rig.procedures.accuracy.judgement import judge_energy, reference_at
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement
from rig.procedures.registers.demand import DemandLimit, Interval, _Demand
from tests.rig.metrology.test_coverage import item
from tests.rig.metrology.test_risk import p_value

pytestmark = pytest.mark.untraced

TRIALS = 2_000
LOAD = LoadPoint(277.0, 100.0, 0.0)
KW = 83.1
WIRING = Wiring(100.0, 1.0, 1.0)
RANGES = AnalyzerRanges((300.0,) * 3, (2.0,) * 3)
OF_REFERENCE_PCT = 0.05
STATED = {
    quantity: {"reading_pct": OF_REFERENCE_PCT, "distribution": "normal", "k": 2}
    for quantity in ("voltage", "current", "power", "integrator")
} | {"phase": {"fixed_deg": 0.001, "distribution": "normal", "k": 2}}
ACCURACY = ReferenceAccuracy.model_validate(STATED)
RULE = DecisionRule.ILAC_G8_NON_BINARY
STEP_KWH = 3.0e-5
SETS_S = np.arange(0.0, 130.0, 10.0)
REPEATS = (0.002, -0.001, 0.0, -0.002)
THROUGH_THE_RIG = 12
"""Trials whose error is the rig's own, too; U, which hardly differs from trial to trial, is theirs."""


def of_reference(rng):
    return 1.0 + rng.normal(0.0, OF_REFERENCE_PCT / 200.0)


def through_the_rig(gate, repeats, procedure):
    """Error and U of an energy register that counted one gate."""
    taken = EnergyMeasurement(LOAD, 2, (gate,), RANGES, WIRING.terminals(LOAD), power_errors_pct=repeats)
    result = judge_energy(taken, item(2, Quantity.ACTIVE_ENERGY, "ABC"), ACCURACY, RULE, procedure)
    return result.error_pct, result.expanded_uncertainty_pct


def running(rng):
    """A line through five updates at each end of two minutes, and sampled power, by a rig whose clock is off."""
    at_s = rng.uniform(0.0, 1.0) + np.array([0, 1, 2, 3, 4, 120, 121, 122, 123, 124], dtype=float)
    wide_s = rng.uniform(0.02, 0.1, 10)
    early_s = wide_s * rng.uniform(0.0, 1.0, 10)
    moments = [Moment(t - e, t - e + w) for t, e, w in zip(at_s, early_s, wide_s, strict=True)]
    line = fit(moments, list(np.floor(KW * at_s / 3600.0 / STEP_KWH) * STEP_KWH))
    seen_kw = KW * of_reference(rng) * (1.0 + rng.uniform(-1e-4, 1e-4))
    sets = [
        PowerSet(t, seen_kw * (1.0 + off)) for t, off in zip(SETS_S, rng.normal(0.0, 1e-5, SETS_S.size), strict=True)
    ]
    first, last = moments[0].middle_s, moments[-1].middle_s
    found = sampled_energy(sets, Moment(first, first), Moment(last, last))
    lines = (line.component, *found.components[1:])
    gate = GateMeasurement(line.rate * line.span_s, found.energy / 3600.0, STEP_KWH, line.span_s, 100.0, lines)
    return gate.registered_kwh, gate.reference_kwh, lambda: through_the_rig(gate, REPEATS, "energy_running")


def dosage(rng):
    """2 kWh, counted in steps, against an integrator and the power that it integrates."""
    start, dose = rng.uniform(0.0, 1.0), 2.0 / STEP_KWH
    counted = STEP_KWH * (math.floor(start + dose) - math.floor(start))
    gate = GateMeasurement(counted, 2.0 * of_reference(rng) * of_reference(rng), STEP_KWH, 86.0, 100.0)
    return gate.registered_kwh, gate.reference_kwh, lambda: through_the_rig(gate, REPEATS, "dosage")


def demand(rng):
    """A demand of 15 min, against the mean of forty readings of a load that wanders a little."""
    wandering = KW * of_reference(rng) * (1.0 + rng.normal(0.0, 5e-5, 40))

    def judged():
        run = _Demand(SimpleNamespace(rule=RULE), Interval(1, 900.0), {Quantity.ACTIVE_POWER: DemandLimit(50.0)}, False)
        run.powers = [{11: float(each)} for each in wandering]
        run.lines[19] = reference_at(LOAD, (WIRING.terminals(LOAD),), RANGES, ACCURACY).of(Quantity.ACTIVE_POWER, "ABC")
        result = run._result(19, {19: KW}, invalid="")
        return result.error_pct, result.expanded_uncertainty_pct

    return KW, float(wandering.mean()), judged


NORMAL = {"energy_running": running, "dosage": dosage, "demand": demand}


def clock(rng):
    """Ten minutes of a clock with hundredths, by a rig whose own clock is off by any part of 100 ppm."""
    of_rig_ppm, groups = rng.uniform(-100.0, 100.0), []
    for begun_s in (0.0, 600.0):
        group = []
        for _ in range(5):
            wide_s, at_s = 0.05, begun_s + rng.uniform(0.0, 2.0)
            moment = at_s + rng.uniform(0.0, wide_s)
            shown = (1000.3 + moment * (1.0 + of_rig_ppm * 1e-6)) // 0.01 * 0.01
            group.append(ClockReading(shown, Moment(at_s, at_s + wide_s)))
        groups.append(group)
    found = clock_rate(groups[0], groups[1], 0.01)
    return found.ppm, Budget(found.components)


def counted_share(rng, power_kw, duration_s, step_kwh):
    """What a register is seen to advance by, each reading up to a second old, as a part of what flowed."""
    start = rng.uniform(0.0, 1.0)
    age_s = rng.uniform(0.0, 1.0) - rng.uniform(0.0, 1.0)
    steps = power_kw * (duration_s + age_s) / 3600.0 / step_kwh
    return (math.floor(start + steps) - math.floor(start)) * step_kwh / (power_kw * duration_s / 3600.0)


def starting(rng):
    """Two minutes at about the starting current, with a coarse register."""
    power_kw, step_kwh, duration_s = 0.0831 * rng.uniform(0.8, 1.2), 1.3e-4, 120.0
    energy = power_kw * duration_s / 3600.0
    share = counted_share(rng, power_kw, duration_s, step_kwh)
    lines = (register_quantisation(step_kwh, energy), aged(duration_s, 1.0, share))
    return 100.0 * (share - 1.0), Budget(lines)


def no_load(rng):
    """Ten minutes without current of a meter that creeps by all that is permitted, and counts in steps of its own."""
    power_kw, step_kwh, duration_s = 0.006648, 3.1e-5 * rng.uniform(0.75, 1.25), 600.0
    energy = power_kw * duration_s / 3600.0
    share = counted_share(rng, power_kw, duration_s, step_kwh)
    return 100.0 * (share - 1.0), Budget(without_current(step_kwh, energy, duration_s, 1.0, share * energy))


OTHERWISE = {"clock": clock, "starting": starting, "no_load": no_load}


@cache
def trials(name):
    """Errors against what is true, and U, of 2,000 trials; for what is not normal also the budget of each."""
    rng = np.random.default_rng(sum(name.encode()))
    if name in OTHERWISE:
        found = [OTHERWISE[name](rng) for _ in range(TRIALS)]
        budgets = [budget for _, budget in found]
        return np.array([error for error, _ in found]), np.array([each.expanded for each in budgets]), budgets
    found = [NORMAL[name](rng) for _ in range(TRIALS)]
    errors = np.array([100.0 * (read / wanted - 1.0) for read, wanted, _ in found])
    through = np.array([judged() for _, _, judged in found[:THROUGH_THE_RIG]])
    assert through[:, 0] == pytest.approx(errors[:THROUGH_THE_RIG], abs=1e-6)
    return errors, np.resize(through[:, 1], TRIALS), None


def outcomes_of(errors, u, limit, rule=RULE):
    return Counter(decide(float(e), float(v), limit, rule).outcome for e, v in zip(errors, u, strict=True))


def predicted(name, limit, rule):
    """Probabilities of a meter at the limit: by the normal law of the rule, else by the budgets' own distributions."""
    _, u, budgets = trials(name)
    if budgets is None:
        return predicted_outcomes(limit, float(np.median(u)), limit, rule)
    rng = np.random.default_rng(3)
    errors = limit + np.array([drawn(rng, budget) for budget in budgets])
    found = outcomes_of(errors.ravel(), np.repeat(u, errors.shape[1]), limit, rule)
    return {outcome: count / errors.size for outcome, count in found.items()}


def drawn(rng, budget):
    """Eight draws of the error that a budget states."""
    total = np.zeros(8)
    for component in budget.components:
        half = component.stated * abs(component.sensitivity)
        if component.distribution is Distribution.TRIANGULAR:
            total += rng.uniform(-half / 2.0, half / 2.0, (2, 8)).sum(axis=0)
        else:
            assert component.distribution is Distribution.RECTANGULAR, component
            total += rng.uniform(-half, half, 8)
    return total


EVERY = [*NORMAL, *OTHERWISE]


@pytest.mark.parametrize("rule", DecisionRule)
@pytest.mark.parametrize("name", EVERY)
def test_meters_at_a_limit_come_out_as_often_as_the_rule_predicts(name, rule):
    errors, u, _ = trials(name)
    middle = float(np.median(u))
    limit = 4.0 * middle
    observed = outcomes_of(limit + errors, u, limit, rule)
    expected = {o: TRIALS * p for o, p in predicted(name, limit, rule).items() if p > 1e-9}
    assert set(observed) <= set(expected)
    assert p_value(observed, expected) > 0.001, f"{dict(observed)}, predicted {expected}"


@pytest.mark.parametrize("name", NORMAL)
def test_the_comparison_notices_a_wrong_budget_of_each_procedure(name):
    errors, u, _ = trials(name)
    limit = 4.0 * float(np.median(u))
    observed = outcomes_of(limit + errors, 0.8 * u, limit)
    expected = {o: TRIALS * p for o, p in predicted(name, limit, RULE).items() if p > 1e-9}
    assert p_value(observed, expected) < 0.001


@pytest.mark.parametrize("name", EVERY)
def test_of_1000_meters_drawn_up_to_l_minus_2u_none_fails(name):
    errors, u, _ = trials(name)
    limit = 4.0 * float(np.median(u))
    true = np.random.default_rng(29).uniform(-1.0, 1.0, 1000) * (limit - 2.0 * u[:1000])
    found = outcomes_of(true + errors[:1000], u[:1000], limit)
    assert found[Outcome.FAIL] == found[Outcome.COND_FAIL] == 0
    assert found[Outcome.PASS] > 900


@pytest.mark.parametrize("name", EVERY)
def test_a_true_error_beyond_u_is_outside_and_fails_from_twice_u_on(name):
    errors, u, _ = trials(name)
    limit = 4.0 * float(np.median(u))
    at_u = outcomes_of(limit + u + errors, u, limit)
    assert (at_u[Outcome.FAIL] + at_u[Outcome.COND_FAIL]) / TRIALS >= 0.95
    assert outcomes_of(limit + 2.0 * u + errors, u, limit)[Outcome.FAIL] / TRIALS >= 0.95
    # A rule without a second guard band says FAIL from the limit on.
    assert outcomes_of(limit + u + errors, u, limit, DecisionRule.SIMPLE)[Outcome.FAIL] / TRIALS >= 0.95


@pytest.mark.parametrize(
    ("rule", "begins"),
    [
        (DecisionRule.SIMPLE, 0.822),
        (DecisionRule.ILAC_G8_BINARY, -0.178),
        (DecisionRule.ILAC_G8_NON_BINARY, 1.822),
        (DecisionRule.ISO_14253, 1.65),
    ],
)
def test_plain_fail_in_95_percent_begins_where_the_verdicts_page_says(rule, begins):
    u, limit = 1.0, 4.0
    assert predicted_outcomes(limit + (begins - 0.02) * u, u, limit, rule)[Outcome.FAIL] < 0.95
    assert predicted_outcomes(limit + (begins + 0.02) * u, u, limit, rule)[Outcome.FAIL] > 0.95
