"""Bench time: the wall clock, or an endpoint that lets bench time pass when asked; waiting is progress, in slices."""

from __future__ import annotations

import json
import math
import re
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from rig.errors import BenchFault

SLICE_S = 0.5
"""Longest stretch of bench time spent without a sign of progress."""

_ANSWER_S = 2.0
_ENDPOINT = re.compile(r"^tcp://(?P<host>[^:/]+):(?P<port>\d+)$")


def _no_progress_wanted() -> None:
    """Nobody watches this clock."""


class BenchClock(ABC):
    """The clock of a bench; time on the bus and in heartbeats is wall time always, never this one's."""

    def __init__(self, on_progress: Callable[[], None] = _no_progress_wanted) -> None:
        self._on_progress = on_progress

    @abstractmethod
    def now_s(self) -> float:
        """Bench time in seconds since some moment before the run; raises BenchFault if it cannot be known."""

    def sleep(self, dt_s: float) -> None:
        """Spend ``dt_s`` seconds of bench time, calling ``on_progress`` at least every half second of it."""
        if not math.isfinite(dt_s):
            raise ValueError(f"cannot sleep for {dt_s} s")
        left_s = dt_s
        while left_s > 1e-9:
            slice_s = min(left_s, SLICE_S)
            self._spend(slice_s)
            left_s -= slice_s
            self._on_progress()

    @abstractmethod
    def close(self) -> None:
        """Give back what the clock holds open."""

    @abstractmethod
    def _spend(self, dt_s: float) -> None: ...


class WallClock(BenchClock):
    """Bench time is wall time."""

    def now_s(self) -> float:
        """Seconds of the host's monotonic clock."""
        return time.monotonic()

    def close(self) -> None:
        """Nothing is held open."""

    def _spend(self, dt_s: float) -> None:
        time.sleep(dt_s)


class EndpointClock(BenchClock):
    """Bench time is kept at ``tcp://host:port``: one JSON object a line, one answer a line.

    ``{"sleep_s": 1.0}`` lets a second pass, ``{"now": true}`` asks; the answer is ``{"bench_time_s": ...}``.
    """

    def __init__(self, endpoint: str, on_progress: Callable[[], None] = _no_progress_wanted) -> None:
        super().__init__(on_progress)
        match = _ENDPOINT.match(endpoint)
        if match is None:
            raise BenchFault(f"{endpoint!r} is not a clock endpoint; it has the form tcp://host:port")
        self._endpoint = endpoint
        self._received = b""
        try:
            self._socket = socket.create_connection((match["host"], int(match["port"])), timeout=_ANSWER_S)
        except OSError as error:
            raise BenchFault(
                f"the bench clock at {endpoint} does not answer ({error}); is its process running?"
            ) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def now_s(self) -> float:
        """Bench time in seconds as the endpoint has it."""
        return self._ask({"now": True})

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _spend(self, dt_s: float) -> None:
        self._ask({"sleep_s": dt_s})

    def _ask(self, question: dict[str, Any]) -> float:
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
            while b"\n" not in self._received:
                part = self._socket.recv(4096)
                if not part:
                    raise ConnectionError("it closed the connection")
                self._received += part
            line, _, self._received = self._received.partition(b"\n")
            answer = json.loads(line)
            return float(answer["bench_time_s"])
        except OSError as error:
            # After a failure the next answer could be the last question's: this connection is not used again.
            self._socket.close()
            raise BenchFault(
                f"the bench clock at {self._endpoint} is lost ({error}); is its process running?"
            ) from None
        except (ValueError, KeyError, TypeError):
            self._socket.close()
            raise BenchFault(
                f"the bench clock at {self._endpoint} answered {line!r}, which is not understood"
            ) from None
