"""Coverage of U of variations: differences and influences judged by the rig, on benches that err as they are stated.

The analyzer of a trial is the same in both readings, or another one: then what is stated between conditions is 1 or 0.
"""

import math
from collections import Counter
from functools import cache

import pytest

from meter_model.configuration import Configuration
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.analysis.risk import predicted_outcomes
from rig.metrology.certification_points import Input
from rig.metrology.decision import DecisionRule, decide
from rig.metrology.limits import Quantity
from rig.procedures.accuracy.readings import MeterSample, PointMeasurement
from rig.procedures.accuracy.variations.compared import Comparison, Limit, judge_variation
from rig.records.data import LimitProvenance
from tests.rig.metrology.drawn_bench import U_V, Point, run
from tests.rig.metrology.test_coverage import AS_SHIPPED, SPECIFICATION, WIRING, ranges, reading
from tests.rig.metrology.test_risk import p_value

pytestmark = pytest.mark.untraced

TRIALS = 200
TOTAL = Input(11, Quantity.ACTIVE_POWER, "ABC")
WIDE = Limit(50.0, LimitProvenance(standard=""))
RULE = DecisionRule.ILAC_G8_NON_BINARY
STATEMENTS = {"as-shipped": AS_SHIPPED, "specification": SPECIFICATION}
CELLS = {
    # Basis, influenced: a single-phase load against a balanced one, and an influence that changes nothing of the load.
    "difference": (Point(100.0, 0.0), Point(100.0, 0.0, "A")),
    "influence": (Point(10.0, -60.0), Point(10.0, -60.0)),
}


def taken(trials, trial, point):
    load = LoadPoint(U_V, point.current_pct, point.angle_deg, point.phases)
    readings = [reading(trials, trial, place) for place in range(trials.u.shape[1])]
    references = tuple(WIRING.stimulus(each) for each in readings)
    off = tuple(WIRING.powers_off(*each) for each in zip(readings, references, strict=True))
    kilowatts = 0.1 * float(trials.true["p"][trial].sum())
    factors = 1.0 + trials.meter_error[trial] + trials.meter_noise[trial]
    samples = tuple(MeterSample({11: kilowatts * float(factor)}, 0.0, 0.0) for factor in factors)
    return PointMeasurement(load, samples, references, ranges(point.current_pct), Configuration(), powers_off=off)


@cache
def variations(statement, name, r):
    """Errors of the variations against what is true, and U, percent."""
    stated = STATEMENTS[statement]
    basis, influenced = CELLS[name]
    accuracy = ReferenceAccuracy.model_validate(stated | {"between_conditions": r})
    first = run(stated, basis, TRIALS, seed=5, noise_seed=6)
    second = run(stated, influenced, TRIALS, seed=5 if r else 55, noise_seed=7)
    found = []
    for trial in range(TRIALS):
        compared = Comparison(name, "", taken(first, trial, basis), taken(second, trial, influenced))
        result = judge_variation(compared, TOTAL, WIDE, accuracy, RULE)
        true = 100.0 * float(second.meter_error[trial] - first.meter_error[trial])
        found.append((result.error_pct - true, result.expanded_uncertainty_pct))
    return found


@pytest.mark.parametrize(
    ("statement", "name", "r"),
    [
        ("as-shipped", "influence", 0.0),
        ("as-shipped", "influence", 1.0),
        ("as-shipped", "difference", 1.0),
        ("specification", "difference", 1.0),  # of elements that are independent of each other
    ],
)
def test_u_of_a_variation_covers_as_often_as_it_says(statement, name, r):
    found = variations(statement, name, r)
    covered = sum(abs(error) <= u for error, u in found) / len(found)
    # Three standard deviations of a frequency below 95.45 %; bounds that add up cover more.
    assert covered >= 0.9545 - 3.0 * math.sqrt(0.9545 * 0.0455 / TRIALS)


def test_an_analyzer_that_is_not_the_same_shows_where_it_is_stated_to_be():
    apart = [error for error, _ in variations("as-shipped", "influence", 0.0)]
    cancelled = [u for _, u in variations("as-shipped", "influence", 1.0)]
    covered = sum(abs(error) <= u for error, u in zip(apart, cancelled, strict=True)) / TRIALS
    assert covered < 0.8


def test_variations_at_a_limit_pass_and_fail_as_often_as_predicted():
    found = variations("as-shipped", "influence", 0.0)
    u = sorted(each for _, each in found)[TRIALS // 2]
    limit = 4.0 * u
    observed = Counter(decide(limit + error, each, limit, RULE).outcome for error, each in found)
    predicted = predicted_outcomes(limit, u, limit, RULE)
    assert p_value(observed, {outcome: TRIALS * p for outcome, p in predicted.items()}) > 0.001
