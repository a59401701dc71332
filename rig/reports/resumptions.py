"""How often and how a run was interrupted and went on: the gap, what was complete, the checks that were repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rig.records.data import EventRecord, RunRecord
from rig.records.listing import RESUMED


@dataclass(frozen=True, slots=True)
class Resumption:
    """One time that the run went on. ``outcome_before``: what the run counted as until then."""

    interrupted_utc: datetime
    resumed_utc: datetime
    gap_s: float
    outcome_before: str
    complete: int
    steps: int
    checks: tuple[str, ...]


def resumptions(run: RunRecord) -> list[Resumption]:
    """Return each resumption of a run, in their order."""
    return [
        Resumption(
            interrupted_utc=datetime.fromisoformat(str(data["interrupted_utc"])),
            resumed_utc=event.time_utc,
            gap_s=float(data["gap_s"]),
            outcome_before=str(data["outcome_before"]),
            complete=int(data["complete"]),
            steps=int(data["steps"]),
            checks=tuple(f"{check['label']}: E_n {check['e_n']:.2f} ({check['what']})" for check in data["checks"]),
        )
        for event, data in _resumed(run)
    ]


def events_since(run: RunRecord) -> tuple[EventRecord, ...]:
    """Return the events since the run was last resumed, all where it was not: errors before are made good."""
    last = max((place for place, event in enumerate(run.events) if event.kind == RESUMED), default=-1)
    return run.events[last + 1 :]


def resumed_text(count: int) -> str:
    """Say how often a run was resumed; empty where it was not."""
    return "" if not count else "resumed once" if count == 1 else f"resumed {count} times"


def _resumed(run: RunRecord) -> list[tuple[EventRecord, Mapping[str, Any]]]:  # Any: as JSON has it
    return [(event, event.data) for event in run.events if event.kind == RESUMED]
