"""Programmes become plans: what is asked, in which order, what a bench cannot do, and how a file says it."""

from __future__ import annotations

import itertools
import json
import math
import re

import pytest
from click.testing import CliRunner

from rig.bench import load_bench
from rig.cli import cli as main
from rig.errors import BenchFileError, UsageRefused
from rig.metrology.limits import Quantity
from rig.metrology.standards.programme_rows import ProgrammeRow
from rig.plans import certification_plan, load_programme
from rig.plans.programmes import FULL, INTRINSIC
from rig.plans.steps import steps
from rig.plans.tests_forecast import forecast_tests

VARIANT = """schema: 1
extends: emulated
name: variant
wiring:
  current_divider: {{ratio: {ratio}}}
  ct: {{primary_a: 100, secondary_v: {secondary_v}}}
  pt_ratio: 1
nominal:
  voltage_v: {voltage_v}
  frequency_hz: {frequency_hz}
  system_type: {system_type}
  system_voltage_v: {system_voltage_v}
"""
LINE_TO_LINE = {10: 1.0, 11: 2.0, 12: 2.0, 31: 3**0.5, 40: 3**0.5}
PROGRAMME = """name: nightly
tables: [iec62053-22-2003-class-0.2S]
procedures: [power_comparison, influence]
system_types: [40, 12]
frequencies_hz: [50, 60]
voltages_v: [120]
currents_pct: [5, 30]
"""


def variant(tmp_path, system_type=40, frequency_hz=60, voltage_v=277.0, secondary_v=1.0, ratio=8.0):
    path = tmp_path / "variant.yaml"
    system_voltage_v = round(voltage_v * LINE_TO_LINE[system_type], 1)
    path.write_text(VARIANT.format(**{k: v for k, v in locals().items() if k not in ("tmp_path", "path")}))
    return load_bench(path)


def full(bench, **options):
    return certification_plan(bench, programme=FULL, **options)


@pytest.fixture(scope="module")
def shipped():
    return full(load_bench("emulated"))


def test_the_intrinsic_programme_has_points_and_no_tests():
    plan = certification_plan(load_bench("emulated"))
    assert (len(plan.points), len(plan.energy)) == (90, 2)
    assert plan.tests == plan.not_possible == plan.tests_of("influence") == ()


def test_the_full_programme_adds_points_and_tests_to_the_intrinsic_one(shipped):
    intrinsic = certification_plan(load_bench("emulated"))
    assert set(shipped.points) > set(intrinsic.points)
    assert set(shipped.energy) > set(intrinsic.energy)
    assert {test.procedure for test in shipped.tests} >= {"difference", "influence", "repeatability", "no_load"}
    keys = [test.key for test in shipped.tests] + [each.key for each in shipped.not_possible]
    assert len(set(keys)) == len(keys)
    assert "influence-voltage-110pct-PF1-100pct-active_power" in keys


def facts_of(plan):
    """What the load points and energy registers of a plan conclude, each fact once, as Judgement.fact counts them."""
    facts = set()
    for point in plan.points:
        for item in plan.judged(point):
            what = (item.instance, item.row.limit_pct)
            at = {Quantity.VOLTAGE: "", Quantity.CURRENT: point.current_pct}.get(item.quantity, point.label)
            facts.add((*what, at))
    return len(facts) + len(plan.energy)


def test_the_full_programme_of_a_laboratory_has_300_facts_to_judge():
    plan = full(load_bench("emulated-laboratory"))
    without_a_row = [test for test in plan.tests if test.row is None or "--allow-reset" in test.condition]
    assert facts_of(plan) + len(plan.tests) - len(without_a_row) >= 300


