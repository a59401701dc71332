"""Hold the contactor for the guardian: close it, keep its timer relay on, release it. One thread, plain sockets."""

from __future__ import annotations

import contextlib
import math
import socket
import time
from collections.abc import Callable
from typing import Any

from rig.safety.contactor.recipe import ContactorRecipe

_PATIENCE_S = 1.0
"""Longest time for one connection with all that is said and answered on it."""

_SOON_S = 0.02
"""Seconds between two looks while a new connection is made and the unit is identified."""

_WHO = "*IDN?"


class _AnotherInstrument(ConnectionError):
    """At the address of the switch unit there is another instrument."""


class ContactorHold:
    """Holds the contactor of ``recipe`` closed for as long as ``tick`` is called when it is ``due_s``.

    Nothing here raises: what went wrong is returned as a sentence, None where all went well. ``tick`` and ``let_go``
    wait for nothing.
    """

    def __init__(self, recipe: ContactorRecipe, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self.recipe = recipe
        self._monotonic_s = monotonic_s
        self._connection: socket.socket | None = None
        self._peer: tuple[int, Any] | None = None  # resolved once, so that nothing is looked up later
        self._is_known = False  # the unit on this connection has said that it is the recipe's
        self._is_asked = False
        self._heard = b""
        self._is_held = False
        self._is_pulse_closed = False
        self._next_s = math.inf
        self._triggered_s = -math.inf

    @property
    def is_held(self) -> bool:
        """Whether it is to be closed now."""
        return self._is_held

    @property
    def due_s(self) -> float:
        """Monotonic time at which ``tick`` has something to do, infinity where it has not."""
        return self._next_s

    def close(self) -> str | None:
        """Close the contactor and have the switch unit confirm its relay; from then on it must be held."""
        self._forget()
        try:
            # The pulse relay begins open: only a closing triggers the timer.
            said = self._ask((self.recipe.pulse_open, self.recipe.pulse_close, self.recipe.close))
        except OSError as error:
            self._forget()
            return f"the contactor's switch unit {self.recipe.resource} does not answer ({error})"
        if said not in self.recipe.closed_answers:
            self.let_go()
            return f"the contactor's relay did not close: {self.recipe.verify_query} answered {said!r}"
        self._is_held, self._is_pulse_closed = True, True
        self._triggered_s = self._monotonic_s()
        self._next_s = self._triggered_s + self.recipe.toggle_s
        return None

    def tick(self) -> None:
        """Move the pulse relay where it is time to; a connection that failed is made again, without waiting for it.

        Where the timer relay must have gone off meanwhile the contactor is released: a late pulse would close it again.
        """
        now_s = self._monotonic_s()
        if not self._is_held or now_s < self._next_s:
            return
        if now_s >= self._triggered_s + self.recipe.hold_s:
            self.let_go()
            return
        if not self._get_to_know():
            self._next_s = now_s + _SOON_S if self.is_held else math.inf
            return
        self._next_s = now_s + self.recipe.toggle_s
        message = self.recipe.pulse_open if self._is_pulse_closed else self.recipe.pulse_close
        if self._send_now(message):
            self._is_pulse_closed = not self._is_pulse_closed
            self._triggered_s = now_s if self._is_pulse_closed else self._triggered_s
        elif not self._is_known:
            self._next_s = now_s + _SOON_S

    def let_go(self) -> None:
        """Open the contactor without waiting for an answer; the timer relay is triggered no more in any case."""
        self._is_held = False
        self._next_s = math.inf
        if self._is_known:
            self._send_now(self.recipe.open)

    def open(self) -> str | None:
        """Open the contactor and have the switch unit confirm its relay."""
        self.let_go()
        said = ""
        for _ in range(2):
            try:
                said = self._ask((self.recipe.open, self.recipe.pulse_open))
            except OSError as error:
                said = str(error)
                self._forget()
                continue
            if said in self.recipe.open_answers:
                return None
        return (
            f"the contactor's switch unit {self.recipe.resource} did not confirm that its relay is open ({said}); "
            f"the contactor falls {self.recipe.hold_s:g} s after its last pulse"
        )

    def end(self) -> None:
        """Give the connection back."""
        self._forget()

    def _ask(self, messages: tuple[str, ...]) -> str:
        """Say something, ask how the relay is, return the answer; raises OSError.

        On a new connection the unit's identity is read first; another instrument gets no command.
        """
        give_up_s = self._monotonic_s() + _PATIENCE_S
        if not self._is_known:
            self._forget()
        if self._connection is None:
            self._connection = socket.create_connection(self.recipe.address, timeout=_PATIENCE_S)
            self._peer = self._connection.family, self._connection.getpeername()
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._take_identity(self._exchange(self._connection, (_WHO,), give_up_s))
        return self._exchange(self._connection, (*messages, self.recipe.verify_query), give_up_s)

    def _exchange(self, connection: socket.socket, messages: tuple[str, ...], give_up_s: float) -> str:
        """Send lines and return the one that is answered; raises OSError."""
        connection.settimeout(max(0.01, give_up_s - self._monotonic_s()))
        for message in messages:
            connection.sendall(message.encode("ascii") + b"\n")
        received = b""
        while b"\n" not in received:
            connection.settimeout(max(0.01, give_up_s - self._monotonic_s()))
            part = connection.recv(4096)
            if not part:
                raise ConnectionError("it closed the connection")
            received += part
        return _line(received)

    def _take_identity(self, said: str) -> None:
        """Take what the unit on this connection said of itself; raises _AnotherInstrument."""
        if not self.recipe.is_its_unit(said):
            known = " ".join(self.recipe.identity)
            raise _AnotherInstrument(f"{said!r} is there, and not {known}: it was sent nothing")
        self._is_known = True

    def _get_to_know(self) -> bool:
        """Connect, where there is no connection, and read the unit's identity, without waiting; True once it is read.

        Another instrument gets no command, and the contactor is released.
        """
        if self._is_known:
            return True
        if self._connection is None:
            self._connect_now()
        elif not self._is_asked:
            self._is_asked = self._send_now(_WHO)
        else:
            try:
                part = self._connection.recv(4096)
                self._heard += part
                if b"\n" in self._heard:
                    self._take_identity(_line(self._heard))
                elif not part:
                    self._forget()
            except BlockingIOError:
                pass
            except _AnotherInstrument:
                self._forget()
                self.let_go()
            except OSError:
                self._forget()
        return self._is_known

    def _send_now(self, message: str) -> bool:
        """Send where that takes no time; True where it was sent."""
        connection = self._connection
        if connection is None:
            return False
        try:
            connection.setblocking(False)
            return connection.send(message.encode("ascii") + b"\n") > 0
        except BlockingIOError:  # it is being connected, or takes nothing
            return False
        except OSError:
            self._forget()
            return False

    def _connect_now(self) -> None:
        """Begin to connect; whether it came to anything shows when something is sent the next time."""
        if self._peer is None:
            return
        family, address = self._peer
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.setblocking(False)
            connection.connect_ex(address)
        except OSError:
            return
        self._connection = connection

    def _forget(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
            self._connection = None
        self._is_known = self._is_asked = False
        self._heard = b""


def _line(received: bytes) -> str:
    return received.partition(b"\n")[0].decode("ascii", "replace").strip()
