"""What needs attention is said once, from one list; what a run covered is said with every verdict."""

from __future__ import annotations

import csv
import dataclasses
import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from rig.load_point import LoadPoint
from rig.records.data import FindingRecord, LimitProvenance, ResultRecord, RunHeader, WiringCheckRecord
from rig.records.verdicts import count_measured, of_verdicts
from rig.reports._summary import panels, total_counts
from rig.reports._words import title_of
from rig.reports.attention import attention_lines
from rig.reports.coverage import coverage_text
from rig.reports.exports import write_csv
from rig.reports.html import render_html
from rig.reports.tables import attention_text, deviations_table, result_table, verdict_line
from tests.rig.records.fabricated_run import fabricate

HEADER = RunHeader(kind="regress", bench_name="b", bench_file_sha256="", software_version="0")


def regression(store, findings, *, errors=(), outcome="FAIL", code=1):
    recorder = store.begin_run(HEADER)
    for name, expected, found, result in findings:
        recorder.finding(
            FindingRecord(name=name, expected=expected, found=found, outcome=result, cites="manual page 9")
        )
    for question, text in errors:
        recorder.event("error", text, "error", {"question": question})
    recorder.finish(outcome, code)
    return store.run(recorder.run_id)


def printed(renderable, width=120):
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(renderable)
    return text.getvalue()


def test_a_failed_finding_needs_attention_on_every_output(store):
    run = regression(store, [("AV6", "600", "480", "FAIL"), ("AV2", "40", "40", "PASS")])
    (line,) = attention_lines(run)
    assert (line.outcome, line.what, line.cites) == ("FAIL", "AV6", "manual page 9")
    assert line.detail == "expected 600, found 480"
    page = render_html(run)
    attention = page[page.index("What needs attention") : page.index("<h2>Findings")]
    assert "expected 600, found 480" in attention
    assert "manual page 9" in attention
    assert "Nothing" not in attention
    assert "No quantity was judged" not in page
    assert "FAIL  AV6 (manual page 9): expected 600, found 480" in printed(attention_text(run))


def test_many_failures_of_one_cause_are_one_line(store):
    run = regression(store, [(f"question {n}", "an answer", "no answer", "FAIL") for n in range(97)])
    (line,) = attention_lines(run)
    assert line.what == "97 findings"
    assert line.where == "question 0, question 1, question 2 and 94 more"
    assert len(printed(attention_text(run)).splitlines()) <= 2


def test_equal_skip_reasons_are_one_line_after_what_failed(store):
    skipped = [(f"q{n}", "", "no switch unit", "SKIP") for n in range(40)]
    run = regression(store, [*skipped, ("q", "a", "b", "FAIL"), ("r", "", "too long", "SKIP")])
    assert [(line.outcome, line.what, line.detail) for line in attention_lines(run)] == [
        ("FAIL", "q", "expected a, found b"),
        ("SKIP", "40 questions", "no switch unit"),
        ("SKIP", "r", "too long"),
    ]


def test_an_error_that_ended_questions_is_one_line_with_its_text(store):
    errors = [(f"test_{n}", "no meter answers at MAC 1") for n in range(12)]
    run = regression(store, [("AV2", "40", "40", "PASS")], errors=errors, outcome="ERROR", code=10)
    (line,) = attention_lines(run)
    assert (line.outcome, line.detail) == ("ERROR", "no meter answers at MAC 1")
    assert line.where == "test_0, test_1, test_2 and 9 more"


def test_results_of_one_input_that_fail_alike_are_one_line(bad):
    lines = attention_lines(bad)
    failed = sum(result.outcome == "FAIL" for point in bad.points for result in point.results)
    assert failed > 50
    assert len(lines) < 12
    assert any(line.what == "AI74 B current" and "the worst of" in line.detail for line in lines)


def test_a_good_run_needs_no_attention(good):
    assert attention_lines(good) == [line for line in attention_lines(good) if line.outcome == "SKIP"]
    assert not [line for line in attention_lines(good) if line.outcome not in ("SKIP",)]


def test_results_that_repeat_one_fact_count_once(store):
    run = fabricate(store, points=6)
    volts = [r for p in run.points for r in p.results if r.quantity == "voltage" and r.limit_pct is not None]
    facts = {(r.instance, p.load_point.phase_voltages_v) for p in run.points for r in p.results if r in volts}
    assert len(volts) > len(facts)
    every = sum(len(point.results) for point in run.points)
    assert sum(total_counts(run).values()) <= every - (len(volts) - len(facts)) + len(run.findings)


