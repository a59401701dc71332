"""Which tests of registers a plan has, by the tables, and what an analyzer without an integrator leaves out."""

import pytest

from rig.bench import load_bench
from rig.load_point import LoadPoint
from rig.metrology.limit_files import load_limit_table
from rig.plans.programmes import CERTIFICATION_TABLES, load_programme
from rig.plans.register_tests import register_of, register_tests
from rig.plans.suite_plans import certification_plan

TABLES = [load_limit_table(name) for name in CERTIFICATION_TABLES]
NOMINAL = LoadPoint(277.0, 100.0, 0.0)
BOTH = ("energy_running", "dosage")


def test_running_has_both_directions_and_each_quadrant_and_a_dose_both():
    tests, left_out = register_tests(TABLES, NOMINAL, BOTH, why_sampled=None)
    by_procedure = {each: [register_of(t, TABLES).instance for t in tests if t.procedure == each] for each in BOTH}
    assert by_procedure == {"energy_running": [2, 3, 4, 5, 6, 7], "dosage": [2, 3]}
    assert left_out == ()
    assert len({test.key for test in tests}) == 8


def test_dose_is_left_out_by_name_where_nothing_integrates():
    tests, left_out = register_tests(TABLES, NOMINAL, BOTH, why_sampled="analyzer x integrates no energy")
    assert {test.procedure for test in tests} == {"energy_running"}
    assert [each.key for each in left_out] == ["dosage-AI2-PF1-100pct", "dosage-AI3-PF1exp-100pct"]
    assert all("analyzer x" in each.why for each in left_out)


@pytest.mark.parametrize(
    ("bench", "dosed", "starts"),
    [("emulated", 2, 0), ("emulated-on-fluke-rigol", 2, 4), ("emulated-on-ametek-rigol-lmg", 0, 4)],
)
def test_full_programme_of_a_bench_says_what_it_leaves_out(bench, dosed, starts):
    plan = certification_plan(load_bench(bench), programme=load_programme("full"))
    assert (len(plan.tests_of("dosage")), len(plan.tests_of("starting"))) == (dosed, starts)
    missing = {each.key.split("-")[0] for each in plan.not_possible}
    assert ("dosage" in missing) is (dosed == 0)
    assert ("starting" in missing) is (starts == 0)
    assert len(plan.tests_of("energy_running")) == 6


def test_short_programme_has_one_test_of_each_procedure_and_energy():
    plan = certification_plan(load_bench("emulated"), programme=load_programme("short"))
    counts = {each: len(plan.tests_of(each)) for each in ("energy_running", "dosage", "demand", "clock")}
    assert counts == {"energy_running": 2, "dosage": 1, "demand": 1, "clock": 1}
