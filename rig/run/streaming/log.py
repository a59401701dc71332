"""The log of a run: ``run.log`` in its folder, with a line for each event and all that its processes have to say."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

from drivers import log_handler
from drivers.log import FILE, LEVEL, log_as
from rig.run.events import Event, Events, Failed, LiveTerminals, MeterRead, QuestionFailed, ReadingSeen
from rig.run.folder import LOG

_LOG = logging.getLogger(__name__)


def begin_log(folder: Path, level: str, events: Events) -> Callable[[], None]:
    """Begin the log, which the processes that are started from now on share; returns what ends it.

    ``level``: debug, info, warning or error.
    """
    os.environ[FILE], os.environ[LEVEL] = str((folder / LOG).resolve()), level
    log_as("rig")
    unsubscribe = events.subscribe(Event, _log)

    def end() -> None:
        unsubscribe()
        log_handler.end()
        for name in (FILE, LEVEL):
            os.environ.pop(name, None)

    return end


def _log(event: Event) -> None:
    error = event.error if isinstance(event, LiveTerminals | Failed | QuestionFailed) else None
    if isinstance(event, ReadingSeen | MeterRead):
        return  # twice a second; the record has what was measured with
    noted = event.noted()
    severity = noted.severity if noted is not None else "info"
    if isinstance(event, LiveTerminals | Failed):
        severity = "error"
    level = logging.getLevelNamesMapping()[severity.upper()]
    _LOG.log(level, "%s: %s", type(event).__name__, event, exc_info=error)
