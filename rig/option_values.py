"""Values of options, of the commands and of the pytest plugin: what is refused, in one sentence (ValueError)."""

from __future__ import annotations

import math

from rig.printable import name_of, printable_line, unfit_character

YEAR_S = 31_536_000.0
HOURS = 0.001, YEAR_S / 3600.0
COUNT = 1, 1_000_000_000
REPEATS = 1, 1_000
_LONGEST_LINE = 500
_LONGEST_SHOWN = 60


def number_from(value: object, low: float, high: float) -> float:
    """Return a finite number from ``low`` to ``high``; ``nan`` and ``inf`` are none."""
    try:
        number = float(value)  # type: ignore[arg-type]  # what is no text is refused below
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError(f"{_shown(value)} is no number from {low:.10g} to {high:.10g}")
    return number


def count_from(value: object, low: int, high: int) -> int:
    """Return a whole number from ``low`` to ``high``, written in decimal digits."""
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ValueError(f"{_shown(value)} is no whole number from {low} to {high}")
    return number


def line_from(value: object) -> str:
    """Return a text of one line without control characters, of at most 500 characters."""
    text = str(value)
    bad = "\n" if "\n" in text else "\t" if "\t" in text else unfit_character(text)
    if bad is not None:
        raise ValueError(f"it holds {name_of(bad)}; write one line of plain text")
    if len(text) > _LONGEST_LINE:
        raise ValueError(f"it has {len(text)} characters; write at most {_LONGEST_LINE}")
    return text


def _shown(value: object) -> str:
    return repr(printable_line(str(value))[:_LONGEST_SHOWN])
