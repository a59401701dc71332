"""The guardian process: switches the outputs off when the rig dies, hangs or is killed, confirms it, writes it down.

Started by ``rig.safety.guardian_link`` as ``python -m rig.safety.guardian``. It reads JSON lines on its standard
input, one for each sign of progress; the end of that stream, or silence while armed, is the rig's death or hang. It
has its own session and ignores the signals of a terminal: only the end of its input ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from drivers.source.base import SafeOff
from rig.safety.journal import append_entry
from rig.safety.raw_off import recipe_from_json, switch_all_off

_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGTTOU", "SIGPIPE")
_ATTEMPTS_WHEN_ALONE = 10
_LOCK_WAIT_S = 5.0
_INPUT = 0
_OUTPUT = 1


class Guardian:
    """Watches one rig: ``hang_s`` seconds of silence while armed are taken for a hang."""

    def __init__(self, bench: str, journal: Path, hang_s: float) -> None:
        self._bench = bench
        self._journal = journal
        self._hang_s = hang_s
        self._recipes: list[SafeOff] = []
        self._run: str | None = None
        self._rig_pid = os.getppid()
        self._asleep = False  # it hung and the outputs were switched off; nothing was heard since
        self._heard_s = time.monotonic()
        self._pending = b""

    def watch(self) -> None:
        """Serve until the rig's end of the pipe is closed; whatever goes wrong in here, the outputs go off first."""
        try:
            while self._serve_once():
                pass
        except BaseException as error:
            if self._recipes:
                self._act(f"the guardian itself failed ({error!r})", attempts=_ATTEMPTS_WHEN_ALONE)
            raise
        if self._recipes:
            self._act("the rig process is gone (killed, crashed or ended without switching off)", _ATTEMPTS_WHEN_ALONE)

    def _serve_once(self) -> bool:
        """Wait for input or the hang limit; False at the end of the input."""
        watching = bool(self._recipes) and not self._asleep
        wait_s = max(0.0, self._heard_s + self._hang_s - time.monotonic()) if watching else None
        # What waits in the pipe is heard before silence is judged: this process may have been stopped itself.
        ready, _, _ = select.select([_INPUT], [], [], wait_s)
        if not ready:
            self._act(f"the rig made no progress for {self._hang_s:g} s (hung or stopped)")
            self._asleep = True
            return True
        received = os.read(_INPUT, 65536)
        if not received:
            return False
        self._heard_s = time.monotonic()
        if self._asleep:
            self._asleep = False
            self._act("the rig woke up after a hang and may have switched something on")
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
        # The time that obeying took is not the rig's silence.
        self._heard_s = time.monotonic()
        return True

    def _obey(self, message: dict[str, Any]) -> None:
        match message["do"]:
            case "beat":
                self._say({"beat": message["number"]})
            case "arm":
                self._recipes = [recipe_from_json(recipe) for recipe in message["recipes"]]
                self._say({"armed": len(self._recipes)})
            case "disarm":
                self._recipes = []
                self._say({"disarmed": True})
            case "run":
                self._run = message["id"]
            case "switch_off":
                self._act(str(message["reason"]))

    def _act(self, reason: str, attempts: int = 1) -> None:
        """Switch everything off; with nobody else left, go on trying. The first try and the last are written down."""
        for attempt in range(1, attempts + 1):
            results = switch_all_off(self._recipes)
            confirmed = all(result.confirmed for result in results)
            if confirmed or attempt in (1, attempts):
                entry = {
                    "id": str(uuid.uuid4()),
                    "time": datetime.now(UTC).isoformat(),
                    "monotonic_s": time.monotonic(),
                    "bench": self._bench,
                    "run": self._run,
                    "switched_off_by": "guardian",
                    "guardian_pid": os.getpid(),
                    "rig_pid": self._rig_pid,
                    "reason": reason,
                    "attempt": attempt,
                    "confirmed": confirmed,
                    "results": [result.as_dict() for result in results],
                }
                try:
                    append_entry(self._journal, entry)
                except OSError as error:
                    entry["journal_error"] = str(error)
                self._say({"acted": entry})
            if confirmed:
                return

    @staticmethod
    def _say(message: dict[str, Any]) -> None:
        # A rig that is gone or does not read must not stop the guardian: the pipe does not block, its end is ignored.
        with contextlib.suppress(OSError):
            os.write(_OUTPUT, json.dumps(message, separators=(",", ":")).encode() + b"\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a process; prints ``{"ready": pid}``, or ``{"busy": path}`` when another guardian is still at work."""
    parser = argparse.ArgumentParser(prog="rig.safety.guardian", description=__doc__)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--lock", type=Path, required=True)
    parser.add_argument("--hang-s", type=float, required=True)
    options = parser.parse_args(arguments)
    for name in _IGNORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.set_blocking(_OUTPUT, False)
    lock = FileLock(options.lock)
    try:
        # The guardian of a run that was killed may still be switching off: two must never work on one bench.
        lock.acquire(timeout=_LOCK_WAIT_S)
    except Timeout:
        os.write(_OUTPUT, json.dumps({"busy": str(options.lock)}).encode() + b"\n")
        return 1
    with lock:
        os.write(_OUTPUT, json.dumps({"ready": os.getpid()}).encode() + b"\n")
        Guardian(options.bench, options.journal, options.hang_s).watch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
