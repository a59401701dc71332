"""A threaded TCP server of text lines: TCP_NODELAY, and nothing a client sends can stop it."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Protocol

LONGEST_LINE = 65536
"""Octets a line may have before it is thrown away up to its end."""


class LineHandler(Protocol):
    """What serves the lines. Both are called on the connection's own thread."""

    def answer(self, line: bytes, peer: str) -> bytes | None:
        """Serve one line (without its terminator); returns the answer without terminator, or None for none."""

    def too_long(self, peer: str) -> bytes | None:
        """Serve a line that was longer than the server takes, and was thrown away."""


class Server(Protocol):
    """What an instrument is reached through."""

    @property
    def endpoint(self) -> str:
        """The resource name that a bench file gives for it."""

    def close(self) -> None:
        """Stop serving and drop every connection; may be called more than once."""


class LineServer:
    """Listens on 127.0.0.1 from construction to ``close()``; one thread for each connection.

    ``terminator`` ends a line, both ways.
    """

    def __init__(
        self, handler: LineHandler, name: str, longest_line: int = LONGEST_LINE, terminator: bytes = b"\n"
    ) -> None:
        self._terminator = terminator
        self._handler = handler
        self._longest = longest_line
        self._name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._closed = False
        self._acceptor = threading.Thread(target=self._accept, name=f"{name}-accept", daemon=True)
        self._acceptor.start()

    @property
    def endpoint(self) -> str:
        """Its VISA resource name."""
        return f"TCPIP0::127.0.0.1::{self.port}::SOCKET"

    def close(self) -> None:
        """Stop listening and drop every connection; may be called more than once."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            connections = list(self._connections)
        # shutdown() wakes the thread that blocks in accept(); close() alone would not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, address = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._closed:
                    connection.close()
                    return
                self._connections.add(connection)
            peer = f"{address[0]}:{address[1]}"
            threading.Thread(
                target=self._serve, args=(connection, peer), name=f"{self._name}-{peer}", daemon=True
            ).start()

    def _serve(self, connection: socket.socket, peer: str) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._talk(connection, peer)
        except OSError:
            return  # The client went away, which is its right.
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()

    def _talk(self, connection: socket.socket, peer: str) -> None:
        """Serve one connection until its end; OSError says that the client went away."""
        buffer, is_overlong = b"", False
        while chunk := connection.recv(65536):
            *lines, buffer = (buffer + chunk).split(self._terminator)
            for line in lines:
                if is_overlong or len(line) > self._longest:
                    is_overlong = False
                    answer = self._handler.too_long(peer)
                else:
                    answer = self._handler.answer(line.strip(b"\r\n"), peer)
                if answer is not None:
                    connection.sendall(answer + self._terminator)
            if len(buffer) > self._longest:
                buffer, is_overlong = b"", True
