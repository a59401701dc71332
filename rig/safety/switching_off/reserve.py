"""Take beforehand what switching off will need: addresses, a descriptor each, modules."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterable
from typing import Any

from drivers.source.base import SafeOff
from rig.safety.switching_off.conversation import converse, talk_to
from rig.safety.switching_off.result import SafeOffResult

DEADLINE_S = 3.2
"""Seconds for which a source is tried before the result is given."""

_SOCKET_RESOURCE = re.compile(r"^TCPIP\d*::(?P<host>[^:]+)::(?P<port>\d+)::SOCKET$", re.IGNORECASE)


class Station:
    """One source on a plain TCP socket: its addresses, resolved, and a socket that is not connected yet."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._addresses: list[tuple[Any, Any]] = []
        self._spare: socket.socket | None = None
        self._turn = 0

    def prepare(self) -> None:
        """Resolve the name, and take a socket; what does not work now is tried again when it is needed."""
        with contextlib.suppress(OSError, UnicodeError):
            self.resolve()
        self.refill()

    def resolve(self) -> None:
        """Look the host's name up; the addresses from before stay where that fails. Raises OSError, UnicodeError."""
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        self._addresses = [(family, address) for family, _, _, _, address in found]

    def refill(self) -> None:
        """Take a socket for the next connection, where there is none and a descriptor is free."""
        if self._spare is None and self._addresses:
            family, _ = self._addresses[self._turn % len(self._addresses)]
            with contextlib.suppress(OSError):
                self._spare = _new_socket(family)

    def next_connection(self) -> tuple[socket.socket, Any]:
        """Return a socket that does not block, and the address for it; the addresses take turns. Raises OSError."""
        if not self._addresses:
            self.resolve()
        family, address = self._addresses[self._turn % len(self._addresses)]
        self._turn += 1
        spare, self._spare = self._spare, None
        if spare is not None and spare.family == family:
            return spare, address
        if spare is not None:
            spare.close()
        return _new_socket(family), address

    def close(self) -> None:
        """Give the socket back."""
        if self._spare is not None:
            self._spare.close()
            self._spare = None


class Reserve:
    """Ready to switch these sources off.

    Sources on plain TCP sockets need no thread, no process, no name server and no free descriptor then. Others are
    reached by a VISA library on a thread of its own: that has to be started then, and the library may start more.
    """

    def __init__(self, recipes: Iterable[SafeOff]) -> None:
        self.recipes = tuple(recipes)
        self._stations: dict[int, Station] = {}
        for index, recipe in enumerate(self.recipes):
            match = _SOCKET_RESOURCE.match(recipe.resource)
            if match is not None:
                station = Station(match["host"], int(match["port"]))
                station.prepare()
                self._stations[index] = station
        if len(self._stations) < len(self.recipes):
            # A VISA library takes half a second to load; a bench on plain sockets starts without it.
            from rig.safety.switching_off import visa

            visa.load()

    def resolve_again(self) -> None:
        """Look names up again, as long as the resolver takes; addresses from before stay where it fails."""
        for station in self._stations.values():
            with contextlib.suppress(OSError, UnicodeError):
                station.resolve()

    def switch_off(
        self, *, deadline_s: float = DEADLINE_S, force: bool = False, but: Iterable[SafeOff] = ()
    ) -> list[SafeOffResult]:
        """Switch all off at the same time, ``but`` those named, so that one that hangs delays no other; never raises.

        ``force``: send the commands to an instrument of another model too; that is no confirmation.
        """
        give_up_s = time.monotonic() + deadline_s
        left_out = tuple(but)
        wanted = [index for index, recipe in enumerate(self.recipes) if recipe not in left_out]
        results: dict[int, SafeOffResult] = {}
        threads = []
        for index in wanted:
            if index not in self._stations:
                from rig.safety.switching_off.visa import VisaAttempts

                threads.append((index, VisaAttempts(self.recipes[index], give_up_s, force=force)))
        talks = {
            index: talk_to(self.recipes[index], self._stations[index], give_up_s, force=force)
            for index in wanted
            if index in self._stations
        }
        results.update(converse(talks))
        for index, attempts in threads:
            results[index] = attempts.result()
        return [results[index] for index in wanted]

    def close(self) -> None:
        """Give back what was taken."""
        for station in self._stations.values():
            station.close()


def _new_socket(family: Any) -> socket.socket:  # Any: an address family, or its number
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
