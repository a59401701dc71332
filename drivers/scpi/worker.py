"""A thread on which a VISA library is called, so that a call that never returns does not block its caller."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """Runs calls one after another; the caller waits for its call as long as it likes and no longer.

    A call that does not come back is left behind with its thread (a daemon). What was given after it, such as closing
    the resource, is done when it does come back. ``is_stuck``: whether a call has not come back in time.
    """

    def __init__(self, name: str) -> None:
        self.is_stuck = False
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def call(self, work: Callable[[], T], within_s: float) -> T:
        """Return what ``work()`` returns, or raise what it raises; TimeoutError after ``within_s`` seconds."""
        outcomes: queue.SimpleQueue[Callable[[], T]] = queue.SimpleQueue()

        def run() -> None:
            try:
                value = work()
            except Exception as error:  # noqa: BLE001 - raised again by who waits
                outcomes.put(_raiser(error))
            else:
                outcomes.put(lambda: value)

        self._work.put(run)
        try:
            outcome = outcomes.get(timeout=max(0.0, within_s))
        except queue.Empty:
            self.is_stuck = True
            raise TimeoutError("the VISA library does not come back") from None
        return outcome()

    def end(self) -> None:
        """Let the thread end after what it has to do; nothing may be given to it any more."""
        self._work.put(None)

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            work()


def _raiser(error: Exception) -> Callable[[], Any]:
    def raise_it() -> Any:  # Any: it never returns
        raise error

    return raise_it
