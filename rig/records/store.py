"""The store of all runs: begin one, read one back, list them, fold the guardian's journal in."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, Select, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from rig.load_point import FULL, NOT_SHIFTED
from rig.records import models
from rig.records._database import Database, reason_of
from rig.records._mapping import columns_of, record_of
from rig.records._reading import Readable, ReadOnlyDatabase, recording
from rig.records._reading_back import header_of, read_run
from rig.records.abandoned import close_abandoned, never_energised, outcome_of
from rig.records.columns import to_json
from rig.records.data import SEVERITY, RunHeader, RunRecord, RunSummary
from rig.records.errors import NoSuchRun, RecordsUnusable
from rig.records.recorder import RunRecorder
from rig.records.verdicts import Judgement, count_measured, count_verdicts

_SHOWN_CANDIDATES = 5


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

    def begin_run(self, header: RunHeader, run_id: str | None = None) -> RunRecorder:
        """Record that a run begins now; it counts as crashed until its recorder's ``finish``.

        ``run_id``: a UUID that the caller has chosen, so that it could name things by it; default a new one.
        """
        database = self._database
        if not isinstance(database, Database):
            raise RecordsUnusable(self.where, "is open for reading only")
        run_id = run_id or str(uuid.uuid4())
        with recording(self._database, "the beginning of the run") as connection:
            connection.execute(
                insert(models.Run).values(
                    id=run_id,
                    **columns_of(header, without=("environment", "programme")),
                    environment=to_json(header.environment),
                    programme={what: list(numbers) for what, numbers in header.programme.items()} or None,
                    started_utc=datetime.now(UTC),
                )
            )
        return RunRecorder(database, run_id)

    def runs(self, newest: int | None = None) -> tuple[RunSummary, ...]:
        """List the runs, newest first; ``newest``: at most so many."""
        query = select(models.Run.__table__).order_by(models.Run.started_utc.desc(), models.Run.id).limit(newest)
        with self._reading() as connection:
            rows = connection.execute(query).all()
            ids = [row.id for row in rows]
            journal = _grouped(
                connection,
                select(models.GuardianEntry.run_id, models.GuardianEntry.confirmed, models.GuardianEntry.time_utc),
                ids,
            )
            units = _grouped(connection, select(models.Unit.run_id, models.Unit.serial_number), ids)
            judged = _judgements(connection, ids)
            counts = _counts(connection, ids, judged)
            never_on = never_energised(connection, ids)
        return tuple(
            record_of(
                RunSummary,
                row,
                run_id=row.id,
                header=header_of(row),
                outcome=outcome_of(row, journal.get(row.id, []), was_never_on=row.id in never_on),
                serial_numbers=tuple(unit.serial_number for unit in units.get(row.id, [])),
                counts=counts.get(row.id, {}),
                measured=count_measured((j.label, j.procedure, j.instance) for j in judged.get(row.id, [])),
            )
            for row in rows
        )

    def run(self, reference: str) -> RunRecord:
        """Read one run back: by id, by the first letters of it, or "last". Raises ``NoSuchRun``."""
        with self._reading() as connection:
            return read_run(connection, self._find(connection, reference))

    def has_run(self, run_id: str) -> bool:
        """Whether this database has the run of exactly this id."""
        with self._reading() as connection:
            return connection.scalar(select(models.Run.id).where(models.Run.id == run_id)) is not None

    def fold_journal(self, entries: Iterable[Mapping[str, Any]]) -> int:
        """Take entries of the guardian's journal in, each once however often it is offered; returns how many were new.

        An entry is a JSON object with ``id`` (text or number, unique), ``time`` (ISO 8601 text, or seconds since 1970),
        ``reason`` and ``confirmed`` (whether the outputs were seen off), and perhaps ``run`` (a run's id) and
        ``bench`` (its name); the rest is kept as it is. Without ``run`` it belongs to the run that had begun last by
        that time, on that bench if it is named, unless that one had finished by then; otherwise to none.
        """
        added = 0
        with recording(self._database, "the guardian's journal") as connection:
            known = set(connection.scalars(select(models.GuardianEntry.id)))
            for entry in entries:
                entry_id = str(entry["id"])
                if entry_id in known:
                    continue
                known.add(entry_id)
                time_utc = _time(entry.get("time"))
                connection.execute(
                    insert(models.GuardianEntry).values(
                        id=entry_id,
                        run_id=self._run_of_entry(connection, entry, time_utc),
                        time_utc=time_utc,
                        reason=str(entry.get("reason", "")),
                        confirmed=entry.get("confirmed") is True,
                        data=to_json(entry),
                    )
                )
                added += 1
        return added

    def close_abandoned(self, is_gone: Callable[[Mapping[str, Any]], bool]) -> tuple[str, ...]:
        """Close the records of runs whose process ``is_gone``, as far as the runs say which it was; returns their ids.

        TERMINATED where the outputs were never on or the journal saw them off, else ABORTED. Take the journal in first.
        """
        with recording(self._database, "the end of runs that were killed") as connection:
            return close_abandoned(connection, is_gone)

    def _find(self, connection: Connection, reference: str) -> str:
        newest_first = select(models.Run.id).order_by(models.Run.started_utc.desc(), models.Run.id)
        if reference == "last":
            newest = connection.scalar(newest_first.limit(1))
            if newest is None:
                raise NoSuchRun(reference, self.where)
            return newest
        matches = newest_first.where(models.Run.id.startswith(reference.lower(), autoescape=True))
        found = tuple(connection.scalars(matches.limit(_SHOWN_CANDIDATES)))
        if len(found) != 1 or not reference:
            raise NoSuchRun(reference, self.where, found)
        return found[0]

    def _run_of_entry(self, connection: Connection, entry: Mapping[str, Any], time_utc: datetime | None) -> str | None:
        named = entry.get("run")
        if named:
            return connection.scalar(select(models.Run.id).where(models.Run.id == str(named)))
        if time_utc is None:
            return None
        query = select(models.Run.id, models.Run.finished_utc).where(models.Run.started_utc <= time_utc)
        if entry.get("bench"):
            query = query.where(models.Run.bench_name == str(entry["bench"]))
        last = connection.execute(query.order_by(models.Run.started_utc.desc()).limit(1)).one_or_none()
        if last is None or (last.finished_utc is not None and last.finished_utc < time_utc):
            return None
        return str(last.id)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        try:
            with self._database.reading() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise RecordsUnusable(self.where, f"cannot be read: {reason_of(error)}") from error


def _grouped(connection: Connection, query: Select[*tuple[Any, ...]], run_ids: list[str]) -> dict[str, list[Row[Any]]]:
    grouped: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.where(query.selected_columns.run_id.in_(run_ids))):
        grouped[row.run_id].append(row)
    return grouped


def _judgements(connection: Connection, run_ids: list[str]) -> dict[str, list[Judgement]]:
    point, result = models.Point, models.ResultRow
    judged: dict[str, list[Judgement]] = defaultdict(list)
    for row in connection.execute(
        select(
            point.run_id, point.label, point.voltage_v, point.voltages_pct, point.voltage_shift_deg, point.current_pct,
            point.frequency_hz, result.procedure, result.quantity, result.instance, result.unit_number,
            result.limit_pct, result.outcome,
        )
        .join_from(result, point)
        .where(point.run_id.in_(run_ids))
    ):  # fmt: skip
        judged[row.run_id].append(
            Judgement(
                row.procedure,
                row.quantity,
                row.instance,
                row.unit_number,
                row.limit_pct,
                row.label,
                (row.voltage_v, tuple(row.voltages_pct or FULL), tuple(row.voltage_shift_deg or NOT_SHIFTED)),
                row.current_pct,
                row.frequency_hz,
                row.outcome,
            )
        )
    return judged


def _counts(connection: Connection, run_ids: list[str], judged: dict[str, list[Judgement]]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for run_id, judgements in judged.items():
        counts[run_id] = count_verdicts(judgements, SEVERITY)
    findings = (
        select(models.Finding.run_id, models.Finding.outcome, func.count())
        .group_by(models.Finding.run_id, models.Finding.outcome)
        .where(models.Finding.run_id.in_(run_ids))
    )
    for run_id, outcome, number in connection.execute(findings):
        counts[run_id][outcome] += number
    return counts


def _time(value: object) -> datetime | None:
    """Read a journal's time; one that cannot be understood must not keep the entry out."""
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        time = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
