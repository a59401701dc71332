"""Issuing: numbers, the same octets for the same record, amendments, refusals in one sentence."""

import datetime as dt
import json
import re
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import get_args

import pytest
import yaml

from rig.errors import BenchFileError
from rig.files.yaml_types import Strict
from rig.records.data import LimitProvenance
from rig.records.issued.judgements import JudgedAgain, JudgementRecord
from rig.reports.certificate.extra import CertificatesNotInstalled, need_certificates
from rig.reports.certificate.issue import (
    ImpossibleDate,
    NotAmendable,
    OtherwiseIssued,
    RecordsChanged,
    draft,
    issue,
    next_sequence,
)
from rig.reports.certificate.measured import NoCertificate
from rig.reports.certificate.parties import Customer, Laboratory, load_customer, load_laboratory, number_of
from rig.reports.certificate.render import LayoutRefused, NoGlyph, own_layout
from rig.reports.certificate.verify import verify
from rig.reports.certificate.view import view_of
from rig.reports.certificate.xsd import DccRefused
from tests.rig.records.fabricated_run import fabricate
from tests.rig.reports.certificate.conftest import DAY, EXAMPLES


def with_customer(asked, **changes):
    return replace(asked, customer=asked.customer.model_copy(update=changes))


def test_same_record_gives_the_same_octets_on_another_day(store, run, order, issued):
    again = issue(store, run, order, DAY + dt.timedelta(days=40))
    assert not again.is_new
    assert again.number == issued.number == "EX-2026-0001"
    assert again.rendered.pdf == issued.rendered.pdf
    assert not again.differs


def test_issued_content_is_changed_by_an_amendment_only(store, order):
    run = fabricate(store, points=2, seed=7)
    first = issue(store, run, order, DAY)
    other = with_customer(order, order="another order")
    with pytest.raises(
        OtherwiseIssued, match=rf"{first.number}.*another customer.order; .*--amends {first.number} --reason"
    ):
        issue(store, run, other, DAY)
    amended = issue(store, run, replace(other, amends=first.number, reason="wrong order"), DAY)
    assert amended.is_new
    assert amended.number != first.number
    assert issue(store, run, replace(other, amends=first.number, reason="wrong order"), DAY).number == amended.number
    entry = next(each for each in store.certificates() if each.number == amended.number)
    assert (entry.amends, entry.reason) == (first.number, "wrong order")
    assert issue(store, run, order, DAY).number == first.number, "the replaced one can be written again"
    with pytest.raises(NotAmendable, match=f"replaced by {amended.number}"):
        issue(store, fabricate(store, points=1, seed=8), replace(other, amends=first.number, reason="x"), DAY)


def test_later_judgement_is_what_the_certificate_states(tmp_path, store, real_order):
    run = fabricate(store, points=2, seed=31, simulated=False)
    checked = LimitProvenance(standard="S", edition="2003", table="T", checked_by="J. Ohm", checked_on="2026-11-30")
    before = next(result for result in run.points[0].results if result.quantity == "active power")
    after = replace(before, limit=checked, limit_pct=0.2, outcome="PASS", decision_rule="simple")
    judgement = JudgementRecord(
        made_utc=run.started_utc,
        software_version="1.0",
        standard="S, edition 2003",
        decision_rule="simple",
        outcome="PASS",
        results=(JudgedAgain(point_number=run.points[0].number, result=after, was=before.outcome),),
        left_out=("energy: not judged",),
    )
    store.enter_judgement(run.run_id, judgement)
    (entered,) = store.judgements(run.run_id)
    issued = issue(store, run, replace(real_order, judgement=entered), DAY)
    document = json.loads(issued.rendered.attachments["results.json"])
    assert document["measured"]["run"]["decision_rule"] == "simple"
    assert len(document["measured"]["results"]) == sum(len(point.results) for point in run.points)
    assert [each["limit"]["standard"] for each in document["measured"]["results"] if each["limit"]].count("S") == 1
    assert "Judged again" in [name for name, _ in view_of(document, {})["method"]]
    with pytest.raises(OtherwiseIssued, match="with another judgement"):
        issue(store, run, real_order, DAY)
    path = tmp_path / "c.pdf"
    path.write_bytes(issued.rendered.pdf)
    assert verify(path, store).belongs_together


def with_changed_reading(run):
    """Return a run in whose records one value that the meter read was changed."""
    point = run.points[0]
    first = point.meter_readings[0]
    instance, value = next((instance, value) for instance, value in first.values.items() if value == value)
    changed = replace(first, values={**first.values, instance: value + 1.0})
    return replace(run, points=(replace(point, meter_readings=(changed, *point.meter_readings[1:])), *run.points[1:]))


