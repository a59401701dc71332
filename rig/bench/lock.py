"""One bench, one user at a time: a lock of the operating system; each opening leaves a note of who has it open."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from rig.errors import BenchBusy
from rig.safety.leftovers import end_opening, sweep
from rig.safety.state import HOLDER, RECIPES, Opening, lock_file, marked_process, openings, openings_of

_GUARDIAN_WAIT_S = 5.0
_PAUSE_S = 0.05


@contextlib.contextmanager
def bench_lock(bench: str, command: str | None = None, *, is_private: bool = False) -> Iterator[Opening]:
    """Open ``bench`` for this process; raises BenchBusy, which says who has it, if somebody else does.

    Yields the opening, whose files in the state folder are its own. ``is_private``: all that the bench has comes with
    the process that it launches, so nothing is shared and nothing is locked. ``command``: what is being done, for
    whoever is turned away (default: this process's command line). The system gives the lock up when the process ends,
    however it ends.
    """
    with ExitStack() as stack:
        if not is_private:
            _lock(bench, stack)
        sweep()
        opening = Opening.begin(bench)
        stack.callback(end_opening, opening)
        holder = {
            **marked_process("pid", os.getpid()),
            "user": _user(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command or " ".join(sys.argv) or "python",
        }
        opening.write(HOLDER, holder)
        if not is_private:
            _await_guardian(bench)
        yield opening


def run_in_progress(run_id: str) -> bool:
    """Whether a living process of this user is recording the run of this id."""
    return any(opening.note(HOLDER).get("run") == run_id and opening.rig_lives for opening in openings())


def _lock(bench: str, stack: ExitStack) -> None:
    # Not shared between two benches of one process: a second opening is somebody else.
    lock = FileLock(lock_file(bench), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        held = [opening.note(HOLDER) for opening in openings_of(bench) if opening.rig_lives]
        raise BenchBusy(bench, _holder(held[-1] if held else {})) from None
    stack.callback(lock.release)


def _await_guardian(bench: str) -> None:
    """Wait a little for the guardian of a run that was killed: two must never work on one bench."""
    give_up_s = time.monotonic() + _GUARDIAN_WAIT_S
    while at_work := [opening for opening in openings_of(bench) if opening.guardian_lives and not opening.rig_lives]:
        if time.monotonic() > give_up_s:
            raise BenchBusy(bench, _guardian(at_work[-1]))
        time.sleep(_PAUSE_S)


def _guardian(opening: Opening) -> str:
    pid = opening.note(RECIPES).get("guardian_pid")
    return (
        f"the guardian of an earlier run (process {pid}), which has not had it confirmed yet that the outputs are off: "
        "'rig off' switches them off from here"
    )


def _holder(note: dict[str, object]) -> str:
    if not note:
        return "another process"
    return f"{note.get('user')} (process {note.get('pid')}, since {note.get('since')}: {note.get('command')})"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown user"
