"""The transport over pyvisa, with the hazards of pyvisa-py sockets fenced (reference/instruments.md section 2)."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import time
from collections.abc import Iterator
from typing import Any

from drivers.errors import InstrumentLost

MESSAGE_LIMIT = 4000
"""Longest message in octets: below the 4096 of one pyvisa-py chunk, before which it waits without a deadline."""

_PORTMAPPER, _HISLIP = 111, 4880
_TCPIP_INSTR = re.compile(r"TCPIP\d*::(?P<host>[^:]+)(::(?P<device>[^:]+))?(::INSTR)?", re.IGNORECASE)


class VisaTransport:
    """One VISA resource, opened when made, with a deadline for everything.

    Raises InstrumentLost whenever the connection cannot be made, is gone, or no answer came in time. On a pyvisa-py
    TCPIP SOCKET it also: finds out at opening that nobody listens (pyvisa-py "succeeds"), switches Nagle's algorithm
    off (44 ms for each write and query otherwise), does not wait for ever on a peer that stopped reading, sees at once
    that the peer closed (pyvisa-py spins until the time-out), and refuses to go on where an answer nobody asked for
    is waiting. It never calls ``clear()``, which does not return when the peer is gone. ``termination`` ends a message,
    both ways.
    """

    def __init__(
        self, resource: str, *, backend: str = "@py", open_deadline_s: float = 3.0, termination: str = "\n"
    ) -> None:
        import pyvisa  # here, so that a process that only needs the data classes starts without it

        self.resource = resource
        self._termination = termination
        self._lost_errors: tuple[type[Exception], ...] = (
            pyvisa.errors.VisaIOError,
            pyvisa.errors.InvalidSession,
            OSError,
            RuntimeError,
        )
        self._probe(open_deadline_s)
        try:
            self._manager: Any = pyvisa.ResourceManager(backend)
            self._visa: Any = self._manager.open_resource(resource, open_timeout=int(open_deadline_s * 1000))
        except Exception as error:  # pyvisa-py raises plain Exception when it cannot connect in time
            raise self._unreachable(error) from error
        self._socket = self._find_socket()
        try:
            self._visa.read_termination = termination
            self._visa.write_termination = termination
            if self._socket is not None:
                _verify_connected(self._socket)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except self._lost_errors as error:
            self.close()
            raise self._unreachable(error) from error

    def write(self, message: str, deadline_s: float) -> None:
        """Send ``message`` (ASCII, at most 4000 octets) within ``deadline_s`` seconds; raises InstrumentLost."""
        with self._lost_if_it_fails(message):
            self._send(message, time.monotonic() + deadline_s)

    def query(self, message: str, deadline_s: float) -> str:
        """Send ``message`` and return its answer without line end, all within ``deadline_s`` seconds."""
        end = time.monotonic() + deadline_s
        with self._lost_if_it_fails(message):
            self._send(message, end)
            self._await_answer(end, deadline_s)
            self._visa.timeout = max(1, int((end - time.monotonic()) * 1000))
            answer = bytes(self._visa.read_raw())
        return answer.decode("latin-1").strip()

    def close(self) -> None:
        """Close this resource only (never the manager, which would close everybody's); never raises."""
        with contextlib.suppress(*self._lost_errors):
            self._visa.close()

    def _send(self, message: str, end: float) -> None:
        payload = (message + self._termination).encode("ascii")
        if len(payload) > MESSAGE_LIMIT:
            raise ValueError(f"a message of {len(payload)} octets is longer than {MESSAGE_LIMIT}")
        if self._socket is not None:
            self._refuse_what_nobody_asked_for()
            remaining_s = end - time.monotonic()
            if not _wait(self._socket, to_write=True, timeout_s=remaining_s):
                raise TimeoutError("the instrument does not take what is sent")
            self._socket.settimeout(max(0.001, remaining_s))
        self._visa.timeout = max(1, int((end - time.monotonic()) * 1000))
        self._visa.write_raw(payload)

    def _refuse_what_nobody_asked_for(self) -> None:
        assert self._socket is not None
        if _wait(self._socket, to_write=False, timeout_s=0.0) or self._left_over():
            waiting = self._peek()
            raise ConnectionError(f"sent {waiting!r} unasked" if waiting else "the instrument closed the connection")

    def _await_answer(self, end: float, deadline_s: float) -> None:
        if self._socket is None:
            return
        if not _wait(self._socket, to_write=False, timeout_s=end - time.monotonic()):
            raise TimeoutError(f"no answer within {deadline_s:g} s")
        if not self._peek():
            raise ConnectionError("the instrument closed the connection")

    def _peek(self) -> bytes:
        assert self._socket is not None
        return self._left_over() or self._socket.recv(80, socket.MSG_PEEK)

    def _left_over(self) -> bytes:
        return bytes(getattr(self._backend_session(), "_pending_buffer", b""))

    def _backend_session(self) -> Any:  # noqa: ANN401 - whatever the backend has
        return getattr(self._manager.visalib, "sessions", {}).get(self._visa.session)

    def _find_socket(self) -> socket.socket | None:
        """Return pyvisa-py's socket of a SOCKET resource; other kinds and other backends have none to look at."""
        if not self.resource.upper().endswith("::SOCKET"):
            return None
        interface = getattr(self._backend_session(), "interface", None)
        return interface if isinstance(interface, socket.socket) else None

    def _probe(self, deadline_s: float) -> None:
        """Find out whether a LAN instrument of the INSTR kind is there; opening it may block for ever otherwise.

        A SOCKET is not probed: its own opening has a deadline and is verified after, and many instruments accept one
        connection only, which a probe would use up.
        """
        match = _TCPIP_INSTR.fullmatch(self.resource)
        if match is None:
            return
        device, _, given_port = (match["device"] or "inst0").partition(",")
        port = int(given_port or _HISLIP) if device.lower().startswith("hislip") else _PORTMAPPER
        try:
            socket.create_connection((match["host"], port), deadline_s).close()
        except OSError as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> InstrumentLost:
        return InstrumentLost(self.resource, f"cannot be opened ({_said(error)}); check address, cable and power")

    @contextlib.contextmanager
    def _lost_if_it_fails(self, message: str) -> Iterator[None]:
        try:
            yield
        except self._lost_errors as error:
            raise InstrumentLost(self.resource, f"connection lost at {message[:80]!r} ({_said(error)})") from error


def _wait(sock: socket.socket, *, to_write: bool, timeout_s: float) -> bool:
    poller = select.poll()
    poller.register(sock, select.POLLOUT if to_write else select.POLLIN)
    return bool(poller.poll(max(0.0, timeout_s) * 1000.0))


def _verify_connected(sock: socket.socket) -> None:
    """Raise OSError where the connection was refused: pyvisa-py opens such a socket without a word."""
    if (refusal := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) != 0:
        raise OSError(refusal, os.strerror(refusal))
    sock.getpeername()


def _said(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
