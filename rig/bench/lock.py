"""One bench, one user at a time: a lock of the operating system, with a note of who holds it."""

from __future__ import annotations

import contextlib
import getpass
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from rig.errors import BenchBusy
from rig.safety.off import process_exists
from rig.safety.state import bench_file_of_state, read_json, write_json


@contextlib.contextmanager
def bench_lock(bench: str, command: str | None = None) -> Iterator[None]:
    """Hold ``bench`` for this process; raises BenchBusy, which says who does, if somebody else holds it.

    ``command``: what is being done, for whoever is turned away (default: this process's command line). The system
    gives the lock up when the process ends, however it ends.
    """
    note = bench_file_of_state(bench, ".holder.json")
    # Not shared between two benches of one process: a second opening is somebody else.
    lock = FileLock(bench_file_of_state(bench, ".lock"), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BenchBusy(bench, _holder(read_json(note))) from None
    try:
        holder = {
            "pid": os.getpid(),
            "user": _user(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": command or " ".join(sys.argv) or "python",
        }
        write_json(note, holder)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def name_run_of_holder(bench: str, run_id: str) -> None:
    """Add to the note of who holds ``bench``, which is this process, which run it is recording."""
    path = bench_file_of_state(bench, ".holder.json")
    write_json(path, {**(read_json(path) or {}), "run": run_id})


def run_in_progress(bench: str) -> str | None:
    """Return the id of the run that a living process is recording on ``bench``, None where there is none."""
    note = read_json(bench_file_of_state(bench, ".holder.json")) or {}
    run_id, pid = note.get("run"), note.get("pid")
    return run_id if isinstance(run_id, str) and isinstance(pid, int) and process_exists(pid) else None


def _holder(note: dict[str, object] | None) -> str:
    if note is None:
        return "another process"
    return f"{note.get('user')} (process {note.get('pid')}, since {note.get('since')}: {note.get('command')})"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "unknown user"
