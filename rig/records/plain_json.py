"""Values of the records as JSON that every database accepts: NaN is null, infinities are words."""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""What JSON can hold."""

to_text = functools.partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
"""Writes what ``to_json`` returned as the records have it."""

_NON_FINITE = {"Infinity": math.inf, "-Infinity": -math.inf}


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


def stored_time(time: datetime) -> str:
    """Write an aware time as the records have it: ISO 8601 in UTC with microseconds, which sorts as text."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def values_to_json(values: Mapping[int, float]) -> dict[str, Json]:
    """Object values by instance number as a JSON object."""
    return {str(instance): to_json(float(value)) for instance, value in values.items()}


def values_from_json(values: Mapping[str, Any]) -> dict[int, float]:
    """Invert ``values_to_json``: null is NaN again."""
    return {int(instance): float(_number(value)) for instance, value in values.items()}


def numbers_from_json(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an object with the words for infinities as numbers again."""
    return {name: _NON_FINITE.get(value, value) if isinstance(value, str) else value for name, value in fields.items()}


def _number(value: float | str | None) -> float:
    if value is None:
        return math.nan
    return _NON_FINITE[value] if isinstance(value, str) else value