def test_a_type_test_has_each_direction_side_and_quadrant(shipped):
    at_in = [point for point in shipped.points if point.current_pct == 100.0]
    signs = {(p.power_factor > 0.0, p.sin_phi > 0.0) for p in at_in if p.is_balanced and p.load.function == "sin"}
    assert signs >= {(True, True), (True, False), (False, True), (False, False)}
    for phase in "ABC":
        names = {point.load_name for point in at_in if point.phases == phase}
        assert names >= {"PF1", "PF1exp", "PF0.5lag", "PF0.5lagexp", "sin1lag", "sin1lead", "sin0.5lag", "sin0.5lead"}
    for point in shipped.points:
        judged = {item.quantity for item in shipped.judged(point)}
        assert judged & {Quantity.ACTIVE_POWER, Quantity.REACTIVE_POWER}, point.label
    gated = [(item.instance, point.current_pct, point.load_name) for point, item in shipped.energy]
    assert gated == [
        (2, 100.0, "PF1"), (3, 100.0, "PF1exp"), (2, 10.0, "PF1"), (3, 10.0, "PF1exp"),
        (2, 100.0, "PF0.5lag"), (3, 100.0, "PF0.5lagexp"),
    ]  # fmt: skip


def test_what_the_bench_cannot_do_is_named_with_the_reason(shipped):
    why = {each.key: each.why for each in shipped.not_possible}
    assert "auxiliary_voltage-85pct" in " ".join(why)
    assert why["influence-temperature-45degC-PF1-100pct-active_power"] == "the bench has no climate chamber"
    assert "lowest value of the source's nearest range" in why["starting-PF1-0.1pct-active_energy"]


def test_an_influence_changes_one_thing_from_its_basis(shipped):
    by_key = {test.key: test for test in shipped.tests}
    base, high = by_key["influence-voltage-110pct-PF1-100pct-active_power"].points
    assert high.voltage_v == pytest.approx(1.1 * base.voltage_v)
    assert by_key["influence-voltage-110pct-PF1-100pct-active_power"].value == 110
    _, slow = by_key["influence-frequency-98pct-PF1-100pct-active_power"].points
    assert slow.frequency_hz == pytest.approx(58.8)
    _, turned = by_key["influence-phase_sequence-PF1-10pct-active_power"].points
    assert turned.voltage_angles_deg == (0.0, 120.0, -120.0)
    _, missing = by_key["influence-phases_missing-BC-PF1-100pct-active_power"].points
    assert (missing.phases, missing.phase_voltages_v) == ("A", (277.0, 0.0, 0.0))
    balanced, single = by_key["difference-PF1-100pct-B-active_power"].points
    assert (balanced.phases, single.phases) == ("ABC", "B")


def test_a_table_names_a_waveform_of_a_data_file(tmp_path):
    table, programme, shape = (tmp_path / name for name in ("house.yaml", "short.yaml", "dimmer.yaml"))
    shape.write_text("source: measured\ncurrent: [{order: 1, percent: 100}, {order: 3, percent: 30}]\n")
    row = "title: w, quantities: [active_power], current_pct: 50, factors: [PF 1], limit_pct: 0.4, provenance: own"
    table.write_text(
        "standard: House\nedition: '1'\naccuracy_class: ''\nwording: house rule\n"
        "tables: [{title: errors, rows: [{quantities: [active_power], load: balanced, factors: [PF 1], limit_pct: 0.2, "
        "provenance: own}]}]\n"
        f"influences: [{{influence: waveform, waveform: rectifier, {row}}}, "
        f"{{influence: waveform, waveform: {shape}, {row}}}]\n"
    )
    programme.write_text(f"name: short\ntables: [{table}]\nprocedures: [influence]\n")
    chosen = load_programme(str(programme))
    able = certification_plan(load_bench("emulated"), programme=chosen)
    assert [test.key for test in able.tests] == [
        "influence-waveform-rectifier-PF1-50pct-active_power",
        "influence-waveform-dimmer-PF1-50pct-active_power",
    ]
    assert [test.point.waveform for test in able.tests] == ["rectifier", str(shape)]
    assert able.tests[1].condition == "waveform dimmer"
    with pytest.raises(
        UsageRefused, match=r"waveform-rectifier-PF1.*up to order 13, and the source gives sine waves only"
    ):
        certification_plan(load_bench("emulated-on-chroma-rigol-norma"), programme=chosen)


def test_tests_that_begin_with_the_same_point_follow_one_another(shipped):
    for procedure in ("difference", "influence"):
        bases = [test.points[0] for test in shipped.tests_of(procedure)]
        runs = [base for base, _ in itertools.groupby(bases)]
        assert len(runs) == len(set(runs))


