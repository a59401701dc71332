"""Types of YAML files: the strict model, days, texts of one line, and numbers with bounds that no bench reaches."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

LONGEST_NAME = 100
"""Characters of a name: it becomes part of file names, titles and columns."""

_LONGEST_LINE = 500
_LONGEST_TEXT = 4_000
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Strict(BaseModel):
    """A part of a file: unknown keys, wrong types and later changes are refused.

    A part's validator is built with that of the whole file, not a second time for itself: commands start sooner.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


def _day(value: object) -> object:
    """Take a day as the text that YAML 1.2 reads; a ``datetime.date`` passes."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if not isinstance(value, str) or not _ISO_DAY.fullmatch(value):
        raise ValueError("write a date as YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{value!r} is no date of the calendar; write an existing one as YYYY-MM-DD") from None


def _one_line(text: str) -> str:
    if not text.isprintable():  # a blank is printable, a line feed and a tab are not
        raise ValueError("write it in one line, without tabs and control characters")
    return text


def _of_lines(text: str) -> str:
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise ValueError("write it without control characters")
    return text


Day = Annotated[dt.date, BeforeValidator(_day)]
"""A day of the calendar, written YYYY-MM-DD."""

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME), AfterValidator(_one_line)]
Line = Annotated[str, Field(min_length=1, max_length=_LONGEST_LINE), AfterValidator(_one_line)]
PerhapsLine = Annotated[str, Field(max_length=_LONGEST_LINE), AfterValidator(_one_line)]
Prose = Annotated[str, Field(max_length=_LONGEST_TEXT), AfterValidator(_of_lines)]
"""Free text, perhaps of several lines, perhaps empty."""

Volts = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Amperes = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
Hertz = Annotated[float, Field(gt=0, le=1e5, allow_inf_nan=False)]
Percent = Annotated[float, Field(gt=0, le=1e4, allow_inf_nan=False)]
Degrees = Annotated[float, Field(ge=-360, le=360, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=1e-6, le=1e6, allow_inf_nan=False)]
"""Of a divider, a transformer, or turns through a window."""

Seconds = Annotated[float, Field(gt=0, le=604_800, allow_inf_nan=False)]
"""Up to a week."""
