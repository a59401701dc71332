"""A bench whose analyzer cannot see what the bench injects is refused when its file is read, with the reason."""

import dataclasses

import pytest

from drivers.analyzer import ANALYZERS
from rig.bench import load_bench
from rig.bench.config.fitness import unfit_reference
from rig.errors import BenchFileError
from rig.plans import certification_plan

WHOLE = ANALYZERS["yokogawa_wt"].capabilities


def write(tmp_path, more, extends="emulated"):
    path = tmp_path / "bench.yaml"
    path.write_text(f"schema: 1\nextends: {extends}\nname: with-another-analyzer\n{more}")
    return path


def test_analyzer_blind_to_ct_inputs_is_refused_at_its_line_with_reason(tmp_path):
    with pytest.raises(BenchFileError) as caught:
        load_bench(write(tmp_path, "analyzer:\n  driver: radian_rd\n"))
    said = str(caught.value)
    assert "bench.yaml:5: " in said
    assert "analyzer radian_rd cannot be the reference of this bench" in said
    assert "the volts at the CT inputs" in said
    assert "measures currents of 0.02 A and more" in said
    assert "name another analyzer, or none" in said


@pytest.mark.parametrize(
    ("driver", "update_s", "periods"),
    [("zes_lmg600", 2.0, "0.05 to 1 s, not 2 s"), ("yokogawa_wt", 0.01, "0.05 to 20 s, not 0.01 s")],
)
def test_update_period_that_the_analyzer_lacks_is_refused_at_its_line(tmp_path, driver, update_s, periods):
    with pytest.raises(BenchFileError, match=f"bench.yaml:6: analyzer {driver} has data update periods of {periods}"):
        load_bench(write(tmp_path, f"analyzer:\n  driver: {driver}\n  update_s: {update_s}\n"))


def test_on_a_bench_that_injects_nothing_any_analyzer_may_be(tmp_path):
    bench = load_bench(write(tmp_path, "source: null\nanalyzer: {driver: radian_rd}\n"))
    assert "analyzer" in bench.capabilities
    assert "source" not in bench.capabilities


@pytest.mark.parametrize("analyzer", [name for name, driver in ANALYZERS.items() if driver.capabilities.ct_input_v])
@pytest.mark.parametrize("secondary_v", ["1", "0.333"])
def test_other_analyzers_see_both_transducers_at_highest_nominal_voltage(tmp_path, analyzer, secondary_v):
    more = f"analyzer: {{driver: {analyzer}}}\nnominal: {{voltage_v: 347, system_voltage_v: 600}}\n"
    load_bench(write(tmp_path, f"{more}wiring: {{ct: {{primary_a: 100, secondary_v: {secondary_v}}}}}\n"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ct_input_v": (0.03, 0.5)}, "1 V at the CT inputs, its largest range being 0.5 V"),
        ({"voltage_v": 250.0}, "277 V, its largest range being 250 V"),
        ({"phases": 1}, "more than 1 phase"),
        ({"angles_between_voltages": False}, "the rotation of the voltages"),
        ({"phases": 1, "ct_input_v": None}, "more than 1 phase nor the volts at the CT inputs"),
    ],
)
def test_what_is_missing_is_named(changed, words):
    parts = load_bench("emulated").parts
    assert unfit_reference(parts, WHOLE) is None
    assert f"cannot measure {words}" in unfit_reference(parts, dataclasses.replace(WHOLE, **changed))


def test_bench_without_integrator_samples_power_and_the_plan_says_why(tmp_path):
    plan = certification_plan(load_bench(write(tmp_path, "analyzer: {driver: zes_lmg600}\n")))
    whole = certification_plan(load_bench("emulated"))
    assert (plan.points, plan.energy) == (whole.points, whole.energy)
    assert "zes_lmg600 integrates no energy: how the energy integrator" in plan.why_sampled
    assert whole.energy
    assert whole.why_sampled is None
    assert plan.duration_s > whole.duration_s


def test_meter_between_two_lines_is_judged_by_sampled_power_always(tmp_path):
    more = "nominal: {voltage_v: 120, system_voltage_v: 240, system_type: 11}\n"
    plan = certification_plan(load_bench(write(tmp_path, more)))
    assert [item.instance for _, item in plan.energy] == [2, 3]
    assert "counts V_AB times I_A" in plan.why_sampled
