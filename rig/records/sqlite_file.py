"""An SQLite file of runs, opened so that nothing is written: no table and no file, also on a read-only medium."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rig.files.file_text import path_of
from rig.printable import printable_line
from rig.records.errors import RecordsUnusable, SchemaTooNew
from rig.records.listing import Row, RunSummary, fold_journal, summaries

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
    "0008",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
)
"""Schema versions, the oldest first: known without alembic, which takes long to load and is needed to migrate only."""

OWN_JOURNAL = "CREATE TEMP TABLE guardian_entry AS SELECT * FROM main.guardian_entry"
"""Puts a table in memory before the one of the journal in the file: SQLite takes the temporary one first."""

_HEADER = b"SQLite format 3\0"


def list_file(
    url_or_path: str | Path, newest: int, journal: Iterable[Mapping[str, Any]]
) -> tuple[RunSummary, ...] | None:
    """List the runs of a file as ``RunStore`` would after ``fold_journal(journal)``, without loading SQLAlchemy.

    Returns None where that is needed: for a URL, and for a file of an older schema. Raises as
    ``RunStore.open_to_read``.
    """
    if isinstance(url_or_path, str) and "://" in url_or_path:
        return None
    where = printable_line(str(url_or_path))
    try:
        with closing(read_only(checked_file(path_of(named(url_or_path)), where))) as connection:

            def execute(statement: str, values: Mapping[str, Any]) -> list[Row]:
                cursor = connection.execute(statement, values)
                return [dict(zip((column[0] for column in cursor.description), row, strict=True)) for row in cursor]

            connection.execute("BEGIN DEFERRED")
            tables = execute("SELECT name FROM sqlite_master WHERE name = 'alembic_version'", {})
            found = execute("SELECT version_num FROM alembic_version", {}) if tables else []
            if not is_current(found[0]["version_num"] if found else None, where):
                return None
            connection.execute(OWN_JOURNAL)
            fold_journal(execute, journal)
            return summaries(execute, newest)
    except sqlite3.Error as error:
        raise RecordsUnusable(where, f"cannot be read: {error}") from error


def is_current(found: str | None, where: str) -> bool:
    """Whether a schema version is the present one; raises RecordsUnusable for none, SchemaTooNew for a later one."""
    if found is None:
        raise RecordsUnusable(where, "is no database of runs: it has no table of the rig")
    if found not in REVISIONS:
        raise SchemaTooNew(where, found, REVISIONS[-1])
    return found == REVISIONS[-1]


def named(path: str | Path) -> str | Path:
    """Return what may name a file; raises RecordsUnusable for what cannot."""
    if not str(path) or "\0" in str(path):
        raise RecordsUnusable(printable_line(str(path)), "this is no name of a file")
    return path


def checked_file(path: Path, where: str) -> Path:
    """Return the absolute path of a file; raises RecordsUnusable where there is none that could be a database."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise RecordsUnusable(where, "is no file; name the database of your runs")
        with path.open("rb") as stream:
            head = stream.read(len(_HEADER))
    except (FileNotFoundError, NotADirectoryError):
        message = "there is no such file; name the database of your runs with --records"
        raise RecordsUnusable(where, message) from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise RecordsUnusable(where, f"cannot be read: {said}") from None
    if head != _HEADER:
        raise RecordsUnusable(where, "is not an SQLite database")
    return path.absolute()


def read_only(path: Path) -> sqlite3.Connection:
    """Open a file so that SQLite writes nothing, not even beside it.

    A database that no process has open has no write-ahead log beside it, and nothing can change under the reader but
    by a process that begins just then. With a log that is not empty, the log is needed, and SQLite's own locks.
    """
    log = path.with_name(f"{path.name}-wal")
    is_in_use = log.exists() and log.stat().st_size > 0
    query = "mode=ro" if is_in_use else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{query}", uri=True, check_same_thread=False, isolation_level=None, timeout=30.0
    )
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection
