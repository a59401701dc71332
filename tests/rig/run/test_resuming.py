"""What may be resumed, with which bench and plan, and when conditions are not those of the first part."""

import datetime as dt
from dataclasses import dataclass, replace
from types import SimpleNamespace

import pytest

from rig.bench import load_bench
from rig.load_point import LoadPoint
from rig.plans import certification_plan
from rig.plans.programme import PlannedTest
from rig.records.data import InstrumentRecord, PointRecord, ResultRecord, RunHeader, UnitRecord
from rig.records.plain_json import to_json
from rig.records.resumption.reopening import ResumeRefused
from rig.records.resumption.stored_plan import PlannedItem, RunPlan, StoredPlan
from rig.records.store import RunStore
from rig.reports.attention import attention_lines
from rig.reports.html import render_html
from rig.reports.resumptions import resumed_text, resumptions
from rig.run.resuming.as_before import compare
from rig.run.resuming.checks import Resumed, check_of, to_repeat
from rig.run.resuming.plan_data import options_as_data, options_from, plan_as_data
from rig.run.resuming.request import refuse_another_bench, refuse_another_plan, resumable
from rig.run.resuming.steps import planned_item
from rig.run.run import RunOptions
from rig.safety.guardian.process_identity import this_process

RULE = "ilac_g8_non_binary"
ITEMS = (PlannedItem("load point a", "active[a]"), PlannedItem("load point b", "active[b]"))


@pytest.fixture(scope="module")
def bench():
    return load_bench("emulated")


@pytest.fixture(scope="module")
def plan(bench):
    return certification_plan(bench, max_points=3)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with RunStore.open(tmp_path / "records.sqlite") as opened:
        yield opened


def begun(store, bench, plan, kind="certify", process=None, stored=True, digest=None):
    header = RunHeader(kind=kind, bench_name="emulated", bench_file_sha256=digest or bench.sha256, software_version="1")
    data = {**plan_as_data(plan), "decision rule": RULE}
    run_plan = RunPlan(bench_path=str(bench.path), options={"bench": "emulated"}, plan=data, items=ITEMS)
    return store.begin_run(header, plan=run_plan if stored else None, process=process)


def interrupted(store, bench, plan, **how):
    recorder = begun(store, bench, plan, **how)
    recorder.finish("TERMINATED", 2)
    return resumable(store, recorder.run_id)


def test_a_run_of_another_kind_is_not_resumed(store, bench, plan):
    with pytest.raises(ResumeRefused, match="only certifications"):
        interrupted(store, bench, plan, kind="eol")


def test_a_run_of_an_earlier_version_is_not_resumed(store, bench, plan):
    with pytest.raises(ResumeRefused, match=r"earlier versions.*begin a new one"):
        interrupted(store, bench, plan, stored=False)


def test_a_finished_run_is_not_resumed(store, bench, plan):
    recorder = begun(store, bench, plan)
    for each in ITEMS:
        recorder.item_done(each.item)
    recorder.finish("FAIL", 1)
    with pytest.raises(ResumeRefused, match="is finished"):
        resumable(store, recorder.run_id[:8])


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_run_that_a_process_works_on_is_not_resumed(store, bench, plan, elsewhere):
    process = {**this_process(None), **({"host": "elsewhere"} if elsewhere else {})}
    recorder = begun(store, bench, plan, process=process)
    with pytest.raises(ResumeRefused, match=r"process \d+ on elsewhere" if elsewhere else r"process \d+ may still"):
        resumable(store, recorder.run_id)


def test_a_killed_run_is_closed_and_resumed_with_what_is_left(store, bench, plan):
    recorder = begun(store, bench, plan, process={**this_process(None), "pid": 2**30})
    recorder.item_done("active[a]")
    found = resumable(store, "last")
    assert (found.plan.left, found.plan.complete) == (ITEMS[1:], {"load point a"})
    assert (found.part, found.text) == (2, "1 of 2 steps are complete")


def test_another_bench_file_is_refused(store, bench, plan):
    refuse_another_bench(interrupted(store, bench, plan), bench)
    with pytest.raises(ResumeRefused, match=r"emulated.yaml was changed since run"):
        refuse_another_bench(interrupted(store, bench, plan, digest="other"), bench)


def _other_limit(plan):
    table = plan.tables[0]
    rows = (table.rows[0].model_copy(update={"limit_pct": 0.111}), *table.rows[1:])
    return replace(plan, tables=(replace(table, rows=rows), *plan.tables[1:]))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda plan: replace(plan, points=plan.points[:2]), "order of load points is"),
        (lambda plan: replace(plan, points=plan.points[::-1]), "order of load points is .* was"),
        (lambda plan: replace(plan, energy=()), "energy register AI2 at .* is not there any more"),
        (
            lambda plan: replace(plan, stages=(), configuration={2: 10.0, 6: 480.0}),
            "meter setting AV2 is \\[10.0\\], was \\[40.0\\]",
        ),
        (_other_limit, "limit of AI11 % is 0.111, was|limit table iec62053-22-2003-class-0.2S is of content"),
        (lambda plan: replace(plan, why_sampled="no integrator"), "energy reference is no integrator, was integrator"),
    ],
)
def test_another_plan_is_refused_with_what_differs(store, bench, plan, changed, said):
    asked = interrupted(store, bench, plan)
    refuse_another_plan(asked, certification_plan(bench, max_points=3), RULE)
    with pytest.raises(ResumeRefused, match=said):
        refuse_another_plan(asked, changed(plan), RULE)


