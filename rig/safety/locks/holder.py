"""The holder of a lock: process, user, command and bench, from the kernel's tables, for any user's process."""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_PROC = Path("/proc")
_LONGEST = 160
_GUARDIAN = "rig.safety.guardian.process"
_NOT_SHOWN = re.compile(r"[^ -~\u00a0-\uffff]")
"""Control characters, and what else could move the cursor of a terminal."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a lock; ``pid`` None where the kernel does not say. ``bench``: its bench, if known.

    ``is_guardian``: it is a guardian that switches off on its own, since its rig is gone. ``is_gone``: the process has
    ended, and one that it started has not released it yet.
    """

    pid: int | None = None
    user: str = ""
    command: str = ""
    bench: str = ""
    since: str = ""
    is_guardian: bool = False
    is_gone: bool = False

    @property
    def is_passing(self) -> bool:
        """Whether the lock may be free in a moment: its rig has ended, and a guardian sees to the outputs."""
        return self.is_guardian or self.is_gone

    @property
    def text(self) -> str:
        """Who it is, in words, as the end of "is in use by"."""
        if self.pid is None:
            return "another process, which this process cannot see (it may be in another container)"
        if self.is_guardian:
            of = f" on bench {self.bench!r}" if self.bench else ""
            return (
                f"the guardian of an earlier run{of}, process {self.pid}, which is still switching the outputs off: "
                "'rig off' does it from here"
            )
        if self.is_gone:
            return f"what process {self.pid}, which has ended, left running"
        of = f"bench {self.bench!r}: " if self.bench else ""
        since = f", since {self.since}" if self.since else ""
        return (
            f"{of}{self.user or 'an unknown user'} (process {self.pid}{since}: {self.command or 'command not known'})"
        )


def holder_of(pid: int | None, uid: int | None = None, bench: str = "") -> Holder:
    """Describe process ``pid`` of user ``uid``; what cannot be found out is left out."""
    if pid is None or pid <= 0:
        return Holder()
    words = _command(pid)
    if not words:
        return Holder(pid, user_name(uid), is_gone=True)
    is_guardian = _GUARDIAN in words
    if is_guardian and "--bench" in words[:-1]:
        bench = words[words.index("--bench") + 1]
    command = shlex.join(words[1:] if len(words) > 1 and "python" in Path(words[0]).name else words)
    command = _NOT_SHOWN.sub("?", command)
    if len(command) > _LONGEST:
        command = command[: _LONGEST - 3] + "..."
    return Holder(pid, user_name(uid), command, _NOT_SHOWN.sub("?", bench), _started(pid), is_guardian)


def user_name(uid: int | None) -> str:
    """Name a user; by number where the system knows no name."""
    if uid is None:
        return ""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _command(pid: int) -> list[str]:
    try:
        octets = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return []
    return [word.decode("utf-8", "replace") for word in octets.rstrip(b"\0").split(b"\0") if octets]


def _started(pid: int) -> str:
    """When a process began, UTC; empty where the system does not say."""
    try:
        ticks = int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])
        boot = next(line for line in (_PROC / "stat").read_text().splitlines() if line.startswith("btime "))
        began_s = int(boot.split()[1]) + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return ""
    return datetime.fromtimestamp(began_s, UTC).isoformat(timespec="seconds")
