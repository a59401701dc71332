"""Which tests of which units are meant: product, station, position, lot, serial number, kind of run and time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, select

from rig.records import tables

EOL, GOLDEN = "eol", "golden"
"""Kinds of runs: units of production, and a meter that is known to be good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What is looked at; empty or None means all. ``since_utc`` is included, ``until_utc`` is not."""

    kind: str = EOL
    product: str = ""
    station: str = ""
    position: str = ""
    lot: str = ""
    serial_number: str = ""
    bench_name: str = ""
    since_utc: datetime | None = None
    until_utc: datetime | None = None
    run_ids: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What is looked at, in words for a report."""
        said = []
        for field in fields(self):
            value = getattr(self, field.name)
            if value and field.name not in ("kind", "since_utc", "until_utc", "run_ids"):
                said.append(f"{field.name.replace('_', ' ')} {value}")
        said += [f"from {self.since_utc:%Y-%m-%d %H:%M} UTC"] if self.since_utc else []
        said += [f"before {self.until_utc:%Y-%m-%d %H:%M} UTC"] if self.until_utc else []
        return ", ".join(said) or "all units"


def chosen_runs(meant: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """Return the query for the ids of the runs that have a unit for which all of ``meant`` holds."""
    return _units("run_id", meant)


def of_whole_units(chosen: Selection) -> list[ColumnElement[bool]]:
    """Return what must hold of run and unit for all tests of each unit that has one which is meant."""
    of_kind = [tables.RUN.c.kind == chosen.kind] if chosen.kind else []
    return [
        *of_kind,
        tables.UNIT.c.serial_number.in_(_units("serial_number", conditions(chosen))),
    ]


def _units(column: str, meant: Iterable[ColumnElement[bool]]) -> Select[Any]:
    query = select(tables.UNIT.c[column]).join(tables.RUN, tables.RUN.c.id == tables.UNIT.c.run_id)
    return query.where(*meant).distinct()


def conditions(chosen: Selection) -> list[ColumnElement[bool]]:
    """Return what must hold of run and unit, for a query that joins these two."""
    return [*conditions_of_run(chosen), *conditions_of_unit(chosen)]


def conditions_of_run(chosen: Selection) -> list[ColumnElement[bool]]:
    """Return what must hold of a run by itself."""
    run = tables.RUN.c
    found: list[ColumnElement[bool]] = [run.id.in_(chosen.run_ids)] if chosen.run_ids else []
    wanted = (
        (run.kind, chosen.kind),
        (run.product, chosen.product),
        (run.lot, chosen.lot),
        (run.station, chosen.station),
        (run.bench_name, chosen.bench_name),
    )
    found += [column == value for column, value in wanted if value]
    if chosen.since_utc is not None:
        found.append(run.started_utc >= chosen.since_utc)
    if chosen.until_utc is not None:
        found.append(run.started_utc < chosen.until_utc)
    return found


def conditions_of_unit(chosen: Selection) -> list[ColumnElement[bool]]:
    """Return what must hold of one and the same unit."""
    unit = tables.UNIT.c
    wanted = ((unit.serial_number, chosen.serial_number), (unit.position, chosen.position))
    return [column == value for column, value in wanted if value]
