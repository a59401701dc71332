"""A network between a client and a server that can be cut: what is sent meanwhile gets lost, and nothing says so."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path


class Network:
    """Forwards TCP connections to ``port`` on this host to a socket file; while it is cut, it forwards nothing."""

    def __init__(self, socket_file: Path) -> None:
        self._to = str(socket_file)
        self._open = threading.Event()
        self._open.set()
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """From now on nothing arrives, and no connection is closed."""
        self._open.clear()

    def mend(self) -> None:
        """Forward again; connections from before the cut are gone, as after a restart of what is between."""
        self._close_connections()
        self._open.set()

    def close(self) -> None:
        self._open.set()
        self._listener.close()
        self._close_connections()

    def _close_connections(self) -> None:
        ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                try:
                    server.connect(self._to)
                except OSError:
                    client.close()
                    server.close()
                    continue
                self._ends += [client, server]
                for one, other in ((client, server), (server, client)):
                    threading.Thread(target=self._forward, args=(one, other), daemon=True).start()

    def _forward(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                self._open.wait()
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
