"""Opening the database: connection settings, the append-only guard, and migrations run once by whoever comes first."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from sqlite3 import Connection as SqliteConnection

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from rig.records.errors import RecordsUnusable, SchemaTooNew

_MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_S = 30.0
_MIGRATION_LOCK_KEY = 4100_0001
"""PostgreSQL advisory lock under which the schema is migrated."""

_to_text = functools.partial(json.dumps, allow_nan=False, ensure_ascii=False, separators=(",", ":"))


class Database:
    """One records database, migrated to the schema this software knows.

    ``reading()`` and ``writing()`` are one transaction each; the latter takes SQLite's write lock at its beginning, so
    that it waits for its turn instead of failing half way.
    """

    def __init__(self, url_or_path: str | Path) -> None:
        url = _url(url_or_path)
        self.where = url.render_as_string(hide_password=True) if "://" in str(url_or_path) else str(url_or_path)
        self._engine = self._create_engine(url)
        self._writer = self._engine.execution_options(sqlite_begin="IMMEDIATE")
        try:
            self._migrate(url)
        except SQLAlchemyError as error:
            self._engine.dispose()
            raise RecordsUnusable(self.where, f"cannot be used as a records database: {reason_of(error)}") from error
        except BaseException:
            self._engine.dispose()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One consistent view of the data."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it is stored when this ends, or nothing."""
        with self._writer.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    def _create_engine(self, url: URL) -> Engine:
        is_sqlite = url.get_backend_name() == "sqlite"
        if is_sqlite and url.database and not url.database.startswith("file:"):
            try:
                Path(url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise RecordsUnusable(self.where, f"the folder cannot be made: {error.strerror}") from error
        arguments = {"timeout": _BUSY_TIMEOUT_S} if is_sqlite else {}
        try:
            engine = create_engine(url, connect_args=arguments, json_serializer=_to_text)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise RecordsUnusable(self.where, f"there is no driver for this database: {error}") from error
        if is_sqlite:
            event.listen(engine, "connect", _on_sqlite_connect)
            event.listen(engine, "begin", _on_sqlite_begin)
        return engine

    def _migrate(self, url: URL) -> None:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        scripts = ScriptDirectory.from_config(config)
        if self._is_current(scripts):
            return
        with self._migration_lock(url):
            if self._is_current(scripts):
                return
            if url.get_backend_name() == "sqlite":
                self._use_wal()
            with self.writing() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK_KEY})
                config.attributes["connection"] = connection
                command.upgrade(config, "head")

    def _is_current(self, scripts: ScriptDirectory) -> bool:
        with self.reading() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        known = scripts.get_current_head()
        if found is not None and found not in {script.revision for script in scripts.walk_revisions()}:
            raise SchemaTooNew(self.where, found, str(known))
        return found == known

    def _migration_lock(self, url: URL) -> AbstractContextManager[object]:
        """Switching a new file to WAL needs it alone and does not wait for its turn: hence a lock of our own."""
        if url.get_backend_name() != "sqlite" or not url.database:
            return nullcontext()
        return FileLock(f"{url.database}.migration.lock", timeout=2 * _BUSY_TIMEOUT_S)

    def _use_wal(self) -> None:
        with self._engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA journal_mode = WAL")


def reason_of(error: SQLAlchemyError) -> str:
    """Give the database's own words, without the statement and its values."""
    return str(getattr(error, "orig", None) or error).splitlines()[0]


def _url(url_or_path: str | Path) -> URL:
    if isinstance(url_or_path, str) and "://" in url_or_path:
        try:
            return make_url(url_or_path)
        except ArgumentError as error:
            raise RecordsUnusable(url_or_path, "this is not a database URL") from error
    return URL.create("sqlite", database=str(Path(url_or_path).expanduser()))


def _on_sqlite_connect(connection: SqliteConnection, _record: object) -> None:
    """Durable and strict; transactions are begun by ``_on_sqlite_begin``, not by the driver's guesswork."""
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get('sqlite_begin', 'DEFERRED')}")
