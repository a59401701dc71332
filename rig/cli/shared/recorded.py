"""What has been recorded, as commands read it: with the guardian's journal, and nothing written anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rig.records.listing import RunSummary
    from rig.records.store import RunStore

RUNNING, UNFINISHED = "RUNNING", "UNFINISHED"
"""A run that is being recorded on this machine; one on a server whose end has not arrived."""


def was_partial(run: RunSummary, outcome: str) -> bool:
    """Whether a run that is over covered less than its suite."""
    from rig.reports.coverage import is_partial

    return outcome not in (RUNNING, UNFINISHED) and is_partial(run)


def recorded(records: str, last: int) -> tuple[RunSummary, ...]:
    """Read the list, through SQLAlchemy only where that is needed: it takes longer to load than all the rest."""
    from rig.records.sqlite_file import list_file
    from rig.safety.guardian.journal import read_journal
    from rig.safety.state import state_path

    found = list_file(records, last, read_journal() if state_path().is_dir() else ())
    if found is None:
        with open_to_read(records) as store:
            found = store.runs(last)
    return found


def open_to_read(records: str) -> RunStore:
    """Open the records as they are, with the guardian's journal in this view of them; nothing is written anywhere."""
    from rig.records.store import RunStore
    from rig.safety.guardian.journal import read_journal
    from rig.safety.state import state_path

    store = RunStore.open_to_read(records)
    try:
        if store.takes_a_journal and state_path().is_dir():
            store.fold_journal(read_journal())
    except BaseException:
        store.close()
        raise
    return store


def outcome_now(run: RunSummary, records: str) -> str:
    """How a run came out, or that it has not: a living process on this machine is still recording it.

    Of a run without an end on a server no more is known than that: its station may have sent no more yet.
    """
    if run.finished_utc is None and "://" in records and not records.startswith("sqlite"):
        return UNFINISHED
    from rig.safety.state import run_in_progress, state_path

    is_running = run.finished_utc is None and state_path().is_dir() and run_in_progress(run.run_id)
    return RUNNING if is_running else run.outcome
