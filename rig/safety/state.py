"""The state folder of this user: which benches are in use, how to switch them off, and the guardian's journal."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.errors import BenchFault

_JOURNAL = ".journal"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def state_folder() -> Path:
    """Return the folder, made if needed: ``RIG_STATE_DIR``, or ``s4100-rig`` among the system's state files."""
    named = os.environ.get("RIG_STATE_DIR")
    if named:
        folder = Path(named)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "s4100-rig"
    else:
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "s4100-rig"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchFault(f"the state folder {folder} cannot be made ({error.strerror}); set RIG_STATE_DIR") from None
    return folder


def journal_path(bench: str | None = None) -> Path:
    """Return the journal of the guardian of ``bench``; without it the older one of JSON lines, which is read only."""
    return state_folder() / "guardian-journal.jsonl" if bench is None else bench_file_of_state(bench, _JOURNAL)


def journal_paths() -> list[Path]:
    """Return the journals of all benches that there are."""
    return sorted(state_folder().glob(f"bench-*{_JOURNAL}"))


def bench_file_of_state(bench: str, suffix: str) -> Path:
    """Return the file of ``bench`` with this suffix (``.lock``, ``.json``, ...) in the state folder."""
    return state_folder() / f"bench-{_UNSAFE.sub('_', bench)}{suffix}"


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON object so that a reader sees the old one or the new one, never half of one."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    unfinished.write_text(json.dumps(content), encoding="utf-8")
    unfinished.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where there is none or it cannot be understood."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
