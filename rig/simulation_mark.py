"""The mark of an emulated instrument: a name in the kernel that its process holds, found without asking the instrument.

Each endpoint of an emulated bench, and what each of its instruments answers to ``*IDN?``, is the name of an abstract
Unix socket that the emulating process holds. The kernel takes the names away when that process ends. The mark says what
an endpoint of this host is; it is no protection against a program that sets a false one. Where there are no abstract
sockets (other systems than Linux) nothing is marked, and every instrument counts as a real one.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import sys
from pathlib import Path
from urllib.parse import quote, unquote

from rig.resource_keys import keys_of

_ENDPOINT, _IDENTITY = "s4100-emulated/at/", "s4100-emulated/is/"
_LONGEST = 100
_SOCKETS = Path("/proc/net/unix")


class SimulationMarks:
    """The marks that one emulating process holds; they end with ``close`` or with the process."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def mark_endpoint(self, resource: str) -> None:
        """Mark what can be reached at ``resource`` (VISA resource, serial port, ``tcp://host:port``) as emulated."""
        for key in keys_of(resource):
            self._hold(_ENDPOINT + key)

    def mark_identity(self, identity: str) -> None:
        """Mark an answer to ``*IDN?`` as that of an emulated instrument of this process."""
        self._hold(f"{_IDENTITY}{os.getpid()}/{quote(identity, safe=', ')}")

    def close(self) -> None:
        """Take the marks away; may be called twice."""
        while self._held:
            self._held.pop().close()

    def _hold(self, name: str) -> None:
        if sys.platform != "linux":
            return
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            held.bind(_address(name))
            held.listen(64)
        except OSError:  # two roles at one endpoint or with one identity: it is marked already
            held.close()
            return
        self._held.append(held)


def is_simulated(resource: str) -> bool:
    """Whether an emulated instrument (or bus) of this host is at ``resource``; nothing is sent to it.

    One behind a proxy, or on another host, is not recognised.
    """
    return emulator_at(resource) is not None


def emulator_at(resource: str) -> int | None:
    """Return the id of the process that emulates what is at ``resource``, None where it is not marked."""
    if sys.platform != "linux":
        return None
    for key in keys_of(resource):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.setblocking(False)
            with contextlib.suppress(OSError):
                asking.connect(_address(_ENDPOINT + key))
                pid, _, _ = struct.unpack("3i", asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
                return int(pid)
    return None


def emulators_of(serial_number: str) -> frozenset[int]:
    """Return the processes of this host that emulate an instrument with this serial number."""
    found = set()
    for rest in names_held(_IDENTITY):
        pid, _, identity = rest.partition("/")
        if pid.isdigit() and serial_number in [field.strip() for field in unquote(identity).split(",")]:
            found.add(int(pid))
    return frozenset(found)


def simulated_keys() -> frozenset[str]:
    """Return the keys (rig.resource_keys) of all endpoints of this host's network that are marked as emulated."""
    return frozenset(names_held(_ENDPOINT))


def names_held(prefix: str) -> list[str]:
    """Return what follows ``prefix`` in the names of sockets that processes hold; empty where no such list is kept."""
    try:
        listed = _SOCKETS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return re.findall(f"@{re.escape(prefix)}(.*)", listed)


def _address(name: str) -> bytes:
    return b"\0" + name.encode("utf-8", "replace")[:_LONGEST]
