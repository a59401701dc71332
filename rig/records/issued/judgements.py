"""Later judgements of a run: what they hold, how they are entered, and how they are read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from rig.records import tables
from rig.records._mapping import columns_of, record_of
from rig.records.data import BudgetComponent, LimitProvenance, ResultRecord
from rig.records.plain_json import Json, numbers_from_json, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAgain:
    """One result of a later judgement of load point ``point_number``; ``was``: the outcome in the run, if any."""

    point_number: int
    result: ResultRecord
    was: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementRecord:
    """A later judgement of a run from its stored readings; what the run itself says stays as it is.

    ``standard``: name and edition of the limits, "as in the run" where none was named; ``correction``: the correction
    of the reference as data, with its file's SHA-256; None without one. ``left_out``: what was not judged, and why.
    """

    made_utc: datetime
    software_version: str
    standard: str
    decision_rule: str
    outcome: str
    results: tuple[JudgedAgain, ...]
    correction: Mapping[str, Json] | None = None
    operator: str = ""
    left_out: tuple[str, ...] = ()


def enter_judgement(connection: Connection, run_id: str, judgement: JudgementRecord) -> None:
    """Enter one judgement with its results."""
    row = columns_of(judgement, without=("results", "correction", "left_out")) | {
        "run_id": run_id,
        "correction": to_json(judgement.correction),
        "left_out": list(judgement.left_out),
    }
    entered = connection.execute(insert(tables.JUDGEMENT).values(row).returning(tables.JUDGEMENT.c.id))
    judgement_id = entered.scalar_one()
    rows = [
        columns_of(each.result, without=("limit", "components", "failure_class"))
        | {
            "judgement_id": judgement_id,
            "point_number": each.point_number,
            "was": each.was,
            "limit": to_json(each.result.limit),
            "components": to_json(each.result.components),
        }
        for each in judgement.results
    ]
    if rows:
        connection.execute(insert(tables.JUDGED_AGAIN), rows)


def read_judgements(connection: Connection, run_id: str) -> tuple[JudgementRecord, ...]:
    """Return the judgements of a run, the oldest first."""
    table, again = tables.JUDGEMENT, tables.JUDGED_AGAIN
    rows = connection.execute(select(table).where(table.c.run_id == run_id).order_by(table.c.id)).all()
    ids = [row.id for row in rows]
    results: defaultdict[int, list[JudgedAgain]] = defaultdict(list)
    for line in connection.execute(select(again).where(again.c.judgement_id.in_(ids)).order_by(again.c.id)):
        results[line.judgement_id].append(_judged_again(line))
    return tuple(
        record_of(JudgementRecord, row, left_out=tuple(row.left_out), results=tuple(results[row.id])) for row in rows
    )


def _judged_again(row: Row[Any]) -> JudgedAgain:
    limit = None if row.limit is None else LimitProvenance(**row.limit)
    components = tuple(BudgetComponent(**numbers_from_json(line)) for line in row.components)
    result = record_of(ResultRecord, row, limit=limit, components=components, failure_class="")
    return JudgedAgain(point_number=row.point_number, result=result, was=row.was)
