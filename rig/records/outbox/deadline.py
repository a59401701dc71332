"""End a conversation with a server that takes too long: a network that was cut answers nothing, not even an error."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event


def limit_conversations(engine: Engine, longest_s: Callable[[], float]) -> None:
    """Cut a connection of psycopg that is in use for longer than ``longest_s()``; what waits for it fails then."""
    if engine.dialect.driver != "psycopg":
        return
    deadlines: dict[Any, _Deadline] = {}  # Any: psycopg's connection

    def end(connection: Any, *_more: object) -> None:
        if (deadline := deadlines.pop(connection, None)) is not None:
            deadline.end()

    def begin(connection: Any, *_more: object) -> None:
        end(connection)
        deadlines[connection] = _Deadline(connection.fileno(), longest_s())

    def connect(dialect: Any, _record: object, arguments: Any, named: Any) -> Any:
        connection = dialect.connect(*arguments, **named)
        begin(connection)
        return connection

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", begin)
    for ended in ("checkin", "invalidate", "close"):
        event.listen(engine, ended, end)


class _Deadline:
    """Shuts a socket down when its time is over, through a descriptor of its own."""

    def __init__(self, descriptor: int, longest_s: float) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        self._lock = threading.Lock()
        self._has_ended = False
        self._timer = threading.Timer(longest_s, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        """Take the deadline away."""
        self._timer.cancel()
        with self._lock:
            self._has_ended = True
            self._socket.close()

    def _cut(self) -> None:
        with self._lock:
            if not self._has_ended:
                self._socket.shutdown(socket.SHUT_RDWR)
