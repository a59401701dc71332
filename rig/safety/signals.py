"""SIGINT, SIGTERM and SIGHUP as an exception, once: so that the code that makes safe runs, and runs to its end."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))

_LOST_AFTER_S = 10.0


class StopRequested(KeyboardInterrupt):
    """The process was asked to end; a KeyboardInterrupt, so that nothing that catches errors swallows it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"stopped by {name}")
        self.name = name


class StopSignals:
    """From ``install`` to ``restore`` the first signal raises StopRequested in the main thread; later ones do nothing.

    Should that exception have been lost (Python swallows those raised in a destructor), a signal that comes ten
    seconds later or more raises again, unless ``was_heard``. ``on_stop`` is called in the handler, before it raises: it
    takes no lock. Main thread only.
    """

    def __init__(self, on_stop: Callable[[str], None] = lambda _name: None) -> None:
        self._on_stop = on_stop
        self._before: dict[int, Any] = {}
        self._first_s: float | None = None
        self._is_heard = False

    def install(self) -> None:
        """Take the signals over; nothing happens where they are already."""
        if not self._before:
            self._before = {number: signal.signal(number, self._stop) for number in STOP_SIGNALS}

    def was_heard(self) -> None:
        """Take note that the stop has been understood and all is on its way down: nothing may interrupt that."""
        self._is_heard = True

    def restore(self) -> None:
        """Put the handlers of before back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._is_heard or (self._first_s is not None and now_s - self._first_s < _LOST_AFTER_S):
            return
        self._first_s = now_s
        name = signal.Signals(number).name
        self._on_stop(name)
        raise StopRequested(name)
