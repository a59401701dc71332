"""Schema version 0001: runs, units, points, readings, results, findings, events and the guardian's journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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


def upgrade() -> None:
    """Make all tables, and in SQLite the guard that keeps rows from being changed or removed."""
    _run()
    _unit()
    _instrument_use()
    _point()
    _reference_reading()
    _meter_reading()
    _result()
    _budget_component()
    _finding()
    _saved_value()
    _event()
    _artifact()
    _guardian_entry()
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


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bench_name", sa.Text(), nullable=False),
        sa.Column("bench_file_sha256", sa.Text(), nullable=False),
        sa.Column("software_version", sa.Text(), nullable=False),
        sa.Column("git_sha", sa.Text(), nullable=True),
        sa.Column("operator", sa.Text(), nullable=False),
        sa.Column("station", sa.Text(), nullable=False),
        sa.Column("decision_rule", sa.Text(), nullable=False),
        sa.Column("retest_of", sa.Text(), nullable=True),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("environment", sa.JSON(), nullable=False),
        sa.Column("started_utc", sa.String(32), nullable=False),
        sa.Column("finished_utc", sa.String(32), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("exit_code", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_index("ix_run_started_utc", "run", ["started_utc"])


def _unit() -> None:
    op.create_table(
        "unit",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("device_instance", sa.Integer(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("firmware", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unit"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_unit_run_id"),
        sa.UniqueConstraint("run_id", "number", name="uq_unit_run_id_number"),
    )
    op.create_index("ix_unit_run_id", "unit", ["run_id"])
    op.create_index("ix_unit_serial_number", "unit", ["serial_number"])


def _instrument_use() -> None:
    op.create_table(
        "instrument_use",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("calibration_certificate", sa.Text(), nullable=True),
        sa.Column("calibration_date", sa.Date(), nullable=True),
        sa.Column("calibration_due", sa.Date(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_instrument_use"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_instrument_use_run_id"),
    )
    op.create_index("ix_instrument_use_run_id", "instrument_use", ["run_id"])


def _point() -> None:
    op.create_table(
        "point",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("voltage_v", sa.Double(), nullable=False),
        sa.Column("current_pct", sa.Double(), nullable=False),
        sa.Column("angle_deg", sa.Double(), nullable=False),
        sa.Column("phases", sa.Text(), nullable=False),
        sa.Column("frequency_hz", sa.Double(), nullable=False),
        sa.Column("started_utc", sa.String(32), nullable=False),
        sa.Column("finished_utc", sa.String(32), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("deviation", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_point"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_point_run_id"),
        sa.UniqueConstraint("run_id", "number", name="uq_point_run_id_number"),
    )
    op.create_index("ix_point_run_id", "point", ["run_id"])


def _reference_reading() -> None:
    op.create_table(
        "reference_reading",
        sa.Column("raw", sa.JSON(), nullable=False),
        sa.Column("monotonic_s", sa.Double(), nullable=False),
        sa.Column("taken_utc", sa.String(32), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reference_reading"),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name="fk_reference_reading_point_id"),
    )
    op.create_index("ix_reference_reading_point_id", "reference_reading", ["point_id"])


def _meter_reading() -> None:
    op.create_table(
        "meter_reading",
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.Column("values_by_instance", sa.JSON(), nullable=False),
        sa.Column("errors_by_instance", sa.JSON(), nullable=False),
        sa.Column("requested_monotonic_s", sa.Double(), nullable=False),
        sa.Column("answered_monotonic_s", sa.Double(), nullable=False),
        sa.Column("answered_utc", sa.String(32), nullable=False),
        sa.Column("torn", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meter_reading"),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name="fk_meter_reading_point_id"),
    )
    op.create_index("ix_meter_reading_point_id", "meter_reading", ["point_id"])


def _result() -> None:
    op.create_table(
        "result",
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.Column("procedure", sa.Text(), nullable=False),
        sa.Column("instance", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("read_value", sa.Double(), nullable=True),
        sa.Column("expected_value", sa.Double(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("error_pct", sa.Double(), nullable=True),
        sa.Column("expanded_uncertainty_pct", sa.Double(), nullable=True),
        sa.Column("k", sa.Double(), nullable=True),
        sa.Column("nu_eff", sa.Double(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("limit_pct", sa.Double(), nullable=True),
        sa.Column("guard_band_pct", sa.Double(), nullable=True),
        sa.Column("limit_standard", sa.Text(), nullable=True),
        sa.Column("limit_edition", sa.Text(), nullable=True),
        sa.Column("limit_table", sa.Text(), nullable=True),
        sa.Column("limit_provenance", sa.Text(), nullable=True),
        sa.Column("limit_checked_by", sa.Text(), nullable=True),
        sa.Column("limit_checked_on", sa.Text(), nullable=True),
        sa.Column("limit_verified", sa.Boolean(), nullable=False),
        sa.Column("decision_rule", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("conformance_probability", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("point_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_result"),
        sa.ForeignKeyConstraint(["point_id"], ["point.id"], name="fk_result_point_id"),
    )
    op.create_index("ix_result_point_id", "result", ["point_id"])


def _budget_component() -> None:
    op.create_table(
        "budget_component",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("result_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("distribution", sa.Text(), nullable=False),
        sa.Column("standard_uncertainty_pct", sa.Double(), nullable=True),
        sa.Column("sensitivity", sa.Double(), nullable=True),
        sa.Column("degrees_of_freedom", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budget_component"),
        sa.ForeignKeyConstraint(["result_id"], ["result.id"], name="fk_budget_component_result_id"),
    )
    op.create_index("ix_budget_component_result_id", "budget_component", ["result_id"])


def _finding() -> None:
    op.create_table(
        "finding",
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.Column("time_utc", sa.String(32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_finding"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_finding_run_id"),
    )
    op.create_index("ix_finding_run_id", "finding", ["run_id"])


def _saved_value() -> None:
    op.create_table(
        "saved_value",
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.Column("time_utc", sa.String(32), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("object_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_value"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_saved_value_run_id"),
    )
    op.create_index("ix_saved_value_run_id", "saved_value", ["run_id"])


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("time_utc", sa.String(32), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_event_run_id"),
    )
    op.create_index("ix_event_run_id", "event", ["run_id"])


def _artifact() -> None:
    op.create_table(
        "artifact",
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_artifact"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_artifact_run_id"),
    )
    op.create_index("ix_artifact_run_id", "artifact", ["run_id"])


def _guardian_entry() -> None:
    op.create_table(
        "guardian_entry",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("run_id", sa.String(36), nullable=True),
        sa.Column("time_utc", sa.String(32), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_guardian_entry"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name="fk_guardian_entry_run_id"),
    )
    op.create_index("ix_guardian_entry_run_id", "guardian_entry", ["run_id"])