def test_strict_refuses_in_one_sentence_what_the_bench_cannot_do():
    with pytest.raises(UsageRefused, match=r"cannot do \d+ parts of programme full, which --strict refuses: \w+"):
        full(load_bench("emulated"), strict=True)
    certification_plan(load_bench("emulated"), programme=INTRINSIC, strict=True)


def test_the_first_points_alone_leave_the_rest_to_be_counted():
    plan = full(load_bench("emulated"), max_points=3)
    assert (len(plan.points), plan.left_out, plan.points_in_all) == (3, 122, 125)


@pytest.mark.parametrize("system_type", [10, 11, 12, 31, 40])
@pytest.mark.parametrize(("frequency_hz", "secondary_v"), [(50, 1.0), (60, 0.333)])
def test_every_system_type_frequency_and_transducer_has_a_plan(tmp_path, system_type, frequency_hz, secondary_v):
    for system_v in (208.0, 600.0):
        voltage_v = system_v / LINE_TO_LINE[system_type]
        if voltage_v > 347.0 or voltage_v < 90.0:
            continue  # beyond what the meter's accuracy is stated for
        bench = variant(tmp_path, system_type, frequency_hz, voltage_v, secondary_v, ratio=8.0 / secondary_v)
        plan = full(bench)
        assert {point.frequency_hz for point in plan.points} == {frequency_hz}
        assert {point.system_type for point in plan.every_point} == {system_type}
        assert len(plan.points) >= 54
        differences = {test.points[1].phases for test in plan.tests_of("difference")}
        assert differences == {10: set(), 11: set(), 12: {"A", "B"}}.get(system_type, {"A", "B", "C"})
        sequence = [test for test in plan.tests if "phase_sequence" in test.key]
        assert bool(sequence) == (system_type in (31, 40))
        order = plan.order
        assert len(order) == len(plan.points) + len(plan.energy) + len(plan.tests)


def test_a_voltage_beyond_the_meters_range_leaves_tests_out_and_points_in(tmp_path):
    plan = full(variant(tmp_path, voltage_v=347.0))
    assert len(plan.points) == 125
    why = {each.key: each.why for each in plan.not_possible}
    assert "beyond 347 V" in why["influence-voltage-110pct-PF1-100pct-active_power"]
    assert "influence-voltage-90pct-PF1-100pct-active_power" in {test.key for test in plan.tests}


def test_a_bench_that_can_do_nothing_is_refused_with_the_reason(tmp_path):
    with pytest.raises(
        UsageRefused,
        match=r"nothing of programme full .* variant \(69V-1pct-PF1-ABC: voltage A-N 69.3 V is below 90 V",
    ):
        full(variant(tmp_path, voltage_v=69.3))


def test_the_steps_add_up_to_the_plan(shipped):
    found = steps(shipped, 100.0)
    assert len(found) == len(shipped.order)
    assert [step.part for step in found] == list(shipped.order)
    assert math.fsum(step.duration_s for step in found) == pytest.approx(shipped.duration_s)
    assert max(step.highest_current_a for step in found) == 120.0
    assert max(step.highest_voltage_v for step in found) == pytest.approx(1.15 * 277.0)


def test_a_programme_file_is_planned_condition_by_condition(tmp_path):
    path = tmp_path / "nightly.yaml"
    path.write_text(PROGRAMME)
    plan = certification_plan(load_bench("emulated"), programme=load_programme(str(path)))
    assert [(stage.configuration[2], stage.points[0].frequency_hz) for stage in plan.stages] == [
        (40.0, 50), (40.0, 60), (12.0, 50), (12.0, 60),
    ]  # fmt: skip
    assert {point.current_pct for point in plan.points} == {5.0, 30.0}
    assert {point.voltage_v for point in plan.points} == {120.0}
    assert plan.energy == ()
    at_12 = next(point for point in plan.points if point.system_type == 12)
    assert plan.configuration_at(at_12) == {2: 12.0, 6: 240.0}
    assert all(test.key.endswith("Hz") for test in plan.tests)


