"""Keep in the records what was scanned and did not become a run, without making the page wait for the database."""

from __future__ import annotations

import logging
import threading
from queue import SimpleQueue

from drivers.errors import RigError
from rig.records import RECORDS
from rig.records.attempts.attempts import AttemptRecord
from rig.records.store import RunStore

_LOG = logging.getLogger(__name__)


class AttemptNotes:
    """Writes attempts into the database ``records`` in a thread of its own; one that cannot be written is logged."""

    def __init__(self, records: str) -> None:
        self._records = records or RECORDS
        self._left: SimpleQueue[AttemptRecord] = SimpleQueue()
        threading.Thread(target=self._write, name="attempts", daemon=True).start()

    def note(self, attempt: AttemptRecord) -> None:
        """Have an attempt written soon."""
        self._left.put(attempt)

    def _write(self) -> None:
        while True:
            attempt = self._left.get()
            try:
                with RunStore.open(self._records) as store:
                    store.note_attempt(attempt)
            except RigError:
                _LOG.exception("an attempt is not recorded: %s, %s", attempt.scanned, attempt.reason)
