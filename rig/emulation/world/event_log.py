"""The event log of the emulated bench: what happened, when in wall and bench time, and who asked for it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class EventLog:
    """One JSON object a line, written through at once: ``wall_s`` (Unix), ``monotonic_s``, ``bench_s``, ``event``, ...

    ``bench_now`` gives the bench time; raises OSError when the file cannot be opened.
    """

    def __init__(self, path: Path, bench_now: Callable[[], float]) -> None:
        self.path = path
        self._bench_now = bench_now
        self._lock = threading.Lock()
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def write(self, event: str, **data: Any) -> None:  # Any: what JSON can hold
        """Write one event; silent after ``close()``, since threads of clients may end later than the log."""
        entry = {
            "wall_s": round(time.time(), 6),
            "monotonic_s": round(time.monotonic(), 6),
            "bench_s": round(self._bench_now(), 6),
            "event": event,
            **data,
        }
        with self._lock:
            if not self._file.closed:
                self._file.write(json.dumps(entry) + "\n")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
