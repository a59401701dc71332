"""Documents as one self-contained HTML file, and as PDF by Typst; the same document gives the same octets."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from rig.errors import UsageRefused
from rig.reports.certificate.extra import need_certificates
from rig.reports.extra_packages import need
from rig.reports.quality.document import Block, Document, Note, Plot, Table


def write_html(document: Document, path: Path) -> None:
    """Write a document as HTML: styles and plots inside, no reference to anything outside the file.

    Raises ReportsNotInstalled without jinja2, UsageRefused where the file cannot be written.
    """
    need("jinja2")
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    package = importlib.resources.files("rig.reports")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["grouped"] = _grouped
    environment.filters["drawn"] = lambda svg: Markup(svg)  # noqa: S704 - text escaped by matplotlib
    template = environment.from_string((package / "quality" / "quality.html").read_text(encoding="utf-8"))
    style = Markup((package / "report.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    _write(path, template.render(document=document, style=style).encode("utf-8"))


def write_pdf(document: Document, path: Path) -> None:
    """Write a document as PDF.

    Raises CertificatesNotInstalled without Typst, UsageRefused where the file cannot be written.
    """
    need_certificates("typst")
    import typst

    plots = [block for section in document.sections for block in section.blocks if isinstance(block, Plot)]
    keys = {id(plot): f"plot{number}" for number, plot in enumerate(plots)}
    view = {
        "title": document.title,
        "subtitle": document.subtitle,
        "facts": document.facts,
        "simulated": document.simulated,
        "sections": [
            {
                "title": section.title,
                "groups": [
                    {"kind": kind, "items": [_plain(item, keys) for item in items]}
                    for kind, items in _grouped(section.blocks)
                ],
            }
            for section in document.sections
        ],
    }
    inputs = {"view": json.dumps(view, ensure_ascii=False)} | {keys[id(plot)]: plot.svg for plot in plots}
    layout = str(importlib.resources.files("rig.reports.quality") / "quality.typ")
    pdf = typst.compile(layout, ignore_system_fonts=True, sys_inputs=inputs, timestamp=0)
    assert isinstance(pdf, bytes)
    _write(path, pdf)


def _kind(block: Block) -> str:
    kinds: dict[type, str] = {Plot: "plots", Table: "tables", Note: "notes"}
    return kinds.get(type(block), "texts")


def _grouped(blocks: Iterable[Block]) -> list[tuple[str, list[Block]]]:
    """Put neighbours of one kind together: plots stand beside each other."""
    return [(kind, list(items)) for kind, items in groupby(blocks, key=_kind)]


def _plain(block: Block, keys: dict[int, str]) -> object:
    if isinstance(block, Plot):
        return {"key": keys[id(block)], "caption": block.caption, "wide": block.wide, "tall": block.tall}
    if isinstance(block, Table):
        return {"heads": block.heads, "rows": block.rows, "numbers": block.numbers, "caption": block.caption}
    return {"text": block.text, "is_bad": block.is_bad} if isinstance(block, Note) else block


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UsageRefused(f"{path} cannot be written ({error.strerror or error})") from error
