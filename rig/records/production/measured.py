"""Judged quantities of many runs at once: the error of each unit in each measurement, with limit and uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from rig.records import tables
from rig.records.production.selection import Selection, conditions


@dataclass(frozen=True, slots=True, order=True)
class Measurement:
    """What is measured of each unit: one quantity of one load point. ``condition``: what was changed, or empty."""

    procedure: str
    quantity: str
    label: str
    instance: int
    phase: str
    condition: str = ""

    @property
    def name(self) -> str:
        """Name it in one line, such as ``active_power A 5pct-PF1 (AI20)``."""
        where = f"AI{self.instance}" if self.instance else "clock"
        name = f"{self.quantity.replace('_', ' ')} {self.phase} at {self.label} ({where})"
        if self.procedure != "power_comparison":
            name += f" {self.procedure.replace('_', ' ')}"
        return f"{name}, {self.condition}" if self.condition else name


@dataclass(frozen=True, slots=True)
class Value:
    """One measured error. ``error_pct``: against the reference; the others as in ResultRecord, None not recorded."""

    measurement: Measurement
    run_id: str
    unit_number: int | None
    time_utc: datetime
    error_pct: float
    expanded_uncertainty_pct: float | None
    limit_pct: float | None
    guard_band_pct: float | None
    outcome: str


def read_values(
    connection: Connection, chosen: Selection, quantity: str = "", measurement: Measurement | None = None
) -> tuple[Value, ...]:
    """Return the measured errors of the units that are meant, the oldest first; those of INVALID points are left out.

    ``quantity`` or ``measurement``: only these; a result without an error has no value.
    """
    run, unit, point, result = tables.RUN.c, tables.UNIT.c, tables.POINT.c, tables.RESULT.c
    query = (
        select(
            result.procedure, result.quantity, point.label, result.instance, result.phase, result.condition,
            point.run_id, result.unit_number, point.started_utc, result.error_pct, result.expanded_uncertainty_pct,
            result.limit_pct, result.guard_band_pct, result.outcome,
        )
        .join(tables.POINT, point.id == result.point_id)
        .join(tables.RUN, run.id == point.run_id)
        .join(tables.UNIT, (unit.run_id == point.run_id) & (unit.number == result.unit_number))
        .where(*conditions(chosen))
        .where(result.error_pct.is_not(None), result.outcome.not_in(("INVALID", "ERROR", "SKIP")))
        .where(point.outcome.is_(None), point.id.not_in(select(tables.SET_ASIDE.c.point_id)))
        .order_by(point.started_utc, result.id)
    )  # fmt: skip
    if quantity:
        query = query.where(result.quantity == quantity)
    if measurement is not None:
        query = query.where(
            result.procedure == measurement.procedure,
            result.quantity == measurement.quantity,
            point.label == measurement.label,
            result.instance == measurement.instance,
            result.phase == measurement.phase,
        )
    known: dict[Measurement, Measurement] = {}
    found = []
    for row in connection.execute(query):
        of = Measurement(row[0], row[1], row[2], row[3], row[4], row[5] or "")
        if measurement is None or of == measurement:
            found.append(
                Value(known.setdefault(of, of), row[6], row[7], row[8], row[9], row[10], row[11], row[12], row[13])
            )
    return tuple(found)
