"""Writing a run as it happens: each call is one transaction, stored durably before it returns."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Table, insert, update

from rig.load_point import LoadPoint
from rig.records import tables
from rig.records._database import Database
from rig.records._mapping import columns_of
from rig.records._reading import recording
from rig.records.data import (
    ConditionRecord,
    FindingRecord,
    InstrumentRecord,
    LimitProvenance,
    ResultRecord,
    UnitRecord,
    WiringCheckRecord,
)
from rig.records.errors import RecordNotWritten
from rig.records.plain_json import to_json, values_to_json
from rig.records.resumption.reopening import CHECK, SUPERSEDED
from rig.records.verdicts import OUTCOMES


class RunRecorder:
    """Writes one run. Made by ``RunStore.begin_run`` or ``resume_run``; may be used from several threads.

    All methods raise ``RecordNotWritten`` if the database did not take the record; nothing of it is stored then.
    Outcomes are words of ``OUTCOMES`` (an enum whose values they are will do); another word raises ``ValueError``.
    """

    def __init__(self, database: Database, run_id: str, *, units: int = 0, points: int = 0) -> None:
        self.run_id = run_id
        self.step = ""
        """The step of the run's plan that load points belong to which are begun from now on."""
        self._database = database
        self._lock = threading.Lock()
        self._units = units
        self._points = points
        self.last_point: PointRecorder | None = None
        """The load point that was begun last in this process."""
        self._check = ""
        self.present_unit: int | None = None
        """The unit that readings and results are about which name none; the only one where there is one."""

    def unit(self, unit: UnitRecord) -> int:
        """Record a meter under test; returns its number in this run, counted from 1."""
        with self._lock:
            number = self._units + 1
            self._add(f"unit {unit.serial_number}", tables.UNIT, number=number, **columns_of(unit))
            self._units = number
        return number

    def instrument(self, instrument: InstrumentRecord) -> None:
        """Record an instrument in use, with its calibration as far as it is known."""
        self._add(f"instrument {instrument.role}", tables.INSTRUMENT_USE, **columns_of(instrument))

    def begin_point(self, load_point: LoadPoint) -> PointRecorder:
        """Record that a load point is begun; the same load point may be begun again by another procedure."""
        with self._lock:
            number = self._points + 1
            with self.writing(f"load point {load_point.label}") as connection:
                result = connection.execute(
                    insert(tables.POINT)
                    .values(
                        run_id=self.run_id,
                        number=number,
                        label=load_point.label,
                        **columns_of(load_point),
                        started_utc=_now(),
                        reason="",
                        deviation={},
                        step=self.step or None,
                    )
                    .returning(tables.POINT.c.id)
                )
                point_id = result.scalar_one()
                if self._check:
                    row = {"point_id": point_id, "purpose": CHECK, "reason": self._check, "time_utc": _now()}
                    connection.execute(insert(tables.SET_ASIDE).values(row))
            self._points = number
            self.last_point = PointRecorder(self, load_point, number, point_id)
        return self.last_point

    @contextmanager
    def checking(self, reason: str) -> Iterator[None]:
        """Set the load points aside that are begun meanwhile: they are checks, and do not count for the result."""
        self._check = reason
        try:
            yield
        finally:
            self._check = ""

    def item_done(self, item: str) -> None:
        """Record that an item of the run's plan ended with its results recorded."""
        self._add(f"the end of {item}", tables.ITEM_DONE, item=item, time_utc=_now())

    def finding(self, finding: FindingRecord) -> None:
        """Record a question answered in words."""
        values = columns_of(finding) | {
            "unit_number": self.unit_number_of(finding.unit_number),
            "outcome": _outcome(finding.outcome),
            "cites": finding.cites or None,
        }
        self._add(f"finding {finding.name!r}", tables.FINDING, time_utc=_now(), **values)

    def wiring_check(self, check: WiringCheckRecord) -> None:
        """Record a check of how a meter is connected."""
        values = columns_of(check) | {"unit_number": self.unit_number_of(check.unit_number)}
        self._add("a check of the wiring", tables.WIRING_CHECK, **values)

    def configuration_before(self, values: Mapping[int, float], unit_number: int | None = None) -> None:
        """Record the Analog Values (by instance) as they were found."""
        self._save("configuration_before", "AV", values, unit_number)

    def configuration_after(self, values: Mapping[int, float], unit_number: int | None = None) -> None:
        """Record the Analog Values (by instance) as they were left."""
        self._save("configuration_after", "AV", values, unit_number)

    def registers_before(self, values: Mapping[int, float], unit_number: int | None = None) -> None:
        """Record the registers (Analog Inputs by instance) as they were found, before anything may erase them."""
        self._save("registers_before", "AI", values, unit_number)

    def event(self, kind: str, text: str, severity: str = "info", data: Mapping[str, object] | None = None) -> None:
        """Record that something happened; ``severity`` is info, warning or error, ``data`` anything JSON can say."""
        values = {"kind": kind, "severity": severity, "text": text, "data": to_json(data or {})}
        self._add(f"event {kind!r}", tables.EVENT, time_utc=_now(), **values)

    def artifact(self, path: Path | str) -> None:
        """Record a file that belongs to the run, with the SHA-256 of its content now; OSError if it is not there."""
        with Path(path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self._add(f"artifact {path}", tables.ARTIFACT, path=str(path), sha256=sha256)

    def finish(self, outcome: str, exit_code: int) -> None:
        """Record the end of the run, once; a second end is refused."""
        values = {"finished_utc": _now(), "outcome": _outcome(outcome), "exit_code": exit_code}
        self.change_once("the end of the run", tables.RUN, self.run_id, values)

    def _save(self, purpose: str, prefix: str, values: Mapping[int, float], unit_number: int | None) -> None:
        rows = [
            {
                "run_id": self.run_id,
                "unit_number": self.unit_number_of(unit_number),
                "time_utc": _now(),
                "purpose": purpose,
                "object_name": f"{prefix}{instance}",
                "value": value,
            }
            for instance, value in sorted(values.items())
        ]
        if rows:
            with self.writing(purpose.replace("_", " ")) as connection:
                connection.execute(insert(tables.SAVED_VALUE), rows)

    def unit_number_of(self, unit_number: int | None) -> int | None:
        """Give the number itself, or that of the only unit there is."""
        if unit_number is None:
            return self.present_unit or (1 if self._units == 1 else None)
        if not 1 <= unit_number <= self._units:
            raise ValueError(f"there is no unit {unit_number} in this run; {self._units} are recorded")
        return unit_number

    def _add(self, what: str, table: Table, /, **values: object) -> None:
        with self.writing(what) as connection:
            connection.execute(insert(table).values(run_id=self.run_id, **values))

    def change_once(self, what: str, table: Table, row_id: str | int, values: Mapping[str, object]) -> None:
        """Change a row that has not ended; raises RecordNotWritten for one that has."""
        with self.writing(what) as connection:
            changed = connection.execute(
                update(table).where(table.c.id == row_id, table.c.finished_utc.is_(None)).values(**values)
            )
            if changed.rowcount != 1:
                raise RecordNotWritten(self._database.where, what, "it had ended already")

    def writing(self, what: str) -> AbstractContextManager[Connection]:
        """Return one transaction that writes ``what``; raises RecordNotWritten."""
        return recording(self._database, what)


class PointRecorder:
    """Writes what is read and judged at one load point; made by ``RunRecorder.begin_point``."""

    def __init__(self, run: RunRecorder, load_point: LoadPoint, number: int, point_id: int) -> None:
        self.load_point = load_point
        self.number = number
        self._run = run
        self._id = point_id

    def reference_reading(self, raw: object, monotonic_s: float) -> None:
        """Record a reading of the reference: ``raw`` is an ``AnalyzerReading``, other dataclass, or mapping."""
        data = to_json(raw)
        values = {"raw": data if isinstance(data, dict) else {"reading": data}, "monotonic_s": monotonic_s}
        self._add("a reference reading", tables.REFERENCE_READING, taken_utc=_now(), **values)

    def meter_reading(
        self,
        values: Mapping[int, float],
        *,
        requested_monotonic_s: float,
        answered_monotonic_s: float,
        answered_utc: datetime | None = None,
        torn: bool = False,
        errors: Mapping[int, str] | None = None,
        unit_number: int | None = None,
    ) -> None:
        """Record a reading of the meter: Analog Input instance to value (NaN = QNAN); ``answered_utc`` default now."""
        self._add(
            "a meter reading",
            tables.METER_READING,
            unit_number=self._run.unit_number_of(unit_number),
            values_by_instance=values_to_json(values),
            errors_by_instance=to_json(errors or {}),
            requested_monotonic_s=requested_monotonic_s,
            answered_monotonic_s=answered_monotonic_s,
            answered_utc=answered_utc or _now(),
            torn=torn,
        )

    def measurement(self, procedure: str, data: Mapping[str, object]) -> None:
        """Record what a judgement of this load point needs beside its readings."""
        self._add("a measurement", tables.MEASUREMENT, procedure=procedure, data=to_json(data))

    def climate(self, temperature_c: float, humidity_pct: float | None, pressure_hpa: float | None = None) -> None:
        """Record the air at this load point before it has ended: degrees Celsius, percent relative humidity, hPa."""
        found = {"temperature_c": temperature_c, "humidity_pct": humidity_pct, "pressure_hpa": pressure_hpa}
        self._change_once("the climate", found)

    def result(self, result: ResultRecord) -> None:
        """Record one judged quantity with its uncertainty budget, in one transaction."""
        self.results([result])

    def results(self, results: Iterable[ResultRecord]) -> None:
        """Record several judged quantities in one transaction: all or none."""
        rows = [self._result_row(result) for result in results]
        with self._writing("results") as connection:
            for row, components in rows:
                added = connection.execute(insert(tables.RESULT).values(row).returning(tables.RESULT.c.id))
                result_id = added.scalar_one()  # read in any case: SQLite commits no transaction with a row unread
                if components:
                    lines = [line | {"result_id": result_id} for line in components]
                    connection.execute(insert(tables.BUDGET_COMPONENT), lines)

    def finish(
        self,
        outcome: str | None = None,
        deviation: Mapping[str, object] | None = None,
        reason: str = "",
        conditions: Iterable[ConditionRecord] = (),
    ) -> None:
        """Record that the measurement of this load point has ended, once; results may still follow.

        ``outcome``: INVALID, ERROR, SKIP ... of the point itself, None where its results will say. ``deviation``:
        departures from the nominal point and the reference conditions, units in the names. ``reason``: one sentence.
        ``conditions``: the same with limits and uncertainties.
        """
        stated = None if outcome is None else _outcome(outcome)
        values = {
            "finished_utc": _now(), "outcome": stated, "deviation": to_json(deviation or {}), "reason": reason,
            "conditions": to_json(list(conditions)),
        }  # fmt: skip
        self._change_once("the end", values)

    def set_aside(self, reason: str) -> None:
        """Record that this load point does not count for the result: it was measured again, for ``reason``."""
        self._add("a repetition", tables.SET_ASIDE, purpose=SUPERSEDED, reason=reason, time_utc=_now())

    def _result_row(self, result: ResultRecord) -> tuple[dict[str, object], list[dict[str, object]]]:
        limit = result.limit
        row = columns_of(result, without=("limit", "components")) | {
            "point_id": self._id,
            "unit_number": self._run.unit_number_of(result.unit_number),
            "outcome": _outcome(result.outcome),
            "limit_verified": limit is not None and limit.is_verified,
        }
        row |= {f"limit_{each.name}": getattr(limit, each.name) if limit else None for each in fields(LimitProvenance)}
        return row, [columns_of(line) for line in result.components]

    def _add(self, what: str, table: Table, /, **values: object) -> None:
        with self._writing(what) as connection:
            connection.execute(insert(table).values(point_id=self._id, **values))

    def _change_once(self, what: str, values: Mapping[str, object]) -> None:
        self._run.change_once(f"{what} of load point {self.load_point.label}", tables.POINT, self._id, values)

    def _writing(self, what: str) -> AbstractContextManager[Connection]:
        return self._run.writing(f"{what} of load point {self.load_point.label}")


def _now() -> datetime:
    return datetime.now(UTC)


def _outcome(outcome: object) -> str:
    word = str(getattr(outcome, "value", outcome))
    if word not in OUTCOMES:
        raise ValueError(f"{word!r} is not an outcome; the outcomes are {', '.join(sorted(OUTCOMES))}")
    return word
