"""Verifying: what belongs together, and each way in which something does not."""

import io
import json
import random
import sqlite3
from contextlib import closing

import pikepdf
import pytest

from rig.records.store import RunStore
from rig.reports.certificate.issue import issue
from rig.reports.certificate.render import DCC, RAW, RESULTS
from rig.reports.certificate.structure import check_structure, summary
from rig.reports.certificate.verify import NotACertificate, verify
from rig.reports.certificate.xsd import XsdRefused, check_xsd
from tests.rig.records.fabricated_run import fabricate
from tests.rig.reports.certificate.conftest import DAY


def wrong(found):
    return [check.what for check in found.checks if check.holds is False]


def changed(pdf, change):
    """Apply ``change`` to an opened PDF and return its octets."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        written = io.BytesIO()
        document.save(written)
    return written.getvalue()


def attach(document, name, content):
    spec = document.attachments[name]
    spec.get_file().obj.write(content)


def test_structure_is_that_of_pdf_a_3b(issued):
    checks = check_structure(issued.rendered.pdf)
    assert [check.what for check in checks if check.holds is False] == []
    assert summary(checks).startswith("structure checked")
    assert {check.what for check in checks if check.holds is None} <= {"qpdf", "veraPDF"}


def test_structure_names_what_is_not_right(issued):
    def spoil(document):
        del document.Root["/OutputIntents"]
        document.Root["/AF"] = pikepdf.Array()

    checks = check_structure(changed(issued.rendered.pdf, spoil))
    assert {check.what for check in checks if check.holds is False} == {
        "an output intent with its colour profile",
        "each attachment is associated (/AF, AFRelationship)",
    }
    assert summary(checks).startswith("structure NOT right")


def test_untouched_certificate_belongs_together(pdf_file, store):
    found = verify(pdf_file, store)
    assert wrong(found) == []
    assert found.belongs_together
    assert found.number == "EX-2026-0001"


def test_changed_results_are_found(pdf_file, issued):
    content = json.loads(issued.rendered.attachments[RESULTS])
    content["measured"]["results"][0]["error_pct"] = 0.0
    data = json.dumps(content).encode()
    pdf_file.write_bytes(changed(issued.rendered.pdf, lambda document: attach(document, RESULTS, data)))
    assert {f"attachment {RESULTS} is the one that the PDF names", f"{DCC} says what {RESULTS} says"} <= set(
        wrong(verify(pdf_file))
    )


def test_changed_raw_data_are_found(pdf_file, issued):
    raw = issued.rendered.attachments[RAW].replace(b"277.0", b"276.0", 1)
    assert raw != issued.rendered.attachments[RAW]
    pdf_file.write_bytes(changed(issued.rendered.pdf, lambda document: attach(document, RAW, raw)))
    assert f"{RAW} is the raw data of the results" in wrong(verify(pdf_file))


def test_changed_page_is_found(pdf_file, issued):
    def paint(document):
        page = document.pages[0]
        page.contents_add(b"1 0 0 rg 0 0 100 100 re f")

    pdf_file.write_bytes(changed(issued.rendered.pdf, paint))
    assert wrong(verify(pdf_file)) == ["the pages are those that the results give"]


@pytest.mark.parametrize(("after", "by"), [(b"/ID", 8), (b"%PDF-1.7", 3)])
def test_octet_that_draws_nothing_is_told_apart_from_the_pages(pdf_file, issued, after, by):
    octets = bytearray(issued.rendered.pdf)
    place = octets.rindex(after) + len(after) + by
    octets[place] = ord("x") if octets[place] != ord("x") else ord("y")
    pdf_file.write_bytes(octets)
    (found,) = (check for check in verify(pdf_file).checks if check.holds is False)
    assert found.what == "the file is the one that the results give"
    assert f"what the pages draw is alike; other octets in the file from octet {place + 1} of" in found.detail


def test_pages_that_were_not_compared_are_named(pdf_file, tmp_path, monkeypatch):
    assert verify(pdf_file).not_compared == ()
    other = tmp_path / "other.typ"
    other.write_text("another layout", encoding="utf-8")
    assert verify(pdf_file, layout=other).not_compared == ("the pages",)
    monkeypatch.setattr("rig.reports.certificate.verify.software_version", lambda: "99.0")
    monkeypatch.setattr("rig.reports.certificate.verify.dcc_of", lambda document: b"of version 99")
    assert verify(pdf_file, layout=other).not_compared == ("the pages", "dcc.xml")


def append(pdf, text, entry):
    """Append an object and a new catalogue that has ``entry``, as an incremental update does; returns the file."""
    with pikepdf.open(io.BytesIO(pdf)) as document:
        size, root = int(document.trailer.Size), document.Root
        catalogue = root.unparse(resolved=True).decode("latin-1") if root.is_indirect else ""
        number = root.objgen[0]
    before = int(pdf.rsplit(b"startxref", 1)[1].split()[0])
    objects = {size: text, number: catalogue.rstrip().removesuffix(">>") + entry.format(size) + " >>"}
    body, places = pdf, {}
    for name, content in objects.items():
        places[name] = len(body)
        body += f"{name} 0 obj\n{content}\nendobj\n".encode("latin-1")
    table = "xref\n" + "".join(f"{name} 1\n{places[name]:010} 00000 n \n" for name in sorted(places))
    trailer = f"trailer\n<< /Size {size + 1} /Root {number} 0 R /Prev {before} >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + (table + trailer).encode("latin-1")


def test_signature_that_was_appended_is_told_apart(pdf_file, store, issued):
    pdf = issued.rendered.pdf
    field = "<< /FT /Sig /T (s) /V << /Type /Sig /ByteRange [0 10 20 %010d] >> >>"
    form = " /AcroForm << /Fields [{} 0 R] /SigFlags 3 >>"
    length = len(append(pdf, field % 0, form))
    pdf_file.write_bytes(append(pdf, field % (length - 20), form))
    found = verify(pdf_file, store)
    assert wrong(found) == []
    assert [check.holds for check in found.checks if check.what == "signed after it was made"] == [None]


@pytest.mark.parametrize("more", [b"% a comment\n", None])
def test_anything_else_that_was_appended_is_a_change(pdf_file, store, issued, more):
    pdf = issued.rendered.pdf
    pdf_file.write_bytes(pdf + more if more else append(pdf, "<< >>", " /Lang (de)"))
    assert wrong(verify(pdf_file, store)) == ["nothing was appended after it was made"]


def test_record_that_was_changed_is_found(pdf_file, database, tmp_path, run):
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(other)) as target:
        source.backup(target)
        target.execute("DROP TRIGGER no_update_of_reference_reading")
        of_the_run = "point_id IN (SELECT id FROM point WHERE run_id = ?)"
        changed = f"UPDATE reference_reading SET monotonic_s = monotonic_s + 1 WHERE {of_the_run}"
        target.execute(changed, (run.run_id,))
        target.commit()
    with RunStore.open(other) as store:
        found = verify(pdf_file, store)
    assert "the raw data are those of the records" in wrong(found)
    assert not found.belongs_together


def test_records_without_the_run_say_so(pdf_file, tmp_path):
    with RunStore.open(tmp_path / "empty.sqlite") as store:
        assert wrong(verify(pdf_file, store)) == ["the run is in these records", "the number was issued"]


def test_replaced_certificate_is_not_in_force(store, order, tmp_path):
    from dataclasses import replace

    run = fabricate(store, points=1, seed=21)
    first = issue(store, run, order, DAY)
    path = tmp_path / "first.pdf"
    path.write_bytes(first.rendered.pdf)
    second = issue(store, run, replace(order, amends=first.number, reason="a wrong name"), DAY)
    found = verify(path, store)
    assert wrong(found) == []
    assert found.replaced_by == second.number


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no PDF file"),
        (b"hello", "is no PDF file"),
        (b"%PDF-1.7\n%%EOF\n", "is no PDF file"),
        (None, "does not exist"),
    ],
)
def test_file_that_is_no_certificate_is_one_sentence(tmp_path, content, said):
    path = tmp_path / "some.pdf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(NotACertificate, match=f"is no certificate of the rig: it {said}") as caught:
        verify(path)
    assert "\n" not in str(caught.value)


def test_pdf_of_another_program_is_no_certificate(tmp_path):
    path = tmp_path / "blank.pdf"
    with pikepdf.new() as document:
        document.add_blank_page()
        document.save(path)
    with pytest.raises(NotACertificate, match=r"has no attachment results\.json of the rig"):
        verify(path)


@pytest.mark.parametrize("content", [b"no json", b"[]", b"{}", b'{"certificate": 1, "measured": {}}'])
def test_damaged_results_are_one_sentence(pdf_file, issued, content):
    pdf_file.write_bytes(changed(issued.rendered.pdf, lambda document: attach(document, RESULTS, content)))
    with pytest.raises(NotACertificate, match=r"has an attachment results\.json that is damaged"):
        verify(pdf_file)


def test_certificate_of_another_version_is_compared_as_far_as_possible(pdf_file, issued, monkeypatch):
    monkeypatch.setattr("rig.reports.certificate.verify.software_version", lambda: "99.0")
    monkeypatch.setattr("rig.reports.certificate.verify.dcc_of", lambda document: document["a key of version 99"])
    found = verify(pdf_file)
    assert wrong(found) == []
    (dcc,) = (check for check in found.checks if check.what.startswith(DCC))
    assert dcc.holds is None
    assert "not compared: made by rig" in dcc.detail


@pytest.mark.parametrize("seed", range(25))
def test_damaged_file_ends_in_a_sentence_or_in_what_differs(pdf_file, issued, seed, monkeypatch):
    monkeypatch.setattr("rig.reports.certificate.verify.render", lambda *_: issued.rendered)
    chance = random.Random(seed)
    octets = bytearray(issued.rendered.pdf)
    place = chance.randrange(len(octets))
    if seed % 3 == 0:
        del octets[place:]
    elif seed % 3 == 1:
        del octets[place : place + chance.randrange(1, 5000)]
    else:
        for _ in range(chance.choice((1, 20, 400))):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
    pdf_file.write_bytes(octets)
    try:
        said = "belongs together" if verify(pdf_file).belongs_together else "differs"
    except NotACertificate as refused:
        said = str(refused)
    assert said != "belongs together"
    assert len(said.splitlines()) == 1


def test_xsd_is_not_checked_without_a_file(issued):
    assert check_xsd(issued.rendered.attachments[DCC], None).what == "XSD not checked"


def schema(version, element="digitalCalibrationCertificate"):
    return (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="https://ptb.de/dcc" '
        f'version="{version}">'
        f'<xs:element name="{element}"/></xs:schema>'
    )


def test_xsd_that_is_supplied_is_used(issued, tmp_path):
    path = tmp_path / "dcc.xsd"
    path.write_text(schema("3.3.0"), encoding="utf-8")
    assert check_xsd(issued.rendered.attachments[DCC], path).holds is True
    path.write_text(schema("3.3.0", "somethingElse"), encoding="utf-8")
    found = check_xsd(issued.rendered.attachments[DCC], path)
    assert found.holds is False
    assert "digitalCalibrationCertificate" in found.detail


@pytest.mark.parametrize(
    ("text", "said"), [("<a/>", "no XML Schema"), ("nothing", "cannot be used"), (schema("3.2.1"), "of version 3.2.1")]
)
def test_xsd_that_cannot_be_used_is_refused(issued, tmp_path, text, said):
    path = tmp_path / "dcc.xsd"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(XsdRefused, match=said):
        check_xsd(issued.rendered.attachments[DCC], path)
