"""Write each event of a run as one JSON line for other processes: ``events.jsonl`` in the run's folder."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from rig.events import Event, Events
from rig.records.plain_json import Json
from rig.run.streaming.event_json import event_as_json

EVENTS_FILE = "events.jsonl"


class EventStream:
    """The file of a run's events. A line is ``n``, ``time_utc`` and what ``event_as_json`` returns.

    A line is written by one call of the system, so a reader sees whole lines, and a killed run leaves whole lines. A
    run that is resumed goes on in the file of before, with the next ``n``.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        path = folder / EVENTS_FILE
        before = path.read_bytes() if path.exists() else b""
        self._numbers = itertools.count(before.count(b"\n") + 1)
        self._now = now
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._is_torn = bool(before) and not before.endswith(b"\n")

    def take(self, event: Event) -> None:
        """Write an event; raises OSError, as of a full disk."""
        self.write(event_as_json(event))

    def write(self, content: Mapping[str, Json]) -> None:
        """Write one line. Safe in a signal handler: no lock is taken. Raises OSError."""
        line = {"n": next(self._numbers), "time_utc": self._now().isoformat(timespec="milliseconds"), **content}
        octets = json.dumps(line, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
        if self._is_torn:
            octets = b"\n" + octets
        self._is_torn = True  # until the system has taken all of it
        self._is_torn = os.write(self._descriptor, octets) != len(octets)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def begin_stream(folder: Path, events: Events) -> tuple[EventStream, Callable[[], None]]:
    """Write all ``events`` into ``folder`` from now on; returns the stream, and what ends it."""
    stream = EventStream(folder)
    unsubscribe = events.subscribe(Event, stream.take)

    def end() -> None:
        unsubscribe()
        stream.close()

    return stream, end
