"""From a certificate's document to PDF/A-3b: attachments, Typst, and one sentence for a character without a glyph."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from rig.errors import UsageRefused
from rig.reports.certificate.dcc import dcc_of
from rig.reports.certificate.extra import need_certificates
from rig.reports.certificate.raw_data import sha256_of
from rig.reports.certificate.view import view_of

RESULTS, DCC, RAW = "results.json", "dcc.xml", "raw-data.jsonl"
FORMAT = "s4100-rig-certificate"
_STANDARD: Final = "a-3b"
_MANY_ERRORS = 500

_KINDS = {
    RESULTS: ("application/json", "data", "Results of the certificate, machine-readable"),
    DCC: ("text/xml", "alternative", "Digital Calibration Certificate (DCC)"),
    RAW: ("application/x-ndjson", "source", "Raw data: every stored reading, canonical form"),
}
"""Of each attachment its media type, AFRelationship and description."""


class NoGlyph(UsageRefused):
    """A text has a character that the certificate's font lacks (exit 11); ``field`` and ``character`` say which."""

    def __init__(self, field: str, character: str) -> None:
        name = f"U+{ord(character[0]):04X}"
        super().__init__(
            f"the certificate's font has no glyph for {character!r} ({name}) in {field}; write it in other letters"
        )
        self.field = field
        self.character = character


class LayoutRefused(UsageRefused):
    """A layout that Typst refuses (exit 11)."""

    def __init__(self, layout: Path, why: str) -> None:
        super().__init__(f"the layout {layout} cannot be used: {why}")


@dataclass(frozen=True, slots=True)
class Rendered:
    """A certificate as PDF, with the attachments that are in it."""

    pdf: bytes
    attachments: Mapping[str, bytes]


def own_layout() -> Path:
    """Return the path of the layout that comes with the rig."""
    return Path(str(files("rig.reports.certificate") / "template" / "certificate.typ"))


def layout_sha256(layout: Path | None) -> str:
    """Return the SHA-256 of a layout, which the certificate names."""
    try:
        return sha256_of((layout or own_layout()).read_bytes())
    except OSError as error:
        raise LayoutRefused(layout or own_layout(), error.strerror or str(error)) from None


def results_json(document: dict[str, Any]) -> bytes:
    """Write a certificate's document as it is attached."""
    return (json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def render(document: dict[str, Any], raw_data: bytes, layout: Path | None = None) -> Rendered:
    """Make the PDF of a document; the same document, raw data and layout give the same octets.

    Raises NoGlyph, LayoutRefused, and CertificatesNotInstalled where Typst is missing.
    """
    need_certificates("typst")
    import typst

    attachments = {RESULTS: results_json(document), DCC: dcc_of(document), RAW: raw_data}
    hashes = {name: sha256_of(content) for name, content in attachments.items()}
    view = view_of(document, hashes)
    view["files"] = [
        {"name": name, "mime": kind[0], "relationship": kind[1], "description": kind[2]}
        for name, kind in _KINDS.items()
    ]
    view["keywords"] = [FORMAT, f"number={view['number']}", *(f"{name}={digest}" for name, digest in hashes.items())]
    view["paper"] = "letter" if document["laboratory"]["address"]["country"] in ("US", "CA", "MX") else "a4"
    inputs = {"view": json.dumps(view, ensure_ascii=False)}
    inputs |= {name: content.decode("utf-8") for name, content in attachments.items()}
    path = layout or own_layout()
    try:
        pdf = typst.compile(
            str(path), ignore_system_fonts=True, sys_inputs=inputs, pdf_standards=_STANDARD, timestamp=0
        )
    except RuntimeError as error:
        _refuse_missing_glyph(document)
        raise LayoutRefused(path, str(getattr(error, "message", error))[:_MANY_ERRORS]) from error
    assert isinstance(pdf, bytes)
    return Rendered(pdf, attachments)


def _refuse_missing_glyph(document: dict[str, Any]) -> None:
    """Raise NoGlyph for the first text of a document that no font can show."""
    fields: dict[str, str] = {}
    for field, text in _texts(document, ""):
        for character in text:
            if not (character.isascii() and (character.isprintable() or character == "\n")):
                fields.setdefault(character, field)
    for character, field in fields.items():
        if not _has_glyph(character):
            raise NoGlyph(field, character)


def _has_glyph(character: str) -> bool:
    import typst

    dated = b"#set document(date: datetime(year: 2000, month: 1, day: 1))\n"
    source = dated + b'#set text(font: "Libertinus Serif")\n#sys.inputs.c'
    try:
        typst.compile(source, ignore_system_fonts=True, sys_inputs={"c": f"a{character}"}, pdf_standards=_STANDARD)
    except RuntimeError:
        return False
    return True


def _texts(value: Any, where: str) -> Iterator[tuple[str, str]]:  # Any: JSON
    if isinstance(value, str):
        yield where, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{where}.{name}" if where else str(name))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{where}[{place}]")
