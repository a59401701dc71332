"""The tables of the records: a field of a record (``rig.records.data``) is the column of the same name and type.

Units are in the names. Rows are only ever added. Each has a ``uid``, its key in any database: a table that has one is
sent to servers (``rig.records.outbox``). A change needs a migration in ``rig/records/migrations/versions``; a test
compares the two.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from rig.load_point import LoadPoint
from rig.records import data
from rig.records.columns import ROW_NUMBER, UID, NumberOrNan, NumberOrNone, UtcTime
from rig.records.units.hold_record import HoldRecord
from rig.uid import new_uid

METADATA = MetaData(
    naming_convention={  # names by which migrations find the constraints in any database
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_TYPES: dict[str, Any] = {
    "bool": Boolean, "date": Date, "datetime": UtcTime, "float": NumberOrNan, "int": Integer, "json": JSON,
    "Path": Text, "str": Text,
}  # fmt: skip
"""Column types by what a field is declared as; any other declaration is JSON."""


def _column(name: str, kind: str) -> Column[Any]:
    """Make a column of a declared type; "| None" and "| NaN" permit NULL, and say how it reads in Python."""
    plain = kind.removesuffix(" | None").removesuffix(" | NaN")
    type_ = NumberOrNone if kind == "float | None" else _TYPES.get(plain, JSON)
    return Column(name, type_, nullable=plain != kind)


def _of(record: type, without: str = "", **kinds: str) -> list[Column[Any]]:
    """Make the columns of a dataclass, those ``without`` left out; ``kinds``: where NULL says more than the field."""
    left_out = without.split()
    return [
        _column(field.name, kinds.get(field.name, str(field.type)))
        for field in fields(record)
        if field.name not in left_out
    ]


def _more(**kinds: str) -> list[Column[Any]]:
    return [_column(name, kind) for name, kind in kinds.items()]


def _uid() -> Column[Any]:
    return Column("uid", UID, index=True, unique=True, default=new_uid)


def _part_of(owner: str) -> list[Column[Any]]:
    """Make the keys of a row, and the column that says to which row of ``owner`` it belongs."""
    owned: Column[Any] = Column(f"{owner}_id", ForeignKey(f"{owner}.id"), index=True, nullable=False)
    return [Column("id", ROW_NUMBER, primary_key=True), _uid(), owned]


RUN = Table(
    "run",
    METADATA,
    Column("id", String(36), primary_key=True),
    _uid(),
    *_of(
        data.RunHeader,
        environment="json",
        programme="json | None",
        judged_with="json | None",
        product="str | None",
        lot="str | None",
    ),
    Column("started_utc", UtcTime, index=True, nullable=False),
    *_more(finished_utc="datetime | None", outcome="str | None", exit_code="int | None"),
)
"""One run; without ``finished_utc`` it is going on or has crashed."""

UNIT = Table(
    "unit",
    METADATA,
    *_part_of("run"),
    *_more(number="int"),
    *_of(data.UnitRecord, scanned="str | None"),
    UniqueConstraint("run_id", "number"),
    Index("ix_unit_serial_number", "serial_number"),
)
"""One meter under test; ``number`` counts from 1 within its run."""

INSTRUMENT_USE = Table("instrument_use", METADATA, *_part_of("run"), *_of(data.InstrumentRecord))

POINT = Table(
    "point",
    METADATA,
    *_part_of("run"),
    *_of(
        LoadPoint,
        voltages_pct="json | None",
        voltage_shift_deg="json | None",
        system_type="int | None",
        waveform="str | None",
        currents_pct="json | None",
        current_shift_deg="json | None",
    ),
    *_of(
        data.PointRecord,
        "load_point stated_outcome reference_readings meter_readings results measurement",
        conditions="json | None",
        step="str | None",
    ),
    *_more(outcome="str | None"),
    UniqueConstraint("run_id", "number"),
)
"""One load point; ``number`` counts from 1 within its run, ``outcome`` is the one of the point itself."""

RUN_PLAN = Table(
    "run_plan",
    METADATA,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    _uid(),
    *_more(bench_path="str", options="json", plan="json", items="json"),
)
"""What a run was asked to do, by which it can be resumed; ``items`` are pairs of step and item."""

ITEM_DONE = Table("item_done", METADATA, *_part_of("run"), *_more(item="str", time_utc="datetime"))
"""One item of a run's plan that ended with its results recorded."""

SET_ASIDE = Table(
    "set_aside",
    METADATA,
    Column("point_id", ForeignKey("point.id"), primary_key=True),
    _uid(),
    *_more(purpose="str", reason="str", time_utc="datetime"),
)
"""A load point that does not count for the result of its run; ``purpose``: superseded or check."""

REFERENCE_READING = Table("reference_reading", METADATA, *_part_of("point"), *_of(data.ReferenceReading))

METER_READING = Table(
    "meter_reading",
    METADATA,
    *_part_of("point"),
    *_of(data.MeterReading, "values errors"),
    *_more(values_by_instance="json", errors_by_instance="json"),
)
"""One reading of the meter: Analog Input instance to value, null where the meter gave QNAN."""

