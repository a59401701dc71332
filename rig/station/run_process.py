"""The process of a run: a session of its own, which outlives the service and is found again by a file."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rig.safety.state import marked_process, process_lives

CONSOLE_FILE = "console.txt"
_LAST_OCTETS = 4096


class RunProcess:
    """A run's process: one that this service started, or that an earlier one started and noted (``note``)."""

    def __init__(self, note: Mapping[str, Any], child: subprocess.Popen[bytes] | None = None) -> None:
        self.note = dict(note)
        self._child = child

    @classmethod
    def start(cls, command: Sequence[str], folder: Path) -> RunProcess:
        """Start ``command``, with what it prints in ``folder``, and a path at which it listens. Raises OSError."""
        place = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
        listens_at = Path(place) / f"s4100-run-{secrets.token_hex(6)}.sock"  # short: a socket's path has 107 octets
        with (folder / CONSOLE_FILE).open("ab") as console:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                env={**os.environ, "RIG_RUN_SOCKET": str(listens_at)},
                start_new_session=True,  # what ends the service, or its terminal, does not reach it
            )
        return cls(marked_process("pid", child.pid), child)

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        if self._child is not None:
            return self._child.poll() is None
        return process_lives(self.note, "pid")

    @property
    def code(self) -> int | None:
        """How it ended; None while it lives, and where an earlier service started it."""
        return None if self._child is None else self._child.poll()

    def end(self, number: signal.Signals = signal.SIGTERM) -> bool:
        """Send it a signal; False where it has ended already."""
        if not self.lives:
            return False
        try:
            os.kill(int(self.note["pid"]), number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def last_line(folder: Path) -> str:
    """Return the last line that the run printed, without the name of the program; empty where there is none."""
    try:
        with (folder / CONSOLE_FILE).open("rb") as console:
            console.seek(max(0, os.fstat(console.fileno()).st_size - _LAST_OCTETS))
            text = console.read().decode("utf-8", "replace")
    except OSError:
        return ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = next((line for line in reversed(lines) if line.startswith("rig: ")), lines[-1] if lines else "")
    return said.removeprefix("rig: ")
