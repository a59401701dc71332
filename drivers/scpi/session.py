"""A SCPI session: locked transactions, the error queue raised after every write, a new connection after any failure."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from drivers.errors import AnswerInvalid, InstrumentError, InstrumentLost, InstrumentRefused
from drivers.scpi.parsing import parse_bool, parse_error, parse_float, split_answers
from drivers.scpi.serial_line import SerialLine
from drivers.scpi.transport import Transport
from drivers.scpi.visa import VisaTransport

_LOG = logging.getLogger(__name__)
_QUEUE_LENGTH = 64

Parsed = TypeVar("Parsed")


class ScpiSession:
    """Everything a driver says to its instrument goes through here.

    Nothing is sent before the first transaction. A transaction is one message and its answer, under one re-entrant
    lock; ``with session.transaction():`` makes several of them one. After every write the error queue is read and what
    it holds is raised as InstrumentRefused. (The question is a message of its own: after a header that it does not
    know, an instrument may throw the rest of the message away, and with it the question.)

    When a transaction fails or its deadline passes, the connection is thrown away and InstrumentLost is raised: the
    transaction is never repeated, because it is not known whether it was carried out. The next transaction opens a new
    connection, asks ``*IDN?`` and refuses to talk to another instrument than before. ``generation`` changes whenever a
    connection is made or lost, so that a driver knows that its remembered settings are invalid.

    ``error_query`` is ``SYST:ERR?`` for most, ``:STAT:ERR?`` for Yokogawa; left out, the driver given the session
    sets its own. ``backend``: the VISA library (``@py``, ``@ivi``, a path); ``line``: settings of a serial resource.
    ``deadline_s``: seconds that a transaction may take. ``message_limit``: longest message in octets.
    ``on_progress`` is called after each completed transaction: it is the rig's sign of life.
    ``open_transport`` replaces VISA (``drivers.testing.ScriptedTransport``, ``RecordingTransport``). ``termination``
    ends a message, both ways, where VISA is used.
    """

    def __init__(
        self,
        resource: str,
        *,
        backend: str = "@py",
        error_query: str | None = None,
        deadline_s: float = 3.0,
        message_limit: int = 1000,
        termination: str = "\n",
        on_progress: Callable[[], None] | None = None,
        open_transport: Callable[[], Transport] | None = None,
        line: SerialLine | None = None,
    ) -> None:
        self.resource = resource
        self.error_query = error_query
        self.deadline_s = deadline_s
        self.message_limit = message_limit
        self.on_progress = on_progress
        self.opening: tuple[str, ...] = ()
        """Messages sent first on every new connection, before any question, for an instrument of several languages."""
        self.generation = 0
        self._open_transport = open_transport or (
            lambda: VisaTransport(
                resource, backend=backend, open_deadline_s=deadline_s, termination=termination, line=line
            )
        )
        self._transport: Transport | None = None
        self._identity: str | None = None
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock over several transactions that belong together."""
        with self._lock:
            yield

    @property
    def identification(self) -> str:
        """The answer to ``*IDN?`` that ``identify`` was given; empty before that."""
        return self._identity or ""

    def identify(self, deadline_s: float | None = None) -> str:
        """Return the answer to ``*IDN?`` and remember it: after a lost connection the same one must answer."""
        with self._lock:
            identity = self.query("*IDN?", deadline_s)
            self._identity = identity
            return identity

    def write(self, *commands: str, deadline_s: float | None = None) -> None:
        """Send commands in order, as few messages as ``message_limit`` permits; each message is checked for errors.

        ``deadline_s``: seconds for each message (default: the session's). Raises InstrumentRefused with the first
        entry of the error queue, after emptying it, and InstrumentLost.
        """
        with self._lock:
            for message in self._messages(commands):
                self._exchange(message, deadline_s, answered=False)
                if self.error_query is not None:
                    self._raise_errors(message, self._exchange(self.error_query, deadline_s), deadline_s)

    def query(self, command: str, deadline_s: float | None = None) -> str:
        """Ask one question and return the answer as it came, within ``deadline_s`` seconds; raises InstrumentLost."""
        with self._lock:
            return self._exchange(command, deadline_s)

    def query_all(self, commands: Sequence[str], deadline_s: float | None = None) -> list[str]:
        """Ask several questions in as few messages as possible; one answer for each, in order.

        For instruments that allow more than one query in a message (a Yokogawa WT does not). Raises AnswerInvalid
        when the number of answers is not the number of questions.
        """
        answers: list[str] = []
        with self._lock:
            for message in self._messages(commands):
                answer = self._exchange(message, deadline_s)
                parts = split_answers(answer)
                if len(parts) != message.count("?"):
                    raise AnswerInvalid(self.resource, message, answer)
                answers += parts
        return answers

    def query_float(self, command: str, deadline_s: float | None = None) -> float | None:
        """Ask for one number; ``None`` is "no valid data" (NAN, INF, 9.9E37, dashes). Raises AnswerInvalid."""
        return self.as_float(command, self.query(command, deadline_s))

    def query_bool(self, command: str, deadline_s: float | None = None) -> bool:
        """Ask for 0, 1, ON or OFF. Raises AnswerInvalid."""
        return self.as_bool(command, self.query(command, deadline_s))

    def as_float(self, command: str, answer: str) -> float | None:
        """Read ``answer`` to ``command`` as a number, ``None`` for "no valid data"; raises AnswerInvalid."""
        return self._parsed(parse_float, command, answer)

    def as_bool(self, command: str, answer: str) -> bool:
        """Read ``answer`` to ``command`` as 0, 1, ON or OFF; raises AnswerInvalid."""
        return self._parsed(parse_bool, command, answer)

    def close(self) -> None:
        """Give the connection back; a later transaction would open a new one. May be called twice."""
        with self._lock:
            if self._transport is not None:
                self._transport.close()
                self._transport = None
                self.generation += 1

    def _messages(self, commands: Iterable[str]) -> Iterator[str]:
        batch: list[str] = []
        for command in commands:
            if batch and len(_joined([*batch, command])) > self.message_limit:
                yield _joined(batch)
                batch = []
            batch.append(command)
        if batch:
            yield _joined(batch)

    def _exchange(self, message: str, deadline_s: float | None, *, answered: bool = True) -> str:
        transport = self._transport or self._connect()
        answer = self._guarded(transport, message, deadline_s, answered=answered)
        if self.on_progress is not None:
            self.on_progress()
        return answer

    def _guarded(self, transport: Transport, message: str, deadline_s: float | None, *, answered: bool = True) -> str:
        limit_s = self.deadline_s if deadline_s is None else deadline_s
        try:
            if answered:
                return transport.query(message, limit_s)
            transport.write(message, limit_s)
        except BaseException:
            # Also for an interrupt: an answer that may still come must not become the answer to the next question.
            _LOG.info("%s: %r failed; the connection is thrown away", self.resource, message, exc_info=True)
            self.close()
            raise
        return ""

    def _connect(self) -> Transport:
        transport = self._open_transport()
        _LOG.info("%s: %s", self.resource, "connected again" if self.generation else "connected")
        self._transport = transport
        self.generation += 1
        try:
            for message in self.opening:
                self._guarded(transport, message, None, answered=False)
            if self._identity is not None:
                answer = self._guarded(transport, "*IDN?", None)
                if answer != self._identity:
                    raise InstrumentLost(self.resource, f"{answer!r} answers where {self._identity!r} was before")
            self._drop_old_errors(transport)
        except InstrumentError:
            self.close()
            raise
        return transport

    def _drop_old_errors(self, transport: Transport) -> None:
        """Empty the error queue of a new connection: its entries are of commands that are not this session's."""
        if self.error_query is None:
            return
        for _ in range(_QUEUE_LENGTH):
            answer = self._guarded(transport, self.error_query, None)
            if self._error(answer)[0] == 0:
                return
            _LOG.warning("%s: an error was waiting from before: %s", self.resource, answer)

    def _raise_errors(self, message: str, answer: str, deadline_s: float | None) -> None:
        assert self.error_query is not None
        errors: list[tuple[int, str]] = []
        while (entry := self._error(answer))[0] != 0 and len(errors) < _QUEUE_LENGTH:
            errors.append(entry)
            answer = self._exchange(self.error_query, deadline_s)
        if errors:
            (code, text), *more = dict.fromkeys(errors)  # a queue may answer with one entry without end
            also = "".join(f"; also {other} ({said})" for other, said in more)
            raise InstrumentRefused(self.resource, message, code, text + also)

    def _error(self, answer: str) -> tuple[int, str]:
        return self._parsed(parse_error, self.error_query or "", answer)

    def _parsed(self, parse: Callable[[str], Parsed], command: str, answer: str) -> Parsed:
        try:
            return parse(answer)
        except ValueError as error:
            raise AnswerInvalid(self.resource, command, answer) from error


def _joined(commands: Sequence[str]) -> str:
    """Join commands to one message; every command after the first starts again at the root of the tree."""
    first, *rest = commands
    return first + "".join(f";{command}" if command[0] in ":*" else f";:{command}" for command in rest)
