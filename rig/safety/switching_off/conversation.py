"""Messages to a source on a plain TCP socket to switch it off: identity, off, state; several sources at a time."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from drivers.source.base import SafeOff
from rig.safety.switching_off.answers import Who, can_be_told, is_echo, plain, says_off, who_says
from rig.safety.switching_off.result import SafeOffResult

_CONNECT_S = 0.8
_IDENTIFY_S = 0.3
"""Seconds for which the commands wait for the identity; they are sent before a later answer."""

_AGAIN_S = 0.8
"""Seconds after which the commands are sent again on a connection on which nothing has come back."""

_SILENT_S = 1.8
"""Seconds without an octet after which another connection is made."""

_SETTLE_S = 0.05
"""An answer counts when nothing that contradicts it has come for so long."""

_PAUSE_S = 0.05
_LONGEST = 1 << 16
_CONNECTING = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)


class Connects(Protocol):
    """Where a source is reached (rig.safety.switching_off.reserve.Station)."""

    def next_connection(self) -> tuple[socket.socket, Any]:
        """Return a socket that does not block, and the address for it; raises OSError."""

    def refill(self) -> None:
        """Take the descriptor of the connection that was closed for the next one."""


@dataclass(frozen=True, slots=True)
class Wait:
    """What a conversation waits for: ``event`` (of select.poll) on ``descriptor``, until ``until_s`` (monotonic)."""

    descriptor: int | None
    event: int
    until_s: float


Talk = Generator[Wait, bool, SafeOffResult]
"""A conversation: gives what it waits for, is sent whether that happened, returns the result. Raises nothing."""


def converse(talks: Mapping[int, Talk]) -> dict[int, SafeOffResult]:
    """Lead conversations side by side in this thread until each has its result."""
    results: dict[int, SafeOffResult] = {}
    waits: dict[int, Wait] = {}

    def go_on(index: int, happened: bool | None) -> None:
        try:
            waits[index] = next(talks[index]) if happened is None else talks[index].send(happened)
        except StopIteration as end:
            waits.pop(index, None)
            results[index] = end.value

    for index in talks:
        go_on(index, None)
    while waits:
        left_s = min(wait.until_s for wait in waits.values()) - time.monotonic()
        ready = _ready(
            {wait.descriptor: wait.event for wait in waits.values() if wait.descriptor is not None}, max(0.0, left_s)
        )
        now_s = time.monotonic()
        for index, wait in list(waits.items()):
            if wait.descriptor in ready:
                go_on(index, True)
            elif now_s >= wait.until_s:
                go_on(index, False)
    return results


def _ready(events: Mapping[int, int], timeout_s: float) -> set[int]:
    """Wait until something happens on one of the descriptors; return those on which it did.

    poll(2) refuses more descriptors than the process may have open (EINVAL), though they are open already; select(2)
    does not.
    """
    poller = select.poll()
    for descriptor, event in events.items():
        poller.register(descriptor, event)
    try:
        return {descriptor for descriptor, _ in poller.poll(timeout_s * 1000.0)}
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    incoming = [descriptor for descriptor, event in events.items() if event == select.POLLIN]
    outgoing = [descriptor for descriptor, event in events.items() if event == select.POLLOUT]
    return {descriptor for found in select.select(incoming, outgoing, [], timeout_s) for descriptor in found}


def talk_to(recipe: SafeOff, station: Connects, give_up_s: float, *, force: bool) -> Talk:
    """Identify a source, send it the recipe and ask until it says that it is off, before ``give_up_s`` (monotonic)."""
    heard = _Heard(recipe, force)
    while time.monotonic() < give_up_s:
        try:
            is_done = yield from _one_connection(heard, station, give_up_s)
        except OSError as error:
            heard.note(f"no connection or no answer ({error.strerror or error})")
        except UnicodeError as error:
            heard.note(f"its host's name cannot be looked up ({error})")
        else:
            if is_done:
                return heard.result()
        heard.forget_answers()
        yield Wait(None, 0, min(give_up_s, time.monotonic() + _PAUSE_S))
    return heard.result()


@dataclass
class _Heard:
    """What is known of one source in one conversation, over all its connections."""

    recipe: SafeOff
    force: bool
    sent: bool = False
    who: Who = Who.UNKNOWN
    answered_by: str = ""
    said: str = "no attempt was made"
    is_off: bool | None = None
    confirmed: bool = False
    _state: str = ""
    _lines: list[str] = field(default_factory=list)

    @property
    def is_refused(self) -> bool:
        return self.who is Who.OTHER_MODEL and not self.force

    def note(self, said: str) -> None:
        """Note how a connection ended; what the source has answered about its state is not lost by that."""
        self.said = f"{self._state}; after that {said}" if self._state else said

    def forget_answers(self) -> None:
        self.is_off = None
        self._lines.clear()

    def take(self, line: str, sent: tuple[str, ...]) -> None:
        """Judge a line that came: the identity, the output state, or neither (an echo, a banner, a blank line)."""
        if not line or is_echo(line, sent):
            return
        self._lines.append(line)
        off = says_off(line, self.recipe) if self.sent else None
        if off is not None:
            # One line that says "on" outweighs any number that say "off".
            self.is_off = off and self.is_off is not False
            self._state = f"{self.recipe.verify_query} answered {line!r}" + ("" if off else ", which is not off")
            self.said = self._state
        elif can_be_told(self.recipe) and self.who not in (Who.SAME, Who.OTHER_NUMBER):
            found = who_says(line, self.recipe)
            if found is not Who.UNKNOWN or not self.answered_by:
                self.who, self.answered_by = found, line

    def silence(self) -> str:
        """Say what came where no answer came."""
        shown = f", only {self._lines[-1][:80]!r}" if self._lines else ""
        return f"no answer to {self.recipe.verify_query} in time{shown}"

    def conclude(self) -> bool:
        """Whether the answer that came ends the conversation."""
        if self.is_off is not True:
            return False
        if not can_be_told(self.recipe) or self.who is Who.SAME:
            self.confirmed = True
        return self.confirmed or self.who in (Who.OTHER_NUMBER, Who.OTHER_MODEL)

    def result(self) -> SafeOffResult:
        recipe, details = self.recipe, self.said
        if self.is_refused and not self.sent:
            details = f"{self.answered_by!r} answers, which is another model than {expected(recipe)}: nothing was sent"
        elif can_be_told(recipe) and not self.confirmed:
            who = f"{self.answered_by[:120]!r}" if self.answered_by else "nothing"
            details += f"; asked who it is, it said {who} ({self.who.value}; expected: {expected(recipe)})"
        elif self.answered_by:
            details = f"{self.answered_by}: {details}"
        return SafeOffResult(recipe.resource, self.confirmed, details, self.sent, self.answered_by)


def expected(recipe: SafeOff) -> str:
    """Say which instrument a recipe is for."""
    if recipe.identity is not None:
        known = recipe.identity
        return f"{known.manufacturer} {known.model} number {known.serial_number}"
    return f"a model of the driver's family ({recipe.family})" if recipe.family else "any"


def _one_connection(heard: _Heard, station: Connects, give_up_s: float) -> Generator[Wait, bool, bool]:
    """Go through it once on a connection of its own; True when there is nothing left to do. Raises OSError."""
    connection, address = station.next_connection()
    try:
        line = _Line(connection)
        yield from _connect(connection, address, min(give_up_s, time.monotonic() + _CONNECT_S))
        recipe = heard.recipe
        if can_be_told(recipe) and heard.who is not Who.SAME:
            yield from line.say((recipe.identify_query,), give_up_s)
            until_s = min(give_up_s, time.monotonic() + _IDENTIFY_S)
            while heard.who not in (Who.SAME, Who.OTHER_NUMBER) and (yield from line.hear(until_s)):
                line.give(heard)
            if heard.is_refused:
                return not heard.sent
        silent_at_s = time.monotonic() + _SILENT_S
        while True:
            yield from line.say((*recipe.commands, recipe.verify_query), give_up_s)
            heard.sent = True
            again_at_s = min(give_up_s, time.monotonic() + _AGAIN_S)
            while heard.is_off is None and (yield from line.hear(again_at_s)):
                line.give(heard)
            if heard.is_off is not None:
                yield from _settle(heard, line)
                return heard.conclude() or heard.is_refused
            if heard.is_refused:
                return True
            heard.note(heard.silence())
            if time.monotonic() >= give_up_s or (not line.heard_any and time.monotonic() >= silent_at_s):
                return False
    finally:
        connection.close()
        station.refill()


def _settle(heard: _Heard, line: _Line) -> Generator[Wait, bool, None]:
    """Take what still comes after the answer."""
    try:
        while (yield from line.hear(time.monotonic() + _SETTLE_S)):
            line.give(heard)
    except OSError:
        return  # a connection that ends after the answer takes nothing of it back


def _connect(connection: socket.socket, address: Any, until_s: float) -> Generator[Wait, bool, None]:
    code = connection.connect_ex(address)
    if code not in _CONNECTING:
        raise OSError(code, os.strerror(code))
    if not (yield Wait(connection.fileno(), select.POLLOUT, until_s)):
        raise TimeoutError("it takes no connection in time")
    if (code := connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) != 0:
        raise OSError(code, os.strerror(code))


class _Line:
    """A connection on which nothing blocks: lines out, lines in."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""
        self._sent: tuple[str, ...] = ()
        self.heard_any = False

    def say(self, lines: tuple[str, ...], until_s: float) -> Generator[Wait, bool, None]:
        """Send lines; raises OSError."""
        self._sent = tuple(dict.fromkeys((*self._sent, *lines)))
        left = "".join(f"{line}\n" for line in lines).encode("ascii")
        while left:
            try:
                left = left[self._connection.send(left) :]
            except BlockingIOError:
                if not (yield Wait(self._connection.fileno(), select.POLLOUT, until_s)):
                    raise TimeoutError("it does not take what is sent") from None

    def hear(self, until_s: float) -> Generator[Wait, bool, bool]:
        """Wait for something; False when nothing has come by ``until_s``. Raises OSError, also where it is closed."""
        if not (yield Wait(self._connection.fileno(), select.POLLIN, until_s)):
            return False
        part = self._connection.recv(4096)
        if not part:
            raise ConnectionError("the source closed the connection")
        self.heard_any = True
        self._received = (self._received + part)[-_LONGEST:]
        return True

    def give(self, heard: _Heard) -> None:
        """Pass on the lines that are whole."""
        *lines, self._received = self._received.replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            heard.take(plain(line), self._sent)
