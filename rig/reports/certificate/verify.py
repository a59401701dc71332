"""Verify a certificate: whether PDF, attachments, raw data and, where they are given, the records match."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.errors import UsageRefused
from rig.records.errors import NoSuchRun
from rig.records.plain_json import stored_time
from rig.records.store import RunStore
from rig.reports.certificate.dcc import dcc_of
from rig.reports.certificate.issue import document_of
from rig.reports.certificate.raw_data import raw_data_forms, sha256_of
from rig.reports.certificate.render import DCC, FORMAT, RAW, RESULTS, layout_sha256, render
from rig.reports.certificate.structure import (
    Check,
    NotReadable,
    ReadPdf,
    check_structure,
    is_signed_whole,
    issued_part,
    page_contents,
    read_pdf,
)
from rig.version import software_version

_PAGES = "the pages are those that the results give"
_DCC_SAYS = f"{DCC} says what {RESULTS} says"
_LARGEST_OCTETS = 200_000_000
_MISSING = (KeyError, TypeError, AttributeError, IndexError)


class NotACertificate(UsageRefused):
    """A file that is no certificate of the rig (exit 11)."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} is no certificate of the rig: it {why}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found: the certificate's number, each check, and the number of what ``replaced_by`` names, if any."""

    number: str
    serial_number: str
    run_id: str
    checks: tuple[Check, ...]
    replaced_by: str = ""
    is_draft: bool = False

    @property
    def not_compared(self) -> tuple[str, ...]:
        """Name the parts that were not made once more: the pages, the DCC."""
        names = ((_PAGES, "the pages"), (_DCC_SAYS, DCC))
        unknown = {check.what for check in self.checks if check.holds is None}
        return tuple(name for what, name in names if what in unknown)

    @property
    def belongs_together(self) -> bool:
        """Whether nothing that could be compared differs."""
        return all(check.holds is not False for check in self.checks)


def verify(path: Path, store: RunStore | None = None, layout: Path | None = None) -> Verified:
    """Compare the parts of a certificate with each other, and with the records where they are given.

    What was appended to the file, as signing does, is a check of its own. Raises NotACertificate for another file,
    CertificatesNotInstalled without pikepdf.
    """
    whole = _octets(path)
    pdf = issued_part(whole)
    try:
        read = read_pdf(pdf)
        structure = check_structure(pdf)
    except NotReadable as error:
        raise NotACertificate(path, str(error)) from None
    if FORMAT not in read.keywords or RESULTS not in read.attachments:
        raise NotACertificate(path, f"has no attachment {RESULTS} of the rig")
    try:
        document = json.loads(read.attachments[RESULTS])
        head, measured = document["certificate"], document["measured"]
        number, run_id, serial = head["number"], measured["run"]["id"], measured["unit"]["serial_number"]
        checks = [
            *_attachments(read),
            *_parts(read, document),
            _pages(pdf, read, document, layout),
            *structure,
            *_appended(whole, pdf),
            *([] if store is None else _records(store, pdf, read, document)),
        ]
    except (ValueError, *_MISSING) as error:
        raise NotACertificate(path, f"has an attachment {RESULTS} that is damaged ({type(error).__name__})") from error
    successor = "" if store is None else _successor(store, str(number))
    is_draft = bool(head.get("draft")) or number == "DRAFT"
    return Verified(str(number), str(serial), str(run_id), tuple(checks), successor, is_draft)


