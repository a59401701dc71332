"""How often repeatability comes out wrong: meters of known sigma, drawn from a normal distribution."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from rig.metrology.certification_points import total_input
from rig.metrology.decision import DecisionRule
from rig.metrology.limits import Quantity
from rig.procedures.accuracy.readings import MeterSample
from rig.procedures.accuracy.variations.compared import Limit
from rig.procedures.accuracy.variations.repeatability import judge_repeatability
from rig.records.data import LimitProvenance
from tests.rig.procedures.accuracy.variations.in_process_meter import AT_IN, InProcess, accuracy, meter

pytestmark = pytest.mark.untraced

LIMIT_PCT = 0.2
LIMIT = Limit(LIMIT_PCT, LimitProvenance(standard="own"))
TRIALS = 400


def outcomes(sigma_pct, seed, trials=TRIALS, readings=10):
    measured = InProcess(meter()).measure(AT_IN, readings)
    true = measured.expected()[0][11]
    item, stated = total_input(Quantity.ACTIVE_POWER), accuracy()
    errors = np.random.default_rng(seed).normal(0.0, sigma_pct, (trials, readings))
    found = Counter()
    for row in errors:
        samples = tuple(MeterSample({11: true * (1.0 + float(each) / 100.0)}, 0.0, 0.0) for each in row)
        one = replace(measured, samples=samples)
        found[judge_repeatability(one, item, LIMIT, stated, DecisionRule.ILAC_G8_NON_BINARY).outcome] += 1
    return found


def test_sigma_beyond_the_limit_is_plain_pass_no_more_often_than_the_risk():
    for share in (1.0, 1.2, 1.5):
        assert outcomes(share * LIMIT_PCT, 1)["PASS"] <= 0.0455 * TRIALS


def test_sigma_at_the_limit_is_fail_no_more_often_than_the_risk():
    assert outcomes(LIMIT_PCT, 2)["FAIL"] <= 0.05 * TRIALS


def test_sigma_far_beyond_the_limit_is_fail_in_95_percent():
    assert outcomes(2.6 * LIMIT_PCT, 3)["FAIL"] >= 0.95 * TRIALS


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_sigma_well_inside_the_limit_passes_and_never_fails(share):
    found = outcomes(share * LIMIT_PCT, 4)
    assert found["FAIL"] == found["COND_FAIL"] == 0
    assert found["PASS"] >= 0.95 * TRIALS
