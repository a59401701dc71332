"""The handler that appends to the log of a run: a line is one write to the end of the file, from any process."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import threading
import time

OURS = ("rig", "drivers", "meter_model", "fixtures")
"""Loggers that are logged from the chosen level on; of all others warnings and errors are."""

_MOST_WAITING = 1000
_LAST_LINES_S = 0.5
_STANDARD_ERROR = 2
_begun: list[LogHandler] = []


class LogHandler(logging.Handler):
    """Appends to a descriptor. Nothing that goes wrong with it reaches the code that logs."""

    def __init__(self, descriptor: int, process: str, *, never_waits: bool = False) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._waiting: queue.Queue[bytes | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True) if never_waits else None
        if self._thread is not None:
            self._thread.start()
        line = f"%(asctime)s.%(msecs)03dZ {process}[{os.getpid()}] %(levelname)s %(name)s: %(message)s"
        formatter = logging.Formatter(line, "%Y-%m-%dT%H:%M:%S")
        formatter.converter = time.gmtime
        self.setFormatter(formatter)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let pass what is the rig's own, and warnings of others."""
        return record.levelno >= logging.WARNING or record.name.partition(".")[0] in OURS

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record as one line; what follows a line break is indented."""
        with contextlib.suppress(Exception):  # a log must not end, or hold up, what it tells of
            line = self.format(record).replace("\n", "\n    ").encode(errors="backslashreplace") + b"\n"
            if self._thread is None:
                os.write(self._descriptor, line)
            else:
                self._waiting.put_nowait(line)

    def close(self) -> None:
        """Write what waits, if that is possible at once, and give the file back."""
        if self._thread is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait(None)
            self._thread.join(_LAST_LINES_S)
            if self._thread.is_alive():
                return
        if self._descriptor > _STANDARD_ERROR:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
        super().close()

    def _write_on(self) -> None:
        while (line := self._waiting.get()) is not None:
            with contextlib.suppress(OSError):
                os.write(self._descriptor, line)


def begin(path: str | None, process: str, level: str, *, never_waits: bool = False) -> None:
    """Log to the file ``path`` (None: standard error) from ``level`` on, until ``end``; see ``drivers.log.log_as``."""
    logging.getLogger().addHandler(logging.NullHandler())  # else a warning without a log goes to standard error
    descriptor = _STANDARD_ERROR
    if path is not None:
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        except OSError:
            return
    handler = LogHandler(descriptor, process, never_waits=never_waits)
    _begun.append(handler)
    logging.getLogger().addHandler(handler)
    for logger in map(logging.getLogger, OURS):
        logger.addHandler(handler)
        logger.setLevel(level.upper())
        logger.propagate = False  # else pytest keeps each line with the test as well


def end() -> None:
    """End what ``begin`` has begun in this process."""
    while _begun:
        handler = _begun.pop()
        for logger in map(logging.getLogger, ("", *OURS)):
            logger.removeHandler(handler)
            logger.setLevel(logging.NOTSET if logger.name in OURS else logger.level)
            logger.propagate = True
        handler.close()
