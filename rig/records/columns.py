"""Column types of the records: times in UTC, floats in which NaN is NULL, and keys."""

from __future__ import annotations

import math
from datetime import datetime

from sqlalchemy import BigInteger, Dialect, Double, Integer, String, Uuid
from sqlalchemy.types import TypeDecorator

from rig.records.plain_json import stored_time

ROW_NUMBER = Integer().with_variant(BigInteger(), "postgresql")
"""The key of a row within its database; a server that many stations send to needs more than 2 147 483 647."""

UID = String(36).with_variant(Uuid(as_uuid=False), "postgresql")
"""The key of a row in any database (``rig.uid``)."""


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
        return stored_time(value)

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
