"""Identify the process that records a run, in a form that another process of this host can check later."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rig.safety.state import marked_process, process_lives


def this_process(guardian_pid: int | None) -> dict[str, Any]:
    """Describe this process, its host and its guardian."""
    return {
        "host": platform.node(),
        "pid_space": _pid_space(),
        **marked_process("pid", os.getpid()),
        **(marked_process("guardian_pid", guardian_pid) if guardian_pid is not None else {}),
    }


def is_gone(process: Mapping[str, Any]) -> bool:
    """Whether the process that ``this_process`` described has ended, and its guardian too.

    False where that cannot be said from here: it was on another host, or in another container of this one.
    """
    if process.get("host") != platform.node() or process.get("pid_space") != _pid_space() or "pid" not in process:
        return False
    return not process_lives(process, "pid") and not process_lives(process, "guardian_pid")


def _pid_space() -> str:
    """Name the space in which process numbers of this process mean something; a restart of the host begins another."""
    try:
        return os.readlink("/proc/self/ns/pid")  # it names no file
    except OSError:
        return str(Path("/"))
