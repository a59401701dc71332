"""A raw LAN socket with what pyvisa-py lacks, in whose place it is: deadlines, and a look at what is waiting.

pyvisa-py 0.8.1 [T, C]: a refused connection "opens"; Nagle's algorithm is on (44 ms for each write and query); a write
to a peer that stopped reading waits for ever; a read from one that closed spins until the time-out; an answer without
an end is read on for as long as it comes.
"""

from __future__ import annotations

import select
import socket
import time

LONGEST_ANSWER = 1 << 20
"""Octets of an answer; more without a line end is no answer."""


class LanSocket:
    """A connected socket; raises OSError (TimeoutError, ConnectionError) for every failure."""

    def __init__(self, address: tuple[str, int], end_of_line: str, end: float) -> None:
        """Connect to host and port before ``end`` (monotonic seconds)."""
        self.connection = socket.create_connection(address, max(0.001, end - time.monotonic()))
        self._end_of_line = end_of_line.encode("ascii")
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Close the connection; never raises, may be called twice."""
        self.connection.close()

    def send(self, payload: bytes, end: float) -> None:
        """Send all of ``payload`` before ``end`` (monotonic seconds); refuses where something came unasked."""
        if self._is_ready(select.POLLIN, 0.0):
            waiting = self.connection.recv(80, socket.MSG_PEEK)
            raise ConnectionError(f"sent {waiting!r} unasked" if waiting else "the instrument closed the connection")
        self.connection.settimeout(max(0.001, end - time.monotonic()))
        try:
            self.connection.sendall(payload)
        except TimeoutError:
            raise TimeoutError("the instrument does not take what is sent") from None

    def receive_line(self, end: float, deadline_s: float) -> bytes:
        """Return a line before ``end`` (monotonic seconds), which is ``deadline_s`` after the question began."""
        received = bytearray()
        while not received.endswith(self._end_of_line):
            if not self._is_ready(select.POLLIN, end - time.monotonic()):
                said = f"no answer within {deadline_s:g} s"
                raise TimeoutError(f"{said}, only {bytes(received[:80])!r}" if received else said)
            part = self.connection.recv(65536)
            if not part:
                raise ConnectionError("the instrument closed the connection")
            received += part
            line, found, more = received.partition(self._end_of_line)
            if found and more:
                raise ConnectionError(f"sent {bytes(more[:80])!r} unasked after its answer {bytes(line[:80])!r}")
            if len(received) > LONGEST_ANSWER:
                raise ConnectionError(f"an answer of more than {LONGEST_ANSWER} octets that has no end")
        return bytes(received)

    def _is_ready(self, event: int, timeout_s: float) -> bool:
        poller = select.poll()
        poller.register(self.connection, event)
        return bool(poller.poll(max(0.0, timeout_s) * 1000.0))
