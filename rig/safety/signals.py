"""SIGTERM and SIGHUP as an exception, once: so that the code that makes safe runs, and runs to its end."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

STOP_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class StopRequested(KeyboardInterrupt):
    """Somebody asked the process to end; a KeyboardInterrupt, so that nothing that catches errors swallows it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"stopped by {name}")
        self.name = name


@contextlib.contextmanager
def stop_signals_raise() -> Iterator[None]:
    """Within this context the first SIGTERM or SIGHUP raises StopRequested in the main thread; later ones do nothing.

    Main thread only. The handlers of before are put back at the end.
    """

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in STOP_SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise StopRequested(signal.Signals(number).name)

    before = {number: signal.signal(number, stop) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
