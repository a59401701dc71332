"""Interpret a source's answers as a SCPI session does: its identity, and whether it is off."""

from __future__ import annotations

import re
from enum import Enum

from drivers.scpi.parsing import parse_bool, split_answers
from drivers.source.base import SafeOff

_AROUND = " \t\r\n\v\f\0\ufeff"
_FEWEST_FIELDS = 3
_MOST_FIELDS = 8
_LONGEST = 300


class Who(Enum):
    """Whose answer it is, compared with the instrument that the recipe is for."""

    SAME = "the instrument that was expected"
    OTHER_NUMBER = "the same model, but not shown to be the same instrument"
    OTHER_MODEL = "another model"
    UNKNOWN = "no identification that can be understood"


def plain(octets: bytes) -> str:
    """Return a line as text, without what some instruments put around an answer: blanks, NUL, a byte order mark.

    A tab between fields is a blank.
    """
    return octets.decode("utf-8", "replace").strip(_AROUND).replace("\t", " ")


def can_be_told(recipe: SafeOff) -> bool:
    """Whether the recipe says which instrument it is for."""
    return recipe.identity is not None or bool(recipe.family)


def who_says(line: str, recipe: SafeOff) -> Who:
    """Judge an answer to the identification query.

    A line that is no well-formed identification (at least three fields of printable ASCII) is UNKNOWN, never another
    model: a banner, an echo or a damaged answer must not keep a source on.
    """
    if recipe.identification and _same(line, recipe.identification):
        return Who.SAME
    if not _is_well_formed(line):
        return Who.UNKNOWN
    if recipe.identity is None:
        return Who.SAME if re.search(recipe.family, line, re.IGNORECASE) else Who.OTHER_MODEL
    if not _has_word(line, recipe.identity.model):
        return Who.OTHER_MODEL
    return Who.SAME if _number_fits(line, recipe) else Who.OTHER_NUMBER


def says_off(line: str, recipe: SafeOff) -> bool | None:
    """Read an answer to the verify query: True is off, False is on, None is no such answer."""
    if line in recipe.off_answers:
        return True
    parts = split_answers(line)
    if len(parts) != max(1, recipe.verify_query.count("?")):
        return None
    try:
        return not any(parse_bool(part) for part in parts)
    except ValueError:
        return None


def is_echo(line: str, sent: tuple[str, ...]) -> bool:
    """Whether a line is an echo: one that was sent, and returned by an instrument or a gateway."""
    return any(_same(line, one) for one in sent)


def _number_fits(line: str, recipe: SafeOff) -> bool:
    """Whether maker and serial number stand where they stood when the bench was opened."""
    assert recipe.identity is not None
    known, said = _fields(recipe.identification), _fields(line)
    maker, number = recipe.identity.manufacturer.casefold(), recipe.identity.serial_number.casefold()
    if not number or number not in known[1:] or not said[0].startswith(maker):
        return False
    place = known.index(number, 1)
    return len(said) > place and said[place] == number


def _is_well_formed(line: str) -> bool:
    fields = line.split(",")
    return (
        len(line) <= _LONGEST
        and line.isascii()
        and line.isprintable()
        and _FEWEST_FIELDS <= len(fields) <= _MOST_FIELDS
        and re.search("[A-Za-z]", fields[0]) is not None
    )


def _fields(text: str) -> list[str]:
    return [field.strip().strip('"').casefold() for field in text.strip('"').split(",")]


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<![0-9A-Za-z]){re.escape(word)}(?![0-9A-Za-z])", text, re.IGNORECASE) is not None


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
