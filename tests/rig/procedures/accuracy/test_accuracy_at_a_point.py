"""Judging with an accuracy in rows: the row of the nominal point decides; where there is none nothing is concluded."""

import pytest

from drivers.analyzer.base import AnalyzerRanges
from meter_model.configuration import Configuration
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.analysis.contributions import contributions
from rig.metrology.certification_points import judged_at, reported_at
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.procedures.accuracy.judgement import judge_power
from rig.procedures.accuracy.readings import MeterSample, PointMeasurement

POINT = LoadPoint(277.0, 100.0, 0.0)
WIRING = Wiring(ct_primary_a=100.0, ct_secondary_v=1.0)
RANGES = AnalyzerRanges(voltage=(300.0,) * 3, current=(2.0,) * 3)
FINE = {"reading_pct": 0.005, "distribution": "normal", "k": 2}


@pytest.fixture(scope="module")
def judged():
    tables = [load_limit_table(n) for n in ("iec62053-22-2003-class-0.2S", "s4100-manual-voltage-current")]
    return judged_at(POINT, tables)


def results(judged, power, invalid=""):
    accuracy = ReferenceAccuracy.model_validate(
        {"voltage": FINE, "current": FINE, "power": power, "phase": {"fixed_deg": 0.003}}
    )
    references = (WIRING.terminals(POINT),) * 6
    empty = PointMeasurement(POINT, (MeterSample({}, 0.0, 0.0),) * 5, references, RANGES, Configuration(), invalid)
    samples = tuple(MeterSample(values, 0.0, 0.0) for values in empty.expected())
    measurement = PointMeasurement(POINT, samples, references, RANGES, Configuration(), invalid)
    found = judge_power(measurement, judged, accuracy, DecisionRule.ILAC_G8_NON_BINARY)
    return {result.instance: result for result in found}


def rows(low_hz, high_hz):
    return [FINE | {"frequency_hz": {"from": low_hz, "to": high_hz}}]


def test_a_point_within_a_row_is_judged_with_its_figure(judged):
    power = results(judged, rows(45, 66))[11]
    assert power.outcome == "PASS"
    by_cause = {found.name: found.standard_pct for found in contributions(power.components)}
    assert by_cause["reference power"] == pytest.approx(0.0025)


def test_point_outside_every_row_is_inconclusive_and_the_rest_is_judged(judged):
    found = results(judged, rows(45, 55))
    assert found[11].outcome == "INCONCLUSIVE"
    assert "accuracy of power is not stated at 60 Hz, only for 45 to 55 Hz" in found[11].reason
    assert found[11].expanded_uncertainty_pct is None
    assert {found[instance].outcome for instance in (70, 71, 72, 73, 74, 75)} == {"PASS"}


def test_what_is_invalid_anyway_is_invalid(judged):
    found = results(judged, rows(45, 55), invalid="not settled")
    assert {(result.outcome, result.reason) for result in found.values()} == {("INVALID", "not settled")}


def test_what_has_no_limit_row_is_reported_with_error_and_u():
    power = FINE | {"frequency_hz": {"from": 45, "to": 66}}
    found = results(reported_at(POINT, []), [power])
    assert {n: result.outcome for n, result in found.items()} == dict.fromkeys((13, 14, 18), "NOT_JUDGED")
    for instance in (13, 14):
        assert found[instance].error_pct == pytest.approx(0.0, abs=1e-9)
        assert found[instance].expanded_uncertainty_pct > 0.0
    assert found[13].limit_pct is found[13].limit is None
    assert "accuracy of frequency is not stated" in found[18].reason


def test_a_power_factor_near_zero_has_no_percentage_error_to_report():
    assert [item.instance for item in reported_at(LoadPoint(277.0, 100.0, -90.0), [])] == [13, 18]
    assert [item.instance for item in reported_at(LoadPoint(277.0, 0.0, 0.0), [])] == [18]