def test_another_decision_rule_is_refused(store, bench, plan):
    with pytest.raises(ResumeRefused, match=f"decision rule is simple, was {RULE}"):
        refuse_another_plan(interrupted(store, bench, plan), plan, "simple")


def test_options_come_back_from_the_record():
    options = RunOptions(bench="x", suite="certify", max_points=4, operator="A. Volta", longest_gate_h=2.0)
    again = options_from(RunOptions, options_as_data(options), run_id=options.run_id)
    assert again == options
    with pytest.raises(ResumeRefused, match="does not know \\(of_tomorrow\\)"):
        options_from(RunOptions, {**options_as_data(options), "of_tomorrow": 1})


def result(error, u=0.02, **more):
    given = {"procedure": "power_comparison", "instance": 11, "quantity": "active_power", "phase": "ABC"}
    given |= {"limit_pct": 0.2} | more
    return ResultRecord(
        **given, read_value=1.0, expected_value=1.0, unit="kW", outcome="PASS", error_pct=error,
        expanded_uncertainty_pct=u,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "repeat", "e_n"),
    [
        ([result(0.01)], [result(0.01)], 0.0),
        ([result(0.01, 0.03)], [result(0.06, 0.04)], 1.0),
        ([result(0.01, 0.03)], [result(0.07, 0.04)], 1.2),
        ([result(0.0), result(0.5, instance=12)], [result(0.0), result(0.0, instance=12)], 17.68),
        ([result(0.01), result(None, instance=12)], [result(0.01)], 0.0),
        ([result(0.01)], [], float("inf")),
        ([result(0.01)], [result(None)], float("inf")),
        ([result(0.01, 0.0)], [result(0.01, 0.0)], 0.0),
        ([result(0.01), result(0.5, instance=13, limit_pct=None)], [result(0.01)], 0.0),
    ],
)
def test_a_check_has_the_largest_e_n(first, repeat, e_n):
    found = check_of("277V", first, repeat)
    assert found.e_n == pytest.approx(e_n, abs=0.005)
    assert found.is_good is (e_n <= 1.0)


def point(step, number, *results):
    now = dt.datetime.now(dt.UTC)
    return PointRecord(
        number=number, load_point=LoadPoint(277.0, 5.0, 0.0), label=step, started_utc=now, finished_utc=now,
        stated_outcome=None, reason="", deviation={}, reference_readings=(), meter_readings=(), results=results,
        step=f"load point {step}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("complete", "chosen"),
    [("", ""), ("b", "b"), ("ab", "ab"), ("abc", "ac"), ("abcd", "ac"), ("d", "")],
)
def test_the_first_and_the_last_complete_point_are_repeated(complete, chosen):
    points = [point(name, number, result(0.0)) for number, name in enumerate("abc", start=1)]
    points.append(point("d", 4, result(None)))
    plan = StoredPlan("", {}, {}, tuple(PlannedItem(f"load point {n}", n) for n in "abcd"), frozenset(complete))
    assert "".join(each.label for each in to_repeat(SimpleNamespace(points=points), plan)) == chosen


UNIT = UnitRecord(
    serial_number="123", device_instance=7, model="S4100", firmware="2.01", application="1.0", position="1"
)
ANALYZER = InstrumentRecord(role="analyzer", identity="WT3000 F1", serial_number="A1")


@dataclass
class Meter:
    """A meter that reads what it is given."""

    unit: UnitRecord
    settings: dict

    def identity(self):
        one = self.unit
        return SimpleNamespace(
            serial_number=one.serial_number, device_instance=one.device_instance, model_name=one.model,
            firmware_revision=one.firmware, application_software_version=one.application, object_name="meter",
        )  # fmt: skip

    def read_configuration(self):
        return self.settings


def bench_now(unit=UNIT, analyzer=ANALYZER, settings=None, air_c=23.0):
    meter = Meter(unit, {2: 40.0, 6: 400.0} if settings is None else settings)
    used = SimpleNamespace(
        role=analyzer.role, identity=analyzer.identity, serial_number=analyzer.serial_number, calibration=None,
        needs_calibration=False,
    )  # fmt: skip
    published = []
    probe = SimpleNamespace(read=lambda: SimpleNamespace(temperature_c=air_c))
    return SimpleNamespace(
        positions=[SimpleNamespace(name=unit.position, meter=meter, mac=1, identity=meter.identity())],
        instruments=lambda: [used], events=SimpleNamespace(publish=published.append), climate_probe=probe,
        published=published,
    )  # fmt: skip


