"""The event log of an emulated bench, read also when the bench has ended and has removed it."""

from __future__ import annotations

from pathlib import Path


class KeptLog:
    """Holds the log of ``endpoints`` open; ``read_text`` gives all that has been written to it."""

    def __init__(self, endpoints):
        self.path = Path(endpoints["log"])
        self._file = self.path.open(encoding="utf-8")

    def read_text(self):
        self._file.seek(0)
        return self._file.read()

    def close(self):
        self._file.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    def __del__(self):
        self._file.close()
