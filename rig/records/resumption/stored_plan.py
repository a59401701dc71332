"""The plan and the options of a run as they are stored with it, and which of its items are done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from rig.records import tables
from rig.records.plain_json import Json, to_json


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One question of a run. ``step``: what is measured for it; a load point is the step of all that judge it."""

    step: str
    item: str


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run was asked to do: ``options`` of the command, the ``plan`` as data, and its ``items`` in their order.

    ``bench_path``: the bench file, absolute.
    """

    bench_path: str
    options: Mapping[str, Json]
    plan: Mapping[str, Json]
    items: tuple[PlannedItem, ...]


@dataclass(frozen=True, slots=True)
class StoredPlan(RunPlan):
    """As it is stored, with the ``done`` items: those that ended with their results recorded."""

    done: frozenset[str] = frozenset()

    @property
    def complete(self) -> frozenset[str]:
        """The steps of which every item is done."""
        return frozenset(each.step for each in self.items) - {each.step for each in self._left}

    @property
    def left(self) -> tuple[PlannedItem, ...]:
        """The items to be asked, in their order: all of each step that is not complete."""
        complete = self.complete
        return tuple(each for each in self.items if each.step not in complete)

    @property
    def _left(self) -> tuple[PlannedItem, ...]:
        return tuple(each for each in self.items if each.item not in self.done)


def store_plan(connection: Connection, run_id: str, plan: RunPlan) -> None:
    """Store the plan of a run that begins."""
    connection.execute(
        insert(tables.RUN_PLAN).values(
            run_id=run_id,
            bench_path=plan.bench_path,
            options=to_json(plan.options),
            plan=to_json(plan.plan),
            items=[[each.step, each.item] for each in plan.items],
        )
    )


def read_plan(connection: Connection, run_id: str) -> StoredPlan | None:
    """Read the plan of a run, None where it has none."""
    row = connection.execute(select(tables.RUN_PLAN).where(tables.RUN_PLAN.c.run_id == run_id)).one_or_none()
    if row is None:
        return None
    done = connection.scalars(select(tables.ITEM_DONE.c.item).where(tables.ITEM_DONE.c.run_id == run_id))
    items = tuple(PlannedItem(step, item) for step, item in row.items)
    return StoredPlan(row.bench_path, row.options, row.plan, items, frozenset(done))


def differences(stored: Json, now: Json, where: str = "") -> Iterable[str]:
    """Say what differs between two plans as data, each difference in a few words with its place."""
    if isinstance(stored, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*stored, *now)):
            place = f"{where} {key}".strip()
            if key not in now:
                yield f"{place} is not there any more"
            elif key not in stored:
                yield f"{place} is new"
            else:
                yield from differences(stored[key], now[key], place)
    elif stored != now:
        yield f"{where or 'it'} is {_shown(now)}, was {_shown(stored)}"


def _shown(value: Json) -> str:
    text = "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
