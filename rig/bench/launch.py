"""A process that belongs to the bench: started first, gives its endpoints, ends after rig and guardian are gone."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rig.errors import BenchFault, UsageRefused
from rig.printable import printable_line
from rig.safety.state import ENDPOINTS, LAUNCHED_LOG

if TYPE_CHECKING:
    from rig.bench.config.files import BenchFile
    from rig.bench.lock import BenchHold

_END_S = 5.0
_SHOWN_LINES = 8
_SHOWN_CHARACTERS = 200


_EMULATION = ["-m", "rig.emulation"]


def is_own_emulation(argv: Sequence[str]) -> bool:
    """Whether a command is the emulated bench of this rig, run by the Python that runs the rig."""
    return list(argv[:3]) == [sys.executable, *_EMULATION]


def _own_environment() -> dict[str, str]:
    """Return the environment in which Python finds this rig, and not a folder ``rig`` in the working folder."""
    root = str(Path(__file__).resolve().parents[2])
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{others}" if others else root, "PYTHONSAFEPATH": "1"}


def refuse_foreign_launch(file: BenchFile) -> None:
    """Raise UsageRefused where a bench file starts a program that is not part of the rig: a bench file is a program."""
    argv = file.launch_argv()
    if argv and not is_own_emulation(argv):
        shown = printable_line(" ".join(argv))
        shown = shown if len(shown) <= _SHOWN_CHARACTERS else f"{shown[:_SHOWN_CHARACTERS]}…"
        raise UsageRefused(
            f"{file.path}: this bench file starts a program ('launch: argv'): {shown}; read it, and say --launch where "
            "it is to be started"
        )


@contextlib.contextmanager
def launched(file: BenchFile, hold: BenchHold) -> Iterator[tuple[BenchFile, LaunchedProcess]]:
    """Start the process of a bench that is held, note and lock what it offers; gives the file with its endpoints.

    The process ends with this context. The note is for programs that listen while the bench is in use.
    """
    assert file.parts.launch is not None
    log = hold.opening.file(LAUNCHED_LOG)
    process = LaunchedProcess(file.launch_argv(), file.parts.launch.ready_timeout_s, log)
    with contextlib.closing(process):
        hold.opening.write(ENDPOINTS, {"endpoints": dict(process.endpoints)})
        try:
            file = file.with_endpoints(process.endpoints)
            hold.lock_endpoints(file)
            yield file, process
        finally:
            hold.opening.remove(ENDPOINTS)


class LaunchedProcess:
    """A running process and the endpoints that it named. It ends at the end of its standard input.

    ``lifeline`` is the only descriptor that keeps its input open. The guardian inherits it, so that the process ends
    when the rig and the guardian are both gone, and not before the outputs have been switched off.
    """

    def __init__(self, argv: Sequence[str], ready_timeout_s: float, error_log: Path) -> None:
        self.argv = list(argv)
        self._error_log = error_log
        reading, writing = os.pipe()
        self.lifeline: int | None = writing
        try:
            with error_log.open("wb") as errors:
                self._process = subprocess.Popen(
                    self.argv,
                    env=_own_environment() if is_own_emulation(self.argv) else None,
                    stdin=reading,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    # An interrupt typed at the terminal is for the rig: it still needs this process to switch off.
                    start_new_session=True,
                )
        except OSError as error:
            os.close(writing)
            raise BenchFault(
                f"cannot start {self.argv[0]!r}: {error.strerror}; see 'launch' in the bench file"
            ) from None
        finally:
            os.close(reading)
        try:
            self.endpoints = self._read_endpoints(ready_timeout_s)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether the process is still running."""
        return self._process.poll() is None

    def close(self) -> None:
        """Let the process end: by the end of its input, or by force if it does not; may be called twice."""
        if self.lifeline is not None:
            os.close(self.lifeline)
            self.lifeline = None
        for end in (self._process.terminate, self._process.kill):
            try:
                self._process.wait(timeout=_END_S)
                break
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    end()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read_endpoints(self, timeout_s: float) -> dict[str, Any]:
        assert self._process.stdout is not None
        output = self._process.stdout.fileno()
        give_up_s = time.monotonic() + timeout_s
        received = b""
        while b"\n" not in received:
            left_s = give_up_s - time.monotonic()
            if left_s <= 0 or not select.select([output], [], [], left_s)[0]:
                raise BenchFault(f"{self._name()} did not say within {timeout_s:g} s that it is ready{self._errors()}")
            part = os.read(output, 65536)
            if not part:
                status = self._process.wait(timeout=_END_S)
                raise BenchFault(f"{self._name()} ended with status {status} before it was ready{self._errors()}")
            received += part
        line = received.partition(b"\n")[0]
        try:
            endpoints = json.loads(line)
        except ValueError:
            endpoints = None
        if not isinstance(endpoints, dict):
            shown = line[:200].decode("utf-8", "replace")
            raise BenchFault(f"{self._name()} said {shown!r} where one JSON object of endpoints was expected")
        return endpoints

    def _name(self) -> str:
        return f"the launched process ({' '.join(self.argv)})"

    def _errors(self) -> str:
        lines = self._error_log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if not lines:
            return f" (it wrote no error; log: {self._error_log})"
        return f"; it wrote ({self._error_log}):\n  " + "\n  ".join(lines[-_SHOWN_LINES:])
