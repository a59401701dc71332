"""What a certificate states of how it was measured: interruptions, wiring, air, instruments, tables that judged."""

import datetime as dt
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from rig.records.data import EventRecord, SetAside, WiringCheckRecord
from rig.reports.certificate.dcc import dcc_of
from rig.reports.certificate.raw_data import raw_data_forms, raw_data_of
from rig.reports.certificate.view import view_of
from rig.reports.certificate.wording import conformity, judged_by, not_specified
from tests.rig.reports.certificate.conftest import document

NS = {"dcc": "https://ptb.de/dcc"}


def resumed(run):
    """The run as if it had been interrupted once: one load point measured again, one repeated as a check."""
    data = {
        "interrupted_utc": "2026-11-30T21:54:04+00:00", "gap_s": 219.4, "outcome_before": "TERMINATED", "complete": 1,
        "steps": 8, "checks": [{"label": "277V-1pct-PF1-ABC", "e_n": 0.174, "what": "AI74 current B"}],
    }  # fmt: skip
    when = dt.datetime(2026, 11, 30, 21, 57, 43, tzinfo=dt.UTC)
    event = EventRecord(time_utc=when, kind="resumed", severity="info", text="resumed", data=data)
    aside = (
        SetAside(point=run.points[0], purpose="check", reason="repeated"),
        SetAside(point=run.points[1], purpose="superseded", reason="not complete"),
    )
    return replace(run, set_aside=aside, events=(*run.events, event))


def test_run_that_was_resumed_says_gap_checks_and_set_aside(run, real_order, good):
    found = document(resumed(run), real_order)
    (said,) = (text for name, text in view_of(found, {})["method"] if name == "Interruptions")
    assert "Interrupted 2026-11-30 21:54:04 UTC, resumed 2026-11-30 21:57:43 UTC (gap 219 s; TERMINATED" in said
    assert "1 of 8 steps complete). Load points repeated as checks: 277V-1pct-PF1-ABC: E_n 0.17 (AI74" in said
    assert f"{run.points[0].label} (check: repeated); {run.points[1].label} (superseded: not complete)" in said
    statements = [text or "" for text in ET.fromstring(dcc_of(found)).itertext()]
    assert any(text.startswith("Interruptions: Interrupted 2026-11-30 21:54:04") for text in statements)
    assert "Interruptions" not in [name for name, _ in view_of(good, {})["method"]]


def test_raw_data_have_readings_that_were_set_aside_and_say_so(run):
    raw = raw_data_of(resumed(run), 1)
    lines = [json.loads(line) for line in raw.splitlines()]
    assert [line["set_aside"] for line in lines if "set_aside" in line] == ["check", "superseded"]
    assert [raw_data_of(run, 1).count(b'"raw_data":1'), raw.count(b'"raw_data":2')] == [1, 1]
    aside = sum(len(point.reference_readings) + len(point.meter_readings) for point in run.points[:2])
    assert len(lines) == raw_data_of(run, 1).count(b"\n") + 2 + aside


def test_raw_data_of_earlier_versions_are_known_again(run):
    forms = list(raw_data_forms(resumed(run), 1))
    assert forms[0] == raw_data_of(resumed(run), 1)
    assert forms[1] == raw_data_of(run, 1)
    assert forms[2] == forms[1].replace(b'"current_shift_deg":[0.0,0.0,0.0],', b"") != forms[1]


def test_each_check_of_the_wiring_has_its_time_and_its_proof(run, real_order):
    first = WiringCheckRecord(
        time_utc=dt.datetime(2026, 11, 30, 9, 0, tzinfo=dt.UTC), state="right", text="each input is on its own phase",
        proof="no known good meter has proven this wiring; 'rig bench prove' does it with a meter that is good",
    )  # fmt: skip
    later = dt.datetime(2026, 11, 30, 10, 0, tzinfo=dt.UTC)
    checks = (first, replace(first, time_utc=later, proof="the wiring was proven on 2026-11-30 with meter 7"))
    method = view_of(document(replace(run, wiring_checks=checks), real_order), {})["method"]
    assert [text for name, text in method if name == "Check of the wiring"] == [
        "2026-11-30 09:00:00 UTC: right: each input is on its own phase (no known good meter has proven this wiring); "
        "2026-11-30 10:00:00 UTC: right: each input is on its own phase (the wiring was proven on 2026-11-30 with "
        "meter 7)"
    ]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (["INCONCLUSIVE"] * 3, "no statement for 3 of 3 results (INCONCLUSIVE)"),
        (["INVALID", "INCONCLUSIVE"], "no statement for 2 of 2 results (INVALID or INCONCLUSIVE)"),
        (["INVALID", "PASS"], "no statement for 1 of 2 results (INVALID); the other meets it"),
        (["INVALID", "PASS", "PASS"], "no statement for 1 of 3 results (INVALID); the others meet it"),
        (["FAIL", "INVALID", "PASS"], "NOT MET; of 3 results 1 FAIL; no statement for 1 (INVALID)"),
        (["PASS"], "met by 1 result"),
    ],
)
def test_conformity_counts_no_result_that_is_not_there(bad, outcomes, said):
    judged = next(each for each in bad["measured"]["results"] if each["limit"] and each["limit"]["verified"])
    (line,) = conformity([judged | {"outcome": outcome} for outcome in outcomes])
    assert line.endswith(f"simulated sensor output: {said}")


def test_each_condition_of_the_air_is_stated_or_said_not_measured(good, run, real_order):
    points = tuple(replace(point, temperature_c=23.0, humidity_pct=None) for point in run.points)
    measured = dict(view_of(document(replace(run, points=points), real_order), {})["environment"])
    assert measured["Temperature"] == "23 °C"
    assert measured["Relative humidity"] == measured["Pressure"] == "not measured in this run"
    assert view_of(good, {})["environment"] == [["Air", "not measured in this run"]]


@pytest.mark.parametrize(("told", "said"), [("0", "not told"), ("", "not told"), ("000", "not told"), ("A10", "A10")])
def test_instrument_without_a_serial_number_is_said_to_have_told_none(run, real_order, told, said):
    instruments = tuple(replace(each, serial_number=told) for each in run.instruments)
    found = document(replace(run, instruments=instruments), real_order)
    assert {row[2] for row in view_of(found, {})["instruments"]} == {said}
    equipment = ET.fromstring(dcc_of(found)).findall(".//dcc:measuringEquipment/dcc:identifications", NS)
    assert len(equipment) == (len(instruments) if told == said else 0)


def test_tables_that_judged_are_stated_beside_the_specification(good):
    results = good["measured"]["results"]
    assert view_of(good, {})["judged_by"] == "; ".join(judged_by(results))
    assert {"IEC 62053-22 class 0.2S, edition 2003", "S4100 manual, accuracy, edition ZL0109"} <= set(
        judged_by(results)
    )
    assert view_of(good | {"measured": good["measured"] | {"results": []}}, {})["judged_by"] == "no limits"


def test_table_that_the_specification_does_not_name_is_found(good):
    results = good["measured"]["results"]
    judged = next(each for each in results if each["limit"])
    own = judged | {"limit": judged["limit"] | {"standard": "House rule 8", "provenance": "own"}}
    assert not_specified(results, good["customer"]["agreed"]["specification"]) == []
    assert not_specified([*results, own], good["customer"]["agreed"]["specification"]) == ["House rule 8"]
    assert not_specified([own], "after house-rule 8") == []
    assert not_specified([own | {"limit": None}], "none") == []
