"""What a certificate says: marks, statements of conformity, tables, drawings; and the DCC."""

import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from rig.records.data import ConditionRecord, WiringCheckRecord
from rig.reports.certificate.dcc import dcc_of
from rig.reports.certificate.drawings import curves
from rig.reports.certificate.issue import draft
from rig.reports.certificate.measured import measured
from rig.reports.certificate.numbers import decimals_for, fixed, measured_value
from rig.reports.certificate.raw_data import raw_data_of
from rig.reports.certificate.tables import budgets, result_sections
from rig.reports.certificate.view import view_of
from rig.reports.certificate.wording import conformity, marks, statement_of
from tests.rig.records.fabricated_run import fabricate
from tests.rig.reports.certificate.conftest import DAY, document

NS = {"dcc": "https://ptb.de/dcc", "si": "https://ptb.de/si"}


def rows_of(document, title):
    return [
        dict(zip(table["columns"], row, strict=True))
        for section in result_sections(document["measured"])
        for table in section["tables"]
        for row in table["rows"]
        if table["title"].startswith(title)
    ]


def test_marks_say_what_a_certificate_is_not(good, bad, run, real_order):
    assert marks(good) == ["SIMULATED", "EXAMPLE"]
    assert marks(bad) == []
    assert marks(document(run, real_order, is_draft=True)) == ["SIMULATED", "DRAFT"]
    partial = replace(run, header=replace(run.header, programme={"load points": (90, 90)}))
    assert "PARTIAL" in marks(document(partial, real_order))
    anyway = replace(run, events=(*run.events, replace(run.events[0], kind="anyway")))
    assert "MEASURED ANYWAY" in marks(document(anyway, real_order))
    check = WiringCheckRecord(time_utc=run.started_utc, state="accepted", text="wiring (meter): CT A reversed")
    doubtful = document(replace(run, wiring_checks=(check,)), real_order)
    assert "WIRING IN DOUBT" in marks(doubtful)
    (said,) = (text for name, text in view_of(doubtful, {})["method"] if name == "Check of the wiring")
    assert said.endswith(" UTC: accepted: wiring (meter): CT A reversed")


def test_limit_without_checker_gives_no_statement(bad):
    active = rows_of(bad, "Active power")
    judged = [row for row in active if row["statement"] == "limit not verified"]
    assert judged
    assert {row["limit / %"] for row in judged} == {"–"}
    assert all(row["error / %"] != "–" and row["U / %"] != "–" for row in judged)


def test_limit_checked_but_without_edition_gives_no_statement(bad):
    result = next(each for each in bad["measured"]["results"] if each["quantity"] == "current")
    assert result["limit"]["verified"]
    limit = result["limit"] | {"edition": "", "verified": False}
    assert statement_of(result | {"limit": limit}) == "limit not verified"


def test_verified_limit_that_is_exceeded_is_stated(bad):
    wrong = [row for row in rows_of(bad, "Current") if "AI74" in row["input"]]
    judged = [row for row in wrong if row["limit / %"] != "–"]
    assert {row["statement"] for row in judged} == {"FAIL"}
    assert {row["limit / %"] for row in judged} <= {"±0.1", "±0.2"}
    assert any(
        "S4100 manual, accuracy, edition ZL0109, applied to the meter with simulated sensor output: NOT MET" in line
        for line in conformity(bad["measured"]["results"])
    )


def test_check_that_failed_without_a_limit_is_stated(good):
    result = good["measured"]["results"][0] | {
        "procedure": "register_check", "limit": None, "limit_pct": None, "error_pct": None, "outcome": "FAIL",
        "expanded_uncertainty_pct": None, "k": None, "reason": "AI3 Export counted", "components": [],
    }  # fmt: skip
    assert conformity([result]) == ["check without a limit: FAIL: AI3 Export counted"]
    (section,) = result_sections(good["measured"] | {"results": [result]})
    assert section["title"] == "Check of the other registers"
    assert section["tables"][0]["rows"][0][-1] == "FAIL: AI3 Export counted"


@pytest.mark.parametrize("outcome", ["INVALID", "INCONCLUSIVE"])
def test_undecided_results_are_shown_as_such(bad, outcome):
    results = bad["measured"]["results"]
    judged = next(each for each in results if each["limit"] is not None)
    assert statement_of(judged | {"outcome": outcome}).startswith(outcome)


