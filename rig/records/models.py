"""The tables of the records, as typed SQLAlchemy models; units are in the column names. Rows are only ever added.

A change here needs a migration in ``rig/records/migrations/versions``; a test compares the two.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Date, ForeignKey, Index, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from rig.records.columns import NumberOrNan, NumberOrNone, UtcTime


class Base(DeclarativeBase):
    """Root of the models; constraints have names, so that migrations can name them in any database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcTime, date: Date, str: Text, dict[str, Any]: JSON, list[float]: JSON,
    }  # fmt: skip


class Run(Base):
    """One run; without ``finished_utc`` it is going on or has crashed."""

    __tablename__ = "run"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str]
    bench_name: Mapped[str]
    bench_file_sha256: Mapped[str]
    software_version: Mapped[str]
    git_sha: Mapped[str | None]
    operator: Mapped[str]
    station: Mapped[str]
    decision_rule: Mapped[str]
    retest_of: Mapped[str | None]
    simulated: Mapped[bool]
    environment: Mapped[dict[str, Any]]
    programme: Mapped[dict[str, Any] | None]
    started_utc: Mapped[datetime] = mapped_column(UtcTime, index=True)
    finished_utc: Mapped[datetime | None]
    outcome: Mapped[str | None]
    exit_code: Mapped[int | None]


class _OfRun:
    """What belongs to one run."""

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), index=True)


class Unit(_OfRun, Base):
    """One meter under test; ``number`` counts from 1 within its run."""

    __tablename__ = "unit"
    __table_args__ = (UniqueConstraint("run_id", "number"), Index("ix_unit_serial_number", "serial_number"))
    number: Mapped[int]
    serial_number: Mapped[str]
    device_instance: Mapped[int]
    model: Mapped[str]
    firmware: Mapped[str]
    application: Mapped[str]
    position: Mapped[str]


class InstrumentUse(_OfRun, Base):
    """One instrument used in a run; a NULL calibration is "not recorded"."""

    __tablename__ = "instrument_use"
    role: Mapped[str]
    identity: Mapped[str]
    serial_number: Mapped[str]
    calibration_certificate: Mapped[str | None]
    calibration_date: Mapped[date | None]
    calibration_due: Mapped[date | None]
    calibration_status: Mapped[str | None]


class Point(_OfRun, Base):
    """One load point; ``number`` counts from 1 within its run, ``outcome`` is the one of the point itself.

    ``temperature_c`` and ``humidity_pct`` are the air's; NULL where no probe measured it.
    """

    __tablename__ = "point"
    __table_args__ = (UniqueConstraint("run_id", "number"),)
    number: Mapped[int]
    label: Mapped[str]
    voltage_v: Mapped[float] = mapped_column(NumberOrNan)
    current_pct: Mapped[float] = mapped_column(NumberOrNan)
    angle_deg: Mapped[float] = mapped_column(NumberOrNan)
    phases: Mapped[str]
    frequency_hz: Mapped[float] = mapped_column(NumberOrNan)
    voltages_pct: Mapped[list[float] | None]
    voltage_shift_deg: Mapped[list[float] | None]
    system_type: Mapped[int | None]
    started_utc: Mapped[datetime]
    finished_utc: Mapped[datetime | None]
    outcome: Mapped[str | None]
    reason: Mapped[str]
    deviation: Mapped[dict[str, Any]]
    temperature_c: Mapped[float | None] = mapped_column(NumberOrNone)
    humidity_pct: Mapped[float | None] = mapped_column(NumberOrNone)


class _OfPoint:
    """What belongs to one load point."""

    id: Mapped[int] = mapped_column(primary_key=True)
    point_id: Mapped[int] = mapped_column(ForeignKey("point.id"), index=True)


class ReferenceReadingRow(_OfPoint, Base):
    """One reading of the reference analyzer, as the instrument gave it."""

    __tablename__ = "reference_reading"
    raw: Mapped[dict[str, Any]]
    monotonic_s: Mapped[float] = mapped_column(NumberOrNan, nullable=False)
    taken_utc: Mapped[datetime]


