"""The guardian process: switches the outputs off when the rig dies, hangs or is killed, confirms it, writes it down.

Started by ``rig.safety.guardian_link`` as ``python -m rig.safety.guardian``. It reads JSON lines on its standard
input, one for each sign of progress; the end of that stream, or silence while armed, is the rig's death or hang. It
has its own session and ignores the signals of a terminal: only the end of its input ends it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import select
import signal
import socket
import sys
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from drivers.source.base import SafeOff
from rig.safety.journal import append_entry, make_journal
from rig.safety.locks.kernel_lock import name_this_process
from rig.safety.raw_off import SafeOffResult, prepare, recipe_from_json, switch_all_off, takes_one_client
from rig.safety.state import ENDPOINTS, HOLDER, JOURNAL, LAUNCHED_LOG, RECIPES, Opening

_IGNORED = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGTSTP", "SIGTTOU", "SIGPIPE")
_ATTEMPTS = 10
_PAUSE_S = 0.2
_STARVING = 1.5
"""Between attempts a source with a watchdog hears nothing for so many times its delay: else it would never trip."""

_DESCRIPTORS = 16
"""Most descriptors that come with one message."""

_RIG_ENDS_S = 1.0
_INPUT = 0
_OUTPUT = 1


class Guardian:
    """Watches one rig: ``hang_s`` seconds of silence while armed are taken for a hang."""

    def __init__(self, opening: Opening, hang_s: float) -> None:
        self._opening = opening
        self._hang_s = hang_s
        self._recipes: list[SafeOff] = []
        self._is_armed = False
        self._run: str | None = None
        self._rig_pid = os.getppid()
        self._asleep = False  # it hung and the outputs were switched off; nothing was heard since
        self._is_over = False  # the rig has said that it ends in good order
        self._has_ended_rig = False
        self._heard_s = time.monotonic()
        self._off_by_s = math.inf
        self._again_s = math.inf
        self._attempt = 0
        self._pending = b""
        self._input = socket.socket(fileno=_INPUT)
        self._held: list[int] = []

    def watch(self) -> None:
        """Serve until the rig's end of the pipe is closed; whatever goes wrong in here, the outputs go off first."""
        try:
            while self._serve_once():
                pass
        except BaseException as error:
            if self._recipes:
                self._act_alone(f"the guardian itself failed ({error!r})")
            raise
        if self._is_armed and not (self._has_ended_rig and self._attempt == 0):
            self._act_alone("the rig process is gone (killed, crashed or ended without switching off)")
        elif self._recipes and not self._is_over and not self._is_armed:
            self._act_alone("the rig process is gone; it had nothing on any more, or not yet")

    def _serve_once(self) -> bool:
        """Wait for input or for the next thing to do; False at the end of the input."""
        # What waits in the pipe is heard before silence is judged: this process may have been stopped itself.
        ready, _, _ = select.select([_INPUT], [], [], self._wait_s())
        if ready:
            received = self._receive()
            if not received:
                return False
            self._hear(received)
        now_s = time.monotonic()
        if now_s >= self._off_by_s:
            self._off_by_s = math.inf
            others = [recipe for recipe in self._recipes if not takes_one_client(recipe)]
            if others:
                self._act("the rig did not get the outputs off, or an answer from the source, in time", others)
        elif not ready and self._is_armed and not self._asleep and now_s >= self._heard_s + self._hang_s:
            self._take_over()
        elif now_s >= self._again_s:
            self._act("the outputs are still not confirmed off")
        return True

    def _receive(self) -> bytes:
        """Read what the rig has said; descriptors that came with it stay open until this process ends."""
        received, descriptors, _, _ = socket.recv_fds(self._input, 65536, _DESCRIPTORS)
        self._held += descriptors
        return received

    def _wait_s(self) -> float | None:
        hang_s = self._heard_s + self._hang_s if self._is_armed and not self._asleep else math.inf
        next_s = min(hang_s, self._off_by_s, self._again_s)
        return None if next_s == math.inf else max(0.0, next_s - time.monotonic())

    def _take_over(self) -> None:
        reason = f"the rig made no progress for {self._hang_s:g} s (hung or stopped)"
        self._asleep = True
        if any(takes_one_client(recipe) for recipe in self._recipes):
            reason += "; it was ended first, because the source takes one client only"
            self._end_the_rig()
        self._attempt = 0
        self._act(reason)

    def _hear(self, received: bytes) -> None:
        self._heard_s = time.monotonic()
        if self._asleep:
            self._asleep = False
            self._act("the rig woke up after a hang and may have switched something on")
        *lines, self._pending = (self._pending + received).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))
        # The time that obeying took is not the rig's silence.
        self._heard_s = time.monotonic()

    def _obey(self, message: dict[str, Any]) -> None:
        match message["do"]:
            case "beat":
                self._say({"beat": message["number"]})
            case "know":
                self._recipes = [recipe_from_json(recipe) for recipe in message["recipes"]]
                prepare(self._recipes)
            case "arm":
                self._recipes = [recipe_from_json(recipe) for recipe in message["recipes"]]
                prepare(self._recipes)
                self._is_armed = True
                self._say({"armed": len(self._recipes)})
            case "disarm":
                self._is_armed = False
                self._off_by_s = self._again_s = math.inf
                self._say({"disarmed": True})
            case "hold":
                self._say({"held": len(self._held)})
            case "run":
                self._run = message["id"]
            case "switch_off":
                self._attempt = 0
                self._act(str(message["reason"]))
            case "off_by":
                within_s = message["within_s"]
                self._off_by_s = math.inf if within_s is None else time.monotonic() + float(within_s)
            case "note":
                said_by = {"switched_off_by": "rig", "confirmed": message["confirmed"] is True}
                self._write_down(str(message["reason"]), [], said_by)
                self._say({"noted": True})
            case "end":
                self._is_over = True

    def _act(self, reason: str, recipes: Sequence[SafeOff] | None = None) -> bool:
        """Switch off once, and plan the next attempt where that is not confirmed. The first try and the last are noted.

        Between attempts a source whose own watchdog is armed is left alone for longer than its delay: whatever is
        said to it feeds that watchdog, which may be able to do what no command can.
        """
        tried = self._recipes if recipes is None else recipes
        self._attempt += 1
        results = switch_all_off(tried)
        confirmed = all(result.confirmed for result in results)
        if confirmed:
            self._again_s = math.inf
            attempt, self._attempt = self._attempt, 0
        else:
            delays_s = [recipe.watchdog_s for recipe in tried if recipe.watchdog_s is not None]
            self._again_s = time.monotonic() + max([_PAUSE_S, *(_STARVING * delay_s for delay_s in delays_s)])
            attempt = self._attempt
            if attempt >= _ATTEMPTS:
                self._again_s = math.inf
        if confirmed or attempt in (1, _ATTEMPTS):
            entry = self._write_down(reason, results, {"attempt": attempt, "confirmed": confirmed})
            self._say({"acted": entry})
        return confirmed

    def _act_alone(self, reason: str) -> None:
        """Go on until it is confirmed, or no attempt is left: there is nobody else."""
        for descriptor in self._held:
            name_this_process(descriptor, self._opening.bench)
        self._attempt = 0
        while not self._act(reason) and self._attempt < _ATTEMPTS:
            time.sleep(max(0.0, self._again_s - time.monotonic()))
        if self._again_s == math.inf and self._attempt == 0:
            self._opening.remove(RECIPES, ENDPOINTS, LAUNCHED_LOG, HOLDER)

    def _end_the_rig(self) -> None:
        """Kill the rig, so that it lets go of the source; only while it is this process's parent, which it remains."""
        if os.getppid() != self._rig_pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._rig_pid, signal.SIGKILL)
        self._has_ended_rig = True
        give_up_s = time.monotonic() + _RIG_ENDS_S
        while os.getppid() == self._rig_pid and (left_s := give_up_s - time.monotonic()) > 0.0:
            # Its death closes the pipe, which is what this waits for; what it had said before is of no use any more.
            ready, _, _ = select.select([_INPUT], [], [], left_s)
            if ready and not os.read(_INPUT, 65536):
                return

    def _write_down(self, reason: str, results: Sequence[SafeOffResult], more: dict[str, Any]) -> dict[str, Any]:
        entry = {
            "id": str(uuid.uuid4()),
            "time": datetime.now(UTC).isoformat(),
            "monotonic_s": time.monotonic(),
            "bench": self._opening.bench,
            "opening": self._opening.id,
            "run": self._run,
            "switched_off_by": "guardian",
            "guardian_pid": os.getpid(),
            "rig_pid": self._rig_pid,
            "reason": reason,
            "results": [result.as_dict() for result in results],
            **more,
        }
        try:
            append_entry(self._opening.file(JOURNAL), entry)
        except OSError as error:
            entry["journal_error"] = str(error)
        return entry

    @staticmethod
    def _say(message: dict[str, Any]) -> None:
        # A rig that is gone or does not read must not stop the guardian: the pipe does not block, its end is ignored.
        with contextlib.suppress(OSError):
            os.write(_OUTPUT, json.dumps(message, separators=(",", ":")).encode() + b"\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a process; prints ``{"ready": pid}`` first, or why it cannot.

    ``{"no_room": text}``: there is no room for its journal.
    """
    parser = argparse.ArgumentParser(prog="rig.safety.guardian", description=__doc__)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--opening", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--hang-s", type=float, required=True)
    options = parser.parse_args(arguments)
    for name in _IGNORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.set_blocking(_OUTPUT, False)
    opening = Opening(options.bench, options.opening, options.state)
    try:
        make_journal(opening.file(JOURNAL))
    except OSError as error:
        no_room = f"{opening.file(JOURNAL)}: {error.strerror}"
        os.write(_OUTPUT, json.dumps({"no_room": no_room}).encode() + b"\n")
        return 1
    os.write(_OUTPUT, json.dumps({"ready": os.getpid()}).encode() + b"\n")
    Guardian(opening, options.hang_s).watch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
