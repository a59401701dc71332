"""Texts that are safe to print: what they may not hold, and how it is shown where it came from elsewhere."""

from __future__ import annotations

import unicodedata

_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows: a text that holds one does not read as it is."""


def unfit_character(text: str) -> str | None:
    """Return the first character that no text of a file may hold: controls but tab and line feed, lone surrogates.

    Line and paragraph separators and marks that turn the direction of writing are among them.
    """
    if text.isascii() and text.isprintable():
        return None
    for character in text:
        if character in "\t\n":
            continue
        if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI:
            return character
    return None


def name_of(character: str) -> str:
    """Name a character by its number: it cannot be printed as it is."""
    kind = "the surrogate" if unicodedata.category(character) == "Cs" else "the control character"
    return f"{kind} U+{ord(character):04X}"


def printable(text: str) -> str:
    r"""Return ``text`` with every character that could act on a terminal as an escape such as ``\x1b``.

    For what instruments, meters, file names and other programs say. Line feeds and tabs stay.
    """
    if unfit_character(text) is None:
        return text
    return "".join(character if unfit_character(character) is None else ascii(character)[1:-1] for character in text)


def printable_line(text: str) -> str:
    """Return ``text`` as ``printable``, in one line."""
    return " ".join(printable(text).split())
