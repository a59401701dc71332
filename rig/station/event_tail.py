"""Follow the file of a run's events as it grows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_AT_ONCE = 1 << 20


class EventTail:
    """Reads the lines that were added since the last look; what has no end of line yet is left for the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new(self) -> Iterator[dict[str, Any]]:
        """Return the events that were added; lines that are no JSON object are passed over."""
        while True:
            try:
                with self._path.open("rb") as stream:
                    stream.seek(self._offset)
                    octets = stream.read(_AT_ONCE)
            except OSError:
                return
            whole = octets.rpartition(b"\n")[0]
            if not whole:
                return
            self._offset += len(whole) + 1
            for line in whole.split(b"\n"):
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    yield event