def _octets(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise NotACertificate(path, "is no file" if path.exists() else "does not exist")
        if path.stat().st_size > _LARGEST_OCTETS:
            raise NotACertificate(path, f"is larger than {_LARGEST_OCTETS // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        raise NotACertificate(path, f"cannot be read ({error.strerror or error})") from None


def _appended(whole: bytes, pdf: bytes) -> list[Check]:
    """Say what was appended after the certificate was made; a signature is, and anything else changes it."""
    more = len(whole) - len(pdf)
    if not whole[len(pdf) :].strip():
        return []
    if is_signed_whole(whole):
        detail = f"{more} octets appended with a signature; a PDF reader tells whose, and whether it is valid"
        return [Check("signed after it was made", None, detail)]
    return [Check("nothing was appended after it was made", False, f"{more} octets, without a signature over them")]


def _attachments(read: ReadPdf) -> list[Check]:
    """Compare each attachment with the hash that the PDF states for it."""
    stated = dict(word.split("=", 1) for word in read.keywords if "=" in word)
    checks = []
    for name in (RESULTS, DCC, RAW):
        content = read.attachments.get(name)
        if content is None:
            checks.append(Check(f"attachment {name}", False, "is missing"))
        else:
            same = stated.get(name) == sha256_of(content)
            checks.append(Check(f"attachment {name} is the one that the PDF names", same, _hash(content)))
    strangers = sorted(set(read.attachments) - {RESULTS, DCC, RAW})
    if strangers:
        checks.append(Check("no other attachments", False, ", ".join(strangers)))
    return checks


def _parts(read: ReadPdf, document: dict[str, Any]) -> list[Check]:
    """Compare number, DCC and raw data with the results."""
    number, stated = document["certificate"]["number"], document["measured"]["raw_data"]["sha256"]
    raw = read.attachments.get(RAW, b"")
    first = json.loads(raw.partition(b"\n")[0] or b"{}")
    names = (first.get("run"), first.get("serial_number"))
    wanted = (document["measured"]["run"]["id"], document["measured"]["unit"]["serial_number"])
    return [
        Check("the PDF and its results have one number", f"number={number}" in read.keywords, number),
        _made_again(_DCC_SAYS, document, lambda: dcc_of(document) == read.attachments.get(DCC)),
        Check(f"{RAW} is the raw data of the results", sha256_of(raw) == stated, f"SHA-256 {stated[:16]}…"),
        Check(f"{RAW} is of the same run and meter", names == wanted, " ".join(map(str, wanted))),
    ]


def _pages(pdf: bytes, read: ReadPdf, document: dict[str, Any], layout: Path | None) -> Check:
    """Make the pages once more from the attachments: the same octets, or they say something else."""
    what, head = _PAGES, document["certificate"]
    if head["layout_sha256"] != layout_sha256(layout):
        return Check(what, None, "made with another layout; name it with --layout")
    made: list[bytes] = []

    def is_same() -> bool:
        made.append(render(document, read.attachments.get(RAW, b""), layout).pdf)
        return made[0] == pdf

    found = _made_again(what, document, is_same)
    if found.holds is False and made and _draws_the_same(pdf, made[0]):
        detail = f"what the pages draw is alike; {_first_difference(pdf, made[0])}"
        return Check("the file is the one that the results give", False, detail)
    return found


def _draws_the_same(pdf: bytes, again: bytes) -> bool:
    try:
        return page_contents(pdf) == page_contents(again)
    except NotReadable:
        return False


def _first_difference(pdf: bytes, again: bytes) -> str:
    """Say where two files begin to differ, counted from 1."""
    pairs = enumerate(zip(pdf, again, strict=False), 1)
    place = next((count for count, (one, other) in pairs if one != other), min(len(pdf), len(again)) + 1)
    return f"other octets in the file from octet {place} of {len(pdf)} on"


def _made_again(what: str, document: dict[str, Any], is_same: Callable[[], bool]) -> Check:
    """Compare with what this version makes of a document; what another version made may be made otherwise."""
    made_by, this = str(document["certificate"]["software_version"]), software_version()
    try:
        same = is_same()
    except (*_MISSING, UsageRefused):
        if made_by == this:
            raise
        same = False
    if same:
        return Check(what, True, "made once more, identical")
    if made_by != this:
        return Check(what, None, f"not compared: made by rig {made_by}, and this is {this}")
    return Check(what, False, "made once more, they differ")


def _records(store: RunStore, pdf: bytes, read: ReadPdf, document: dict[str, Any]) -> list[Check]:
    """Compare with the run as it is recorded, and with the list of issued certificates."""
    number, run_id = document["certificate"]["number"], document["measured"]["run"]["id"]
    unit_number = document["measured"]["unit"]["number"]
    checks = []
    try:
        run = store.run(run_id)
    except NoSuchRun:
        checks.append(Check("the run is in these records", False, run_id))
    else:
        is_same = read.attachments.get(RAW, b"") in raw_data_forms(run, unit_number)
        checks.append(Check("the raw data are those of the records", is_same))
        parties = {name: document[name] for name in ("laboratory", "customer", "certificate")}
        made = document["certificate"].get("judgement")
        judgements = {stored_time(each.made_utc): each for each in store.judgements(run.run_id)}
        if made is not None and made not in judgements:
            checks.append(Check("the judgement is in these records", False, str(made)))
        else:
            recorded = document_of(run, unit_number, parties, judgements.get(made))
            checks.append(_results(recorded, document))
    entered = store.certificates()
    entry = next((each for each in entered if each.number == number), None)
    if entry is None:
        checks.append(Check("the number was issued", False, f"{number} is not among the {len(entered)} entered"))
        return checks
    checks.append(Check("the PDF file is the one that was issued", entry.pdf_sha256 == sha256_of(pdf), number))
    return checks


def _results(recorded: dict[str, Any], document: dict[str, Any]) -> Check:
    """Compare a document with what the records give; of another version's, what both versions state."""
    what, other = "the results are those of the records", document["certificate"]["software_version"]
    if recorded == document:
        return Check(what, True)
    if other == software_version():
        return Check(what, False)
    names = ("results", "unit", "configuration", "registers", "environment")
    same = all(recorded["measured"][name] == document["measured"].get(name) for name in names)
    return Check(what, same, f"numbers only, made by rig {other}" if same else f"made by rig {other}")


def _successor(store: RunStore, number: str) -> str:
    return next((each.number for each in store.certificates() if each.amends == number), "")


def _hash(content: bytes) -> str:
    return f"SHA-256 {sha256_of(content)[:16]}…"
