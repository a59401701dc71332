"""Interpret plain scalars of a YAML file: the core schema of YAML 1.2; refuse those that are easily misread."""

from __future__ import annotations

import math
import re

LARGEST = 1e15
"""No number of a file is larger, and none but 0 is closer to 0 than one by this: products of a few stay finite."""

_LONGEST_NUMBER = 64
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE = frozenset(("true", "True", "TRUE"))
_FALSE = frozenset(("false", "False", "FALSE"))
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_LEADING_ZEROS = re.compile(r"[-+]?0[0-9_]+(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?")
_SIXTIES = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?")
_WITH_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?|0b[01_]+|0x[0-9a-fA-F]*_[0-9a-fA-F_]*")


def value_of(text: str) -> bool | int | float | str | None:
    """Return what a plain scalar stands for; raises ValueError, which says what to write instead.

    ``yes``, ``no``, ``on`` and ``off`` are texts, days are texts, ``0o17`` and ``0x1F`` are integers. Refused are
    numbers with leading zeros, with ``:`` and with ``_``, which YAML 1.1 reads as something else, and what is not
    finite.
    """
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    first = text[0]
    if not (first.isdigit() or first in "+-."):
        return text
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is no number that can be used; write a finite one, or {text!r} in quotation marks")
    _refuse_misread(text)
    return _number(text)


def _refuse_misread(text: str) -> None:
    shown = _short(text)
    as_text = f'"{shown}" in quotation marks for a text'
    if _LEADING_ZEROS.fullmatch(text):
        sign, digits = ("-", text[1:]) if text[0] == "-" else ("", text.removeprefix("+"))
        plain = digits.lstrip("0_")
        plain = plain if plain[:1].isdigit() else f"0{plain}"
        advice = f"write {_short(sign + plain)} for the number, or {as_text}"
        raise ValueError(f"{shown} has leading zeros, which some read as octal: {advice}")
    if _SIXTIES.fullmatch(text):
        parts = text.split(":")
        ratio = f" (the ratio {text} is {_ratio(parts)})" if len(parts) == 2 and len(text) < _LONGEST_NUMBER else ""
        advice = f"write one number{ratio}, or {as_text}"
        raise ValueError(f"{shown} is no number here, and some read it in sixties: {advice}")
    if _WITH_UNDERSCORES.fullmatch(text):
        raise ValueError(f"{shown} is no number in YAML 1.2: write the digits alone, or {as_text}")


def _ratio(parts: list[str]) -> str:
    try:
        return f"{float(parts[0]) / float(parts[1]):g}"
    except (ValueError, ZeroDivisionError):
        return "one number"


def _number(text: str) -> int | float | str:
    is_integer = _INTEGER.fullmatch(text) or _OCTAL.fullmatch(text) or _HEXADECIMAL.fullmatch(text)
    if not is_integer and not _FLOAT.fullmatch(text):
        return text
    if len(text) > _LONGEST_NUMBER:
        raise ValueError(
            f"{_short(text)} has {len(text)} characters, too many for a number; a text stands in quotation marks"
        )
    if not is_integer:
        value: int | float = float(text)
    elif text.startswith("0o"):
        value = int(text[2:], 8)
    else:
        value = int(text, 16 if text.startswith("0x") else 10)
    # A decimal that is closer to zero than any float is read as 0: its digits tell.
    is_lost = value == 0 and not is_integer and any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    as_text = "a text stands in quotation marks"
    if not math.isfinite(value) or abs(value) > LARGEST:
        raise ValueError(f"{_short(text)} is too large: write a number of at most {LARGEST:g}; {as_text}")
    if is_lost or (value != 0 and abs(value) < 1.0 / LARGEST):
        raise ValueError(f"{_short(text)} is too close to 0: write 0, or at least {1.0 / LARGEST:g}; {as_text}")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:30]}…"
