"""Alarm for a source that does not answer while it may be on: it is printed while the rig still waits."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

from drivers.errors import RigError
from rig.events import Event, Events, LiveTerminals, SourceAnswers

AFTER_S = 0.35
"""Wall seconds without an answer until the alarm. Questions come every 0.5 s: the alarm comes within 1 s."""


class SourceAlarm:
    """Publishes LiveTerminals where the source lets the rig wait, and SourceAnswers where it answers again.

    The first comes from a thread of its own while the rig waits: it may be shown, and nothing else. That thread is
    started with the first question, ends with ``close``, and asks nothing of the source.
    """

    def __init__(self, events: Events | None = None, after_s: float = AFTER_S) -> None:
        self._events = events or Events()
        self._after_s = after_s
        self._changed = threading.Condition()
        self._since_s: float | None = None
        self._told = False
        self._closed = False
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Expect an answer soon to each question that is put to the source within this context."""
        self._wait_from(time.monotonic())
        try:
            yield
        except BaseException:
            self._wait_from(None)
            raise
        self._wait_from(None)
        self._answers_again()

    def not_off(self, error: RigError) -> None:
        """Tell that the source did not confirm that it is off, where nothing has been told yet."""
        self._tell_once(LiveTerminals(error=error))

    def close(self) -> None:
        """End the thread; may be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(1.0)

    def _wait_from(self, since_s: float | None) -> None:
        with self._changed:
            self._since_s = since_s
            if self._thread is None and since_s is not None and not self._closed:
                thread = threading.Thread(target=self._watch, name="source alarm", daemon=True)
                # Where no thread can be had the rig does without: this one only tells.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread
            elif since_s is not None and not self._told:
                self._changed.notify()

    def _answers_again(self) -> None:
        with self._changed:
            told, self._told = self._told, False
        if told:
            self._events.publish(SourceAnswers())

    def _tell_once(self, event: Event) -> None:
        with self._changed:
            told, self._told = self._told, True
        if not told:
            self._events.publish(event)

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                since_s = None if self._told else self._since_s
                left_s = None if since_s is None else since_s + self._after_s - time.monotonic()
                if left_s is None or left_s > 0.0:
                    self._changed.wait(left_s)
                    continue
            self._tell_once(LiveTerminals(self._after_s))
