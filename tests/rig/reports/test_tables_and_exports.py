"""Terminal tables, one test's deviations as text, CSV and JSON."""

import csv
import dataclasses
import io
import json
import math
import re
from typing import Any

import pytest
from rich.console import Console

from rig.records.data import ResultRecord
from rig.reports._summary import all_results, total_counts
from rig.reports._words import run_meaning
from rig.reports.exports import as_json, write_csv, write_json
from rig.reports.tables import deviations_table, result_table, verdict_line
from tests.rig.records.fabricated_run import fabricate
from tests.rig.reports.conftest import HOSTILE


def printed(renderable):
    text = io.StringIO()
    Console(file=text, width=160, color_system=None).print(renderable)
    return text.getvalue()


def test_result_table_has_a_row_a_load_point_with_its_worst_quantity(bad):
    lines = [line for line in printed(result_table(bad)).splitlines() if "277V-" in line]
    assert len(lines) == 90
    for point, line in zip(bad.points, lines, strict=True):
        cells = re.split(r"  +", line.strip())
        assert cells[0] == point.label
        assert cells[-1].replace("CONDITIONAL ", "COND_") == point.outcome
        if "B" in point.load_point.phases and point.load_point.current_pct <= 100:
            assert cells[1].endswith(": AI74 I B")
            assert cells[-1] == "FAIL"


def test_the_verdict_line_names_verdict_counts_and_simulation(bad):
    text = printed(verdict_line(bad))
    assert text.strip().startswith("FAIL")
    assert "PASS" in text
    assert "simulated bench" in text


def test_hostile_text_is_printed_as_it_is(hostile):
    assert "[bold]" in printed(result_table(hostile))


def test_the_deviations_table_lines_up_and_holds_every_result(bad):
    point = bad.points[4]
    lines = deviations_table(point.label, point.results).splitlines()
    assert lines[0] == point.label
    rows = lines[1 : 3 + len(point.results)]
    at = rows[0].index("outcome")
    for row, result in zip(rows[2:], point.results, strict=True):
        assert row[at:] == result.outcome
        assert row[at - 2 : at] == "  "
        assert f"{result.error_pct:+.4f}" in row
        assert row.split("  ")[0] == result.quantity


def test_qnan_and_missing_limit_are_dashes_with_the_reason_below():
    result = ResultRecord(
        procedure="power_comparison",
        instance=15,
        quantity="voltage",
        phase="ABC",
        read_value=math.nan,
        expected_value=480.0,
        unit="Volts",
        outcome="FAIL",
        reason="the meter gave\nno number",
    )
    lines = deviations_table("point", [result]).splitlines()
    assert "–" in lines[3]
    assert lines[4:] == ["AI15 ABC: the meter gave no number"]


