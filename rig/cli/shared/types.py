"""Types of command-line values: finite numbers within bounds, lines of text, a URL or path of the records."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import click

from rig.printable import name_of, printable_line, unfit_character

_YEAR_S = 31_536_000.0
_LONGEST_LINE = 500


class Number(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A finite number from ``low`` to ``high``; ``nan`` and ``inf`` are refused, which ``click.FloatRange`` takes."""

    name = "number"

    def __init__(self, low: float, high: float) -> None:
        self._low = low
        self._high = high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        """Return the number; refuses what is none, not finite, or out of bounds."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number) or not self._low <= number <= self._high:
            shown = printable_line(str(value))[:60]
            self.fail(f"{shown!r} is no number from {self._low:.10g} to {self._high:.10g}", param, ctx)
        return number


class LineOfText(click.ParamType):  # type: ignore[type-arg]
    """A text of one line without control characters, of at most 500 characters."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the text; refuses what cannot be printed and recorded as it is."""
        text = str(value)
        bad = "\n" if "\n" in text else "\t" if "\t" in text else unfit_character(text)
        if bad is not None:
            self.fail(f"it holds {name_of(bad)}; write one line of plain text", param, ctx)
        if len(text) > _LONGEST_LINE:
            self.fail(f"it has {len(text)} characters; write at most {_LONGEST_LINE}", param, ctx)
        return text


class AnyPath(click.Path):
    """A path; what no system takes as one (a NUL in it) is refused here."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ANN401
        """Return the path."""
        if not str(value) or "\0" in str(value) or "\n" in str(value):
            self.fail("it is no name of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


SECONDS = Number(0.1, _YEAR_S)
"""How long something lasts, or how often it is done; up to a year."""

HOURS = Number(0.001, _YEAR_S / 3600.0)
KILOWATT_HOURS = Number(0.0, 3.4e38)
"""What an energy register reads: a REAL (32-bit float) on the wire."""

COUNT = click.IntRange(1, 1_000_000_000)
BAUD = click.IntRange(1, 10_000_000)
VOLTS = Number(0.0, 1e6)
LINE = LineOfText()
