"""A PostgreSQL server for tests: in a folder of its own, as a user without privileges, reached by a socket file."""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

_USERS = ("postgres", "nobody")
"""Who runs the server where tests run as root, which PostgreSQL refuses."""


def program(name: str) -> Path | None:
    """Return where a program of PostgreSQL is: the newest of Debian's folders, else on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    found = shutil.which(name)
    return installed[-1] if installed else Path(found) if found else None


class PostgresServer:
    """One server; ``kill`` ends it as a power failure of its process would, ``start`` starts it once more."""

    def __init__(self, folder: Path, *, is_durable: bool = False) -> None:
        self.folder = folder
        self._fsync = "on" if is_durable else "off"
        self._numbers = itertools.count(1)
        self._as_user: list[str] = []
        if os.getuid() == 0:
            user = next(pwd.getpwnam(name) for name in _USERS if _exists(name))
            shutil.chown(folder, user.pw_uid, user.pw_gid)
            self._as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
        self._run("initdb", "--auth=trust", "--no-sync", "--username=rig", "--encoding=UTF8", f"--pgdata={self.data}")
        self.start()

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def socket(self) -> Path:
        return self.folder / ".s.PGSQL.5432"

    def start(self) -> None:
        """Start the server and wait until it answers; what a killed one left behind may take a moment to go."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}'"
        options += f" -c fsync={self._fsync} -c max_connections=60"
        for left in range(20, -1, -1):
            try:
                self._run(
                    "pg_ctl", "start", "--wait", f"--pgdata={self.data}", f"--log={self.folder}/log", f"-o{options}"
                )
                return
            except subprocess.CalledProcessError:
                if not left:
                    raise
                time.sleep(0.3)

    def kill(self) -> None:
        """Kill the server's first process with SIGKILL; the others end by themselves."""
        os.kill(int((self.data / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--mode=immediate", f"--pgdata={self.data}")

    def new_database(self) -> str:
        """Make an empty database; returns its URL."""
        name = f"records_{next(self._numbers)}"
        self._run("createdb", "--username=rig", f"--host={self.folder}", name)
        return f"postgresql:///{name}?host={self.folder}&user=rig"

    def _run(self, name: str, *arguments: str) -> None:
        path = program(name)
        assert path is not None, f"{name} is not installed"
        with (self.folder / "said").open("ab") as said:
            subprocess.run(
                [*self._as_user, str(path), *arguments],
                cwd=self.folder,
                check=True,
                stdout=said,
                stderr=said,
                timeout=60,
            )


def _exists(user: str) -> bool:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(user) is not None
    return False


@contextlib.contextmanager
def running(*, is_durable: bool = False) -> Iterator[PostgresServer]:
    """Run a server as long as the context lasts; skips the test where PostgreSQL is not installed.

    ``is_durable``: what it has committed survives a power failure, as on a line; tests are faster without.
    """
    if program("initdb") is None:
        pytest.skip("PostgreSQL is not installed (on Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="rig-pg-"))
    try:
        server = PostgresServer(folder, is_durable=is_durable)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
