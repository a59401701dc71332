"""A station with scripted runs, as a process of its own, for tests that drive its page."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rig.station.service import Station
from rig.station.serving import serve
from rig.station.settings import StationSettings

_HERE = Path(__file__).parent
NOT_CONFIRMED = json.dumps({"confirmed": False, "sources": [{"source": "S", "details": "no answer"}], "analyzers": []})


def settings_in(folder: Path, positions: tuple[str, ...] = ("1",)) -> StationSettings:
    return StationSettings(
        folder=folder,
        bench="scripted",
        product="demo",
        name="Line 3",
        positions=positions,
        run_command=(sys.executable, "-S", str(_HERE / "scripted_run.py")),
        off_command=(sys.executable, "-S", str(_HERE / "scripted_off.py"), str(folder / "off.json")),
    )


class Served:
    """The process, and requests to it without a browser."""

    def __init__(self, folder: Path, positions: tuple[str, ...] = ("1",)) -> None:
        self.folder, self.positions = folder, positions
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.rig.station.served", str(self.folder), str(self.port), *self.positions]
        self.process = subprocess.Popen(words, cwd=_HERE.parents[2], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rstrip("/\n").rpartition(":")[2])

    def kill(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def request(self, method: str, path: str, **fields: str) -> bytes:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(link):
            kind = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
            link.request(method, path, urllib.parse.urlencode(fields) or None, kind)
            return link.getresponse().read()

    def state(self) -> dict:
        return json.loads(self.request("GET", "/state.json"))

    def wait_for(self, *phases: str, within_s: float = 15.0) -> dict:
        until_s = time.monotonic() + within_s
        while time.monotonic() < until_s:
            state = self.state()
            if state["phase"] in phases:
                return state
            time.sleep(0.05)
        raise AssertionError(f"the station is {state['phase']}, not {' or '.join(phases)}")

    def runs(self) -> list[Path]:
        return sorted((self.folder / "runs").glob("*"))

    def run_pid(self) -> int:
        file = self.runs()[-1] / "pid"
        until_s = time.monotonic() + 10.0
        while time.monotonic() < until_s and not (file.exists() and file.read_text()):
            time.sleep(0.02)
        return int(file.read_text())

    def rss_kb(self) -> int:
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def off_confirms(self, *, confirms: bool) -> None:
        file = self.folder / "off.json"
        file.unlink(missing_ok=True)
        if not confirms:
            file.write_text(NOT_CONFIRMED)


@contextmanager
def served(folder: Path, positions: tuple[str, ...] = ("1",)) -> Iterator[Served]:
    """Serve; at the end no process is left."""
    station = Served(folder, positions)
    station.start()
    try:
        yield station
    finally:
        station.kill()
        for file in folder.glob("runs/*/pid"):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(file.read_text()), 9)


class Network:
    """A way to a server that can be gone: nothing passes meanwhile, and what was sent passes when it is back."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._is_there = threading.Event()
        self._is_there.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def go(self) -> None:
        self._is_there.clear()

    def come_back(self) -> None:
        self._is_there.set()

    def close(self) -> None:
        self._is_there.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near: socket.socket) -> None:
        self._is_there.wait()
        with near, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as far:
            there = threading.Thread(target=self._pass, args=(near, far), daemon=True)
            there.start()
            self._pass(far, near)
            there.join()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while octets := one.recv(65536):
                self._is_there.wait()
                other.sendall(octets)
        for each in (one, other):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    folder, port, *positions = sys.argv[1:]
    station = Station(settings_in(Path(folder), tuple(positions)))
    serve(station, "127.0.0.1", int(port), lambda line: print(line, flush=True))