class MeterReadingRow(_OfPoint, Base):
    """One reading of the meter: Analog Input instance to value, null where the meter gave QNAN."""

    __tablename__ = "meter_reading"
    unit_number: Mapped[int | None]
    values_by_instance: Mapped[dict[str, Any]]
    errors_by_instance: Mapped[dict[str, Any]]
    requested_monotonic_s: Mapped[float] = mapped_column(NumberOrNan, nullable=False)
    answered_monotonic_s: Mapped[float] = mapped_column(NumberOrNan, nullable=False)
    answered_utc: Mapped[datetime]
    torn: Mapped[bool]


class ResultRow(_OfPoint, Base):
    """One judged quantity; ``value_read`` and ``value_expected`` are in ``unit``, NULL where there was no number."""

    __tablename__ = "result"
    unit_number: Mapped[int | None]
    procedure: Mapped[str]
    instance: Mapped[int]
    quantity: Mapped[str]
    phase: Mapped[str]
    read_value: Mapped[float] = mapped_column(NumberOrNan, nullable=True)
    expected_value: Mapped[float] = mapped_column(NumberOrNan, nullable=True)
    unit: Mapped[str]
    error_pct: Mapped[float | None] = mapped_column(NumberOrNone)
    expanded_uncertainty_pct: Mapped[float | None] = mapped_column(NumberOrNone)
    k: Mapped[float | None] = mapped_column(NumberOrNone)
    nu_eff: Mapped[float | None] = mapped_column(NumberOrNone)
    n: Mapped[int]
    limit_pct: Mapped[float | None] = mapped_column(NumberOrNone)
    guard_band_pct: Mapped[float | None] = mapped_column(NumberOrNone)
    limit_standard: Mapped[str | None]
    limit_edition: Mapped[str | None]
    limit_table: Mapped[str | None]
    limit_provenance: Mapped[str | None]
    limit_checked_by: Mapped[str | None]
    limit_checked_on: Mapped[str | None]
    limit_verified: Mapped[bool]
    decision_rule: Mapped[str]
    outcome: Mapped[str]
    conformance_probability: Mapped[float | None] = mapped_column(NumberOrNone)
    reason: Mapped[str]


class BudgetComponentRow(Base):
    """One line of the uncertainty budget of one result."""

    __tablename__ = "budget_component"
    id: Mapped[int] = mapped_column(primary_key=True)
    result_id: Mapped[int] = mapped_column(ForeignKey("result.id"), index=True)
    name: Mapped[str]
    kind: Mapped[str]
    distribution: Mapped[str]
    standard_uncertainty_pct: Mapped[float] = mapped_column(NumberOrNan, nullable=True)
    sensitivity: Mapped[float] = mapped_column(NumberOrNan, nullable=True)
    degrees_of_freedom: Mapped[float] = mapped_column(NumberOrNan, nullable=True)
    source: Mapped[str]


class Finding(_OfRun, Base):
    """One question answered in words."""

    __tablename__ = "finding"
    unit_number: Mapped[int | None]
    time_utc: Mapped[datetime]
    name: Mapped[str]
    expected: Mapped[str]
    found: Mapped[str]
    outcome: Mapped[str]
    cites: Mapped[str | None]


class SavedValue(_OfRun, Base):
    """The value of one object, saved for ``purpose``: configuration_before, configuration_after, registers_before."""

    __tablename__ = "saved_value"
    unit_number: Mapped[int | None]
    time_utc: Mapped[datetime]
    purpose: Mapped[str]
    object_name: Mapped[str]
    value: Mapped[float] = mapped_column(NumberOrNan, nullable=True)


class Event(_OfRun, Base):
    """Something that happened in a run."""

    __tablename__ = "event"
    time_utc: Mapped[datetime]
    kind: Mapped[str]
    severity: Mapped[str]
    text: Mapped[str]
    data: Mapped[dict[str, Any]]


class Artifact(_OfRun, Base):
    """A file that belongs to a run."""

    __tablename__ = "artifact"
    path: Mapped[str]
    sha256: Mapped[str]


class GuardianEntry(Base):
    """One entry of the guardian's journal; ``run_id`` is NULL where it belongs to no run known here."""

    __tablename__ = "guardian_entry"
    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    run_id: Mapped[str | None] = mapped_column(ForeignKey("run.id"), index=True)
    time_utc: Mapped[datetime | None]
    reason: Mapped[str]
    confirmed: Mapped[bool]
    data: Mapped[dict[str, Any]]