@pytest.fixture
def record(store, bench, plan):
    recorder = begun(store, bench, plan)
    recorder.instrument(ANALYZER)
    recorder.unit(UNIT)
    recorder.configuration_before({2: 40.0, 6: 400.0})
    measured = recorder.begin_point(LoadPoint(277.0, 5.0, 0.0))
    measured.climate(23.4, None)
    return store.run(recorder.run_id)


@pytest.mark.parametrize("settings", [{2: 40.0, 6: 400.0}, {2: 40.0, 6: 480.0}])
def test_a_meter_as_found_or_as_set_is_the_same(record, settings):
    now = bench_now(settings=settings)
    assert compare(record, {"AV6": [480.0]}, now, dt.date(2026, 11, 30)) == [settings]
    assert "the air is at 23.0 °C, was at 23.4 to 23.4 °C" in str(now.published[-1])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"unit": replace(UNIT, serial_number="124")}, "serial number 124, was 123"),
        ({"unit": replace(UNIT, firmware="2.02")}, "firmware 2.02, was 2.01"),
        ({"unit": replace(UNIT, device_instance=8)}, "device instance 8, was 7"),
        ({"analyzer": replace(ANALYZER, serial_number="A2")}, "analyzer has serial number A2, was A1"),
        ({"analyzer": replace(ANALYZER, identity="WT3000 F2")}, "analyzer has identity WT3000 F2, was WT3000 F1"),
        ({"analyzer": replace(ANALYZER, role="counter")}, "the analyzer is not there"),
        ({"settings": {2: 40.0, 6: 208.0}}, r"AV6 of the meter at 1 is 208, and should be 400 \(as found\) or 480"),
        ({"settings": {2: 31.0, 6: 400.0}}, "AV2 of the meter at 1 is 31, and should be 40"),
        ({"air_c": 26.0}, "the air is at 26.0 °C, was at 23.4 to 23.4 °C"),
    ],
)
def test_other_conditions_are_refused_by_name(record, changed, said):
    with pytest.raises(ResumeRefused, match=f"not those of the first part: .*{said}"):
        compare(record, {"AV6": [480.0]}, bench_now(**changed), dt.date(2026, 11, 30))


def test_a_report_shows_gap_and_checks_and_no_error_that_was_made_good(store, bench, plan):
    asked = interrupted(store, bench, plan)
    recorder, reopened = store.resume_run(asked.run.run_id, {"pid": 1})
    recorder.event("bench failed", "the source was gone", "error")
    checks = (check_of("277V-5pct", [result(0.01)], [result(0.02)]),)
    noted = Resumed(reopened, 1, 2, checks, "1").noted()
    assert to_json(noted.data), "plain data"
    recorder.event(noted.kind, noted.text, noted.severity, noted.data)
    recorder.event("bench failed", "the analyzer was gone", "error")
    run = store.run(asked.run.run_id)
    (shown,) = resumptions(run)
    assert (shown.outcome_before, shown.complete, shown.steps) == ("TERMINATED", 1, 2)
    assert shown.resumed_utc > shown.interrupted_utc
    assert shown.checks == ("277V-5pct: E_n 0.35 (AI11 active power ABC)",)
    assert [line.detail for line in attention_lines(run)] == ["the analyzer was gone"]
    assert "E_n 0.35" in render_html(run)
    assert [listed.resumed for listed in store.runs()] == [1]
    assert [resumed_text(count) for count in (0, 1, 2)] == ["", "resumed once", "resumed 2 times"]


def item(name, **params):
    return SimpleNamespace(nodeid=f"tests_hil/certification/{name}", callspec=SimpleNamespace(params=params))


def planned(*points):
    return PlannedTest("key", "influence", points, (), None, "table", 1.0)


A, B, C = (LoadPoint(277.0, pct, 0.0) for pct in (5.0, 20.0, 100.0))


@pytest.mark.parametrize(
    ("asked", "step"),
    [
        (item("test_a.py::test_p[277V-5pct]", measured=A), "load point 277V-5pct"),
        (item("test_b.py::test_q[pass2-277V-5pct]", measured=A, repetition=2), "load point pass2-277V-5pct"),
        (item("test_c.py::test_e[AI2]", energy_point=(A, None)), "test_c.py::test_e[AI2]"),
        (item("test_d.py::test_i[key]", planned_influence=planned(A, B)), f"series from {A.label}"),
        (item("test_d.py::test_i[x]", planned_influence=planned(A, C), repetition=2), f"series from {A.label}, pass 2"),
        (item("test_d.py::test_n[key]", planned_no_load=planned(A)), "test_d.py::test_n[key]"),
    ],
)
def test_what_is_measured_together_is_one_step(asked, step):
    assert planned_item(asked) == PlannedItem(step, asked.nodeid.rpartition("/")[2])
