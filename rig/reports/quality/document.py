"""A document as data: sections with sentences, tables and plots, which terminal, HTML and PDF draw alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts. ``numbers``: places of the columns that are numbers, and stand to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot as SVG whose letters are outlines, with what it shows in words (for those who do not see it).

    ``wide``: as wide as the page; ``tall``: higher than the others.
    """

    svg: str
    caption: str
    wide: bool = False
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence that must not be overlooked; ``is_bad``: something is wrong, not only to be known."""

    text: str
    is_bad: bool = False


Block = str | Note | Table | Plot


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. ``facts``: name and value, printed first. ``simulated``: some of it is of an emulated bench."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    simulated: bool = False


def text_lines(document: Document) -> Iterator[str]:
    """Write a document for a terminal; plots are left out."""
    if document.simulated:
        yield "SIMULATED BENCH: no real meter took part in some or all of these runs"
    yield document.title + (f": {document.subtitle}" if document.subtitle else "")
    for section in document.sections:
        yield ""
        yield section.title
        for block in section.blocks:
            if isinstance(block, Table):
                yield from _table_lines(block)
            elif isinstance(block, Note):
                yield f"  {'! ' if block.is_bad else ''}{block.text}"
            elif isinstance(block, str):
                yield f"  {block}"


def _table_lines(table: Table) -> Iterator[str]:
    if table.caption:
        yield f"  {table.caption}"
    widths = [max(len(row[place]) for row in (table.heads, *table.rows)) for place in range(len(table.heads))]
    for row in (table.heads, *table.rows):
        cells = [
            text.rjust(width) if place in table.numbers else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield f"  {'  '.join(cells)}".rstrip()
