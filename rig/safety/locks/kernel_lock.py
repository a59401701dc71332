"""One lock that every user of the host can take; the kernel gives it up when its last descriptor is closed.

On Linux it is the name of an abstract Unix socket that listens. Binding a taken name is refused. The refused process
connects, and the kernel reports which process called listen() last; this works with a holder that hangs and with one of
another user. Elsewhere it is flock on a file in a folder that every user may write to.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import socket
import stat
import struct
import sys
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote

from rig.errors import BenchFault
from rig.safety.locks.holder import Holder, holder_of
from rig.simulation_mark import names_held

FOLDER = Path("/tmp/s4100-rig.locks")  # noqa: S108 - fixed on purpose: every user must come to the same one
PREFIX = "s4100-rig/"
"""Of the names of all locks: every version of the rig has the same."""

_NOTE = "s4100-rig-bench/"
_NOTED = re.compile(r"([0-9a-f]+)/(\d+)/(.*)")
_DIGEST_IN_NOTE = 16
_LONGEST_KEY = 90
_BACKLOG = 4096
"""A process that asks for the holder stays in this queue while the holder lives: the holder never accepts."""

_CREDENTIALS = "3i"


class Held(Exception):
    """The lock is taken; ``holder`` says by whom."""

    def __init__(self, key: str, holder: Holder) -> None:
        super().__init__(f"{key} is held by {holder.text}")
        self.key = key
        self.holder = holder


class KernelLock(Protocol):
    """A lock that is held by this process, and by any that is handed its descriptor."""

    @property
    def key(self) -> str:
        """What it locks."""

    def fileno(self) -> int:
        """Its descriptor."""

    def close(self) -> None:
        """Release; another process that has the descriptor still holds the lock. May be called twice."""


class AbstractLock:
    """A lock by the name of an abstract Unix socket (Linux)."""

    def __init__(self, key: str, bench: str = "") -> None:
        self.key = key
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.bind(_address(key))
            self._socket.listen(_BACKLOG)
        except OSError as error:
            self._socket.close()
            if error.errno != errno.EADDRINUSE:
                raise BenchFault(f"no lock can be taken on {key} ({error.strerror})") from None
            raise Held(key, _asked(key)) from None
        self._note = _note_bench(key, bench)
        _open_here.add(self)

    def fileno(self) -> int:
        """Its descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Release; may be called twice."""
        self._socket.close()
        if self._note is not None:
            self._note.close()


class FileLock:
    """A lock by flock on a file of ``folder`` (systems without abstract sockets)."""

    def __init__(self, key: str, bench: str = "", folder: Path = FOLDER) -> None:
        import fcntl

        self.key = key
        path = folder / re.sub(r"[^A-Za-z0-9.,-]+", "_", f"{key[:_LONGEST_KEY]}.{_digest(key)}")
        try:
            _make_shared_folder(folder)
            self._descriptor = _open_shared(path)
        except OSError as error:
            raise BenchFault(f"no lock can be taken in {folder} ({error.strerror}); it must be writable") from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = _read_holder(self._descriptor)
            os.close(self._descriptor)
            raise Held(key, holder) from None
        name_this_process(self._descriptor, bench)
        _open_here.add(self)

    def fileno(self) -> int:
        """Its descriptor."""
        return self._descriptor

    def close(self) -> None:
        """Release; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def take(key: str, bench: str = "") -> KernelLock:
    """Take the lock on ``key`` at once; raises Held where it is taken, BenchFault where the system gives none.

    ``bench``: the name of this process's bench, for those who are turned away.
    """
    return AbstractLock(key, bench) if sys.platform == "linux" else FileLock(key, bench)


def name_this_process(descriptor: int, bench: str = "") -> None:
    """Have the holder of the lock with this (inherited) descriptor be this process; raises nothing.

    For a guardian that goes on alone: the process that took the lock is gone.
    """
    with contextlib.suppress(OSError):
        if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
            with socket.socket(fileno=os.dup(descriptor)) as held:
                held.listen(_BACKLOG)
        else:
            about = {"pid": os.getpid(), "uid": os.getuid(), "bench": bench}
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(about).encode(), 0)


def _asked(key: str) -> Holder:
    """Ask the kernel who listens at the name of ``key``."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.setblocking(False)
        try:
            asking.connect(_address(key))
            octets = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize(_CREDENTIALS))
        except OSError:  # it has gone meanwhile, does not listen yet, or too many have asked
            return Holder()
    pid, uid, _ = struct.unpack(_CREDENTIALS, octets)
    return holder_of(pid, uid, _noted_bench(key, pid))


def _address(key: str) -> bytes:
    name = key if len(key.encode()) <= _LONGEST_KEY else f"{key[: _LONGEST_KEY // 4]}.{_digest(key)}"
    return b"\0" + (PREFIX + name).encode()


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:32]


def _note_bench(key: str, bench: str) -> socket.socket | None:
    """Leave word of the bench that holds ``key`` where every user sees it: a name in the kernel's list of sockets.

    One process may hold locks for several benches, so each lock has its note. It is there until the socket that is
    returned is closed; None where there is nothing to note, or it cannot be.
    """
    if not bench:
        return None
    note = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        note.bind(b"\0" + f"{_note_name(key, os.getpid())}{quote(bench[:60], safe=' ')}".encode()[:106])
    except OSError:
        note.close()
        return None
    return note


def _noted_bench(key: str, pid: int) -> str:
    return next(map(unquote, names_held(_note_name(key, pid))), "")


def noted_benches(simulated: Iterable[str] = ()) -> list[tuple[int, str]]:
    """Return process number and bench of each lock that is held on this host's network, as the holders have noted them.

    Not those on the keys ``simulated``. The number is that of the holder's own process space: a container that shares
    the network has another. Empty where the system has no such list.
    """
    left_out = {_digest(PREFIX + key)[:_DIGEST_IN_NOTE] for key in simulated}
    noted = [match for rest in names_held(_NOTE) if (match := _NOTED.fullmatch(rest))]
    return sorted({(int(match[2]), unquote(match[3])) for match in noted if match[1] not in left_out})


def _note_name(key: str, pid: int) -> str:
    """Begin the name of the note on the holder of ``key``; the bench follows."""
    return f"{_NOTE}{_digest(PREFIX + key)[:_DIGEST_IN_NOTE]}/{pid}/"


def _make_shared_folder(folder: Path) -> None:
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        folder.chmod(0o1777)  # mkdir's own mode is cut by the umask


def _open_shared(path: Path) -> int:
    """Open a lock file of any user, for any user; made by the first."""
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        except FileExistsError:
            return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        os.fchmod(descriptor, 0o666)
        return descriptor


def _read_holder(descriptor: int) -> Holder:
    try:
        about = json.loads(os.pread(descriptor, 4096, 0) or b"{}")
        return holder_of(int(about["pid"]), int(about["uid"]), str(about["bench"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder()


_open_here: weakref.WeakSet[AbstractLock | FileLock] = weakref.WeakSet()


def _let_go_in_child() -> None:
    """A forked child must not keep what its parent has released."""
    for lock in list(_open_here):
        lock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