MEASUREMENT = Table("measurement", METADATA, *_part_of("point"), *_more(procedure="str", data="json"))

RESULT = Table(
    "result",
    METADATA,
    *_part_of("point"),
    *_of(
        data.ResultRecord,
        "limit components",
        read_value="float | NaN",
        expected_value="float | NaN",
        condition="str | None",
        basis="str | None",
        failure_class="str | None",
    ),
    *(_column(f"limit_{field.name}", "str | None") for field in fields(data.LimitProvenance)),
    *_more(limit_verified="bool"),
)
"""One judged quantity; ``read_value`` and ``expected_value`` are in ``unit``, NULL where there was no number."""

BUDGET_COMPONENT = Table(
    "budget_component",
    METADATA,
    *_part_of("result"),
    *_of(
        data.BudgetComponent,
        standard_uncertainty_pct="float | NaN",
        sensitivity="float | NaN",
        degrees_of_freedom="float | NaN",
        correlation="float | NaN",
    ),
)

JUDGEMENT = Table(
    "judgement",
    METADATA,
    *_part_of("run"),
    *_more(made_utc="datetime", software_version="str", standard="str", decision_rule="str", outcome="str"),
    *_more(correction="json | None", operator="str", left_out="json"),
)
"""A later judgement of a run; its results are in ``judged_again``."""

JUDGED_AGAIN = Table(
    "judged_again",
    METADATA,
    *_part_of("judgement"),
    *_more(point_number="int", was="str | None"),
    *_of(
        data.ResultRecord, "failure_class", read_value="float | NaN", expected_value="float | NaN", limit="json | None"
    ),
)
"""A result of a later judgement, with its limit and its budget as JSON."""

FINDING = Table(
    "finding",
    METADATA,
    *_part_of("run"),
    *_of(data.FindingRecord, cites="str | None", failure_class="str | None"),
    *_more(time_utc="datetime"),
)

SAVED_VALUE = Table(
    "saved_value",
    METADATA,
    *_part_of("run"),
    *_more(unit_number="int | None", time_utc="datetime", purpose="str", object_name="str", value="float | NaN"),
)
"""The value of one object, saved for ``purpose``: configuration_before, configuration_after, registers_before."""

WIRING_CHECK = Table("wiring_check", METADATA, *_part_of("run"), *_of(data.WiringCheckRecord))
"""One check of a meter's wiring: what was there, what it read, and which faults fit."""

EVENT = Table("event", METADATA, *_part_of("run"), *_of(data.EventRecord))

ARTIFACT = Table("artifact", METADATA, *_part_of("run"), *_of(data.ArtifactRecord))

CERTIFICATE = Table(
    "certificate",
    METADATA,
    *_part_of("run"),
    *_of(data.CertificateRecord, "run_id", parties="json"),
    UniqueConstraint("number"),
)
"""One issued certificate; its ``number`` is there once."""

GUARDIAN_ENTRY = Table(
    "guardian_entry",
    METADATA,
    Column("id", String(255), primary_key=True),
    _uid(),
    Column("run_id", ForeignKey("run.id"), index=True),
    *_of(data.JournalEntry, "entry_id"),
)
"""One entry of the guardian's journal; ``run_id`` is NULL where it belongs to no run known here."""

ATTEMPT = Table(
    "attempt",
    METADATA,
    Column("id", ROW_NUMBER, primary_key=True),
    _uid(),
    Column("run_id", String(36), index=True),
    *_more(time_utc="datetime", kind="str", station="str", operator="str", scanned="str", product="str"),
    *_more(reason="str | None", process="json | None"),
)
"""One attempt to begin a run; changed once, when it became the run ``run_id`` or ended with a ``reason``."""

HOLD = Table(
    "hold", METADATA, *_part_of("run"), *_of(HoldRecord, "run_id"), Index("ix_hold_serial_number", "serial_number")
)
"""One unit put on hold; a later test that passes releases it."""

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("n", ROW_NUMBER, primary_key=True),
    *_more(table_name="str"),
    Column("row_uid", UID, nullable=False),
    *_more(is_change="bool"),
)
"""What is to be sent to servers: ``n`` rises in the order of the transactions; triggers write it, in SQLite."""

OUTBOX_SENT = Table(
    "outbox_sent",
    METADATA,
    Column("destination", UID, primary_key=True),
    Column("n", ROW_NUMBER, nullable=False),
    *_more(time_utc="datetime"),
)
"""Up to which ``n`` a server (its IDENTITY) has committed what was sent to it."""

OUTBOX_REFUSED = Table(
    "outbox_refused",
    METADATA,
    Column("destination", UID, primary_key=True),
    Column("n", ROW_NUMBER, primary_key=True),
    *_more(reason="str", time_utc="datetime"),
)
"""What a server did not take, with its reason; sent again when a sender begins."""

IDENTITY = Table("identity", METADATA, Column("uid", UID, primary_key=True), *_more(time_utc="datetime"))
"""Which database this is: one row, which the migration made."""