def test_csv_has_every_result_in_full_precision(bad, tmp_path):
    write_csv(bad, tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    results = list(all_results(bad))
    assert len(rows) == len(results) + len(bad.findings)
    for row, finding in zip(rows[len(results) :], bad.findings, strict=True):
        assert (row["procedure"], row["quantity"], row["outcome"]) == ("finding", finding.name, finding.outcome)
        assert (row["expected_value"], row["read_value"]) == (finding.expected, finding.found)
        assert row["serial_number"] == "4100-000123"
    for row, judged in zip(rows, results, strict=False):
        assert float(row["error_pct"]) == judged.result.error_pct
        assert float(row["read_value"]) == judged.result.read_value
        assert row["load_point"] == judged.point.label
        assert row["outcome"] == judged.result.outcome
        limit = judged.result.limit
        assert row["limit_verified"] == ("" if limit is None else "yes" if limit.is_verified else "no")
        assert row["serial_number"] == "4100-000123"
        assert row["simulated"] == "yes"
        assert (row["temperature_c"], row["humidity_pct"]) == ("", "")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_csv_text_is_never_a_formula(store, tmp_path, start):
    run = fabricate(store, points=1)
    point = run.points[0]
    evil = dataclasses.replace(point.results[0], reason=f"{start}cmd|' /C calc'!A0", error_pct=-1.5)
    run = dataclasses.replace(run, points=(dataclasses.replace(point, results=(evil,)),))
    write_csv(run, tmp_path / "results.csv")
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        row, *_ = csv.DictReader(file)
    assert row["reason"].startswith("'" + start)
    assert float(row["error_pct"]) == -1.5


def test_json_is_strict_and_holds_run_points_and_results(bad, tmp_path):
    write_json(bad, tmp_path / "results.json")

    def refuse(word):
        raise AssertionError(f"{word} is not JSON")

    whole = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert whole == as_json(bad)
    assert whole["run_id"] == bad.run_id
    assert (whole["outcome"], whole["exit_code"]) == ("FAIL", 1)
    assert len(whole["points"]) == 90
    assert whole["counts"] == dict(total_counts(bad))
    first = whole["points"][0]
    assert first["outcome"] == bad.points[0].outcome
    assert first["results"][0]["error_pct"] == bad.points[0].results[0].error_pct
    assert first["results"][0]["components"][1]["degrees_of_freedom"] == "Infinity"
    assert whole["registers_before"][2]["value"] is None


def test_hostile_text_survives_the_json(hostile):
    written: Any = as_json(hostile)
    assert written["units"][0]["serial_number"] == "4100-000123" + HOSTILE


@pytest.mark.parametrize(
    ("outcome", "counts", "said", "not_said"),
    [
        (
            "FAIL",
            {"FAIL": 2, "INCONCLUSIVE": 3, "PASS": 1},
            "3 results are INVALID or INCONCLUSIVE",
            "against the meter",
        ),
        ("TERMINATED", {"FAIL": 1, "PASS": 4}, "1 result is FAIL", "INCONCLUSIVE"),
        ("INCONCLUSIVE", {"INCONCLUSIVE": 3, "PASS": 2}, "Nothing that was judged failed", "against the meter"),
        ("INCONCLUSIVE", {"INCONCLUSIVE": 3}, "This says nothing against the meter", "failed"),
        ("INVALID", {"INVALID": 3, "INCONCLUSIVE": 1}, "This says nothing against the meter", "failed"),
        ("PASS", {"PASS": 3}, "inside its limit", "INVALID"),
        ("NOT_JUDGED", {}, "Nothing was judged", "INVALID"),
    ],
)
def test_the_meaning_of_a_run_says_both_what_failed_and_what_is_open(outcome, counts, said, not_said):
    text = run_meaning(outcome, counts)
    assert said in text
    assert not_said not in text


@pytest.mark.parametrize(
    ("outcome", "quantities", "questions", "said", "not_said"),
    [
        ("PASS", {}, {"PASS": 26, "SKIP": 1}, "Every question that was asked", "quantity"),
        ("PASS", {"PASS": 9}, {"PASS": 2}, "inside its limit by at least the guard band. Every question", "FAIL"),
        ("FAIL", {"PASS": 9}, {"PASS": 1, "FAIL": 1}, "At least one question", "quantity"),
        ("FAIL", {"FAIL": 9}, {"PASS": 2}, "At least one quantity", "question"),
        ("FAIL", {"FAIL": 9}, {"FAIL": 2}, "allows for. At least one question", "INVALID"),
        ("INVALID", {}, {"PASS": 4, "INVALID": 1}, "a judgement of every answer", "load point"),
        ("INVALID", {}, {"INVALID": 2}, "This says nothing against the meter", "answer"),
        ("ERROR", {}, {"PASS": 4, "ERROR": 1}, "The bench failed", "question"),
    ],
)
def test_the_meaning_of_a_run_is_about_what_decided_it(outcome, quantities, questions, said, not_said):
    text = run_meaning(outcome, quantities, questions)
    assert said in text
    assert not_said not in text
