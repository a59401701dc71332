"""Opening the database: connection settings, the append-only guard, and migrations run once by the first process."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from rig.files.file_text import path_of
from rig.printable import printable_line
from rig.records.errors import RecordsUnusable
from rig.records.plain_json import to_text
from rig.records.sqlite_file import is_current, named

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_S = 30.0
_MIGRATION_LOCK_KEY = 4100_0001
"""PostgreSQL advisory lock under which the schema is migrated."""

_POSTGRESQL = ("postgres", "postgresql")
_SERVER_ARGUMENTS = {
    "connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
}  # fmt: skip
"""Of PostgreSQL's client, in seconds: a server that is gone is noticed, rather than waited for."""

_ONE_UPGRADE = threading.Lock()
"""Alembic keeps what it works on in its modules: one thread at a time."""

_USER = re.compile(r"://[^@]*@")


class FileGone(SQLAlchemyError):
    """The SQLite file was deleted or replaced while it was open: what is written goes nowhere, without an error."""


class Database:
    """One records database, migrated to the schema this software knows.

    ``reading()`` and ``writing()`` are one transaction each; the latter takes SQLite's write lock at its beginning, so
    that it waits for its turn instead of failing half way. ``prepare`` is given the engine before it connects.
    """

    def __init__(self, url_or_path: str | Path, prepare: Callable[[Engine], None] | None = None) -> None:
        url = url_of(url_or_path)
        self.where = shown(url_or_path, url)
        self.takes_a_journal = True
        self._make_folder(url)
        self._engine = engine_for(url, self.where)
        if prepare is not None:
            prepare(self._engine)
        self._writer = self._engine.execution_options(sqlite_begin="IMMEDIATE")
        self._file: Path | None = None  # known once it is there
        self._file_number: tuple[int, int] | None = None
        try:
            self._migrate(url)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise RecordsUnusable(self.where, f"cannot be used as a records database: {reason_of(error)}") from error
        except OSError as error:
            self._engine.dispose()
            raise RecordsUnusable(self.where, f"cannot be written ({error.strerror or error})") from error
        except BaseException:
            self._engine.dispose()
            raise
        is_file = url.get_backend_name() == "sqlite" and url.database and not url.database.startswith((":", "file:"))
        self._file = Path(url.database).absolute() if is_file and url.database else None
        self._file_number = _number_of(self._file)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is stored when this ends, or nothing. Raises FileGone, an SQLAlchemyError."""
        with self._writer.connect() as connection, connection.begin():
            yield connection
            self._refuse_another_file()

    def _refuse_another_file(self) -> None:
        if self._file is not None and self._file_number is not None and _number_of(self._file) != self._file_number:
            raise FileGone("the file was deleted or replaced while it was open")

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _make_folder(self, url: URL) -> None:
        if url.get_backend_name() == "sqlite" and url.database and not url.database.startswith("file:"):
            try:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            except (OSError, ValueError) as error:
                said = getattr(error, "strerror", None) or error
                raise RecordsUnusable(self.where, f"the folder cannot be made: {said}") from error

    def _migrate(self, url: URL) -> None:
        if self._is_current():
            return
        with self._migration_lock(url):
            if self._is_current():
                return
            if url.get_backend_name() == "sqlite":
                self._use_wal()
            with self.writing() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK_KEY})
                upgrade(connection)

    def _is_current(self) -> bool:
        with self.reading() as connection:
            found = revision(connection)
        return found is not None and is_current(found, self.where)

    def _migration_lock(self, url: URL) -> AbstractContextManager[object]:
        """Switching a new file to WAL needs it alone and does not wait for its turn: hence a lock of our own."""
        if url.get_backend_name() != "sqlite" or not url.database:
            return nullcontext()
        from filelock import FileLock

        return FileLock(f"{url.database}.migration.lock", timeout=2 * _BUSY_TIMEOUT_S)

    def _use_wal(self) -> None:
        with self._engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA journal_mode = WAL")


def _number_of(path: Path | None) -> tuple[int, int] | None:
    """Return what identifies a file among others of the same name, before or after; None where it does not exist."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def reason_of(error: SQLAlchemyError) -> str:
    """Give the database's own words, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def url_of(url_or_path: str | Path) -> URL:
    """Return the URL of a database: a path is an SQLite file. Raises RecordsUnusable for text that is no URL."""
    if isinstance(url_or_path, str) and "://" in url_or_path:
        try:
            url = make_url(url_or_path)
            return url.set(drivername="postgresql+psycopg") if url.drivername in _POSTGRESQL else url
        except (ArgumentError, ValueError, TypeError) as error:
            where = _USER.sub("://***@", printable_line(url_or_path))
            raise RecordsUnusable(where, "this is not a database URL") from error
    return URL.create("sqlite", database=str(path_of(named(url_or_path))))


def shown(url_or_path: str | Path, url: URL) -> str:
    """Write a URL or path for people, without a password."""
    return printable_line(url.render_as_string(hide_password=True) if "://" in str(url_or_path) else str(url_or_path))


def engine_for(url: URL, where: str) -> Engine:
    """Make the engine of a database; nothing is connected. Raises RecordsUnusable where there is no driver for it."""
    is_sqlite = url.get_backend_name() == "sqlite"
    is_server = url.drivername == "postgresql+psycopg"
    arguments: dict[str, Any] = {"timeout": _BUSY_TIMEOUT_S} if is_sqlite else _SERVER_ARGUMENTS if is_server else {}
    try:
        engine = create_engine(url, connect_args=arguments, json_serializer=to_text)
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError, TypeError) as error:
        said = _USER.sub("://***@", printable_line(str(error).splitlines()[0] if str(error) else type(error).__name__))
        hint = "; install the extra: pip install 's4100-rig[postgres]'" if is_server else ""
        raise RecordsUnusable(where, f"there is no driver for this database: {said}{hint}") from error
    if is_sqlite:
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
    return engine


def revision(connection: Connection) -> str | None:
    """Return the schema version of a database, None where it has none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: Connection) -> None:
    """Bring the schema of a database up to date, in the transaction of ``connection``."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    with _ONE_UPGRADE:
        command.upgrade(config, "head")


def _on_sqlite_connect(connection: SqliteConnection, _record: object) -> None:
    """Durable and strict; transactions are begun by ``_on_sqlite_begin``, not by the driver's guesswork."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")