def test_text_of_a_meter_is_text_and_neither_markup_nor_control(store, real_order):
    hostile = '#panic("x") $x$ *b* <script>&amp; \x07\x1b[31m'
    run = fabricate(store, points=1, hostile=hostile, simulated=False)
    document_of_run = document(run, real_order)
    assert "\x1b" not in json.dumps(document_of_run, ensure_ascii=False)
    root = ET.fromstring(dcc_of(document_of_run))
    assert any("<script>&amp; \\x07\\x1b[31m" in (text or "") for text in root.itertext())
    assert draft(run, real_order, DAY).rendered.pdf.startswith(b"%PDF-1.7")


def test_each_meter_of_a_run_has_its_own_results(run, real_order):
    first, second = run.units[0], replace(run.units[0], serial_number="other")
    points = tuple(
        replace(
            point,
            results=tuple(
                replace(result, unit_number=number, error_pct=float(number))
                for result in point.results
                for number in (1, 2)
            ),
            meter_readings=tuple(
                replace(reading, unit_number=number) for reading in point.meter_readings for number in (1, 2)
            ),
        )
        for point in run.points
    )
    both = replace(run, units=(first, second), points=points)
    for number in (1, 2):
        facts = measured(both, number)
        assert facts["unit"]["serial_number"] == both.units[number - 1].serial_number
        assert {result["error_pct"] for result in facts["results"]} == {float(number)}
        assert raw_data_of(both, number).count(b'"meter":') == raw_data_of(run, 1).count(b'"meter":')


def test_load_point_that_was_invalid_is_listed_with_its_reason(run, real_order):
    bad = replace(run.points[0], stated_outcome="INVALID", reason="the air had 27 °C", results=())
    view = view_of(document(replace(run, points=(bad, *run.points[1:])), real_order), {})
    assert view["without_result"] == [[bad.label, "INVALID", "the air had 27 °C"]]


def test_raw_data_are_in_their_canonical_form(run):
    raw = raw_data_of(run, 1)
    lines = [json.loads(line) for line in raw.decode().splitlines()]
    again = "".join(
        json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines
    )
    assert again.encode() == raw
    assert (lines[0]["run"], lines[0]["serial_number"]) == (run.run_id, "4100-000123")
    readings = sum(len(point.reference_readings) + len(point.meter_readings) for point in run.points)
    assert len(lines) == 1 + len(run.points) + readings
    assert lines[-1]["meter"]["15"] is None, "QNAN"


def test_results_of_one_fact_are_one_row_with_their_range(good):
    volts = rows_of(good, "Voltage")
    assert [row["input"] for row in volts] == ["AI70 A", "AI71 B", "AI72 C"]
    assert {row["load"] for row in volts} == {"4 load points"}
    assert all(" … " in row["range of errors / %"] for row in volts)


def test_every_result_is_in_the_attachment(good, run):
    recorded = [result for point in run.points for result in point.results]
    assert len(good["measured"]["results"]) == len(recorded)
    assert [each["error_pct"] for each in good["measured"]["results"]] == [each.error_pct for each in recorded]


def test_new_procedure_has_a_table_of_its_own_with_its_condition(good):
    result = next(each for each in good["measured"]["results"] if each["error_pct"] is not None)
    changed = result | {"procedure": "influence", "condition": "voltage -10 %", "basis": "277V-5pct-PF1-ABC"}
    measured = good["measured"] | {"results": [changed, changed | {"procedure": "made_up_later"}]}
    influence, later = result_sections(measured)
    assert influence["title"] == "Variation with influence quantities"
    row = dict(zip(influence["tables"][0]["columns"], influence["tables"][0]["rows"][0], strict=True))
    assert row["condition"] == "voltage -10 %"
    assert "each against its basis" in influence["tables"][0]["note"]
    assert "variation / %" in row
    assert later["title"] == "Made up later"


