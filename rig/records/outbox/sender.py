"""Send what is recorded to a server: one batch is one transaction there, and is marked here after its COMMIT."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, delete, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from rig.errors import BenchFault, UsageRefused
from rig.records import tables
from rig.records._database import Database, reason_of, url_of
from rig.records._reading import recording
from rig.records.errors import RecordsUnusable
from rig.records.outbox.deadline import limit_conversations
from rig.records.outbox.rows import Batch, read_batch, read_entries

BATCH = 1000
"""Entries of the outbox in one transaction."""

LONGEST_S = 60.0
"""How long one transaction with a server may take before the connection is cut, seconds."""

_LONGEST_UPGRADE_S = 3600.0
"""The same while the server's tables are brought up to date."""


class NotSent(BenchFault):
    """The server did not take what was sent (exit 10); all of it is kept and can be sent later."""

    def __init__(self, where: str, cause: str, waiting: int) -> None:
        super().__init__(f"records are not sent to {where}: {cause}; nothing is lost, {waiting} rows wait")
        self.where, self.waiting = where, waiting


class SenderBusy(UsageRefused):
    """Another process sends the same records to the same server (exit 11)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a call of ``send`` did: entries that the server has now, those that it refused, and why the last one."""

    entries: int
    refused: int = 0
    reason: str = ""


class Sender:
    """Copies one SQLite database of runs to one server. May be killed at any time: nothing is doubled or lost.

    ``on_commit`` is called between the server's COMMIT and the mark. Raises RecordsUnusable where one of the two cannot
    be opened, SenderBusy where another process sends already.
    """

    def __init__(
        self,
        records: str | Path,
        to: str,
        *,
        batch: int = BATCH,
        longest_s: float = LONGEST_S,
        on_commit: Callable[[], None] = lambda: None,
    ) -> None:
        self._batch, self._longest_s, self._on_commit = batch, _LONGEST_UPGRADE_S, on_commit
        path = _file_of(records)
        self._source = Database(path)
        try:
            self._server = Database(to, prepare=self._limit)
        except BaseException:
            self._source.close()
            raise
        self.where, self._longest_s = self._server.where, longest_s
        try:
            self._destination = self._identity()
            self._lock = FileLock(f"{path}.sending-{self._destination[-12:]}.lock", timeout=0)
            self._lock.acquire()
        except BaseException as error:
            self._source.close()
            self._server.close()
            if isinstance(error, Timeout):
                raise SenderBusy(f"records {path} are being sent to {self.where} by another process") from None
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give connections and lock back."""
        self._lock.release()
        self._source.close()
        self._server.close()

    def _limit(self, engine: Engine) -> None:
        limit_conversations(engine, lambda: self._longest_s)

    def _identity(self) -> str:
        try:
            with self._server.reading() as connection:
                destination = str(connection.scalar(select(tables.IDENTITY.c.uid)))
        except SQLAlchemyError as error:
            raise RecordsUnusable(self._server.where, f"cannot be read: {reason_of(error)}") from error
        with self._source.reading() as connection:
            if connection.scalar(select(tables.IDENTITY.c.uid)) == destination:
                raise UsageRefused(f"records {self._source.where} cannot be sent to themselves or to a copy of them")
        return destination

    def waiting(self) -> int:
        """Return how many entries of the outbox are still to be sent."""
        with self._source.reading() as connection:
            return waiting_for(connection, self._destination)

    def send_again(self) -> None:
        """Have everything sent once more, as after a backup of the server was restored; what is there stays single."""
        self._mark(0)

    def send(self) -> Sent:
        """Send all that is there now, also what was refused before. Raises NotSent."""
        sent = self._send_refused()
        while True:
            with self._source.reading() as connection:
                batch = read_batch(connection, self._sent_up_to(connection), self._batch)
            if not batch.entries:
                return sent
            refused = self._write(batch)
            self._on_commit()
            self._mark(batch.last, refused)
            reason = next(iter(refused.values()), sent.reason)
            sent = Sent(sent.entries + batch.entries - len(refused), sent.refused + len(refused), reason)

    def _sent_up_to(self, connection: Connection) -> int:
        sent = tables.OUTBOX_SENT
        return connection.scalar(select(sent.c.n).where(sent.c.destination == self._destination)) or 0

    def _write(self, batch: Batch) -> dict[int, str]:
        """Write a batch in one transaction; returns the entries that are refused, with reasons."""
        with self._talking():
            try:
                with self._server.writing() as connection:
                    batch.write(connection)
                return {}
            except (IntegrityError, DataError):
                with self._server.writing() as connection:
                    return _write_singly(batch, connection)

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            is_cut = isinstance(error, DBAPIError) and error.connection_invalidated
            said = f"the connection is gone ({reason_of(error)})" if is_cut else reason_of(error)
            raise NotSent(self.where, said, self.waiting()) from error

    def _mark(self, last: int, refused: dict[int, str] | None = None) -> None:
        now = datetime.now(UTC)
        marked = {"n": last, "time_utc": now}
        with recording(self._source, "what has been sent") as connection:
            mark = sqlite.insert(tables.OUTBOX_SENT).values(destination=self._destination, **marked)
            connection.execute(mark.on_conflict_do_update(index_elements=["destination"], set_=marked))
            rows = [{"n": n, "reason": reason} for n, reason in (refused or {}).items()]
            if rows:
                row = sqlite.insert(tables.OUTBOX_REFUSED).values(destination=self._destination, time_utc=now)
                connection.execute(row.on_conflict_do_nothing(), rows)

    def _send_refused(self) -> Sent:
        """Send what this server refused before; what it takes now is no longer noted."""
        table = tables.OUTBOX_REFUSED
        with self._source.reading() as connection:
            numbers = connection.scalars(
                select(table.c.n).where(table.c.destination == self._destination).order_by(table.c.n)
            ).all()
        taken, reason = [], ""
        for n in numbers:
            with self._source.reading() as connection:
                batch = read_entries(connection, [n])
            refused = self._write(batch)
            reason = next(iter(refused.values()), reason)
            if not refused:
                taken.append(n)
        if taken:
            with recording(self._source, "what has been sent") as connection:
                connection.execute(delete(table).where(table.c.destination == self._destination, table.c.n.in_(taken)))
        return Sent(len(taken), len(numbers) - len(taken), reason)


def _write_singly(batch: Batch, connection: Connection) -> dict[int, str]:
    """Write row by row, and leave out those that the database refuses; returns their entries with the reasons."""
    refused: dict[int, str] = {}
    for statement, row in batch.statements(connection.dialect.name):
        try:
            with connection.begin_nested():
                connection.execute(statement, row)
        except (IntegrityError, DataError) as error:
            refused.setdefault(batch.numbers[row["v_uid"]], reason_of(error))
    return refused


def waiting_for(connection: Connection, destination: str) -> int:
    """Return how many entries of the outbox a server has not got yet."""
    sent = tables.OUTBOX_SENT
    newest = connection.scalar(select(func.max(tables.OUTBOX.c.n))) or 0
    up_to = connection.scalar(select(sent.c.n).where(sent.c.destination == destination)) or 0
    return int(newest - up_to)


def _file_of(records: str | Path) -> Path:
    url = url_of(records)
    if url.get_backend_name() != "sqlite" or not url.database:
        raise UsageRefused(f"records {records} are on a server already; name the file that a station records in")
    return Path(url.database).absolute()
