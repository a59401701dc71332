"""Harmonics that the reference does not see are never more than their budget line says, in each system type."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.analyzer.base import AnalyzerRanges
from meter_model.configuration import Configuration
from meter_model.prediction.prediction import predict
from rig.load_point import LoadPoint
from rig.metrology.accuracy import ReferenceAccuracy
from rig.metrology.certification_points import judged_at, judged_energy_at
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.plans.programmes import CERTIFICATION_TABLES
from rig.procedures.accuracy.judgement import judge_energy, judge_power
from rig.procedures.accuracy.neglected_harmonics import Distortion, neglected_harmonics
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement, MeterSample, PointMeasurement
from tests.rig.bench.test_equivalent_waveform import FUNDAMENTAL_Q, WIRING, distorted, reading_of

RANGES = AnalyzerRanges((300.0,) * 3, (2.0,) * 3)
RULE = DecisionRule.ILAC_G8_NON_BINARY
FINE = {"reading_pct": 0.005, "distribution": "normal", "k": 2}
ACCURACY = ReferenceAccuracy.model_validate(
    {"voltage": FINE, "current": FINE, "power": FINE, "phase": {"fixed_deg": 0.003}, "integrator": FINE}
)
TABLES = [load_limit_table(name) for name in CERTIFICATION_TABLES]


@given(
    st.sampled_from([40, 31, 12, 11, 10]),
    st.sampled_from([0.0, -60.0, 36.8699, 180.0, -90.0, -30.0, 14.4775, 150.0]),
    st.integers(2, 20),
    st.floats(0.0, 360.0),
    st.floats(0.0, 0.02),
    st.floats(0.0, 0.02),
    st.booleans(),
)
def test_the_reference_is_off_by_no_more_than_the_line(system_type, angle_deg, order, turn_deg, thd_u, thd_i, tells):
    point = LoadPoint(277.0, 100.0, angle_deg, system_type=system_type)
    true = distorted(point, thd_u, thd_i, turn_deg, order)
    configuration = Configuration().write(2, float(system_type))
    wanted = predict(true, configuration, FUNDAMENTAL_Q)
    found = predict(WIRING.stimulus(reading_of(true, tells)), configuration, FUNDAMENTAL_Q)
    distortion = Distortion(thd_u, thd_i, is_told=tells)
    for item in judged_at(point, TABLES):
        lines = neglected_harmonics(item, point, distortion)
        half_width_pct = math.fsum(line.standard_uncertainty for line in lines) * math.sqrt(3.0)
        off_pct = 100.0 * abs(found[item.instance].value / wanted[item.instance].value - 1.0)
        assert off_pct <= half_width_pct * 1.001 + 1e-4, (item.quantity, item.phase)


def neglected(result):
    return [
        line.standard_uncertainty_pct * math.sqrt(3.0)
        for line in result.components
        if line.name == "neglected harmonics"
    ]


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(("system_type", "counts"), [(40, False), (31, True), (12, False), (11, True), (10, False)])
def test_power_and_energy_of_a_meter_without_neutral_have_the_line(system_type, counts, tells):
    point = LoadPoint(277.0, 100.0, -60.0, system_type=system_type)
    reference = WIRING.stimulus(reading_of(distorted(point, 0.01, 0.015, 0.0), tells_distortion=tells))
    configuration = Configuration().write(2, float(system_type))
    empty = PointMeasurement(point, (), (reference,) * 2, RANGES, configuration, has_distortion=tells)
    (expected,) = empty.expected()
    power = PointMeasurement(
        point, (MeterSample(expected, 0.0, 0.0),), (reference,) * 2, RANGES, configuration, has_distortion=tells
    )
    judged = {item.instance: item for item in judged_at(point, TABLES)}
    (result,) = judge_power(power, [judged[11]], ACCURACY, RULE)
    stated_pct = 100.0 * (0.01 * 0.015 if tells else 0.02**2) / 0.5
    assert neglected(result) == pytest.approx([stated_pct] if counts else [], rel=0.01)
    full = LoadPoint(277.0, 100.0, 0.0, system_type=system_type)
    item = judged_energy_at(full, TABLES)[0]
    gates = (GateMeasurement(1.0, 1.0, 1e-6, 60.0),) * 5
    energy = EnergyMeasurement(full, item.instance, gates, RANGES, reference, has_distortion=tells)
    found = judge_energy(energy, item, ACCURACY, RULE)
    assert neglected(found) == pytest.approx([stated_pct / 2.0] if counts else [], rel=0.01)


def test_the_distortion_of_a_current_that_is_only_noise_does_not_count():
    point = LoadPoint(277.0, 100.0, 0.0, "A", system_type=31)
    reading = reading_of(distorted(point, 0.01, 0.01, 0.0))
    noise = replace(reading.elements[1], i=2e-6, i_thd_pct=500.0, i_phase_deg=10.0)
    reading = replace(reading, elements=(reading.elements[0], noise, reading.elements[2]))
    reference = WIRING.stimulus(reading)
    assert len(reference.ct_inputs[1]) == 2, "the noise is in the reference"
    configuration = Configuration().write(2, 31.0)
    (expected,) = PointMeasurement(point, (), (reference,) * 2, RANGES, configuration).expected()
    taken = PointMeasurement(point, (MeterSample(expected, 0.0, 0.0),), (reference,) * 2, RANGES, configuration)
    judged = [item for item in judged_at(point, TABLES) if item.instance == 11]
    (result,) = judge_power(taken, judged, ACCURACY, RULE)
    assert neglected(result) == pytest.approx([0.01], rel=0.01)
