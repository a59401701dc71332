"""Open a database for reading: no table and no file is written, also on a read-only medium."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from rig.records import models
from rig.records._database import engine_for, reason_of, revisions, shown, upgrade, url_of
from rig.records.errors import RecordNotWritten, RecordsUnusable, SchemaTooOld

_LARGEST_COPY_OCTETS = 500_000_000
_HEADER = b"SQLite format 3\0"


class Readable(Protocol):
    """What a store needs of a database."""

    where: str
    takes_a_journal: bool

    def reading(self) -> AbstractContextManager[Connection]:
        """One consistent view of the data."""

    def writing(self) -> AbstractContextManager[Connection]:
        """One transaction."""

    def close(self) -> None:
        """Give all connections back."""


class ReadOnlyDatabase:
    """A database of runs as it is; entries of the journal may be added to this view of it, in memory.

    SQLite: the file is opened read-only, and as immutable where no process has it open, since SQLite would make files
    beside it otherwise. One of an older schema is read into memory and brought up to date there.
    """

    def __init__(self, url_or_path: str | Path) -> None:
        url = url_of(url_or_path)
        self.where = shown(url_or_path, url)
        self._is_sqlite = self.takes_a_journal = url.get_backend_name() == "sqlite"
        try:
            self._engine = self._opened(url)
        except (SQLAlchemyError, sqlite3.Error) as error:
            said = reason_of(error) if isinstance(error, SQLAlchemyError) else str(error)
            raise RecordsUnusable(self.where, f"cannot be read: {said}") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction on what this view has of its own, which is the guardian's journal."""
        if not self._is_sqlite:
            raise RecordsUnusable(self.where, "is open for reading only")
        with self.reading() as connection:
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _opened(self, url: URL) -> Engine:
        if not self._is_sqlite:
            server: Engine = engine_for(url, self.where).execution_options(postgresql_readonly=True)
            self._check_schema(server)
            return server
        path = self._file(url)
        engine = _sqlite_engine(lambda: _read_only(path))
        try:
            if self._check_schema(engine, may_be_old=True):
                with engine.connect() as connection, connection.begin():
                    _give_it_a_journal_of_its_own(connection)
                return engine
        except BaseException:
            engine.dispose()
            raise
        engine.dispose()
        return self._copy(path)

    def _copy(self, path: Path) -> Engine:
        """Read a database of an older schema into memory, and bring it up to date there."""
        if path.stat().st_size > _LARGEST_COPY_OCTETS:
            raise SchemaTooOld(self.where)
        memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        with closing(_read_only(path)) as source:
            source.backup(memory)
        engine = _sqlite_engine(lambda: memory)
        with engine.connect() as connection, connection.begin():
            upgrade(connection)
        return engine

    def _check_schema(self, engine: Engine, *, may_be_old: bool = False) -> bool:
        """Return whether the schema is the present one; raises for one that cannot be read."""
        with engine.connect() as connection, connection.begin():
            found, known = revisions(connection, self.where)
        if found is None:
            raise RecordsUnusable(self.where, "is no database of runs: it has no table of the rig")
        if found != known and not may_be_old:
            raise SchemaTooOld(self.where)
        return found == known

    def _file(self, url: URL) -> Path:
        """Return the file of an SQLite URL; raises RecordsUnusable where there is none that could be a database."""
        if not url.database or url.database == ":memory:":
            raise RecordsUnusable(self.where, "names no file; name the database of your runs")
        path = Path(url.database)
        try:
            mode = path.stat().st_mode
            if not stat.S_ISREG(mode):
                raise RecordsUnusable(self.where, "is no file; name the database of your runs")
            with path.open("rb") as stream:
                head = stream.read(len(_HEADER))
        except (FileNotFoundError, NotADirectoryError):
            message = "there is no such file; name the database of your runs with --records"
            raise RecordsUnusable(self.where, message) from None
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            raise RecordsUnusable(self.where, f"cannot be read: {said}") from None
        if head != _HEADER:
            raise RecordsUnusable(self.where, "is not an SQLite database")
        return path.absolute()


def _read_only(path: Path) -> sqlite3.Connection:
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


def _sqlite_engine(connect: object) -> Engine:
    """Make an engine on the one connection that ``connect`` makes: its temporary tables are part of the view."""
    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN DEFERRED"))
    return engine


def _give_it_a_journal_of_its_own(connection: Connection) -> None:
    """Put a table in memory before the one of the journal in the file: SQLite takes the temporary one first."""
    name = models.GuardianEntry.__tablename__
    connection.exec_driver_sql(f"CREATE TEMP TABLE {name} AS SELECT * FROM main.{name}")  # noqa: S608 - a constant


@contextmanager
def recording(database: Readable, what: str) -> Iterator[Connection]:
    """One transaction that writes ``what``; raises RecordNotWritten where the database does not take it."""
    try:
        with database.writing() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise RecordNotWritten(database.where, what, reason_of(error)) from error