@pytest.mark.parametrize(
    ("programme", "text", "is_certification"),
    [
        ({"load points": (3, 90)}, "3 of 90 load points", False),
        ({"load points": (6, 6)}, "6 of 6 load points", True),
        ({"load points": (6, 6), "energy registers": (0, 2)}, "6 of 6 load points, 0 of 2 energy registers", False),
    ],
)
def test_a_partial_certification_is_not_called_one(store, programme, text, is_certification):
    run = fabricate(store, points=6)
    run = dataclasses.replace(run, header=dataclasses.replace(run.header, programme=programme))
    assert coverage_text(run) == text
    assert (title_of(run) == "Accuracy certification run") is is_certification
    assert ("not a certification" in render_html(run)) is not is_certification
    assert text in printed(verdict_line(run))
    assert text in render_html(run)


def test_a_point_that_was_never_measured_is_not_covered(store):
    recorder = store.begin_run(dataclasses.replace(HEADER, kind="certify", programme={"load points": (2, 90)}))
    recorder.begin_point(LoadPoint(277.0, 5.0, 0.0)).finish("ERROR", "the analyzer is gone")
    recorder.finish("ERROR", 10)
    assert coverage_text(store.run(recorder.run_id)) == "0 of 90 load points"


@pytest.mark.parametrize("width", [40, 80])
def test_a_narrow_terminal_shows_whole_names(bad, width):
    from rig.reports.tables import result_table

    text = printed(result_table(bad, width), width)
    assert all(point.label in text for point in bad.points)
    assert "…" not in text


def test_wrong_register_beside_the_gated_one_is_not_covered():
    gated, beside = ("277V-100pct-PF1-ABC", "energy_register", 2), ("277V-100pct-PF1-ABC", "register_check", 1)
    assert count_measured([gated, beside]) == {"load points": 0, "energy registers": 1}


def test_what_ended_a_run_has_no_place_of_its_own(store):
    recorder = store.begin_run(dataclasses.replace(HEADER, kind="certify"))
    recorder.event("ended by", "stopped by SIGINT", severity="error")
    recorder.event("bench failed", "the analyzer is gone", severity="error", data={"question": "277V-5pct"})
    recorder.finish("ERROR", 10)
    places = {line.detail: line.places for line in attention_lines(store.run(recorder.run_id))}
    assert places == {"stopped by SIGINT": (), "the analyzer is gone": ("277V-5pct",)}


def test_a_variation_says_what_was_changed_wherever_it_is_shown(store, tmp_path):
    run = with_variations(store, ("voltage -10 %", 0.3), ("voltage +10 %", 0.4))
    whats = [line.what for line in attention_lines(run)]
    assert whats == ["AI11 ABC active power, voltage +10 %", "AI11 ABC active power, voltage -10 %"][::-1]
    assert attention_lines(run)[0].detail.startswith("variation of the error +0.3000 %, U 0.0100 %, limit ±0.1 %")
    changed = "voltage -10 %, compared with 277V-100pct-PF1-ABC"
    assert f"(influence: {changed})" in render_html(run)
    assert changed in deviations_table(run.points[0].label, run.points[0].results).splitlines()
    write_csv(run, tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["condition"] for row in rows] == ["voltage -10 %", "voltage +10 %"]
    assert {row["basis"] for row in rows} == {"277V-100pct-PF1-ABC"}


def test_variations_under_two_conditions_at_one_point_are_two_verdicts(store):
    run = with_variations(store, ("auxiliary supply -15 %", 0.01), ("auxiliary supply +15 %", 0.01), outcome="PASS")
    assert total_counts(run)["PASS"] == 2
    assert store.runs()[0].counts == {"PASS": 2}
    assert panels(run) == []


def with_variations(store, *conditions, outcome="FAIL"):
    recorder = store.begin_run(dataclasses.replace(HEADER, kind="certify"))
    point = recorder.begin_point(LoadPoint(249.3, 100.0, 0.0))
    common = {"procedure": "influence", "instance": 11, "quantity": "active_power", "phase": "ABC", "unit": "kW"}
    for condition, variation_pct in conditions:
        result = ResultRecord(
            **common,
            read_value=1.0,
            expected_value=1.0,
            outcome=outcome,
            error_pct=variation_pct,
            expanded_uncertainty_pct=0.01,
            limit_pct=0.1,
            condition=condition,
            basis="277V-100pct-PF1-ABC",
        )
        point.results((result,))
    point.finish()
    recorder.finish(outcome, 0)
    return store.run(recorder.run_id)


