"""The structure of a certificate's PDF: what PDF/A-3 asks of it, as far as pikepdf, qpdf and veraPDF can tell here.

Own checks are no validation: a report says "structure checked". veraPDF is asked where it is on PATH.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rig.printable import printable_line
from rig.reports.certificate.extra import need_certificates

_TIMEOUT_S = 120.0
_RELATIONSHIPS = ("/Source", "/Data", "/Alternative", "/Supplement", "/Unspecified")
_DEEPEST = 8
_END = b"%%EOF"
_PDFAID = tuple(re.compile(rf"pdfaid:{name}\s*(?:=\s*[\"']|>)\s*(\w+)") for name in ("part", "conformance"))
"""An XMP property as an element or as an attribute."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; ``holds`` is None where it could not be looked at."""

    what: str
    holds: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ReadPdf:
    """What is read of a PDF: its attachments by name, keywords and title."""

    attachments: Mapping[str, bytes]
    keywords: tuple[str, ...]
    title: str


_DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError, RecursionError)
"""What reading a PDF raises whose parts are not of the kinds that they should be of."""

_STREAM = re.compile(r"^(?:stream )?<_io\.BytesIO object at 0x[0-9a-f]+>:? ?")


class NotReadable(Exception):
    """A file that is no PDF, or a damaged one; the text says which."""


def check_structure(pdf: bytes) -> list[Check]:
    """Return the checks of a PDF file's structure. Raises NotReadable, and CertificatesNotInstalled without pikepdf."""
    with _opened(pdf) as document:
        root = document.Root
        checks = [
            Check("PDF/A-3b is declared (XMP pdfaid)", *_pdfaid(document)),
            Check("an output intent with its colour profile", _has_output_intent(root)),
            Check("each attachment is associated (/AF, AFRelationship)", *_associated(document)),
            Check("every font is embedded", *_fonts(document)),
            Check("no encryption, no scripts", not document.is_encrypted and not _has_scripts(root)),
        ]
    return [*checks, _qpdf(pdf), _verapdf(pdf)]


def summary(checks: list[Check]) -> str:
    """Say in one line what was checked: "structure checked", and whether a validator was there."""
    bad = [check for check in checks if check.holds is False]
    if bad:
        return "structure NOT right: " + "; ".join(f"{check.what} {check.detail}".strip() for check in bad)
    absent = [check.what for check in checks if check.holds is None]
    return "structure checked" + (f" (not on PATH: {', '.join(absent)}; not validated)" if absent else "")


def read_pdf(pdf: bytes) -> ReadPdf:
    """Return attachments and keywords of a PDF file. Raises NotReadable, and CertificatesNotInstalled."""
    with _opened(pdf) as document:
        info = document.docinfo
        keywords = str(info.get("/Keywords", ""))
        return ReadPdf(
            {name: _content(attached) for name, attached in document.attachments.items()},
            tuple(word.strip() for word in re.split(r"[,;]", keywords) if word.strip()),
            str(info.get("/Title", "")),
        )


def page_contents(pdf: bytes) -> list[bytes]:
    """Return what each page draws, as octets. Raises NotReadable, and CertificatesNotInstalled."""
    import pikepdf

    with _opened(pdf) as document:
        return [pikepdf.unparse_content_stream(pikepdf.parse_content_stream(page)) for page in document.pages]


def issued_part(pdf: bytes) -> bytes:
    """Return a PDF as it was written first, without what was appended later (ISO 32000-1, 7.5.6), as signing does."""
    end = pdf.find(_END)
    if end < 0:
        return pdf
    end += len(_END)
    return pdf[: end + 1] if pdf[end : end + 1] == b"\n" else pdf[:end]


def is_signed_whole(pdf: bytes) -> bool:
    """Whether a signature field covers all octets of a PDF up to its end; the signature itself is not validated."""
    try:
        with _opened(pdf) as document:
            fields = document.Root.get("/AcroForm", {}).get("/Fields", [])
            ranges = [field.V.ByteRange for field in fields if str(field.get("/FT", "")) == "/Sig" and "/V" in field]
            return any(int(each[0]) == 0 and int(each[2]) + int(each[3]) == len(pdf) for each in ranges)
    except NotReadable:
        return False