def with_changed_result(run):
    """Return a run in whose records one error was changed, and no reading."""
    point = run.points[0]
    changed = replace(point.results[0], error_pct=0.0)
    return replace(run, points=(replace(point, results=(changed, *point.results[1:])), *run.points[1:]))


@pytest.mark.parametrize(
    ("change", "what"), [(with_changed_reading, "raw data of run"), (with_changed_result, "results of run")]
)
def test_certificate_of_changed_records_is_not_written_again(store, run, order, issued, change, what):
    with pytest.raises(RecordsChanged, match=rf"the {what} .* differ from those of .* {issued.number}.*were changed"):
        issue(store, change(run), order, DAY)


def test_amendment_of_the_same_run_needs_its_raw_data(store, run, order, issued):
    before = len(store.certificates())
    with pytest.raises(RecordsChanged, match=f"raw data .* {issued.number}"):
        issue(store, with_changed_reading(run), replace(order, amends=issued.number, reason="x"), DAY)
    assert len(store.certificates()) == before


def test_results_of_another_version_are_not_called_changed(store, run, order, issued, monkeypatch):
    monkeypatch.setattr("rig.reports.certificate.issue.software_version", lambda: "99.0")
    assert issue(store, with_changed_result(run), order, DAY).differs
    with pytest.raises(RecordsChanged, match="raw data"):
        issue(store, with_changed_reading(run), order, DAY)


@pytest.mark.parametrize("days", [1, 400])
def test_meter_received_after_it_was_measured_is_refused(store, order, days):
    run = fabricate(store, points=1, seed=61)
    day = max(run.started_utc.date(), run.started_utc.astimezone().date())
    item = order.customer.item.model_copy(update={"received_on": day + dt.timedelta(days=days)})
    said = rf"item\.received_on .* is {item.received_on}, .* before that, on {run.started_utc.date()}"
    for make in (draft, partial(issue, store)):
        with pytest.raises(ImpossibleDate, match=said):
            make(run, with_customer(order, item=item), DAY)
    item = item.model_copy(update={"received_on": run.started_utc.date()})
    assert draft(run, with_customer(order, item=item), DAY).number == "DRAFT"


LAYOUT = own_layout().read_text(encoding="utf-8")
LAYOUTS = {
    "one line": ("Hello", "each attachment is in the PDF"),
    "no attachments": (LAYOUT.replace("for file in view.files", "for file in ()"), "each attachment"),
    "no keywords": (LAYOUT.replace("keywords: view.keywords,", ""), "the keywords name number and attachments"),
    "another attachment": (LAYOUT.replace("bytes(sys.inputs.at(file.name))", 'bytes("x")'), "each attachment"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layout_without_what_verify_reads_takes_no_number(store, order, tmp_path, name):
    text, said = LAYOUTS[name]
    own = tmp_path / "own.typ"
    own.write_text(text, encoding="utf-8")
    run = fabricate(store, points=1, seed=51)
    before = [each.number for each in store.certificates()]
    with pytest.raises(LayoutRefused, match=f"own.typ cannot be used: .*{said}.*--template layout"):
        issue(store, run, replace(order, layout=own), DAY)
    assert [each.number for each in store.certificates()] == before
    assert [check for check in draft(run, replace(order, layout=own), DAY).structure if check.holds is False]


def test_dcc_that_its_xsd_does_not_accept_takes_no_number(store, order, tmp_path):
    xsd = tmp_path / "dcc.xsd"
    xsd.write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="https://ptb.de/dcc" version="3.3.0">'
        '<xs:element name="other"/></xs:schema>',
        encoding="utf-8",
    )
    before = len(store.certificates())
    with pytest.raises(DccRefused, match="not valid against the XSD"):
        issue(store, fabricate(store, points=1, seed=52), replace(order, xsd=xsd), DAY)
    assert len(store.certificates()) == before


def test_run_after_an_adjustment_names_the_one_before(run, real_order):
    adjusted = replace(run, header=replace(run.header, after_adjustment_of="0815"))
    document = json.loads(draft(adjusted, real_order, DAY).rendered.attachments["results.json"])
    assert ("none; this run followed an adjustment, the results before it are those of run 0815") in [
        text for _, text in view_of(document, {})["item"]
    ]


def test_number_that_is_not_there_cannot_be_amended(store, run, order):
    with pytest.raises(NotAmendable, match="have no certificate of that number"):
        issue(store, run, replace(order, amends="EX-1999-0001", reason="x"), DAY)


def test_numbers_count_within_the_year():
    entered = [SimpleNamespace(issued_on=dt.date(2026, 5, 1), sequence=sequence) for sequence in (1, 3)]
    assert [next_sequence(entered, year) for year in (2025, 2026, 2027)] == [1, 4, 1]


def test_draft_has_no_number_and_is_entered_nowhere(store, run, order):
    before = len(store.certificates())
    assert draft(run, order, DAY).number == "DRAFT"
    assert len(store.certificates()) == before


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("CAL-{sequence}", "needs {year} and {sequence}"),
        ("CAL-{year}", "needs {year} and {sequence}"),
        ("CAL {year}-{sequence}", "not ' '"),
        ("../{year}-{sequence}", "not '/'"),
        (".{year}-{sequence}", "begins with a letter or digit"),
        ("{year.real}-{sequence}", "needs {year}"),
        ("{year}-{sequence:0>999999999}", "needs {year}"),
        ("{year:4}-{sequence}", "a width to {sequence} only"),
    ],
)
def test_scheme_that_gives_no_unique_file_name_is_refused(scheme, said):
    with pytest.raises(ValueError, match=said.replace("{", r"\{")):
        number_of(scheme, year=2026, sequence=1, serial="1")


