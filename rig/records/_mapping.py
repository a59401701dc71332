"""Between frozen dataclasses and rows: a field is the column of the same name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, text

from rig.records import listing

RecordT = TypeVar("RecordT")


def columns_of(record: Any, without: Collection[str] = ()) -> dict[str, Any]:  # Any: of any dataclass
    """Return the fields of a dataclass by name, those named in ``without`` left out."""
    return {field.name: getattr(record, field.name) for field in fields(record) if field.name not in without}


# Any: what the dataclass declares
def record_of(kind: type[RecordT], row: Row[Any], prefix: str = "", /, **given: Any) -> RecordT:
    """Make a dataclass of a row; a field that is not a column of the same name is ``given``.

    ``prefix``: with which the columns' names begin.
    """
    names = [field.name for field in fields(kind) if field.name not in given]  # type: ignore[arg-type]  # a dataclass
    return kind(**{name: getattr(row, f"{prefix}{name}") for name in names}, **given)


def executor(connection: Connection) -> listing.Execute:
    """Return what executes the plain SQL of ``rig.records.listing``."""

    def execute(statement: str, values: Mapping[str, Any]) -> Sequence[listing.Row]:
        done = connection.execute(text(statement), values)
        return done.mappings().all() if done.returns_rows else ()  # type: ignore[return-value]  # keys are str here

    return execute
