"""The two ends of the sockets between a wire process and its owner: inherited, or loopback connections with a secret.

Windows lets no process inherit a socket by its number. There, and where a port is asked to be portable, the process
connects to its owner on 127.0.0.1, and shows the secret that it was given in its environment. Both were tried on Linux.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import drivers
from drivers.mstp.errors import PortUnavailable

_LOOPBACK = "127.0.0.1"
_SECRET = "MSTP_OWNER_SECRET"  # the variable's name
_SECRET_OCTETS = 32
_CONNECT_S = 15.0
_HELLO_S = 2.0
_END_S = 2.0
_RECEIVE_OCTETS = 262_144
_LOOK_AFTER_PROCESS_S = 0.1

# A signal to the owner's process group is the owner's to handle: it needs the bus to end in order. On Windows that is
# a group of its own, elsewhere a session; each system ignores what is the other's.
if sys.platform == "win32":
    _CREATION_FLAGS = subprocess.HIGH_PRIORITY_CLASS | subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _CREATION_FLAGS = 0


def start_process(
    device: str, module: str, arguments: Sequence[str], sockets: int, portable: bool
) -> tuple[subprocess.Popen[bytes], list[socket.socket]]:
    """Start ``module`` with ``arguments`` and the names of ``sockets`` stream sockets, whose other ends are returned.

    The process gives the names to ``owner_socket``. Raises PortUnavailable where a portable one does not connect.
    """
    command = [sys.executable, "-m", module, *arguments]
    if portable or sys.platform == "win32":
        return _start_connected(device, command, sockets)
    with contextlib.ExitStack() as theirs, contextlib.ExitStack() as ours:
        pairs = [socket.socketpair() for _ in range(sockets)]
        for our, their in pairs:
            ours.enter_context(our)
            theirs.enter_context(their)
        descriptors = tuple(their.fileno() for _, their in pairs)
        process = _popen([*command, *map(str, descriptors)], descriptors, {})
        ours.pop_all()
    return process, [our for our, _ in pairs]


def owner_socket(name: str) -> socket.socket:
    """Return, in the process, the socket that has this name; raises OSError where the owner is gone."""
    port, _, index = name.partition("/")
    if not index:
        return socket.socket(fileno=int(name))
    end = socket.create_connection((_LOOPBACK, int(port)), _CONNECT_S)
    end.sendall(os.environ[_SECRET].encode() + bytes((int(index),)))
    _send_at_once(end)
    return end


def end_process(process: subprocess.Popen[bytes] | None) -> None:
    """Wait for the end of a process whose sockets are closed, and kill one that hangs; may be called again."""
    if process is None or process.returncode is not None:
        return
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
        return
    process.kill()
    process.wait()


def received(end: socket.socket) -> bytes:
    """Return what the process has sent, nothing where it has ended, however it did."""
    try:
        return end.recv(_RECEIVE_OCTETS)
    except OSError:  # reset by a process that was killed
        return b""


def _start_connected(
    device: str, command: list[str], sockets: int
) -> tuple[subprocess.Popen[bytes], list[socket.socket]]:
    secret = os.urandom(_SECRET_OCTETS // 2).hex()
    with socket.socket() as listener:
        if sys.platform == "win32":  # else another program may listen at the same number
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        listener.bind((_LOOPBACK, 0))
        listener.listen()
        port = listener.getsockname()[1]
        process = _popen([*command, *(f"{port}/{index}" for index in range(sockets))], (), {_SECRET: secret})
        try:
            return process, accept(listener, secret, sockets, process)
        except OSError as error:
            process.kill()
            process.wait()
            raise PortUnavailable(device, error.strerror or str(error)) from error


def accept(listener: socket.socket, secret: str, sockets: int, process: subprocess.Popen[bytes]) -> list[socket.socket]:
    """Return the connections of ``process``, in the order of their names; who does not show the secret is sent away.

    Raises OSError when the process ends instead, or is not there in time.
    """
    listener.settimeout(_LOOK_AFTER_PROCESS_S)
    deadline_s = time.monotonic() + _CONNECT_S
    with contextlib.ExitStack() as opened:
        ends: dict[int, socket.socket] = {}
        while len(ends) < sockets:
            try:
                end, _ = listener.accept()
            except TimeoutError:
                code = process.poll()
                if code is not None:
                    reason = f"the port process ended (exit code {code}); see its messages on stderr"
                    raise ConnectionAbortedError(None, reason) from None
                if time.monotonic() > deadline_s:
                    raise TimeoutError(None, f"the port process did not connect within {_CONNECT_S:g} s") from None
                continue
            opened.enter_context(end)
            index = _introduced(end, secret)
            if index is None or index in ends or index >= sockets:
                end.close()
                continue
            end.settimeout(None)
            _send_at_once(end)
            ends[index] = end
        opened.pop_all()
    return [ends[index] for index in range(sockets)]


def _introduced(end: socket.socket, secret: str) -> int | None:
    """Return which of the sockets this is, by what its other end says first; None for a stranger."""
    end.settimeout(_HELLO_S)
    hello = b""
    with contextlib.suppress(OSError):  # one that says nothing, or goes, is a stranger too
        while len(hello) <= _SECRET_OCTETS and (octets := end.recv(_SECRET_OCTETS + 1 - len(hello))):
            hello += octets
    if len(hello) <= _SECRET_OCTETS or not hmac.compare_digest(hello[:_SECRET_OCTETS], secret.encode()):
        return None
    return hello[_SECRET_OCTETS]


def _send_at_once(end: socket.socket) -> None:
    """Switch off Nagle's algorithm: a small message would wait for the acknowledgement of the one before."""
    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _popen(command: list[str], descriptors: tuple[int, ...], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        pass_fds=descriptors,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**_environment(), **environment},
        start_new_session=True,
        creationflags=_CREATION_FLAGS,
    )


def _environment() -> dict[str, str]:
    """Return the environment in which the process finds this package wherever it was imported from."""
    root = str(Path(drivers.__file__).resolve().parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{inherited}" if inherited else root}