def test_what_is_only_reported_is_not_counted_and_a_basis_has_no_row(store):
    recorder = store.begin_run(dataclasses.replace(HEADER, kind="certify"))
    basis, point = (recorder.begin_point(LoadPoint(volts, 100.0, 0.0)) for volts in (277.0, 249.3))
    judged = {"procedure": "influence", "instance": 11, "quantity": "active_power", "limit_pct": 0.1}
    reported = {"procedure": "power_comparison", "instance": 18, "quantity": "frequency"}
    common = {"phase": "ABC", "unit": "", "read_value": 1.0, "expected_value": 1.0}
    point.results(
        [ResultRecord(**common, **judged, outcome="PASS"), ResultRecord(**common, **reported, outcome="NOT_JUDGED")]
    )
    basis.finish()
    point.finish()
    recorder.finish("PASS", 0)
    run = store.run(recorder.run_id)
    assert "1 PASS" in printed(verdict_line(run))
    assert "NOT JUDGED" not in printed(verdict_line(run))
    assert "NOT JUDGED" not in printed(result_table(run))
    assert of_verdicts({"NOT_JUDGED": 3}) == {"NOT_JUDGED": 3}


def with_procedures(store, *procedures):
    recorder = store.begin_run(dataclasses.replace(HEADER, kind="certify"))
    for place, procedure in enumerate(procedures):
        point = recorder.begin_point(LoadPoint(277.0, 10.0 + place, 0.0))
        common = {"phase": "ABC", "unit": "kW", "read_value": 1.0, "expected_value": 1.0, "quantity": "active_power"}
        point.results(
            [ResultRecord(**common, procedure=procedure, instance=11, error_pct=0.1, limit_pct=0.5, outcome="PASS")]
        )
        point.finish()
    recorder.finish("PASS", 0)
    return store.run(recorder.run_id)


@pytest.mark.parametrize("width", [80, 120])
def test_table_names_the_kind_of_what_is_no_error(store, width):
    run = with_procedures(store, "power_comparison", "influence", "repeatability", "no_load", "energy_running")
    text = printed(result_table(run, width), width)
    found = [text.index(f" {kind} ") for kind in ("error ", "influence", "repeatability", "no load", "running")]
    assert all(at > 0 for at in found)
    assert "…" not in text


def test_table_of_errors_alone_has_no_column_of_kinds(store):
    run = with_procedures(store, "power_comparison", "energy_register")
    assert "test" not in printed(result_table(run, 120), 120)


def checked_twice(store, limit):
    recorder = store.begin_run(dataclasses.replace(HEADER, kind="certify"))
    for hour in (1, 2):
        recorder.wiring_check(
            WiringCheckRecord(time_utc=datetime(2026, 1, 1, hour, tzinfo=UTC), state="right", text="right")
        )
    point = recorder.begin_point(LoadPoint(277.0, 10.0, 0.0))
    common = {"phase": "ABC", "unit": "kW", "read_value": 1.0, "expected_value": 1.0, "quantity": "active_power"}
    judged = {"procedure": "power_comparison", "instance": 11, "error_pct": 0.1, "expanded_uncertainty_pct": 0.01}
    point.results([ResultRecord(**common, **judged, limit_pct=0.5, limit=limit, outcome="PASS")])
    point.finish()
    recorder.finish("PASS", 0)
    return store.run(recorder.run_id)


@pytest.mark.parametrize("checked_by", ["", "N. N."])
def test_report_says_which_limits_are_unverified(store, checked_by):
    html = render_html(checked_twice(store, LimitProvenance(standard="House rule 7", checked_by=checked_by)))
    assert ("Limit table unverified, so that no verdict states conformity with it: House rule 7." in html) is (
        not checked_by
    )


def test_report_tells_checks_of_the_wiring_apart_by_time(store):
    html = render_html(checked_twice(store, None))
    assert "Wiring <span" in html
    assert all(f"2026-01-01 0{hour}:00" in html for hour in (1, 2))