def test_reference_conditions_show_their_largest_deviation(run, real_order):
    def condition(phase, deviation, met):
        return ConditionRecord(
            quantity=f"voltage {phase}", unit="%", deviation=deviation, limit=1.0, uncertainty=None, met=met
        )

    values = [(0.1, True), (-0.6, True), (1.2, False)]
    points = tuple(
        replace(
            point,
            pressure_hpa=1000.0 + number,
            conditions=(condition("A", deviation, met), condition("B", deviation / 2.0, True)),
        )
        for number, (point, (deviation, met)) in enumerate(zip(run.points, values, strict=False))
    )
    view = view_of(document(replace(run, points=points), real_order), {})
    assert view["conditions"] == [["voltage A, B", "%", "1.2", "±1", "3", "2"]]
    assert ["Pressure", "1000 to 1002 hPa"] in view["environment"]


def test_curves_have_positions_inside_their_frame(good):
    panels = curves(good["measured"])
    assert panels
    for panel in panels:
        marks_of = [value for series in panel["series"] for point in series["points"] for value in point]
        assert all(-0.05 <= value <= 1.05 for value in marks_of)
        assert len({point[0] for series in panel["series"] for point in series["points"]}) > 1


def test_limits_are_drawn_only_where_verified(bad):
    by_title = {panel["title"].split(",")[0]: panel["limits"] for panel in curves(bad["measured"])}
    assert by_title["Current"]
    assert by_title["Active power"] == []


def test_budget_is_that_of_the_largest_uncertainty(good):
    titles = [budget["title"] for budget in budgets(good["measured"])]
    assert len(titles) == len({title.split(",")[0] for title in titles})
    assert all("Largest contribution: reference analyzer." in each["result"] for each in budgets(good["measured"]))


def test_view_needs_nothing_but_the_document(good):
    view = view_of(good, {"results.json": "00"})
    assert view["number"] == "N-1"
    assert ["Serial number", "4100-000123"] in view["item"]
    assert "guard band w = U" in view["rule"]


@pytest.mark.parametrize(
    ("value", "u", "text"),
    [
        (0.02371, 0.0104, "+0.024"),
        (-0.00004, 0.0111, "0.000"),
        (1.23456, 0.0996, "+1.23"),
        (0.5, 1.7, "+0.5"),
        (12.0, 33.0, "+12"),
        (0.1, None, "+0.1000"),
    ],
)
def test_result_ends_where_its_uncertainty_ends(value, u, text):
    assert fixed(value, decimals_for(u), sign=True) == text


def test_measured_value_ends_where_its_relative_uncertainty_ends():
    assert measured_value(276.98474, 0.011) == "276.985"
    assert measured_value(float("nan"), 0.011) == "–"
    assert measured_value(0.0, 0.011) == "0"


def test_dcc_holds_every_number_with_its_uncertainty(good):
    root = ET.fromstring(dcc_of(good))
    assert root.get("schemaVersion") == "3.3.0"
    assert root.findtext(".//dcc:uniqueIdentifier", namespaces=NS) == "N-1"
    errors = root.findall(".//dcc:quantity[@refType='basic_measurementError']/si:realListXMLList", NS)
    values = [float(text) for each in errors for text in each.findtext("si:valueXMLList", "", NS).split()]
    stated = [float(text) for each in errors for text in each.findtext(".//si:valueExpandedMUXMLList", "", NS).split()]
    recorded = good["measured"]["results"]
    assert sorted(values) == sorted(each["error_pct"] for each in recorded)
    assert sorted(stated) == sorted(each["expanded_uncertainty_pct"] for each in recorded)


def test_dcc_states_conformity_of_verified_limits_only(bad):
    root = ET.fromstring(dcc_of(bad))
    words = " ".join(each.text or "" for each in root.findall(".//dcc:conformityXMLList", NS)).split()
    stated = [each for each in bad["measured"]["results"] if each["limit"] and each["limit"]["verified"]]
    assert len(words) == len([each for each in stated if each["outcome"] != "INCONCLUSIVE"])
    assert "fail" in words


def test_dcc_passes_the_schematron_of_ptb(good, bad, tmp_path):
    schematron = pytest.importorskip("dcclib.validation.schematron", reason="make dcc installs it")
    validator = schematron.SchematronValidator.for_dcc()
    for name, each in (("good", good), ("bad", bad)):
        path = tmp_path / f"{name}.xml"
        path.write_bytes(dcc_of(each))
        found = validator.validate_file(str(path))
        complaints = [*found.failed_assertions, *found.successful_reports]
        assert [each for each in complaints if each.role != "information"] == []
