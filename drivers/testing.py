"""Transcript tests for drivers: list the messages on the wire in order; a message left over is an error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from drivers.errors import InstrumentLost
from drivers.scpi.session import ScpiSession
from drivers.scpi.transport import Exchange

T = TypeVar("T")

Script = Iterable[Exchange | tuple[str, str | Exception | None]]
"""What goes over the wire: (sent, answer) pairs; ``None`` is no answer, an exception is raised instead of one."""

SCRIPTED_RESOURCE = "SCRIPT0::INSTR"


class ScriptMismatch(AssertionError):
    """The driver said something else than the script, or stopped before its end."""


class ScriptedTransport:
    """A transport that plays a script of (sent, answer) pairs and accepts nothing else.

    An answer ``None`` is a message without answer; an answer that is an exception is raised (``InstrumentLost`` is
    how a real transport says that the connection is gone).
    """

    def __init__(self, exchanges: Script) -> None:
        self._script = [(item.sent, item.answer) if isinstance(item, Exchange) else item for item in exchanges]
        self._at = 0
        self.closed = False

    def write(self, message: str, deadline_s: float) -> None:
        """Check that ``message`` is next in the script and has no answer; ``deadline_s`` (seconds) is not used."""
        del deadline_s
        answer = self._next(message)
        if answer is not None:
            raise ScriptMismatch(f"{message!r} was written, but the script answers it with {answer!r}")

    def query(self, message: str, deadline_s: float) -> str:
        """Check that ``message`` is next in the script and return its answer; ``deadline_s`` (seconds) is not used."""
        del deadline_s
        answer = self._next(message)
        if answer is None:
            raise ScriptMismatch(f"{message!r} was asked, but the script has no answer to it")
        return answer

    def close(self) -> None:
        """Remember that the connection was given back."""
        self.closed = True

    def finish(self) -> None:
        """Raise ScriptMismatch when the script is not at its end."""
        if self._at != len(self._script):
            left = [sent for sent, _ in self._script[self._at :]]
            raise ScriptMismatch(f"never sent: {left}")

    def _next(self, message: str) -> str | None:
        if self._at == len(self._script):
            raise ScriptMismatch(f"{message!r} was sent after the end of the script")
        sent, answer = self._script[self._at]
        if sent != message:
            raise ScriptMismatch(f"exchange {self._at + 1}: expected {sent!r}, the driver sent {message!r}")
        self._at += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextlib.contextmanager
def scripted_session(*connections: Script, error_query: str | None = None) -> Iterator[ScpiSession]:
    """Yield a session that plays one script for each connection it opens; at the end all of them must be used up.

    A script starts with what the session itself says on a new connection: the error queue is read until it is empty
    (nothing, where no error query is set), and before that ``*IDN?`` when it has been identified before.
    """
    scripts = [ScriptedTransport(connection) for connection in connections]
    waiting = iter(scripts)

    def open_transport() -> ScriptedTransport:
        try:
            return next(waiting)
        except StopIteration:
            raise InstrumentLost(SCRIPTED_RESOURCE, "the script has no further connection") from None

    session = ScpiSession(SCRIPTED_RESOURCE, error_query=error_query, open_transport=open_transport)
    yield session
    session.close()
    for script in scripts:
        script.finish()


@contextlib.contextmanager
def expected_protocol(make_driver: Callable[[ScpiSession], T], *connections: Script) -> Iterator[T]:
    """Yield ``make_driver(session)``; the body must produce exactly the scripted exchanges.

    Example: ``with expected_protocol(Fluke6105A, [("SYST:ERR?", '0,"No error"'), ("OUTP:STAT?", "0")]) as source:``.
    """
    with scripted_session(*connections) as session:
        yield make_driver(session)
