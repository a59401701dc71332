"""A plan says before any I/O what a bench can conclude, and a certification on one that concludes little is refused."""

import json
import math

import pytest
from click.testing import CliRunner

from rig.bench import load_bench
from rig.cli import cli as main
from rig.errors import UsageRefused
from rig.metrology.limits import Quantity
from rig.plans import certification_plan
from rig.plans.forecast import forecast, gates, refuse_what_concludes_little

COARSE = """schema: 1
extends: emulated
name: v
analyzer:
  accuracy:
    {rows}
"""


def bench(tmp_path, *rows):
    path = tmp_path / "bench.yaml"
    path.write_text(COARSE.format(rows="\n    ".join(rows)))
    return load_bench(path)


def of(found, label, instance):
    return next(each for each in found if each.point.label == label and each.item.instance == instance)


def test_everything_can_be_concluded_on_the_shipped_bench():
    file = load_bench("emulated")
    found = forecast(file, certification_plan(file))
    assert not any(each.is_open for each in found)
    # 0.005 % of reading and of range 300 V at 277 V, k = 2, with temperature, drift and the last digit.
    parts = [0.005 * (1 + 300 / 277) / 2, 0.001 / 3**0.5, 0.002 / 3**0.5, 0.5 / 277 / 3**0.5]
    assert of(found, "277V-100pct-PF1-ABC", 70).ratio == pytest.approx(
        2 * math.hypot(*parts[:3], parts[3]) / 0.1, rel=0.01
    )
    refuse_what_concludes_little(file, found)


def test_a_current_is_measured_in_the_range_of_its_own_size():
    file = load_bench("emulated")
    found = forecast(file, certification_plan(file))
    at_50 = of(found, "277V-50pct-PF1-ABC", 73)
    assert at_50.ratio < 0.2, "the 0.5 V range: 5 % of headroom would take the 1 V range"


def test_an_inaccurate_voltage_leaves_the_voltages_open_and_nothing_else(tmp_path):
    file = bench(tmp_path, "voltage: {reading_pct: 0.05}")
    found = forecast(file, certification_plan(file))
    assert {each.item.quantity for each in found if each.is_open} == {Quantity.VOLTAGE}
    assert {each.dominant.rpartition(" ")[0] for each in found if each.is_open} == {"reference voltage"}
    refuse_what_concludes_little(file, found)


def test_a_bench_on_which_most_stays_open_is_refused_with_the_reason(tmp_path):
    rows = ("voltage: {reading_pct: 0.1}", "current: {reading_pct: 0.1}", "power: {reading_pct: 0.2}")
    file = bench(tmp_path, *rows)
    with pytest.raises(UsageRefused, match=r"can conclude little.*--anyway"):
        refuse_what_concludes_little(file, forecast(file, certification_plan(file)))
    done = CliRunner().invoke(main, ["certify", "--bench", str(file.path)])
    assert done.exit_code != 0
    assert isinstance(done.exception, UsageRefused)


def test_the_plan_says_how_long_a_gate_is_for_a_large_register():
    file = load_bench("emulated")
    plan = certification_plan(file)
    found = {each.value_kwh: each.gate_s / 3600.0 for each in gates(file, plan, (100_000.0, 2.0**24))}
    assert found == {100_000.0: pytest.approx(0.384, rel=0.01), 2.0**24: pytest.approx(98.2, rel=0.01)}


def test_plan_prints_the_forecast_in_words_and_as_json(tmp_path):
    file = bench(tmp_path, "voltage: {reading_pct: 0.05}")
    text = CliRunner().invoke(main, ["plan", "--bench", str(file.path)]).output
    assert "in brackets: expected U over the limit" in text
    assert "results cannot be concluded on this bench" in text
    assert "voltage: U/L" in text
    assert "16,777,216 kWh (step 2 kWh or more): one of 98.3 h: more than 1 h, not run" in text
    one = CliRunner().invoke(main, ["plan", "--bench", str(file.path), "--register-kwh", "100000"]).output
    assert "100,000 kWh (step 0.00781 kWh or more): one of 23 min" in one
    data = json.loads(CliRunner().invoke(main, ["plan", "--bench", str(file.path), "--json"]).output)
    entries = data["forecast"]["uncertainty_to_limit"]
    assert len(entries) == sum(len(row["judged"]) for row in data["points"]) + len(data["energy"])
    assert {entry["quantity"] for entry in entries if not entry["concludes"]} == {"voltage"}


SAMPLED = """schema: 1
extends: emulated
name: v
analyzer: {driver: zes_lmg600}
"""


def test_bench_without_integrator_forecasts_edges_and_length_of_its_gate(tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text(SAMPLED)
    file = load_bench(path)
    plan = certification_plan(file)
    energy = [each for each in forecast(file, plan) if each.item.quantity is Quantity.ACTIVE_ENERGY]
    assert len(energy) == 2
    # Edges and step a tenth of the limit each, at the least.
    assert all(math.hypot(0.1, 0.1) < each.ratio < 1 / 3 for each in energy)
    lengths = {each.value_kwh: each.gate_s for each in gates(file, plan)}
    assert lengths[1_000.0] == pytest.approx(816.5, rel=0.01), "by its edges, seen to 0.1 s"
    assert lengths[100_000.0] == pytest.approx(1380, rel=0.02), "by its step"


def test_plan_of_a_bench_without_integrator_says_how_long_its_gate_is(tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text(SAMPLED)
    said = CliRunner().invoke(main, ["plan", "certify", "--bench", str(path), "--register-kwh", "500"])
    assert said.exit_code == 0
    assert "AI2 gated against the analyzer's sampled power" in said.output
    assert (
        "energy is made from sampled power, in one long gate: analyzer zes_lmg600 integrates no energy" in said.output
    )
    assert "one of 14 min" in said.output


def test_a_gate_between_two_lines_is_forecast_at_the_power_of_both(tmp_path):
    path = tmp_path / "bench.yaml"
    path.write_text(
        "schema: 1\nextends: emulated\nname: v\nnominal: {voltage_v: 120, system_voltage_v: 240, system_type: 11}\n"
    )
    file = load_bench(path)
    found = next(iter(gates(file, certification_plan(file), [100_000.0])))
    # 240 V times 100 A, and 2 steps over the root of 6 are a tenth of 0.2 %.
    assert found.gate_s == pytest.approx(3600 * 2 * 2**-7 / 6**0.5 / 0.0002 / 24.0, rel=1e-6)
