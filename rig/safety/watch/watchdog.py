"""Ask the source while it is energised whether it is still on; arm and feed its own watchdog, if it has one.

The same questions serve both. They are asked at each progress call, in the thread that energised and in no other.
A rig that hangs asks nothing, so the source's watchdog expires and switches the output off.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable

from drivers.errors import RigError
from drivers.source.base import AcSource
from rig.safety.errors import OutputWrong
from rig.safety.watch.alarm import SourceAlarm

DELAY_S = 10.0
"""Wall seconds of silence after which the source switches off by itself: well after the guardian, which is first."""

LOOK_EVERY_S = 0.5
ANSWER_S = 1.0
"""Wall seconds that the source may take to say whether it is on before the guardian switches it off."""

_FEEDS_PER_DELAY = 4


class SourceWatchdog:
    """Looks after the source while it is energised; its own watchdog is armed and fed where it has one."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._source: AcSource | None = None
        self._delay_s: float | None = None
        self._worker: int | None = None
        self._looked_s = 0.0
        self._is_armed = False
        self.trouble: str | None = None
        """Why the watchdog could not be disarmed, None where it was the last time."""

    @property
    def delay_s(self) -> float | None:
        """Seconds of silence after which the source switches off; None where it has no watchdog."""
        return self._delay_s

    def attach(self, source: AcSource) -> None:
        """Look after ``source`` from now on."""
        self._source = source
        limits = source.capabilities.watchdog_s
        self._delay_s = None if limits is None else min(max(DELAY_S, limits[0]), limits[1])

    def look(
        self, off_by: Callable[[float | None], None] = lambda _within_s: None, alarm: SourceAlarm | None = None
    ) -> None:
        """Ask the source whether its output is on, where the last question was a while ago; for all that is progress.

        ``off_by`` is called with the time by which the answer must come, and with None when it came
        (``GuardianLink.off_by``); ``alarm`` reports an answer that does not come. Raises the source's errors, and
        OutputWrong where the source reports its output off: it is gone, late or has tripped.
        """
        if self._source is None or self._worker != threading.get_ident():
            return
        every_s = LOOK_EVERY_S if self._delay_s is None else min(LOOK_EVERY_S, self._delay_s / _FEEDS_PER_DELAY)
        if self._now_s() - self._looked_s < every_s:
            return
        self._looked_s = self._now_s()
        off_by(ANSWER_S)
        try:
            with alarm.asking() if alarm is not None else contextlib.nullcontext():
                is_on = self._source.output_is_on()
        finally:
            off_by(None)
            self._looked_s = self._now_s()
        if not is_on:
            raise OutputWrong("the source's output", "off", "on", "it tripped or was switched off; look at the source")

    def arm(self) -> None:
        """Begin to look, in this thread, with the source's watchdog armed; raises what the source raises."""
        self.trouble = None
        if self._source is None:
            return
        if self._delay_s is not None:
            self._is_armed = True  # an error does not tell whether it was carried out
            self._source.arm_watchdog(self._delay_s)
        self._looked_s = self._now_s()
        self._worker = threading.get_ident()

    def starve(self) -> None:
        """Ask no more: a source with a watchdog switches off after its delay, even if the rig dies meanwhile."""
        self._worker = None

    def disarm(self) -> None:
        """Ask no more and disarm, once the outputs are known to be off. Never raises a RigError: see ``trouble``."""
        self.starve()
        if self._source is None or not self._is_armed:
            return
        try:
            self._source.disarm_watchdog()
            self._is_armed = False
            self.trouble = None
        except RigError as error:
            self.trouble = f"the source's watchdog was not disarmed ({error}); it may latch the output off"
