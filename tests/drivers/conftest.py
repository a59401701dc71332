"""Fixtures of the driver tests: a small SCPI server on a real TCP socket that does what the test tells it."""

import contextlib
import queue
import socket
import threading
from collections.abc import Callable

import pytest

DROP = "<drop>"
"""As an answer: close the connection instead."""

Answers = Callable[[str], str | None]


class ScpiServer:
    """Listens on 127.0.0.1, any number of connections one after another; ``received`` holds every line that came."""

    def __init__(self, answers: Answers, *, reads: bool = True):
        self.received: queue.Queue[str] = queue.Queue()
        self.connections = 0
        self._answers = answers
        self._reads = reads
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def resource(self) -> str:
        return f"TCPIP0::127.0.0.1::{self.port}::SOCKET"

    def send_unasked(self, text: str) -> None:
        self._open[-1].sendall(text.encode() + b"\n")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for connection in list(self._open):
            with contextlib.suppress(OSError):  # its client was quicker
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        handlers = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            if not self._reads:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self._open.append(connection)
            if self._reads:
                handler = threading.Thread(target=self._talk, args=(connection,), daemon=True)
                handler.start()
                handlers.append(handler)
        for handler in handlers:
            handler.join(5)

    def _talk(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as lines:
            try:
                for raw in lines:
                    line = raw.decode().rstrip("\n")
                    self.received.put(line)
                    answer = self._answers(line)
                    if answer == DROP:
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    if answer is not None:
                        connection.sendall(answer.encode() + b"\n")
            except OSError:
                return

    def lines(self) -> list[str]:
        """Everything received so far, in order."""
        found = []
        while True:
            try:
                found.append(self.received.get_nowait())
            except queue.Empty:
                return found


@pytest.fixture
def serve():
    """Start local SCPI servers that end with the test."""
    servers = []

    def start(answers, **options):
        servers.append(ScpiServer(answers, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