def test_the_short_programme_has_a_test_for_each_row_that_can_be_done():
    bench = load_bench("emulated")
    plan = certification_plan(bench, programme=load_programme("short"))
    assert len(plan.points) < 40
    rows = [(test.table, test.row) for test in plan.tests if isinstance(test.row, ProgrammeRow)]
    assert len(rows) == len(set(rows)) >= 7
    assert {point.load_name for point in plan.points} == {point.load_name for point in certification_plan(bench).points}


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("[power_comparison, influence]", "[power_comparison, influenze]", 3, "influence"),
        ("[power_comparison, influence]", "[]", 3, "at least 1"),
        ("procedures: [power_comparison, influence]\n", "", 1, "'procedures' is missing"),
        ("iec62053-22-2003-class-0.2S", "iec62053-22", 2, "there is no limit table 'iec62053-22'"),
        ("iec62053-22-2003-class-0.2S", "house.yaml", 2, "there is no file"),
        ("[40, 12]", "[40, 13]", 4, "40"),
        ("currents_pct", "current_pct", 7, "did you mean 'currents_pct'"),
        ("[5, 30]", "[5, .inf]", 7, "finite"),
    ],
)
def test_a_wrong_programme_file_is_named_with_line_and_reason(tmp_path, old, new, line, says):
    assert old in PROGRAMME
    path = tmp_path / "nightly.yaml"
    path.write_text(PROGRAMME.replace(old, new, 1))
    with pytest.raises(BenchFileError) as caught:
        load_programme(str(path))
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert says in str(caught.value)


def test_an_unknown_programme_lists_what_there_is():
    with pytest.raises(UsageRefused, match="known: intrinsic, short, full, or give the path"):
        load_programme("ful")


def test_rig_plan_prints_steps_sums_and_what_is_not_possible():
    said = CliRunner().invoke(main, ["plan", "certify", "--programme", "full", "--repeat", "2"]).output
    assert "tests of influence, 6 tests of repeatability" in said
    assert "305 V      100 A   25 s  influence-voltage-110pct-PF1-100pct-active_power(0.26): voltage +10 %" in said
    assert "not possible: influence-temperature-45degC-PF1-5pct-active_power: the bench has no climate chamber" in said
    assert "highest voltage 318.55 V line to neutral, highest current 120 A on the primary side" in said
    assert "in 2 passes" in said
    data = json.loads(CliRunner().invoke(main, ["plan", "certify", "--programme", "full", "--json"]).output)
    assert (data["programme"], data["highest_current_a"]) == ("full", 120.0)
    assert {test["procedure"] for test in data["tests"]} >= {"influence", "difference"}
    assert data["not_possible"][0].keys() == {"key", "why"}


COARSE = """schema: 1
extends: emulated
name: coarse
analyzer:
  accuracy:
    power: {reading_pct: 0.05, range_pct: 0.05}
"""


def test_a_coarse_analyzer_leaves_the_tightest_tests_open_by_name(tmp_path):
    path = tmp_path / "coarse.yaml"
    path.write_text(COARSE)
    bench = load_bench(path)
    found = {each.test.key: each for each in forecast_tests(bench, full(bench))}
    assert found["influence-voltage-110pct-PF1-5pct-active_power"].is_open
    assert not found["influence-voltage-80pct-PF1-100pct-active_power"].is_open
    # On one range what the two readings share cancels; on another one (305 V) nothing does.
    on_one, on_another = (found[f"influence-voltage-{pct}pct-PF1-100pct-active_power"] for pct in (90, 110))
    assert on_another.ratio > 2.0 * on_one.ratio
    said = CliRunner().invoke(main, ["plan", "certify", "--programme", "full", "--bench", str(path)]).output
    assert re.search(r"\d+ of \d+ planned tests of powers cannot be concluded on this bench", said)
    assert "transducer: 100 A to 1 V" in said


def test_the_shipped_bench_concludes_every_planned_test_of_powers(shipped):
    found = forecast_tests(load_bench("emulated"), shipped)
    assert len(found) >= 50
    assert not any(each.is_open for each in found)
