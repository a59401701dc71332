"""A re-entrant lock that is handed over in the order of arrival."""

from __future__ import annotations

import threading
from collections import deque


class FairLock:
    """Like ``threading.RLock``, but first come, first served.

    The thread that advances the world takes and releases the lock in a tight loop; with an ordinary lock the threads
    that answer the bus and the instruments would starve meanwhile.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._waiting: deque[tuple[int, threading.Lock]] = deque()
        self._owner: int | None = None
        self._depth = 0

    def acquire(self) -> None:
        """Take the lock, waiting for all who came before."""
        me = threading.get_ident()
        with self._mutex:
            if self._owner in (None, me):
                self._owner = me
                self._depth += 1
                return
            gate = threading.Lock()
            gate.acquire()
            self._waiting.append((me, gate))
        gate.acquire()

    def release(self) -> None:
        """Give the lock to the next in line; raises RuntimeError when the caller does not hold it."""
        with self._mutex:
            if self._owner != threading.get_ident():
                raise RuntimeError("the lock is released by a thread that does not hold it")
            self._depth -= 1
            if self._depth:
                return
            if self._waiting:
                self._owner, gate = self._waiting.popleft()
                self._depth = 1
                gate.release()
            else:
                self._owner = None

    def __enter__(self) -> FairLock:
        self.acquire()
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()
