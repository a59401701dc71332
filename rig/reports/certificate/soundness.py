"""Whether a PDF is whole before a certificate takes a number: structure, attachments, and what ``verify`` reads."""

from __future__ import annotations

from rig.reports.certificate.raw_data import sha256_of
from rig.reports.certificate.render import FORMAT, Rendered
from rig.reports.certificate.structure import Check, NotReadable, check_structure, read_pdf

_HOW = "keep the files and keywords of 'rig certificate --template layout' in it"


def sound(rendered: Rendered, number: str) -> tuple[Check, ...]:
    """Return the checks of a certificate's PDF: those of its structure, and that each attachment and keyword is there.

    Raises CertificatesNotInstalled without pikepdf.
    """
    try:
        read = read_pdf(rendered.pdf)
        structure = check_structure(rendered.pdf)
    except NotReadable as error:
        return (Check("a PDF file", False, str(error)),)
    missing = [name for name, content in rendered.attachments.items() if read.attachments.get(name) != content]
    wanted = [FORMAT, f"number={number}"]
    wanted += [f"{name}={sha256_of(content)}" for name, content in rendered.attachments.items()]
    lost = [word.partition("=")[0] for word in wanted if word not in read.keywords]
    return (
        Check("each attachment is in the PDF", not missing, ", ".join(missing)),
        Check("the keywords name number and attachments", not lost, ", ".join(lost)),
        *structure,
    )


def what_is_wrong(checks: tuple[Check, ...]) -> str:
    """Say what does not hold, and what a layout needs; empty where all holds."""
    bad = [f"{each.what}: no{f' ({each.detail})' if each.detail else ''}" for each in checks if each.holds is False]
    return f"{'; '.join(bad)}; {_HOW}" if bad else ""
