"""One log for all processes of a run: each appends to the file that the environment names, by standard ``logging``.

This module is light: a process of a command that keeps no log never loads ``logging``.
"""

from __future__ import annotations

import os
import sys

FILE, LEVEL = "RIG_LOG_FILE", "RIG_LOG_LEVEL"
"""Environment variables: the log file of the run, and the least level that goes into it."""

LEVELS = ("debug", "info", "warning", "error")


def log_as(process: str, *, never_waits: bool = False) -> None:
    """Have the standard logging of this process go into the log of the run, where the environment names one.

    ``process``: its name there. ``never_waits``: lines are written by a thread of their own and left out while the disk
    does not take them. A file that cannot be opened or written to is no error: the process goes on without a log.
    """
    path = os.environ.get(FILE)
    if path:
        from drivers.log_handler import begin

        begin(path, process, os.environ.get(LEVEL, "info"), never_waits=never_waits)


def note(logger: str, text: str, *values: object, level: str = "info") -> None:
    """Log a line of a light process for the module ``logger``; nothing where there is no log."""
    if os.environ.get(FILE):
        import logging

        started_with = sys.modules["__main__"].__spec__
        if logger == "__main__" and started_with is not None:
            logger = started_with.name
        logging.getLogger(logger).log(logging.getLevelNamesMapping()[level.upper()], text, *values)
