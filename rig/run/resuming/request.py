"""Which run may be resumed, and with which bench file and plan: decided before anything is opened."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rig.bench import BenchFile
from rig.metrology.outcome import Outcome
from rig.plans import Plan
from rig.records.data import RunRecord
from rig.records.listing import PROCESS
from rig.records.resumption.reopening import ResumeRefused
from rig.records.resumption.stored_plan import StoredPlan, differences
from rig.records.store import RunStore
from rig.run.resuming.plan_data import plan_as_data
from rig.safety.guardian.journal import take_journal_in
from rig.safety.guardian.process_identity import is_gone, this_process
from rig.safety.state import process_lives

KIND = "certify"
"""The kind of run that can be resumed."""

_SHOWN_DIFFERENCES = 3
_GUARDIAN_S = 20.0
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Resumable:
    """An interrupted run that may go on: its record and plan as they are stored now."""

    run: RunRecord
    plan: StoredPlan

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of all that is complete, and of the questions that were answered."""
        complete = self.plan.complete
        results = [result for point in self.run.points if point.step in complete for result in point.results]
        return [Outcome(word) for word in (*(r.outcome for r in results), *(f.outcome for f in self.run.findings))]

    @property
    def part(self) -> int:
        """Which part of the run comes now, counted from 1: each process that recorded it has made one."""
        return 1 + sum(event.kind == PROCESS for event in self.run.events)

    @property
    def text(self) -> str:
        """Say how much there is to do."""
        steps = {each.step for each in self.plan.items}
        return f"{len(self.plan.complete)} of {len(steps)} steps are complete"


def resumable(store: RunStore, reference: str) -> Resumable:
    """Return the run that ``reference`` names, if it may be resumed; raises ResumeRefused, NoSuchRun.

    Records of runs that were killed are closed first; a guardian that is still at work for the run is waited for.
    """
    take_journal_in(store.fold_journal, store.has_run)
    store.close_abandoned(is_gone)
    run = store.run(reference)
    name = f"run {run.run_id[:8]}"
    if run.header.kind != KIND:
        raise ResumeRefused(f"{name} is of kind {run.header.kind}, and only certifications are resumed")
    plan = store.plan_of(run.run_id)
    if plan is None:
        raise ResumeRefused(
            f"{name} has no plan and options in its record, as all runs of earlier versions, and cannot be resumed",
            "begin a new one",
        )
    ends_by = time.monotonic() + _GUARDIAN_S
    while run.finished_utc is None and _is_being_ended(run) and time.monotonic() < ends_by:
        time.sleep(_LOOK_S)
        take_journal_in(store.fold_journal, store.has_run)
        store.close_abandoned(is_gone)
        run = store.run(run.run_id)
    if run.finished_utc is None:
        raise ResumeRefused(
            f"{name} is not over: {_who(_process(run))} may still work on it", "wait until it has ended"
        )
    if not plan.left:
        raise ResumeRefused(f"{name} is finished: all of its plan was measured, and nothing is left to resume")
    return Resumable(run, plan)


def refuse_another_bench(asked: Resumable, bench: BenchFile) -> None:
    """Raise ResumeRefused where the bench file is not the one with which the run was begun."""
    if bench.sha256 != asked.run.header.bench_file_sha256:
        raise ResumeRefused(
            f"bench file {bench.path.name} was changed since run {asked.run.run_id[:8]} was begun (another SHA-256)",
            "put the file back as it was, or begin a new run",
        )


def refuse_another_plan(asked: Resumable, plan: Plan, rule: str) -> None:
    """Raise ResumeRefused, naming what differs, where ``plan`` or the decision rule is not the one that is stored."""
    now = {**plan_as_data(plan), "decision rule": rule}
    found = list(islice(differences(dict(asked.plan.plan), now), _SHOWN_DIFFERENCES + 1))
    if found:
        more = " and more" if len(found) > _SHOWN_DIFFERENCES else ""
        raise ResumeRefused(
            f"the plan is not that of run {asked.run.run_id[:8]}: {'; '.join(found[:_SHOWN_DIFFERENCES])}{more}",
            "begin a new run",
        )


def _process(run: RunRecord) -> Mapping[str, Any]:
    return next((event.data for event in reversed(run.events) if event.kind == PROCESS), {})


def _is_being_ended(run: RunRecord) -> bool:
    """Whether the process that recorded the run is gone, and its guardian still switches off."""
    process, here = _process(run), this_process(None)
    is_here = all(process.get(name) == here[name] for name in ("host", "pid_space"))
    return is_here and not process_lives(process, "pid") and process_lives(process, "guardian_pid")


def _who(process: Mapping[str, Any]) -> str:
    here = this_process(None)
    if not process:
        return "another process"
    if all(process.get(name) == here[name] for name in ("host", "pid_space")):
        return f"process {process.get('pid')}"
    return f"process {process.get('pid')} on {process.get('host')}"