@contextlib.contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:  # Any: pikepdf.Pdf
    """Open a PDF; what is wrong with it while it is read is NotReadable."""
    need_certificates("pikepdf")
    import pikepdf

    logging.getLogger("pikepdf").addHandler(logging.NullHandler())  # its warnings are about what is reported here
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            yield document
    except pikepdf.PasswordError:
        raise NotReadable("is encrypted") from None
    except (pikepdf.PdfError, pikepdf.DataDecodingError) as error:
        said = _STREAM.sub("", str(error).partition("\n")[0])
        raise NotReadable(f"is no PDF file, or is damaged ({said})") from None
    except _DAMAGE:
        raise NotReadable("is damaged (its parts are not of the kinds that a PDF has)") from None


def _content(attached: Any) -> bytes:  # Any: pikepdf.AttachedFileSpec
    """Return an attachment's octets; none where its stream is damaged, so that its hash does not match."""
    import pikepdf

    try:
        return bytes(attached.get_file().read_bytes())
    except (pikepdf.PdfError, pikepdf.DataDecodingError):
        return b""


def _pdfaid(document: Any) -> tuple[bool, str]:
    metadata = document.Root.get("/Metadata")
    text = "" if metadata is None else bytes(metadata.read_bytes()).decode("utf-8", "replace")
    part, conformance = (match[1] if (match := each.search(text)) else "" for each in _PDFAID)
    return part == "3" and conformance == "B", f"{part}{conformance}" or "none"


def _has_output_intent(root: Any) -> bool:
    return any(
        str(intent.get("/S", "")) == "/GTS_PDFA1" and "/DestOutputProfile" in intent
        for intent in root.get("/OutputIntents", [])
    )


def _associated(document: Any) -> tuple[bool, str]:
    associated = {str(each.get("/UF", each.get("/F", ""))): each for each in document.Root.get("/AF", [])}
    names = set(document.attachments)
    bad = [
        name
        for name in sorted(names)
        if name not in associated or str(associated[name].get("/AFRelationship", "")) not in _RELATIONSHIPS
    ]
    return bool(names) and not bad, ", ".join(bad or sorted(names))


def _fonts(document: Any) -> tuple[bool, str]:
    found: dict[str, bool] = {}
    for page in document.pages:
        for font in _fonts_of(page.get("/Resources", {}), 0):
            described = font.get("/DescendantFonts", [font])[0].get("/FontDescriptor", {})
            name = str(font.get("/BaseFont", "?")).lstrip("/")
            found[name] = any(key in described for key in ("/FontFile", "/FontFile2", "/FontFile3"))
    bad = sorted(name for name, embedded in found.items() if not embedded)
    return bool(found) and not bad, ", ".join(bad) if bad else f"{len(found)} fonts"


def _fonts_of(resources: Any, depth: int) -> Iterator[Any]:
    yield from dict(resources.get("/Font", {})).values()
    if depth < _DEEPEST:
        for each in dict(resources.get("/XObject", {})).values():
            if "/Resources" in each:
                yield from _fonts_of(each.Resources, depth + 1)


def _has_scripts(root: Any) -> bool:
    return "/JavaScript" in root.get("/Names", {}) or "/AA" in root or "/OpenAction" in root


def _qpdf(pdf: bytes) -> Check:
    return _asked("qpdf", pdf, ["--check"], lambda run: run.returncode == 0)


def _verapdf(pdf: bytes) -> Check:
    return _asked("veraPDF", pdf, ["--flavour", "3b", "--format", "text"], lambda run: run.stdout.startswith("PASS"))


def _asked(tool: str, pdf: bytes, options: list[str], passed: Any) -> Check:  # Any: takes a completed process
    program = shutil.which(tool.lower())
    if program is None:
        return Check(tool, None)
    with tempfile.TemporaryDirectory(prefix="s4100-certificate-") as folder:
        path = Path(folder) / "certificate.pdf"
        path.write_bytes(pdf)
        try:
            run = subprocess.run(
                [program, *options, str(path)],
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return Check(tool, None, f"could not be run ({type(error).__name__})")
    said = (run.stderr or run.stdout).strip().splitlines()
    return Check(
        tool,
        bool(passed(run)),
        "" if passed(run) else (printable_line(said[-1])[:200] if said else f"exit code {run.returncode}"),
    )
