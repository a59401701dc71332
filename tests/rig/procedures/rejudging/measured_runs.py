"""Recorded runs for tests of later judgements and comparisons: readings of a drawn bench, judged as the rig does."""

from dataclasses import replace

from meter_model.configuration import Configuration
from rig.bench import load_bench
from rig.bench.wiring import Wiring
from rig.load_point import LoadPoint
from rig.metrology.certification_points import judged_at, judged_energy_at
from rig.metrology.decision import DecisionRule
from rig.metrology.limit_files import load_limit_table
from rig.procedures.accuracy.judgement import judge_energy, judge_power
from rig.procedures.accuracy.readings import EnergyMeasurement, GateMeasurement, MeterSample, PointMeasurement
from rig.procedures.accuracy.variations.compared import Comparison, Limit, judge_variation
from rig.procedures.accuracy.variations.repeatability import judge_repeatability
from rig.procedures.rejudging.stored import data_of, judged_with
from rig.records.data import LimitProvenance, RunHeader, UnitRecord
from tests.rig.metrology.drawn_bench import U_V, Point, run
from tests.rig.metrology.test_coverage import ranges, reading

BENCH = load_bench("emulated")
STANDARD = "iec62053-22-2003-class-0.2S"
TABLE = load_limit_table(STANDARD)
ACCURACY = BENCH.parts.analyzer.reference_accuracy
WIRING = Wiring.from_part(BENCH.parts.wiring)
RULE = DecisionRule.ILAC_G8_NON_BINARY
LIMIT = Limit(0.1, LimitProvenance(standard=TABLE.name, provenance="K-H"))
POINTS = (LoadPoint(U_V, 10.0, 0.0), LoadPoint(U_V, 100.0, 0.0), LoadPoint(U_V, 10.0, -60.0))


def header(**more):
    fields = {"kind": "certify", "bench_name": "lab", "bench_file_sha256": "00", "software_version": "0.1.0"}
    return RunHeader(**(fields | {"decision_rule": str(RULE), "judged_with": judged_with(BENCH)} | more))


def measurement(point, error_pct=0.0, seed=1):
    """A power comparison of a meter whose powers all err by ``error_pct``, and the readings of the analyzer."""
    stated = ACCURACY.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True)
    trials = run(stated, Point(point.current_pct, point.angle_deg, point.phases), 1, seed)
    readings = [reading(trials, 0, place) for place in range(trials.u.shape[1])]
    references = tuple(WIRING.stimulus(each) for each in readings)
    off = tuple(WIRING.powers_off(*each) for each in zip(readings, references, strict=True))
    taken = PointMeasurement(point, (), references, ranges(point.current_pct), Configuration(), powers_off=off)
    samples = tuple(
        MeterSample({i: v * (1 + error_pct / 100 + float(n)) for i, v in expected.items()}, 0.0, 1.0)
        for expected, n in zip(taken.expected(), trials.meter_noise[0], strict=True)
    )
    return replace(taken, samples=samples), readings


def record_power(recorder, point, error_pct=0.0, seed=1, invalid=""):
    taken, readings = measurement(point, error_pct, seed)
    taken = replace(taken, invalid=invalid)
    at = recorder.begin_point(point)
    at.reference_reading(readings[0], 0.0)
    for sample, after in zip(taken.samples, readings[1:], strict=True):
        at.meter_reading(sample.values, requested_monotonic_s=0.0, answered_monotonic_s=1.0)
        at.reference_reading(after, 1.0)
    at.finish("INVALID" if invalid else None, reason=invalid)
    at.measurement(*data_of(taken))
    return at, taken


def judged(recorder, point, error_pct=0.0, seed=1, invalid=""):
    at, taken = record_power(recorder, point, error_pct, seed, invalid)
    at.results(judge_power(taken, judged_at(point, [TABLE]), ACCURACY, RULE))
    return taken


def gated(recorder, point, error_pct=0.0):
    (item,) = (each for each in judged_energy_at(point, [TABLE]) if each.instance == 2)
    taken, readings = measurement(point)
    gates = tuple(GateMeasurement(0.5 * (1 + (error_pct + n) / 100), 0.5, 1e-6, 60.0) for n in (0.001, 0.0, -0.001))
    energy = EnergyMeasurement(point, 2, gates, taken.ranges, taken.references[0], needed_s=60.0)
    at = recorder.begin_point(point)
    at.reference_reading(readings[0], 0.0)
    at.measurement(*data_of(energy))
    at.finish()
    at.results([judge_energy(energy, item, ACCURACY, RULE)])


def record_run(store, *, error_pct=0.0, seed=1, **more):
    """Record a run with three load points, an energy register, a variation and a repeatability; returns its id."""
    recorder = store.begin_run(header(**more))
    recorder.unit(UnitRecord(serial_number="4100", device_instance=1))
    for place, point in enumerate(POINTS):
        judged(recorder, point, error_pct, seed + place)
    gated(recorder, POINTS[1], error_pct)
    basis = judged(recorder, POINTS[1], error_pct, seed)
    influenced_point = replace(POINTS[1], voltage_v=0.999 * U_V)
    at, influenced = record_power(recorder, influenced_point, error_pct + 0.02, seed)
    again = judged(recorder, POINTS[1], error_pct, seed)
    total = next(item for item in judged_at(POINTS[1], [TABLE]) if item.instance == 11)
    compared = Comparison("influence", "voltage -0.1 %", basis, influenced, again)
    at.results(
        [
            judge_variation(compared, total, LIMIT, ACCURACY, RULE),
            judge_repeatability(influenced, total, LIMIT, ACCURACY, RULE),
        ]
    )
    recorder.finish("PASS", 0)
    return recorder.run_id
