"""Notes of openings in the state folder: removed when they are settled, kept while they may be needed."""

from __future__ import annotations

import time
from pathlib import Path

from rig.safety.guardian.journal import read_journal
from rig.safety.state import (
    ENDPOINTS,
    HOLDER,
    JOURNAL,
    LAUNCHED_LOG,
    OFF_ELSEWHERE,
    RECIPES,
    TAKEN,
    Opening,
    openings,
    process_lives,
    state_folder,
)

KEPT_DAYS = 30
"""Days for which a journal that a database has taken in is kept, and the log of a launched process that failed."""

_DAY_S = 86_400.0


def end_opening(opening: Opening) -> None:
    """Remove the files of an opening that ended normally, except a journal with entries.

    Where its outputs are not known to be off (``RECIPES`` is there), only what names a living rig is removed.
    """
    opening.remove(ENDPOINTS)
    if not opening.file(RECIPES).exists():
        opening.remove(LAUNCHED_LOG)
        _drop_empty_journal(opening)
    opening.remove(HOLDER)


def source_is_gone(opening: Opening) -> bool:
    """Whether the sources of an opening came with a process that it launched, and are gone with it."""
    note = opening.note(RECIPES)
    return note.get("launched_pid") is not None and not process_lives(note, "launched_pid")


def sweep(folder: Path | None = None) -> None:
    """Remove what openings that have ended somehow left in the folder (default: this user's) and nothing needs.

    Kept is what says how a source that may be on is switched off, and a journal with entries until ``KEPT_DAYS`` after
    a database took it in.
    """
    for opening in openings(state_folder() if folder is None else folder):
        if opening.rig_lives or opening.guardian_lives:
            continue
        if source_is_gone(opening):
            opening.remove(RECIPES)
        opening.remove(ENDPOINTS, OFF_ELSEWHERE)
        if opening.file(RECIPES).exists():
            continue
        opening.remove(HOLDER)
        if _age_days(opening.file(LAUNCHED_LOG)) > KEPT_DAYS:
            opening.remove(LAUNCHED_LOG)
        _drop_empty_journal(opening)
        taken_days, journal_days = _age_days(opening.file(TAKEN)), _age_days(opening.file(JOURNAL))
        if KEPT_DAYS < taken_days <= journal_days:
            opening.remove(JOURNAL, TAKEN)


def _drop_empty_journal(opening: Opening) -> None:
    journal = opening.file(JOURNAL)
    if journal.is_file() and not read_journal(journal):
        opening.remove(JOURNAL)


def _age_days(path: Path) -> float:
    """Return how long ago a file was written last, days; negative infinity where it is not there."""
    try:
        return (time.time() - path.stat().st_mtime) / _DAY_S
    except OSError:
        return float("-inf")
