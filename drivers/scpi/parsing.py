"""Parse answers of SCPI instruments: numbers that may be invalid, booleans, error queue entries."""

from __future__ import annotations

import math
import re

NOT_A_NUMBER_FROM = 9.9e37
"""SCPI-99 vol. 1, 7.2.1.4: 9.9E37 is infinity and 9.91E37 is "not a number"; no instrument means it as a value."""

_BLANKS = " \t\r\n\v\f"
"""What may stand around an answer; to str.strip() a non-breaking space and others beyond ASCII are blanks too."""

_NUMBER = re.compile(r"[+-]?(\d+(?:\.\d*)?|\.\d+)(E[+-]?\d+)?", re.ASCII)
_INVALID = re.compile(r"|-{2,}|[+-]?(NAN|INF|INFINITY)|-*O-*[LF]-*|ERROR|UNDEF")
_OVER_RANGE = re.compile(r"[+-]?(INF|INFINITY)|-*O-*[LF]-*")
_NOT_A_NUMBER = 9.905e37
"""Between SCPI's infinity, 9.9E37, and its "not a number", 9.91E37, with any digits behind."""

_ERROR = re.compile(
    r"""\s*(?::?[A-Za-z][A-Za-z:]*\s+)?   # the header that an instrument may still answer with
    ([+-]?\d{1,9})\s*,\s*
    (?:"((?:[^"]|"")*)"|([A-Za-z][^"]*))\s*
    ((?:,\s*[+-]?\d{1,9}\s*,\s*"(?:[^"]|"")*"\s*)*)   # the rest of a queue that is answered as a whole""",
    re.VERBOSE | re.ASCII,
)


def parse_float(text: str) -> float | None:
    """Return the number in ``text``, or ``None`` where the instrument says that it has none.

    ``NAN``, ``INF`` (Yokogawa), ``9.9E37`` and ``9.91E37`` (SCPI-99), dashes and an empty field are "no valid data" and
    never a number. Raises ValueError for anything else that is not a decimal number.
    """
    bare = _unquoted(text).upper()
    if _INVALID.fullmatch(bare):
        return None
    if not _NUMBER.fullmatch(bare):
        raise ValueError(f"{text!r} is not a number")
    value = float(bare)
    return None if not math.isfinite(value) or abs(value) >= NOT_A_NUMBER_FROM else value


def says_over_range(text: str) -> bool:
    """Whether an answer says that there is too much to measure: ``INF``, an overload mark, or 9.9E37.

    9.9E37 is infinity in SCPI-99 vol. 1, 7.2.1.4; ``-OL-`` and ``INF`` are what power analyzers write. ``NAN``,
    9.91E37, ``ERROR`` and dashes say that there is no value, and not why.
    """
    bare = _unquoted(text).upper()
    if _OVER_RANGE.fullmatch(bare):
        return True
    return bool(_NUMBER.fullmatch(bare)) and NOT_A_NUMBER_FROM <= abs(float(bare)) < _NOT_A_NUMBER


def parse_bool(text: str) -> bool:
    """Return whether ``text`` says on: ``0``/``1`` and ``OFF``/``ON`` in any case; raises ValueError otherwise.

    Instruments of one family differ in which form they answer (a Chroma 61845 and a 61800 do), so both are read.
    """
    bare = _unquoted(text).upper()
    if bare in {"1", "+1", "ON"}:
        return True
    if bare in {"0", "+0", "OFF"}:
        return False
    raise ValueError(f"{text!r} is not 0, 1, ON or OFF")


def parse_error(text: str) -> tuple[int, str]:
    """Return number and text of an error queue entry such as ``-113,"Undefined header"``; 0 is "no error".

    A header before the number (an instrument that still answers with headers) is skipped. The text is in quotes, or
    begins with a letter: two numbers between commas are some other answer. Where an instrument answers its whole queue
    (``SYST:ERR:ALL?``) the number is the first one's and the other entries are part of the text. Raises ValueError.
    """
    match = _ERROR.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an error queue entry")
    text = match[2] if match[2] is not None else match[3].strip(_BLANKS)
    return int(match[1]), text + match[4].rstrip(_BLANKS)


def split_answers(text: str) -> list[str]:
    """Split the answer to a message of several queries at its semicolons; those inside double quotes stay."""
    parts: list[str] = []
    whole: list[str] = []
    is_open = False
    for piece in text.split(";"):
        whole.append(piece)
        is_open ^= piece.count('"') % 2 == 1
        if not is_open:
            parts.append(";".join(whole).strip(_BLANKS))
            whole = []
    return [*parts, ";".join(whole).strip(_BLANKS)] if whole else parts


def _unquoted(text: str) -> str:
    """Return what is between the quotes where ``text`` is in quotes; a single one stays, and makes it malformed."""
    bare = text.strip(_BLANKS)
    return bare[1:-1].strip(_BLANKS) if len(bare) >= 2 and bare[0] == bare[-1] == '"' else bare
