"""The guardian's own journal: what it switched off, why, when and with what result; survives everything else."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.safety.state import journal_path


def append_entry(path: Path, entry: Mapping[str, Any]) -> None:
    """Add one entry and force it to the disk; a half-written last line of earlier is ended first."""
    line = json.dumps(entry, separators=(",", ":")).encode() + b"\n"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_journal(path: Path | None = None) -> list[dict[str, Any]]:
    """All entries, oldest first; a line that a crash has left half-written is left out.

    An entry has ``id`` (unique), ``time`` (ISO 8601, UTC), ``monotonic_s``, ``bench``, ``run``, ``guardian_pid``,
    ``rig_pid``, ``reason``, ``confirmed`` and ``results`` (one for each source).
    """
    try:
        text = (path or journal_path()).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    entries = []
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and "id" in entry:
            entries.append(entry)
    return entries
