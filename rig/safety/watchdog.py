"""The source's own watchdog, where it has one: armed while energised, fed by the rig's progress, starved otherwise."""

from __future__ import annotations

import threading

from drivers.errors import RigError
from drivers.source.base import AcSource

DELAY_S = 10.0
"""Wall seconds of silence after which the source switches off by itself: well after the guardian, which is first."""

_FEEDS_PER_DELAY = 4


class SourceWatchdog:
    """Does nothing for a source without a watchdog.

    ``progress`` is for everything that makes progress, in any thread: it only takes note. A thread of its own feeds
    the source (any question does) when there was progress since it last looked, so a rig that hangs feeds nobody.
    """

    def __init__(self) -> None:
        self._source: AcSource | None = None
        self._delay_s = DELAY_S
        self._has_progress = threading.Event()
        self._ending = threading.Event()
        self._feeder: threading.Thread | None = None
        self._is_armed = False
        self.trouble: str | None = None
        """Why the watchdog could not be fed or disarmed, None where it was the last time."""

    @property
    def delay_s(self) -> float | None:
        """Seconds of silence after which the source switches off; None where it has no watchdog."""
        return None if self._source is None else self._delay_s

    def attach(self, source: AcSource) -> None:
        """Guard ``source`` from now on, if it has a watchdog."""
        limits = source.capabilities.watchdog_s
        if limits is not None:
            self._source = source
            self._delay_s = min(max(DELAY_S, limits[0]), limits[1])

    def progress(self) -> None:
        """Take note that the rig made progress."""
        self._has_progress.set()

    def arm(self) -> None:
        """Arm the source's watchdog and begin to feed it; raises what the source raises."""
        if self._source is None:
            return
        self.starve()
        self.trouble = None
        self._is_armed = True  # an error does not tell whether it was carried out
        self._source.arm_watchdog(self._delay_s)
        self._has_progress.set()
        self._ending = threading.Event()
        self._feeder = threading.Thread(
            target=self._feed, args=(self._source, self._ending), name="watchdog-feeder", daemon=True
        )
        self._feeder.start()

    def starve(self) -> None:
        """Stop feeding: the source switches off after the delay, whatever becomes of the rig. Idempotent."""
        self._ending.set()
        if self._feeder is not None:
            self._feeder.join()
            self._feeder = None

    def disarm(self) -> None:
        """Stop feeding and disarm, once the outputs are known to be off. Never raises a RigError: see ``trouble``."""
        self.starve()
        if self._source is None or not self._is_armed:
            return
        try:
            self._source.disarm_watchdog()
            self._is_armed = False
            self.trouble = None
        except RigError as error:
            self.trouble = f"the source's watchdog was not disarmed ({error}); it may latch the output off"

    def _feed(self, source: AcSource, ending: threading.Event) -> None:
        while not ending.wait(self._delay_s / _FEEDS_PER_DELAY):
            if not self._has_progress.is_set():
                continue
            self._has_progress.clear()
            try:
                source.output_is_on()
                self.trouble = None
            except RigError as error:
                self.trouble = f"the source's watchdog could not be fed ({error})"
