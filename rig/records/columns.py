"""Column types of the records: times in UTC, floats in which NaN is NULL, and JSON that every database accepts."""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Dialect, Double, String
from sqlalchemy.types import TypeDecorator

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What JSON can hold."""

_NON_FINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored as ISO 8601 text in UTC with microseconds: sorts as text, reads alike in any database."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuse naive times, convert to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone; records hold aware times only")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC time back."""
        return None if value is None else datetime.fromisoformat(value)


class NumberOrNan(TypeDecorator[float]):
    """A number for which NaN means "no number": NULL in the database (so that SQL averages skip it), NaN in Python."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """NaN becomes NULL; infinities stay."""
        return None if value is None or math.isnan(value) else float(value)

    def process_result_value(self, value: float | None, dialect: Dialect) -> float:
        """NULL becomes NaN."""
        return math.nan if value is None else value


class NumberOrNone(TypeDecorator[float]):
    """A number that may not have been computed: NULL in the database, None in Python; NaN counts as not computed."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """NaN becomes NULL; infinities stay."""
        return None if value is None or math.isnan(value) else float(value)


def to_json(value: object) -> Json:
    """Anything as plain JSON: dataclasses as objects, NaN as null, infinities as "Infinity" and "-Infinity".

    What JSON has no word for (paths, exceptions) becomes its text: an event must not be lost for its decoration.
    """
    if isinstance(value, enum.Enum):
        return to_json(value.value)
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_json(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    try:
        number = float(value)  # type: ignore[arg-type]  # numpy scalars too
    except (TypeError, ValueError):
        return str(value)
    if math.isnan(number):
        return None
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return number


def values_to_json(values: Mapping[int, float]) -> dict[str, Json]:
    """Object values by instance number as a JSON object."""
    return {str(instance): to_json(float(value)) for instance, value in values.items()}


def values_from_json(values: Mapping[str, Any]) -> dict[int, float]:
    """Invert ``values_to_json``: null is NaN again."""
    return {int(instance): float(_number(value)) for instance, value in values.items()}


def _number(value: float | str | None) -> float:
    if value is None:
        return math.nan
    return _NON_FINITE[value] if isinstance(value, str) else value
