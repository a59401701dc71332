"""Open a database for reading: no table and no file is written, also on a read-only medium."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from rig.records._database import engine_for, reason_of, revision, shown, upgrade, url_of
from rig.records.errors import RecordNotWritten, RecordsUnusable, SchemaTooOld
from rig.records.sqlite_file import OWN_JOURNAL, checked_file, is_current, read_only

_LARGEST_COPY_OCTETS = 500_000_000


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
        if not url.database or url.database == ":memory:":
            raise RecordsUnusable(self.where, "names no file; name the database of your runs")
        path = checked_file(Path(url.database), self.where)
        engine = _sqlite_engine(lambda: read_only(path))
        try:
            if self._check_schema(engine, may_be_old=True):
                with engine.connect() as connection, connection.begin():
                    connection.exec_driver_sql(OWN_JOURNAL)
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
        with closing(read_only(path)) as source:
            source.backup(memory)
        engine = _sqlite_engine(lambda: memory)
        with engine.connect() as connection, connection.begin():
            upgrade(connection)
        return engine

    def _check_schema(self, engine: Engine, *, may_be_old: bool = False) -> bool:
        """Return whether the schema is the present one; raises for one that cannot be read."""
        with engine.connect() as connection, connection.begin():
            is_the_present = is_current(revision(connection), self.where)
        if not is_the_present and not may_be_old:
            raise SchemaTooOld(self.where)
        return is_the_present


def _sqlite_engine(connect: object) -> Engine:
    """Make an engine on the one connection that ``connect`` makes: its temporary tables are part of the view."""
    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN DEFERRED"))
    return engine


@contextmanager
def recording(database: Readable, what: str) -> Iterator[Connection]:
    """One transaction that writes ``what``; raises RecordNotWritten where the database does not take it."""
    try:
        with database.writing() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise RecordNotWritten(database.where, what, reason_of(error)) from error
