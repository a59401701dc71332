"""The guardian process: switch the outputs off when the rig dies, hangs or is killed; confirm and record it.

Started by ``rig.safety.guardian.link`` as ``python -m rig.safety.guardian.process``. It reads JSON lines on its
standard input, one for each sign of progress; the end of that stream, or silence while armed, is the rig's death or
hang. It has its own session and ignores every signal that can be ignored: only the end of its input ends it.
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers.log import log_as, note
from drivers.source.base import SafeOff
from rig.safety.contactor.guarded import GuardedContactor
from rig.safety.guardian.held_note import HeldNote
from rig.safety.guardian.journal import JournalWriter, make_journal, new_entry
from rig.safety.guardian.memory_lock import lock_memory
from rig.safety.guardian.process_end import watch_process
from rig.safety.guardian.suspension import LOOK_EVERY_S, Waking
from rig.safety.locks.kernel_lock import name_this_process
from rig.safety.state import (
    ENDPOINTS,
    HOLDER,
    JOURNAL,
    LAUNCHED_LOG,
    OFF_ELSEWHERE,
    RECIPES,
    Opening,
    marked_process,
    process_lives,
)
from rig.safety.switching_off.raw_off import Reserve, SafeOffResult, recipe_from_json, takes_one_client

_NOT_IGNORED = frozenset({signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD})
"""Those that no process can ignore, and the one by which the end of a child is heard of."""
_QUICK_ATTEMPTS = 10
_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 10.0
_SLOWER = 1.5
"""After the quick attempts each pause is this many times the one before, up to the longest."""

_STARVING = 1.5
"""Between attempts a source with a watchdog gets no message for this many times its delay, so that it can trip."""

_LOOK_S = 0.5
"""Between attempts so often is looked whether the outputs were confirmed off elsewhere, or their process is gone."""

_RESOLVE_EVERY = 6
"""Of the slow attempts, how many use the addresses that the names had before they are looked up again."""

_UNARMED_ATTEMPTS = 10
"""Number of attempts where nothing was on any more, or not yet."""

_REPEATS = 2
"""Slots of the journal for the attempts between the first and the last: while one is written the other is whole."""

_DESCRIPTORS = 16
"""Most descriptors that come with one message."""

_RIG_ENDS_S = 1.0
_CONFIRMED_ELSEWHERE = "'rig off' has switched the outputs off and had it confirmed"
_SOURCES_GONE = "the launched process that had the sources is gone"
_INPUT = 0
_OUTPUT = 1
_ERRORS = 2


class Guardian:
    """Watches one rig: ``hang_s`` seconds without a message while armed count as a hang."""

    def __init__(self, opening: Opening, hang_s: float) -> None:
        self._opening = opening
        self._hang_s = hang_s
        self._reserve = Reserve(())
        self._launched: dict[str, Any] = {}
        self._journal = JournalWriter(opening.file(JOURNAL))
        self._repeats: list[int] = []  # slots of the journal that attempts after the first take in turn
        self._is_armed = False
        self._run: str | None = None
        self._rig_pid = os.getppid()
        self._asleep = False  # it hung and the outputs were switched off; nothing was heard since
        self._is_over = False  # the rig has announced a normal end
        self._has_ended_rig = False
        self._heard_s = time.monotonic()
        self._off_by_s = math.inf
        self._again_s = math.inf
        self._attempt = 0
        self._pending = b""
        self._contactor = GuardedContactor()
        self._waking = Waking(hang_s)
        self._parent = watch_process(self._rig_pid)
        self._input = socket.socket(fileno=_INPUT)
        self._held: list[int] = []
        self._nowhere = os.open(os.devnull, os.O_WRONLY)
        self._note = HeldNote()

    @property
    def _recipes(self) -> tuple[SafeOff, ...]:
        return self._reserve.recipes

    def watch(self) -> None:
        """Serve until the rig's end of the pipe is closed; on any error in here, switch the outputs off first."""
        try:
            while self._serve_once():
                pass
        except BaseException as error:
            note(__name__, "the guardian itself failed (%r)", error, level="error")
            if self._recipes:
                self._act_alone(f"the guardian itself failed ({error!r})")
            raise
        if self._is_armed and not (self._has_ended_rig and self._attempt == 0):
            self._act_alone("the rig process is gone (killed, crashed or ended without switching off)")
        elif self._recipes and not self._is_over and not self._is_armed:
            self._act_alone("the rig process is gone; it had nothing on any more, or not yet", _UNARMED_ATTEMPTS)

    def _serve_once(self) -> bool:
        """Wait for input or for the next thing to do; False at the end of the input."""
        # What waits in the pipe is heard before silence is judged: this process may have been stopped itself.
        watched = [_INPUT] if self._parent is None else [_INPUT, self._parent]
        ready, _, _ = select.select(watched, [], [], self._wait_s())
        gap = self._waking.look()
        if gap is not None and self._is_armed and not self._asleep:
            self._asleep = True
            self._attempt = 0
            self._act(f"{gap.text if gap.host else 'the guardian ' + gap.text}: nothing was watched meanwhile")
        self._contactor.tick()
        if _INPUT not in ready and (ready or os.getppid() != self._rig_pid):
            return False  # the rig is gone; a child that it forked may hold its end of the pipe
        if ready:
            received = self._receive()
            if not received:
                return False
            self._hear(received)
        now_s = time.monotonic()
        if now_s >= self._off_by_s:
            self._off_by_s = math.inf
            shut = [recipe for recipe in self._recipes if takes_one_client(recipe)]
            if len(shut) < len(self._recipes):
                self._act("the rig did not get the outputs off, or an answer from the source, in time", but=shut)
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
        look_s = time.monotonic() + LOOK_EVERY_S if self._is_armed else math.inf
        next_s = min(hang_s, self._off_by_s, self._again_s, self._contactor.due_s, look_s)
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
            message = json.loads(line)
            self._obey(message)
            if message["do"] != "beat":
                self._waking.go_on()  # it may have taken long: libraries were loaded, instruments waited for
        # The time that obeying took is not the rig's silence.
        self._heard_s = time.monotonic()

    def _obey(self, message: dict[str, Any]) -> None:
        match message["do"]:
            case "beat":
                self._say({"beat": message["number"]})
            case "know":
                self._know(message)
            case "arm":
                self._know(message)
                self._is_armed = True
                note(__name__, "armed: %d sources", len(self._recipes))
                self._opening.remove(OFF_ELSEWHERE)
                self._hold_note(message["recipes"])
                self._say({"armed": len(self._recipes)})
            case "disarm":
                self._is_armed = False
                note(__name__, "disarmed")
                self._note.clear()
                self._off_by_s = self._again_s = math.inf
                self._say({"disarmed": True, "contactor_problem": self._contactor.open()})
            case "contactor":
                self._say({"contactor": self._contactor.obey(message)})
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

    def _know(self, message: dict[str, Any]) -> None:
        """Take what switching off will need, now, while there is enough of it."""
        recipes = tuple(recipe_from_json(recipe) for recipe in message["recipes"])
        self._launched = dict(message.get("launched") or self._launched)
        if recipes != self._recipes:
            self._reserve.close()
            self._reserve = Reserve(recipes)
            lock_memory()

    def _hold_note(self, recipes: list[dict[str, Any]]) -> None:
        """Keep what the state folder says of this opening, for ``rig off`` after that folder has been deleted."""
        processes = {**marked_process("guardian_pid", os.getpid()), **marked_process("pid", self._rig_pid)}
        kept = {"bench": self._opening.bench, **processes, **self._launched, **self._opening.note(RECIPES)}
        self._note.write({**kept, "recipes": recipes})

    def _act(self, reason: str, *, but: Sequence[SafeOff] = ()) -> bool:
        """Switch off once, all ``but`` those; plan the next attempt where that is not confirmed. Note each try.

        Between attempts no command goes to a source whose own watchdog is armed, for longer than its delay: each
        command feeds that watchdog, and the watchdog may succeed where no command does.
        """
        self._attempt += 1
        if self._attempt > _QUICK_ATTEMPTS and self._attempt % _RESOLVE_EVERY == 0:
            self._reserve.resolve_again()
        self._contactor.let_go()
        results = self._switch_off(but)
        contactor = self._contactor.opened()
        confirmed = all(result.confirmed for result in results)
        if confirmed:
            self._again_s = math.inf
            attempt, self._attempt = self._attempt, 0
        else:
            attempt = self._attempt
            self._again_s = time.monotonic() + self._pause_s()
        entry = self._write_down(reason, results, {"attempt": attempt, "confirmed": confirmed, **contactor})
        level = "warning" if confirmed else "error"
        note(__name__, "switched off, attempt %d: %s; confirmed: %s", attempt, reason, confirmed, level=level)
        self._say({"acted": entry})
        self._waking.go_on()
        return confirmed

    def _switch_off(self, but: Sequence[SafeOff]) -> list[SafeOffResult]:
        """Switch off once; an error that is not foreseen is a failed attempt, as are others: it is made again."""
        try:
            return self._reserve.switch_off(but=but)
        except Exception as error:  # noqa: BLE001 - no memory, no descriptor: the next attempt may have it
            said = f"the attempt failed ({error!r})"
            return [SafeOffResult(recipe.resource, False, said) for recipe in self._recipes if recipe not in but]

    def _pause_s(self) -> float:
        """How long nothing is said after an attempt: ever longer, and long enough for a watchdog to trip."""
        slow = max(0, self._attempt - _QUICK_ATTEMPTS)
        pause_s = min(_LONGEST_PAUSE_S, _PAUSE_S * _SLOWER ** min(slow, 20))
        delays_s = [recipe.watchdog_s for recipe in self._recipes if recipe.watchdog_s is not None]
        return max([pause_s, *(_STARVING * delay_s for delay_s in delays_s)])

    def _act_alone(self, reason: str, attempts: int | None = None) -> None:
        """Repeat until off is confirmed, since no other process will. ``attempts``: at most so many.

        It ends too when another process has had it confirmed, or when the launched process is gone that had the
        sources: then there is nothing left that could be on, or be reached.
        """
        for descriptor in self._held:
            name_this_process(descriptor, self._opening.bench)
        self._attempt = 0
        self._opening.remove(OFF_ELSEWHERE)
        while not self._act(reason):
            # It may be at it for days: a command that reads what the rig printed must not wait for this process.
            os.dup2(self._nowhere, _ERRORS)
            if attempts is not None and self._attempt >= attempts:
                return
            if (end := self._ended_meanwhile()) is not None:
                self._attempt = 0
                self._write_down(end, [], {"confirmed": end == _CONFIRMED_ELSEWHERE})
                break
        self._opening.remove(RECIPES, ENDPOINTS, LAUNCHED_LOG, HOLDER, OFF_ELSEWHERE)

    def _ended_meanwhile(self) -> str | None:
        """Wait for the next attempt; say why there need be none, None where there need be one."""
        while (left_s := self._again_s - time.monotonic()) > 0.0:
            if self._opening.file(OFF_ELSEWHERE).exists():
                return _CONFIRMED_ELSEWHERE
            if self._launched and not process_lives(self._launched, "launched_pid"):
                return _SOURCES_GONE
            time.sleep(min(_LOOK_S, left_s))
        return None

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
        entry = new_entry(
            reason,
            self._run,
            "guardian",
            monotonic_s=time.monotonic(),
            bench=self._opening.bench,
            opening=self._opening.id,
            guardian_pid=os.getpid(),
            rig_pid=self._rig_pid,
            results=[result.as_dict() for result in results],
        )
        entry |= more
        try:
            self._append(entry)
        except OSError as error:
            entry["journal_error"] = str(error)
        return entry

    def _append(self, entry: dict[str, Any]) -> None:
        """Write an entry; attempts after the first take two slots in turn, so that a day of them displaces no other."""
        if entry.get("confirmed") is True or entry.get("attempt", 1) <= 1:
            self._repeats.clear()
            self._journal.append(entry)
        elif len(self._repeats) < _REPEATS:
            self._repeats.append(self._journal.append(entry))
        else:
            self._repeats.append(self._repeats.pop(0))
            self._journal.rewrite(self._repeats[-1], entry)

    @staticmethod
    def _say(message: dict[str, Any]) -> None:
        # A rig that is gone or does not read must not stop the guardian: the pipe does not block, its end is ignored.
        with contextlib.suppress(OSError):
            os.write(_OUTPUT, json.dumps(message, separators=(",", ":")).encode() + b"\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run as a process; prints ``{"ready": pid}`` first, or why it cannot.

    ``{"no_room": text}``: there is no room for its journal.
    """
    parser = argparse.ArgumentParser(prog="rig.safety.guardian.process", description=__doc__)
    parser.add_argument("--bench", required=True)
    parser.add_argument("--opening", required=True)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--hang-s", type=float, required=True)
    options = parser.parse_args(arguments)
    for number in signal.valid_signals() - _NOT_IGNORED:
        signal.signal(number, signal.SIG_IGN)  # from a terminal, from a limit, or meant for another process
    os.set_blocking(_OUTPUT, False)
    opening = Opening(options.bench, options.opening, options.state)
    try:
        make_journal(opening.file(JOURNAL))
    except OSError as error:
        no_room = f"{opening.file(JOURNAL)}: {error.strerror}"
        os.write(_OUTPUT, json.dumps({"no_room": no_room}).encode() + b"\n")
        return 1
    log_as("guardian", never_waits=True)
    guardian = Guardian(opening, options.hang_s)
    note(__name__, "guards bench %s for process %s", opening.bench, os.getppid())
    lock_memory()
    os.write(_OUTPUT, json.dumps({"ready": os.getpid()}).encode() + b"\n")
    guardian.watch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
