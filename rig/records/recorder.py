"""Writing a run as it happens: each call is one transaction, stored durably before it returns."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import SQLAlchemyError

from rig.load_point import LoadPoint
from rig.records import models
from rig.records._database import Database, reason_of
from rig.records.columns import to_json, values_to_json
from rig.records.data import (
    OUTCOMES,
    FindingRecord,
    InstrumentRecord,
    ResultRecord,
    UnitRecord,
)
from rig.records.errors import RecordNotWritten


class RunRecorder:
    """Writes one run. Made by ``RunStore.begin_run``; may be used from several threads.

    All methods raise ``RecordNotWritten`` if the database did not take the record; nothing of it is stored then.
    Outcomes are words of ``OUTCOMES`` (an enum whose values they are will do); another word raises ``ValueError``.
    """

    def __init__(self, database: Database, run_id: str) -> None:
        self.run_id = run_id
        self._database = database
        self._lock = threading.Lock()
        self._units = 0
        self._points = 0

    def unit(self, unit: UnitRecord) -> int:
        """Record a meter under test; returns its number in this run, counted from 1."""
        with self._lock:
            number = self._units + 1
            with self._writing(f"unit {unit.serial_number}") as connection:
                connection.execute(
                    insert(models.Unit).values(
                        run_id=self.run_id,
                        number=number,
                        serial_number=unit.serial_number,
                        device_instance=unit.device_instance,
                        model=unit.model,
                        firmware=unit.firmware,
                        application=unit.application,
                        position=unit.position,
                    )
                )
            self._units = number
        return number

    def instrument(self, instrument: InstrumentRecord) -> None:
        """Record an instrument in use, with its calibration as far as it is known."""
        with self._writing(f"instrument {instrument.role}") as connection:
            connection.execute(
                insert(models.InstrumentUse).values(
                    run_id=self.run_id,
                    role=instrument.role,
                    identity=instrument.identity,
                    serial_number=instrument.serial_number,
                    calibration_certificate=instrument.calibration_certificate,
                    calibration_date=instrument.calibration_date,
                    calibration_due=instrument.calibration_due,
                    calibration_status=instrument.calibration_status,
                )
            )

    def begin_point(self, load_point: LoadPoint) -> PointRecorder:
        """Record that a load point is begun; the same load point may be begun again by another procedure."""
        with self._lock:
            number = self._points + 1
            with self._writing(f"load point {load_point.label}") as connection:
                result = connection.execute(
                    insert(models.Point)
                    .values(
                        run_id=self.run_id,
                        number=number,
                        label=load_point.label,
                        voltage_v=load_point.voltage_v,
                        current_pct=load_point.current_pct,
                        angle_deg=load_point.angle_deg,
                        phases=load_point.phases,
                        frequency_hz=load_point.frequency_hz,
                        voltages_pct=list(load_point.voltages_pct),
                        voltage_shift_deg=list(load_point.voltage_shift_deg),
                        system_type=load_point.system_type,
                        started_utc=_now(),
                        reason="",
                        deviation={},
                    )
                    .returning(models.Point.id)
                )
                point_id = result.scalar_one()
            self._points = number
        return PointRecorder(self, load_point, number, point_id)

    def finding(self, finding: FindingRecord) -> None:
        """Record a question answered in words."""
        with self._writing(f"finding {finding.name!r}") as connection:
            connection.execute(
                insert(models.Finding).values(
                    run_id=self.run_id,
                    unit_number=self._unit_number(finding.unit_number),
                    time_utc=_now(),
                    name=finding.name,
                    expected=finding.expected,
                    found=finding.found,
                    outcome=_outcome(finding.outcome),
                    cites=finding.cites or None,
                )
            )

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
        with self._writing(f"event {kind!r}") as connection:
            connection.execute(
                insert(models.Event).values(
                    run_id=self.run_id,
                    time_utc=_now(),
                    kind=kind,
                    severity=severity,
                    text=text,
                    data=to_json(data or {}),
                )
            )

    def artifact(self, path: Path | str) -> None:
        """Record a file that belongs to the run, with the SHA-256 of its content now; OSError if it is not there."""
        with Path(path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        with self._writing(f"artifact {path}") as connection:
            connection.execute(insert(models.Artifact).values(run_id=self.run_id, path=str(path), sha256=sha256))

    def finish(self, outcome: str, exit_code: int) -> None:
        """Record the end of the run, once; a second end is refused."""
        with self._writing("the end of the run") as connection:
            changed = connection.execute(
                update(models.Run)
                .where(models.Run.id == self.run_id, models.Run.finished_utc.is_(None))
                .values(finished_utc=_now(), outcome=_outcome(outcome), exit_code=exit_code)
            )
            if changed.rowcount != 1:
                raise RecordNotWritten(self._database.where, "the end of the run", "it had ended already")

    def _save(self, purpose: str, prefix: str, values: Mapping[int, float], unit_number: int | None) -> None:
        rows = [
            {
                "run_id": self.run_id,
                "unit_number": self._unit_number(unit_number),
                "time_utc": _now(),
                "purpose": purpose,
                "object_name": f"{prefix}{instance}",
                "value": value,
            }
            for instance, value in sorted(values.items())
        ]
        if rows:
            with self._writing(purpose.replace("_", " ")) as connection:
                connection.execute(insert(models.SavedValue), rows)

    def _unit_number(self, unit_number: int | None) -> int | None:
        """Give the number itself, or that of the only unit there is."""
        if unit_number is None:
            return 1 if self._units == 1 else None
        if not 1 <= unit_number <= self._units:
            raise ValueError(f"there is no unit {unit_number} in this run; {self._units} are recorded")
        return unit_number

    @contextmanager
    def _writing(self, what: str) -> Iterator[Connection]:
        try:
            with self._database.writing() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise RecordNotWritten(self._database.where, what, reason_of(error)) from error


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
        with self._writing("a reference reading") as connection:
            connection.execute(
                insert(models.ReferenceReadingRow).values(
                    point_id=self._id,
                    raw=data if isinstance(data, dict) else {"reading": data},
                    monotonic_s=monotonic_s,
                    taken_utc=_now(),
                )
            )

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
        with self._writing("a meter reading") as connection:
            connection.execute(
                insert(models.MeterReadingRow).values(
                    point_id=self._id,
                    unit_number=self._run._unit_number(unit_number),  # noqa: SLF001  # the two are one writer
                    values_by_instance=values_to_json(values),
                    errors_by_instance=to_json(errors or {}),
                    requested_monotonic_s=requested_monotonic_s,
                    answered_monotonic_s=answered_monotonic_s,
                    answered_utc=answered_utc or _now(),
                    torn=torn,
                )
            )

    def climate(self, temperature_c: float, humidity_pct: float | None) -> None:
        """Record the air at this load point, degrees Celsius and percent relative humidity, before it has ended."""
        with self._writing("the climate") as connection:
            changed = connection.execute(
                update(models.Point)
                .where(models.Point.id == self._id, models.Point.finished_utc.is_(None))
                .values(temperature_c=temperature_c, humidity_pct=humidity_pct)
            )
            if changed.rowcount != 1:
                what = f"the climate of load point {self.load_point.label}"
                raise RecordNotWritten(self._run._database.where, what, "it had ended already")  # noqa: SLF001

    def result(self, result: ResultRecord) -> None:
        """Record one judged quantity with its uncertainty budget, in one transaction."""
        self.results([result])

    def results(self, results: Iterable[ResultRecord]) -> None:
        """Record several judged quantities in one transaction: all or none."""
        rows = [self._result_row(result) for result in results]
        with self._writing("results") as connection:
            for row, components in rows:
                added = connection.execute(insert(models.ResultRow).values(row).returning(models.ResultRow.id))
                result_id = added.scalar_one()  # read in any case: SQLite commits no transaction with a row unread
                if components:
                    lines = [line | {"result_id": result_id} for line in components]
                    connection.execute(insert(models.BudgetComponentRow), lines)

    def finish(
        self, outcome: str | None = None, deviation: Mapping[str, object] | None = None, reason: str = ""
    ) -> None:
        """Record that the measurement of this load point has ended, once; results may still follow.

        ``outcome``: INVALID, ERROR, SKIP ... of the point itself, None where its results will say. ``deviation``:
        departures from the nominal point and the reference conditions, units in the names. ``reason``: one sentence.
        """
        with self._writing("the end of the load point") as connection:
            changed = connection.execute(
                update(models.Point)
                .where(models.Point.id == self._id, models.Point.finished_utc.is_(None))
                .values(
                    finished_utc=_now(),
                    outcome=None if outcome is None else _outcome(outcome),
                    deviation=to_json(deviation or {}),
                    reason=reason,
                )
            )
            if changed.rowcount != 1:
                what = f"the end of load point {self.load_point.label}"
                raise RecordNotWritten(self._run._database.where, what, "it had ended already")  # noqa: SLF001

    def _result_row(self, result: ResultRecord) -> tuple[dict[str, object], list[dict[str, object]]]:
        limit = result.limit
        row: dict[str, object] = {
            "point_id": self._id,
            "unit_number": self._run._unit_number(result.unit_number),  # noqa: SLF001
            "outcome": _outcome(result.outcome),
            "limit_verified": limit is not None and limit.is_verified,
        }
        row |= {name: getattr(result, name) for name in RESULT_COLUMNS}
        row |= {f"limit_{name}": getattr(limit, name) if limit else None for name in LIMIT_COLUMNS}
        lines = [{name: getattr(line, name) for name in COMPONENT_COLUMNS} for line in result.components]
        return row, lines

    @contextmanager
    def _writing(self, what: str) -> Iterator[Connection]:
        with self._run._writing(f"{what} of load point {self.load_point.label}") as connection:  # noqa: SLF001
            yield connection


RESULT_COLUMNS = (
    "procedure", "instance", "quantity", "phase", "read_value", "expected_value", "unit", "error_pct",
    "expanded_uncertainty_pct", "k", "nu_eff", "n", "limit_pct", "guard_band_pct", "decision_rule",
    "conformance_probability", "reason",
)  # fmt: skip
"""Fields of ``ResultRecord`` that are columns of the same name."""

LIMIT_COLUMNS = ("standard", "edition", "table", "provenance", "checked_by", "checked_on")
"""Fields of ``LimitProvenance``: columns of the result with ``limit_`` before them."""

COMPONENT_COLUMNS = (
    "name", "kind", "distribution", "standard_uncertainty_pct", "sensitivity", "degrees_of_freedom", "source",
)  # fmt: skip
"""Fields of ``BudgetComponent`` that are columns of the same name."""


def _now() -> datetime:
    return datetime.now(UTC)


def _outcome(outcome: object) -> str:
    word = str(getattr(outcome, "value", outcome))
    if word not in OUTCOMES:
        raise ValueError(f"{word!r} is not an outcome; the outcomes are {', '.join(sorted(OUTCOMES))}")
    return word
