"""Schema version 0001: runs, units, points, readings, results, findings, events and the guardian's journal."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ADDED_ONLY = (
    "unit",
    "instrument_use",
    "reference_reading",
    "meter_reading",
    "result",
    "budget_component",
    "finding",
    "saved_value",
    "event",
    "artifact",
    "guardian_entry",
)
"""Tables whose rows are never changed."""

_FINISHED_ONCE = ("run", "point")
"""Tables whose rows are changed once, when what they stand for comes to its end."""


_TYPES: dict[str, type[TypeEngine[Any]] | TypeEngine[Any]] = {
    "bool": sa.Boolean(), "date": sa.Date(), "int": sa.Integer(), "json": sa.JSON(), "key": sa.String(255),
    "number": sa.Double(), "run": sa.String(36), "text": sa.Text(), "time": sa.String(32),
}  # fmt: skip

_TABLES = {
    "run": (
        "id:run kind:text bench_name:text bench_file_sha256:text software_version:text git_sha:text? operator:text "
        "station:text decision_rule:text retest_of:text? simulated:bool environment:json started_utc:time "
        "finished_utc:time? outcome:text? exit_code:int?"
    ),
    "unit": (
        "number:int serial_number:text device_instance:int model:text firmware:text application:text position:text "
        "id:int run_id:run"
    ),
    "instrument_use": (
        "role:text identity:text serial_number:text calibration_certificate:text? calibration_date:date? "
        "calibration_due:date? id:int run_id:run"
    ),
    "point": (
        "number:int label:text voltage_v:number current_pct:number angle_deg:number phases:text frequency_hz:number "
        "started_utc:time finished_utc:time? outcome:text? reason:text deviation:json id:int run_id:run"
    ),
    "reference_reading": "raw:json monotonic_s:number taken_utc:time id:int point_id:int",
    "meter_reading": (
        "unit_number:int? values_by_instance:json errors_by_instance:json requested_monotonic_s:number "
        "answered_monotonic_s:number answered_utc:time torn:bool id:int point_id:int"
    ),
    "result": (
        "unit_number:int? procedure:text instance:int quantity:text phase:text read_value:number? "
        "expected_value:number? unit:text error_pct:number? expanded_uncertainty_pct:number? k:number? nu_eff:number? "
        "n:int limit_pct:number? guard_band_pct:number? limit_standard:text? limit_edition:text? limit_table:text? "
        "limit_provenance:text? limit_checked_by:text? limit_checked_on:text? limit_verified:bool decision_rule:text "
        "outcome:text conformance_probability:number? reason:text id:int point_id:int"
    ),
    "budget_component": (
        "id:int result_id:int name:text kind:text distribution:text standard_uncertainty_pct:number? "
        "sensitivity:number? degrees_of_freedom:number? source:text"
    ),
    "finding": "unit_number:int? time_utc:time name:text expected:text found:text outcome:text id:int run_id:run",
    "saved_value": "unit_number:int? time_utc:time purpose:text object_name:text value:number? id:int run_id:run",
    "event": "time_utc:time kind:text severity:text text:text data:json id:int run_id:run",
    "artifact": "path:text sha256:text id:int run_id:run",
    "guardian_entry": "id:key run_id:run? time_utc:time? reason:text confirmed:bool data:json",
}
"""Columns as name:type, with "?" where null is allowed; the order is that of the columns."""

_OWNERS = {"run_id": "run", "point_id": "point", "result_id": "result"}
_NUMBERED = ("unit", "point")
"""Tables whose rows have a number of their own within their run."""


def upgrade() -> None:
    """Make all tables, and in SQLite the guard that keeps rows from being changed or removed."""
    for table, columns in _TABLES.items():
        _make(table, [column.partition(":")[::2] for column in columns.split()])
    op.create_index("ix_run_started_utc", "run", ["started_utc"])
    op.create_index("ix_unit_serial_number", "unit", ["serial_number"])
    if op.get_bind().dialect.name == "sqlite":
        for table in (*_ADDED_ONLY, *_FINISHED_ONCE):
            _forbid(table, "DELETE", "")
        for table in _ADDED_ONLY:
            _forbid(table, "UPDATE", "")
        for table in _FINISHED_ONCE:
            _forbid(table, "UPDATE", "WHEN OLD.finished_utc IS NOT NULL")


def _forbid(table: str, what: str, when: str) -> None:
    op.execute(
        f"CREATE TRIGGER no_{what.lower()}_of_{table} BEFORE {what} ON {table} {when} "
        f"BEGIN SELECT RAISE(ABORT, 'records are append-only'); END"
    )


def _make(table: str, columns: list[tuple[str, str]]) -> None:
    owned = [name for name, _ in columns if name in _OWNERS]
    op.create_table(
        table,
        *(sa.Column(name, _TYPES[kind.rstrip("?")], nullable=kind.endswith("?")) for name, kind in columns),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *(sa.ForeignKeyConstraint([name], [f"{_OWNERS[name]}.id"], name=f"fk_{table}_{name}") for name in owned),
        *(sa.UniqueConstraint("run_id", "number", name=f"uq_{table}_run_id_number") for _ in range(table in _NUMBERED)),
    )
    for name in owned:
        op.create_index(f"ix_{table}_{name}", table, [name])
