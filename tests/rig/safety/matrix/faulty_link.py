"""A connection between the rig and an instrument that can be dropped, slowed down, spoilt or taken away for good."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable

_SOCKET = re.compile(r"TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET")


class FaultyLink:
    """Listens on a port of its own and passes everything on to the instrument, any number of connections."""

    def __init__(self, resource: str) -> None:
        match = _SOCKET.fullmatch(resource)
        assert match is not None, resource
        self._instrument = (match["host"], int(match["port"]))
        self.answer_delay_s = 0.0
        self._is_away = False
        self._other: bytes | None = None
        self.spoil: Callable[[bytes], bytes] = lambda answer: answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._ends: set[socket.socket] = set()
        self.resource = f"TCPIP0::127.0.0.1::{self._listener.getsockname()[1]}::SOCKET"
        threading.Thread(target=self._accept, daemon=True).start()

    def say(self, *lines: str) -> None:
        """Send lines to the instrument as another client of it would, and see that it took them."""
        with socket.create_connection(self._instrument, timeout=5.0) as client, client.makefile("rw") as stream:
            stream.write("\n".join([*lines, "SYST:ERR?", ""]))
            stream.flush()
            assert stream.readline().startswith(("0", "+0"))

    def drop(self) -> None:
        """Close every connection; new ones are taken as before."""
        for end in list(self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def go_away(self) -> None:
        """Take connections as before, and let nothing through: a network that is gone, or a switch without power."""
        self._is_away = True

    def be_another(self, identification: bytes) -> None:
        """Have another instrument at this address, which says who it is and nothing else."""
        self._other = identification
        self.drop()

    def come_back(self) -> None:
        """Be as at first; connections from meanwhile are closed."""
        self._is_away, self._other = False, None
        self.drop()

    def close(self) -> None:
        """Close every connection and take no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._other is not None:
                self._ends.add(near)
                threading.Thread(target=self._answer, args=(near, self._other), daemon=True).start()
                continue
            far = socket.create_connection(self._instrument)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._ends.add(end)
            threading.Thread(target=self._pass_on, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pass_on, args=(far, near, True), daemon=True).start()

    def _answer(self, near: socket.socket, identification: bytes) -> None:
        with contextlib.suppress(OSError), near.makefile("rb") as lines:
            for line in lines:
                if line.strip() == b"*IDN?":
                    near.sendall(identification + b"\n")
        self._ends.discard(near)
        near.close()

    def _pass_on(self, origin: socket.socket, target: socket.socket, is_answer: bool) -> None:
        with contextlib.suppress(OSError):
            while octets := origin.recv(65536):
                if is_answer and self.answer_delay_s:
                    time.sleep(self.answer_delay_s)
                if not self._is_away:
                    target.sendall(self.spoil(octets) if is_answer else octets)
        for end in (origin, target):
            self._ends.discard(end)
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
