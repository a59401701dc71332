"""What the reference of many runs was, and how it was calibrated."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from rig.records import tables

REFERENCE_ROLE = "analyzer"


def read_references(connection: Connection, run_ids: Collection[str]) -> dict[str, str]:
    """Return serial number (or identity) and calibration certificate of each run's reference, in one text."""
    use = tables.INSTRUMENT_USE.c
    rows = connection.execute(
        select(use.run_id, use.serial_number, use.identity, use.calibration_certificate)
        .where(use.run_id.in_(run_ids), use.role == REFERENCE_ROLE)
        .order_by(use.id)
    )
    return {
        run_id: f"{serial or identity} {certificate or ''}".strip() for run_id, serial, identity, certificate in rows
    }
