"""Alarm for a source that does not answer while it may be on: it is printed while the rig still waits."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from drivers.errors import RigError

LIVE = "terminals may be live"
"""Each alarm line begins with these words, so that displays can tell it from all other lines."""

AFTER_S = 0.35
"""Wall seconds without an answer until the alarm. Questions come every 0.5 s: the alarm comes within 1 s."""


class SourceAlarm:
    """Tells ``tell`` one line where the source lets the rig wait, and one where it answers again.

    ``tell`` is called from a thread of its own while the rig waits: it may show the line, and nothing else. That thread
    is started with the first question, ends with ``close``, and asks nothing of the source.
    """

    def __init__(self, tell: Callable[[str], None] = lambda _line: None, after_s: float = AFTER_S) -> None:
        self._tell = tell
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
        self._tell_once(f"{LIVE} (not-safe): the source does not confirm that its output is off ({error})")

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
            self._tell("the source answers again")

    def _tell_once(self, line: str) -> None:
        with self._changed:
            told, self._told = self._told, True
        if not told:
            self._tell(line)

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
            self._tell_once(
                f"{LIVE} (not-safe): the source has not answered for {self._after_s:g} s; where that lasts the rig and "
                "its guardian go on trying to switch it off: keep away, use its own switch or the emergency stop"
            )