def test_serial_number_in_a_scheme_is_made_fit_for_a_file_name():
    assert number_of("{serial}-{year}-{sequence:03}", year=2026, sequence=12, serial="A/1 b") == "A_1_b-2026-012"


def required(model, where=()):
    """Every item of a file that has to be there, as the keys that lead to it."""
    for name, field in model.model_fields.items():
        inner = [each for each in (field.annotation, *get_args(field.annotation)) if isinstance(each, type)]
        part = next((each for each in inner if issubclass(each, Strict)), None)
        if field.is_required():
            yield (*where, name)
        if part is not None and field.annotation is part:
            yield from required(part, (*where, name))


@pytest.mark.parametrize(
    ("file", "load", "keys"),
    [
        *(("laboratory", load_laboratory, keys) for keys in required(Laboratory)),
        *(("customer", load_customer, keys) for keys in required(Customer)),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else "" if callable(value) else value,
)
def test_missing_item_is_refused_with_its_name(tmp_path, file, load, keys):
    content = yaml.safe_load((EXAMPLES / f"example-{file}.yaml").read_text(encoding="utf-8"))
    content["item"] = {**content["item"], "received_on": "2026-11-02"} if "item" in content else None
    if content["item"] is None:
        del content["item"]
    part = content
    for key in keys[:-1]:
        part = part[key]
    del part[keys[-1]]
    path = tmp_path / "file.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(BenchFileError, match=rf"file\.yaml.*'{'.'.join(keys)}' is missing"):
        load(path)


def test_item_left_empty_is_refused_with_line_and_name(tmp_path):
    path = tmp_path / "laboratory.yaml"
    text = (EXAMPLES / "example-laboratory.yaml").read_text(encoding="utf-8")
    path.write_text(text.replace("accreditation: none", "accreditation:"), encoding="utf-8")
    with pytest.raises(BenchFileError, match=r"laboratory\.yaml:7: accreditation: is empty"):
        load_laboratory(path)


@pytest.mark.parametrize("email", ["no-at-sign", "a@", "@b", "a b@c", "a@b@c"])
@pytest.mark.parametrize(("file", "load"), [("laboratory", load_laboratory), ("customer", load_customer)])
def test_text_that_is_no_email_address_is_refused(tmp_path, file, load, email):
    path = tmp_path / "file.yaml"
    text = (EXAMPLES / f"example-{file}.yaml").read_text(encoding="utf-8")
    path.write_text(re.sub(r"email: [^,}]+", f'email: "{email}"', text), encoding="utf-8")
    with pytest.raises(BenchFileError, match=rf"file\.yaml:\d+: contact\.email: '{email}' is no e-mail address"):
        load(path)


def test_character_without_a_glyph_is_named_with_its_field(run, order):
    with pytest.raises(NoGlyph, match=r"no glyph for '漢' \(U\+6F22\) in customer.name"):
        draft(run, with_customer(order, name="漢 Ltd."), DAY)


def test_greek_cyrillic_and_signs_have_glyphs(run, order):
    name = "Ångström Ωμέγα Жуков Łódź – 50 µA ≤ 3 × π °C €"
    assert draft(run, with_customer(order, name=name), DAY).rendered.pdf.startswith(b"%PDF-1.7")


def test_run_that_has_not_ended_gets_no_certificate(store, order):
    with pytest.raises(NoCertificate, match="has not ended"):
        issue(store, fabricate(store, points=1, crashed=True), order, DAY)


def test_meter_that_the_run_has_not_is_refused(run, order):
    with pytest.raises(NoCertificate, match="it has 1 meter, and no meter 2"):
        draft(run, replace(order, unit_number=2), DAY)


def test_missing_package_is_one_sentence_that_says_what_to_install():
    with pytest.raises(
        CertificatesNotInstalled, match=r"the package nowhere_found.*pip install 's4100-rig\[certificate\]'"
    ):
        need_certificates("nowhere_found")
