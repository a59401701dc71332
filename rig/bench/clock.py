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
"""Longest stretch of wall time spent without a sign of progress."""

_WALL_SLICE_S = 0.1
"""On a wall clock: what is due every half second, or with each data set of the analyzer, is not late by much more."""

_ANSWER_S = 2.0
_WITHIN_S = 0.25
_LONGEST_ASKED_S = 86_400.0
_ENDPOINT = re.compile(r"^tcp://(?P<host>[^:/]+):(?P<port>\d+)$")


def _no_progress_wanted() -> None:
    """Do nothing: no watcher is registered on this clock."""


class BenchClock(ABC):
    """The clock of a bench; time on the bus and in heartbeats is wall time always, never this one's."""

    def __init__(self, on_progress: Callable[[], None] = _no_progress_wanted) -> None:
        self._on_progress = on_progress

    @abstractmethod
    def now_s(self) -> float:
        """Bench time in seconds since some moment before the run; raises BenchFault if it cannot be known."""

    def late_spells(self, since_s: float) -> tuple[tuple[float, float], ...]:
        """Return when a simulated bus was late by its host's doing after ``since_s``: (from, to), monotonic seconds.

        Nothing on a real bench, whose bus owes nothing to this host.
        """
        return ()

    def sleep(self, dt_s: float) -> None:
        """Spend ``dt_s`` seconds of bench time, calling ``on_progress`` at least every half second of wall time."""
        if not math.isfinite(dt_s):
            raise ValueError(f"cannot sleep for {dt_s} s")
        left_s = dt_s
        while left_s > 1e-9:
            left_s -= self._spend(left_s)
            self._on_progress()

    @abstractmethod
    def close(self) -> None:
        """Give back what the clock holds open."""

    @abstractmethod
    def _spend(self, at_most_s: float) -> float:
        """Spend some of ``at_most_s`` seconds of bench time, in half a second of wall time; returns how much."""


class WallClock(BenchClock):
    """Bench time is wall time; what ``on_progress`` does meanwhile is part of the time that is spent."""

    def now_s(self) -> float:
        """Seconds of the host's monotonic clock."""
        return time.monotonic()

    def sleep(self, dt_s: float) -> None:
        """Spend ``dt_s`` seconds, calling ``on_progress`` every tenth of a second."""
        if not math.isfinite(dt_s):
            raise ValueError(f"cannot sleep for {dt_s} s")
        end_s = time.monotonic() + dt_s
        while (left_s := end_s - time.monotonic()) > 1e-9:
            self._spend(left_s)
            self._on_progress()

    def close(self) -> None:
        """Nothing is held open."""

    def _spend(self, at_most_s: float) -> float:
        slice_s = min(at_most_s, _WALL_SLICE_S)
        time.sleep(slice_s)
        return slice_s


class EndpointClock(BenchClock):
    """Bench time is kept at ``tcp://host:port``: one JSON object a line, one answer a line.

    ``{"sleep_s": 1.0}`` lets a second pass, ``{"now": true}`` asks; the answer is ``{"bench_time_s": ...}``. An
    endpoint that is faster than time may be asked for more than it can do at once: with ``"within_s"`` in the question
    it answers after so much wall time and says in ``"left_s"`` what it has not done. One that leaves ``"left_s"`` out
    has done it all, and is never asked for more than half a second.
    """

    def __init__(self, endpoint: str, on_progress: Callable[[], None] = _no_progress_wanted) -> None:
        super().__init__(on_progress)
        match = _ENDPOINT.match(endpoint)
        if match is None:
            raise BenchFault(f"{endpoint!r} is not a clock endpoint; it has the form tcp://host:port")
        self._endpoint = endpoint
        self._received = b""
        self._longest_s = SLICE_S
        try:
            self._socket = socket.create_connection((match["host"], int(match["port"])), timeout=_ANSWER_S)
        except OSError as error:
            raise BenchFault(
                f"the bench clock at {endpoint} does not answer ({error}); is its process running?"
            ) from None
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def now_s(self) -> float:
        """Bench time in seconds as the endpoint has it."""
        return self._ask_time({"now": True})[0]

    def late_spells(self, since_s: float) -> tuple[tuple[float, float], ...]:
        """Ask the endpoint (``{"late_since": SECONDS}``); nothing where it does not support the question."""
        answer = self._ask({"late_since": since_s})
        try:
            return tuple((float(begun_s), float(ended_s)) for begun_s, ended_s in answer.get("late", ()))
        except (ValueError, TypeError):
            raise self._not_understood(answer) from None

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _spend(self, at_most_s: float) -> float:
        slice_s = min(at_most_s, self._longest_s)
        _, left_s = self._ask_time({"sleep_s": slice_s, "within_s": _WITHIN_S})
        if left_s is None:
            return slice_s
        self._longest_s = _LONGEST_ASKED_S
        return slice_s - left_s

    def _ask_time(self, question: dict[str, Any]) -> tuple[float, float | None]:
        """Return the bench time, and what is left to be spent where the answer says so."""
        answer = self._ask(question)
        try:
            left_s = answer.get("left_s")
            return float(answer["bench_time_s"]), None if left_s is None else float(left_s)
        except (ValueError, KeyError, TypeError):
            raise self._not_understood(answer) from None

    def _not_understood(self, answer: object) -> BenchFault:
        self._socket.close()
        return BenchFault(f"the bench clock at {self._endpoint} answered {answer!r}, which is not understood")

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Send one question and return its answer."""
        line = b""
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
            while b"\n" not in self._received:
                part = self._socket.recv(4096)
                if not part:
                    raise ConnectionError("it closed the connection")
                self._received += part
            line, _, self._received = self._received.partition(b"\n")
            answer = json.loads(line)
        except OSError as error:
            # After a failure the next answer could be the last question's: this connection is not used again.
            self._socket.close()
            raise BenchFault(
                f"the bench clock at {self._endpoint} is lost ({error}); is its process running?"
            ) from None
        except ValueError:
            raise self._not_understood(line) from None
        if not isinstance(answer, dict):
            raise self._not_understood(line)
        return answer
