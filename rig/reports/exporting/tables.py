"""Write the rows of many runs as CSV, JSON or Parquet; one run is in memory at a time."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from rig.errors import UsageRefused
from rig.records.data import RunRecord
from rig.records.plain_json import to_json
from rig.reports.exporting.rows import COLUMNS, NUMBER, TEXT, TIME, WHOLE, YES, Cell, Row, rows_of

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_ROWS_AT_A_TIME = 20_000


class ParquetNotInstalled(UsageRefused):
    """The package that writes Parquet is not installed (exit 11)."""


def write_csv(runs: Iterable[RunRecord], path: Path, *, for_spreadsheet: bool = False) -> int:
    """Write one line for each row, UTF-8, numbers in full precision; returns how many rows.

    Text that a spreadsheet would take for a formula gets an apostrophe in front. ``for_spreadsheet``: text is written
    as ``="00123"``, which a spreadsheet that opens the file shows as text and does not turn into a number.
    """
    cell = _spreadsheet_cell if for_spreadsheet else _cell
    with _written(path) as file:
        if for_spreadsheet:
            file.write("\ufeff")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        count = 0
        for row in _rows(runs):
            writer.writerow([cell(name, value) for name, value in row.items()])
            count += 1
    return count


def write_json(runs: Iterable[RunRecord], path: Path) -> int:
    """Write a list of one object for each row; what is no number is null. Returns how many rows."""
    with _written(path) as file:
        count = 0
        for row in _rows(runs):
            file.write("[\n" if not count else ",\n")
            file.write(json.dumps(to_json(row), ensure_ascii=False, allow_nan=False))
            count += 1
        file.write("\n]\n" if count else "[]\n")
    return count


def write_parquet(runs: Iterable[RunRecord], path: Path) -> int:
    """Write a Parquet file with typed columns; returns how many rows. Raises ParquetNotInstalled."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        message = "Parquet needs the package pyarrow, which is not installed; pip install 's4100-rig[parquet]'"
        raise ParquetNotInstalled(message) from None
    kinds = {
        TEXT: pa.string(), NUMBER: pa.float64(), WHOLE: pa.int64(), TIME: pa.timestamp("us", tz="UTC"), YES: pa.bool_(),
    }  # fmt: skip
    schema = pa.schema([(name, kinds[kind]) for name, kind in COLUMNS.items()])
    temporary = _beside(path)
    count = 0
    try:
        with pq.ParquetWriter(temporary, schema) as writer:
            for rows in _in_parts(_rows(runs)):
                plain = [{name: None if _is_nan(value) else value for name, value in row.items()} for row in rows]
                writer.write_table(pa.Table.from_pylist(plain, schema=schema))
                count += len(rows)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return count


WRITERS: dict[str, Callable[[Iterable[RunRecord], Path], int]] = {
    ".csv": write_csv,
    ".json": write_json,
    ".parquet": write_parquet,
}
"""What writes a file, by the end of its name."""


def _rows(runs: Iterable[RunRecord]) -> Iterator[Row]:
    for run in runs:
        yield from rows_of(run)


def _in_parts(rows: Iterator[Row]) -> Iterator[list[Row]]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == _ROWS_AT_A_TIME:
            yield part
            part = []
    if part:
        yield part


@contextmanager
def _written(path: Path) -> Iterator[IO[str]]:
    """Write a text file that is there whole, or not at all."""
    temporary = _beside(path)
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            yield file
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")


def _is_nan(value: Cell) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _cell(_name: str, value: Cell) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_STARTS) else value
    return _plain(value)


def _spreadsheet_cell(name: str, value: Cell) -> object:
    if isinstance(value, str) and COLUMNS[name] == TEXT and value:
        return '="{}"'.format(value.replace('"', '""'))
    return _cell(name, value)


def _plain(value: Any) -> object:  # Any: number, time, yes or no
    if value is None or _is_nan(value):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else to_json(value)
    return value.isoformat() if isinstance(value, datetime) else value
