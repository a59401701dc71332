"""Transport of messages to an instrument and of its answers: the Transport protocol, and a transport that records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Transport(Protocol):
    """One open connection to one instrument. Not thread-safe: the session's lock is around it.

    After any error a transport is finished: it is closed and a new one is made, so that a late answer can never be
    read as the answer to the next question.
    """

    def write(self, message: str, deadline_s: float) -> None:
        """Send ``message``; returns within ``deadline_s`` seconds or raises InstrumentLost."""

    def query(self, message: str, deadline_s: float) -> str:
        """Send ``message`` and return its one-line answer within ``deadline_s`` seconds, or raise InstrumentLost."""

    def close(self) -> None:
        """Give the connection back; never raises, may be called twice."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One transaction as seen on the wire: ``sent``, and ``answer`` (``None`` where no answer was asked for)."""

    sent: str
    answer: str | None = None


class RecordingTransport:
    """A transport around another one that remembers every completed exchange, for logs and for transcript tests.

    ``script()`` gives the session as source text for ``drivers.testing.ScriptedTransport``.
    """

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.exchanges: list[Exchange] = []

    def write(self, message: str, deadline_s: float) -> None:
        """Send ``message`` through the inner transport within ``deadline_s`` seconds, and remember it."""
        self._inner.write(message, deadline_s)
        self.exchanges.append(Exchange(message))

    def query(self, message: str, deadline_s: float) -> str:
        """Ask through the inner transport within ``deadline_s`` seconds, and remember question and answer."""
        answer = self._inner.query(message, deadline_s)
        self.exchanges.append(Exchange(message, answer))
        return answer

    def close(self) -> None:
        """Close the inner transport; the record stays."""
        self._inner.close()

    def script(self) -> str:
        """Return what was recorded as a Python list of (sent, answer) pairs."""
        lines = [f"    ({exchange.sent!r}, {exchange.answer!r})," for exchange in self.exchanges]
        return "\n".join(["[", *lines, "]"])
