"""Switch-off recipes of an armed guardian, in its own memory: a deleted file does not remove them.

A file of no folder (memfd), which other processes of the same user read by the guardian's descriptors in /proc. So it
can be read while the guardian is stopped, and it is gone when the guardian is. Linux only; elsewhere there is none.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_NAME = "s4100-rig-open-bench"
_LINK = f"/memfd:{_NAME}"
_PROC = Path("/proc")


class HeldNote:
    """The note of this process; empty while nothing can be on."""

    def __init__(self) -> None:
        self._descriptor = -1
        if hasattr(os, "memfd_create"):
            with contextlib.suppress(OSError):
                self._descriptor = os.memfd_create(_NAME)

    def write(self, content: Mapping[str, Any]) -> None:
        """Put ``content`` in place of what was there; where there is no memory for it, it is left empty."""
        self.clear()
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.pwrite(self._descriptor, json.dumps(content).encode(), 0)

    def clear(self) -> None:
        """Leave it empty."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)


def held_note(pid: int, proc: Path = _PROC) -> dict[str, Any] | None:
    """Read the note of process ``pid``: empty where nothing can be on, None where it has none or may not be asked."""
    try:
        for entry in (proc / str(pid) / "fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(entry).startswith(_LINK):  # it names no file
                    content = json.loads(entry.read_bytes() or b"{}")
                    return content if isinstance(content, dict) else None
    except (OSError, ValueError):
        return None
    return None
