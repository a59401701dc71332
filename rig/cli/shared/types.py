"""Types of command-line values: finite numbers within bounds, lines of text, a URL or path of the records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rig import option_values
from rig.option_values import YEAR_S, line_from, number_from


class Number(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on
    """A finite number from ``low`` to ``high``; ``nan`` and ``inf`` are refused, which ``click.FloatRange`` takes."""

    name = "number"

    def __init__(self, low: float, high: float) -> None:
        self._low = low
        self._high = high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number; refuses text that is no number, and a number that is not finite or out of bounds."""
        try:
            return number_from(value, self._low, self._high)
        except ValueError as refusal:
            self.fail(str(refusal), param, ctx)


class LineOfText(click.ParamType):  # type: ignore[type-arg]
    """A text of one line without control characters, of at most 500 characters."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text; refuses what cannot be printed and recorded as it is."""
        try:
            return line_from(value)
        except ValueError as refusal:
            self.fail(str(refusal), param, ctx)


class AnyPath(click.Path):
    """A path; what no system takes as one (a NUL in it) is refused here."""

    def __init__(self, *, allow_dash: bool = False) -> None:
        super().__init__(path_type=Path, allow_dash=allow_dash)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path."""
        if not str(value) or "\0" in str(value) or "\n" in str(value):
            self.fail("it is no name of a file or folder", param, ctx)
        return super().convert(value, param, ctx)


SECONDS = Number(0.1, YEAR_S)
"""How long something lasts, or how often it is done; up to a year."""

HOURS = Number(*option_values.HOURS)
KILOWATT_HOURS = Number(0.0, 3.4e38)
"""What an energy register reads: a REAL (32-bit float) on the wire."""

RULE = click.Choice(
    ("ilac_g8_non_binary", "ilac_g8_binary", "simple", "iso_14253", "standard_fifth", "rss", "z540_method_6")
)
"""The decision rules of rig.metrology.decision, by name."""

COUNT = click.IntRange(*option_values.COUNT)
REPEATS = click.IntRange(*option_values.REPEATS)
BAUD = click.IntRange(1, 10_000_000)
VOLTS = Number(0.0, 1e6)
LINE = LineOfText()
