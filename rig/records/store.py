"""The store of all runs: begin one, read one back, list them, fold the guardian's journal in."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import SQLAlchemyError

from rig.records import tables
from rig.records._database import Database, reason_of, shown, url_of
from rig.records._mapping import columns_of, executor
from rig.records._reading import Readable, ReadOnlyDatabase, recording
from rig.records._reading_back import read_run
from rig.records.abandoned import close_abandoned
from rig.records.attempts.attempts import (
    AttemptRecord,
    begin_attempt,
    close_killed,
    end_attempt,
    note_attempt,
    read_attempts,
)
from rig.records.data import CertificateRecord, RunHeader, RunRecord
from rig.records.errors import NoSuchRun, RecordsUnusable
from rig.records.issued.certificates import enter_certificate, read_certificates
from rig.records.issued.holds import enter_holds, read_holds
from rig.records.issued.judgements import JudgementRecord, enter_judgement, read_judgements
from rig.records.listing import RunSummary, fold_journal, summaries
from rig.records.outbox.status import Destination, read_destinations
from rig.records.plain_json import to_json
from rig.records.production.measured import Measurement, Value, read_values
from rig.records.production.references import read_references
from rig.records.production.run_query import RunQuery, find_runs
from rig.records.production.selection import Selection
from rig.records.production.units import UnitTest, read_unit_tests
from rig.records.recorder import RunRecorder
from rig.records.resumption.reopening import Reopened, note_process, reopen
from rig.records.resumption.stored_plan import RunPlan, StoredPlan, read_plan, store_plan
from rig.records.units.hold_record import HoldRecord

_SHOWN_CANDIDATES = 5


def station_file(url_or_path: str | Path) -> str | Path:
    """Return the file in which a run is recorded; raises RecordsUnusable for a server, which a run would wait for."""
    url = url_of(url_or_path)
    if url.get_backend_name() != "sqlite":
        raise RecordsUnusable(
            shown(url_or_path, url),
            "a run is recorded in a file of its station, so that it waits for no server; leave --records out, and send "
            "with: rig records send --to URL",
        )
    return url_or_path


class RunStore:
    """All runs in one database. Rows are only ever added; several processes may read and write at once."""

    def __init__(self, database: Readable) -> None:
        self._database = database

    @classmethod
    def open(cls, url_or_path: str | Path) -> Self:
        """Open or make a database: a path is an SQLite file, anything with ``://`` an SQLAlchemy URL.

        The schema is brought up to date first. Raises ``RecordsUnusable`` if it is not a database or cannot be
        reached, ``SchemaTooNew`` if a newer rig wrote it.
        """
        return cls(Database(url_or_path))

    @classmethod
    def open_to_read(cls, url_or_path: str | Path) -> Self:
        """Open a database that is there, and write nothing: no table, no file, also where nothing could be written.

        ``fold_journal`` adds to this view of an SQLite database only. Raises ``RecordsUnusable`` where there is none
        or it cannot be read, ``SchemaTooNew``, and ``SchemaTooOld`` where an older schema cannot be read.
        """
        return cls(ReadOnlyDatabase(url_or_path))

    @property
    def takes_a_journal(self) -> bool:
        """Whether ``fold_journal`` has a place for entries."""
        return self._database.takes_a_journal

    @property
    def where(self) -> str:
        """The path or URL, without a password."""
        return self._database.where

    def close(self) -> None:
        """Give the connections back; what was recorded is on disk already."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def begin_run(
        self,
        header: RunHeader,
        run_id: str | None = None,
        *,
        plan: RunPlan | None = None,
        process: Mapping[str, Any] | None = None,
        attempt: int | None = None,
    ) -> RunRecorder:
        """Record that a run begins now; it counts as crashed until its recorder's ``finish``.

        ``run_id``: a UUID that the caller has chosen, so that it could name things by it; default a new one. ``plan``:
        what it is to do, by which it can be resumed. ``process``: which process records it, so that a later one can
        close its record when it is gone. ``attempt``: what ``begin_attempt`` returned.
        """
        database = self._writable()
        run_id = run_id or str(uuid.uuid4())
        with recording(self._database, "the beginning of the run") as connection:
            connection.execute(
                insert(tables.RUN).values(
                    id=run_id,
                    **columns_of(header, without=("environment", "programme", "judged_with")),
                    environment=to_json(header.environment),
                    programme={what: list(numbers) for what, numbers in header.programme.items()} or None,
                    judged_with=to_json(header.judged_with) or None,
                    started_utc=datetime.now(UTC),
                )
            )
            if plan is not None:
                store_plan(connection, run_id, plan)
            if process is not None:
                note_process(connection, run_id, process)
            if attempt is not None:
                end_attempt(connection, attempt, run_id=run_id)
        return RunRecorder(database, run_id)

    def resume_run(self, run_id: str, process: Mapping[str, Any]) -> tuple[RunRecorder, Reopened]:
        """Go on with the record of an interrupted run, as ``process``; see ``reopen``. Raises ResumeRefused."""
        database = self._writable()
        with recording(database, "that the run is resumed") as connection:
            reopened = reopen(connection, run_id, process)
        return RunRecorder(database, run_id, units=reopened.units, points=reopened.points), reopened

    def plan_of(self, run_id: str) -> StoredPlan | None:
        """Return what a run was to do and what of it is done; None where that was not stored."""
        with self._reading() as connection:
            return read_plan(connection, run_id)

    def _writable(self) -> Database:
        if not isinstance(self._database, Database):
            raise RecordsUnusable(self.where, "is open for reading only")
        return self._database

    def runs(self, newest: int | None = None) -> tuple[RunSummary, ...]:
        """List the runs, newest first; ``newest``: at most so many."""
        with self._reading() as connection:
            return summaries(executor(connection), newest)

    def find_runs(self, query: RunQuery, newest: int | None = None) -> tuple[RunSummary, ...]:
        """List the runs that are meant, newest first; ``newest``: at most so many."""
        with self._reading() as connection:
            return find_runs(connection, query, newest)

    def run(self, reference: str) -> RunRecord:
        """Read one run back: by id, by the first letters of it, or "last". Raises ``NoSuchRun``."""
        with self._reading() as connection:
            return read_run(connection, self._find(connection, reference))

    def unit_tests(self, chosen: Selection, *, whole_units: bool = False) -> tuple[UnitTest, ...]:
        """Return the tests of units that are ``chosen``, or with ``whole_units`` all tests of these units."""
        with self._reading() as connection:
            return read_unit_tests(connection, chosen, whole_units=whole_units)

    def values(
        self, chosen: Selection, quantity: str = "", measurement: Measurement | None = None
    ) -> tuple[Value, ...]:
        """Return the measured errors of the tests that are ``chosen``, the oldest first."""
        with self._reading() as connection:
            return read_values(connection, chosen, quantity, measurement)

    def holds(self, serial_numbers: Collection[str] | None = None) -> tuple[HoldRecord, ...]:
        """List what was put on hold, in the order of entry; ``serial_numbers``: of these units only."""
        with self._reading() as connection:
            return read_holds(connection, serial_numbers)

    def enter_holds(self, holds: Sequence[HoldRecord]) -> None:
        """Put units on hold: all of them, or none."""
        with recording(self._database, f"{len(holds)} units on hold") as connection:
            enter_holds(connection, holds)

    def references(self, run_ids: Collection[str]) -> dict[str, str]:
        """Return what the reference of each run was and how it was calibrated, in one text."""
        with self._reading() as connection:
            return read_references(connection, run_ids)

    def run_id(self, reference: str) -> str:
        """Return the id of one run: of its first letters, or "last". Raises ``NoSuchRun``."""
        with self._reading() as connection:
            return self._find(connection, reference)

    def has_run(self, run_id: str) -> bool:
        """Whether this database has the run of exactly this id."""
        with self._reading() as connection:
            return connection.scalar(select(tables.RUN.c.id).where(tables.RUN.c.id == run_id)) is not None

    def judgements(self, run_id: str) -> tuple[JudgementRecord, ...]:
        """List the later judgements of a run, the oldest first."""
        with self._reading() as connection:
            return read_judgements(connection, run_id)

    def enter_judgement(self, run_id: str, judgement: JudgementRecord) -> None:
        """Enter a later judgement of a run with all its results, in one transaction; nothing of the run changes."""
        with recording(self._database, "a judgement") as connection:
            enter_judgement(connection, run_id, judgement)

    def certificates(self) -> tuple[CertificateRecord, ...]:
        """List the certificates issued of all runs here, in the order in which they were entered."""
        with self._reading() as connection:
            return read_certificates(connection)

    def enter_certificate(self, certificate: CertificateRecord) -> None:
        """Enter a certificate that is issued. Raises NumberTaken where its number is there already."""
        with recording(self._database, f"certificate {certificate.number}") as connection:
            enter_certificate(connection, certificate)

    def fold_journal(self, entries: Iterable[Mapping[str, Any]]) -> int:
        """Take entries of the guardian's journal in, each once however often it is offered; returns how many were new.

        An entry is a JSON object with ``id`` (text or number, unique), ``time`` (ISO 8601 text, or seconds since 1970),
        ``reason`` and ``confirmed`` (whether the outputs were seen off), and perhaps ``run`` (a run's id) and
        ``bench`` (its name); the rest is kept as it is. Without ``run`` it belongs to the run that had begun last by
        that time, on that bench if it is named, unless that one had finished by then; otherwise to none.
        """
        with recording(self._database, "the guardian's journal") as connection:
            return fold_journal(executor(connection), entries)

    def close_abandoned(self, is_gone: Callable[[Mapping[str, Any]], bool]) -> tuple[str, ...]:
        """Close the records of runs whose process ``is_gone``, as far as the runs say which it was; returns their ids.

        TERMINATED where the outputs were never on or the journal saw them off, else ABORTED. Take the journal in first.
        """
        with recording(self._database, "the end of runs that were killed") as connection:
            close_killed(connection, is_gone)
            return close_abandoned(connection, is_gone)

    def note_attempt(self, attempt: AttemptRecord) -> None:
        """Record an attempt to begin a run that became none, with its reason."""
        with recording(self._database, "an attempt to begin a run") as connection:
            note_attempt(connection, attempt)

    def begin_attempt(self, attempt: AttemptRecord, process: Mapping[str, Any]) -> int:
        """Record that a process tries to begin a run; returns the key for ``end_attempt``."""
        with recording(self._database, "an attempt to begin a run") as connection:
            return begin_attempt(connection, attempt, process)

    def end_attempt(self, key: int, reason: str) -> None:
        """Record why an attempt became no run; nothing where it became one (``begin_run``)."""
        with recording(self._database, "the end of an attempt to begin a run") as connection:
            end_attempt(connection, key, reason=reason)

    def attempts(self, newest: int = 100) -> tuple[AttemptRecord, ...]:
        """List the attempts that became no run, or a run that ended before a meter was known; the newest first."""
        with self._reading() as connection:
            return read_attempts(connection, newest)

    def destinations(self) -> tuple[int, tuple[Destination, ...]]:
        """Return how many rows there are to be sent to servers, and how far that has come with each."""
        with self._reading() as connection:
            return read_destinations(connection)

    def _find(self, connection: Connection, reference: str) -> str:
        newest_first = select(tables.RUN.c.id).order_by(tables.RUN.c.started_utc.desc(), tables.RUN.c.id)
        if reference == "last":
            newest = connection.scalar(newest_first.limit(1))
            if newest is None:
                raise NoSuchRun(reference, self.where)
            return str(newest)
        matches = newest_first.where(tables.RUN.c.id.startswith(reference.lower(), autoescape=True))
        found = tuple(connection.scalars(matches.limit(_SHOWN_CANDIDATES)))
        if len(found) != 1 or not reference:
            raise NoSuchRun(reference, self.where, found)
        return str(found[0])

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.reading() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise RecordsUnusable(self.where, f"cannot be read: {reason_of(error)}") from error
