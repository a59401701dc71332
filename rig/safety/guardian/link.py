"""The rig's side of the guardian: starts it, arms it, tells it of progress, and watches it in turn."""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from drivers.source.base import SafeOff
from rig.errors import BenchFault
from rig.safety.errors import GuardianActed, GuardianLost, RigSlept
from rig.safety.guardian.journal import append_entry, new_entry
from rig.safety.guardian.process_end import close_in_forked_children
from rig.safety.guardian.suspension import Gap, Waking
from rig.safety.state import JOURNAL, Opening, marked_process
from rig.safety.switching_off.raw_off import Reserve, SafeOffResult, recipe_to_json, takes_one_client

HANG_S = 2.5
"""Wall seconds without any progress, while armed, after which the guardian takes the rig for hung."""

_BEAT_EVERY_S = 0.1
_ANSWER_S = 5.0
_START_S = 15.0
_ROOT = Path(__file__).resolve().parents[3]


class GuardianLink:
    """A running guardian. ``beat`` is the hook for everything that makes progress; it is cheap and may raise.

    While armed, a beat raises GuardianLost if the guardian is gone or silent (after switching the outputs off from
    here), and GuardianActed if the guardian has switched them off. Safe to use from several threads; but only the
    thread that armed makes progress: the beats of any other count for nothing, since they would go on when that hangs.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], channel: socket.socket, journal: Path, hang_s: float = HANG_S
    ) -> None:
        assert process.stdout is not None
        self._process = process
        self._journal = journal
        self._channel = channel
        self._output = process.stdout.fileno()
        channel.setblocking(False)
        os.set_blocking(self._output, False)
        self._lock = threading.RLock()
        self._reserve = Reserve(())
        self._armed = False
        self._worker: int | None = None
        self._quiet = 0
        self._received = b""
        self._replies: list[dict[str, Any]] = []
        self._run_id: str | None = None
        self._acted: dict[str, Any] | None = None
        self._lost: GuardianLost | None = None
        self._number = 0
        self._answered = 0
        self._sent_s = 0.0
        self._waiting_since_s: float | None = None
        self._closed = False
        self._waking = Waking(hang_s)
        self._slept: str | None = None
        self._pid = os.getpid()
        close_in_forked_children(self)

    @classmethod
    def start(cls, opening: Opening, *, hang_s: float = HANG_S, inherit: Iterable[int] = ()) -> GuardianLink:
        """Start the guardian of ``opening`` and wait until it is ready; it keeps the descriptors of ``inherit`` open.

        Raises BenchFault when it does not start or has no room for its journal.
        """
        argv = [
            sys.executable, "-m", "rig.safety.guardian.process",
            "--bench", opening.bench,
            "--opening", opening.id,
            "--state", str(opening.folder),
            "--hang-s", str(hang_s),
        ]  # fmt: skip
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                argv,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                start_new_session=True,
                pass_fds=tuple(inherit),
                # The package is found from any working directory, and no module of that directory shadows it.
                env={**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"},
            )
        link = cls(process, ours, opening.file(JOURNAL), hang_s)
        try:
            reply = link._wait_for(("ready", "no_room"), _START_S)
            if reply is None:
                raise BenchFault(
                    f"the guardian process did not start (exit status {process.poll()}); see its messages above"
                )
            if "no_room" in reply:
                raise BenchFault(f"there is no room for the guardian's journal ({reply['no_room']}); free some disk")
        except BaseException:
            link.close()
            raise
        return link

    @property
    def pid(self) -> int:
        """Process id of the guardian."""
        return self._process.pid

    @property
    def armed(self) -> bool:
        """Whether the guardian guards anything at the moment."""
        return self._armed

    def alive(self) -> bool:
        """Whether the guardian process exists and answers."""
        with self._lock:
            return self._what_is_wrong() is None

    @property
    def is_watching(self) -> bool:
        """Whether outputs may be on and are not being switched off yet: armed, and not ``quietly``."""
        return self._armed and not self._quiet

    def name_run(self, run_id: str) -> None:
        """Have the journal name this run."""
        with self._lock:
            self._run_id = run_id
            self._send({"do": "run", "id": run_id})

    def inherit_later(self, descriptor: int) -> bool:
        """Have the guardian hold a descriptor open until it ends, as those given to ``start``.

        The caller keeps its own. Returns whether the guardian has it: not where it is gone, or where descriptors
        cannot be passed on.
        """
        if not hasattr(socket, "send_fds"):
            return False
        with self._lock:
            if self._closed:
                return False
            try:
                socket.send_fds(self._channel, [_line_of({"do": "hold"})], [descriptor])
            except OSError:
                return False
            return self._wait_for(("held",), _ANSWER_S) is not None

    def know(self, recipes: Iterable[SafeOff], launched_pid: int | None = None) -> None:
        """Tell how the bench's sources are switched off: done once more, and written down, if the rig dies unarmed.

        ``launched_pid``: the process that brought the sources, if one was launched: when it is gone they are.
        """
        launched = None if launched_pid is None else marked_process("launched_pid", launched_pid)
        with self._lock:
            recipes = self._take_reserve(recipes)
            self._send({"do": "know", "recipes": [recipe_to_json(recipe) for recipe in recipes], "launched": launched})

    def note(self, reason: str, *, confirmed: bool) -> bool:
        """Have it written into the journal that the rig itself switched off; False where that failed.

        For a rig that cannot write its own record any more: the journal has its room already. Written from here if
        the guardian is gone.
        """
        with self._lock:
            self._send({"do": "note", "reason": reason, "confirmed": confirmed})
            if self._what_is_wrong() is None and self._wait_for(("noted",), _ANSWER_S) is not None:
                return True
            entry = new_entry(reason, self._run_id, "rig", confirmed=confirmed, results=[])
            try:
                append_entry(self._journal, entry)
            except OSError:
                return False
            return True

    def arm(self, recipes: Iterable[SafeOff]) -> None:
        """Hand over how to switch off, before anything is switched on; raises GuardianLost if it does not confirm."""
        with self._lock:
            recipes = self._take_reserve(recipes)
            self._acted = None
            self._send({"do": "arm", "recipes": [recipe_to_json(recipe) for recipe in recipes]})
            if self._wait_for(("armed",), _ANSWER_S) is None:
                raise GuardianLost(self._what_is_wrong() or "does not answer", "nothing has been switched on")
            self._armed = True
            self._worker = threading.get_ident()
            self._waiting_since_s = None
            self._waking.restart()

    def disarm(self) -> None:
        """Tell the guardian that the outputs are off and verified; skip a guardian that has ended."""
        with self._lock:
            self._armed = False
            self._acted = self._lost = self._slept = None
            self._send({"do": "disarm"})
            self._wait_for(("disarmed",), _ANSWER_S)

    def beat(self) -> None:
        """Say that the rig made progress (a transaction done, a slice of time spent)."""
        with self._lock:
            if not self._armed or threading.get_ident() != self._worker:
                return
            self._take_replies()
            now_s = time.monotonic()
            if (gap := self._waking.look()) is not None:
                self._after_a_gap(gap)
            if now_s - self._sent_s >= _BEAT_EVERY_S:
                self._sent_s = now_s
                self._number += 1
                self._send({"do": "beat", "number": self._number})
                if self._waiting_since_s is None:
                    self._waiting_since_s = now_s
            wrong = self._what_is_wrong()
            if wrong is not None and self._lost is None:
                results = self._reserve.switch_off()
                self._lost = GuardianLost(wrong, _said_of(results))
            if self._quiet:
                return
            if self._lost is not None:
                raise self._lost
            if self._acted is not None:
                raise GuardianActed(str(self._acted["reason"]))

    def ask(self, message: Mapping[str, Any], answer: str) -> Any:  # Any: JSON
        """Say something and return what the guardian answers under the name ``answer``; raises GuardianLost."""
        with self._lock:
            self._send(message)
            if (reply := self._wait_for((answer,), _ANSWER_S)) is None:
                raise GuardianLost(self._what_is_wrong() or "does not answer", f"it did not do {message['do']!r}")
            return reply[answer]

    def switch_off(self, reason: str) -> list[SafeOffResult]:
        """Have the guardian switch everything off now, without ramp; done from here if it is gone. Never raises."""
        with self._lock:
            if not self._reserve.recipes:
                return []
            self._take_replies()
            self._replies = [reply for reply in self._replies if "acted" not in reply]
            self._send({"do": "switch_off", "reason": reason})
            reply = self._wait_for(("acted",), _ANSWER_S) if self._what_is_wrong() is None else None
            if reply is None:
                return self._reserve.switch_off()
            return [SafeOffResult(**result) for result in reply["acted"]["results"]]

    def off_by(self, within_s: float | None) -> None:
        """Have the guardian switch off after so many seconds, unless None or ``disarm`` comes first."""
        with self._lock:
            if self._armed:
                self._send({"do": "off_by", "within_s": within_s})

    def trouble(self) -> str | None:
        """Say what is wrong with the guardian, or what it had to do; None where all is well."""
        with self._lock:
            self._take_replies()
            if self._acted is not None:
                return f"the guardian has switched the outputs off: {self._acted['reason']}"
            if self._slept is not None:
                return f"{self._slept} on the way down"
            wrong = self._what_is_wrong()
            return None if wrong is None else f"the guardian process {wrong}"

    @contextlib.contextmanager
    def quietly(self) -> Iterator[None]:
        """Within this context a beat raises nothing: what switches off must not be interrupted by bad news."""
        with self._lock:
            self._quiet += 1
        try:
            yield
        finally:
            with self._lock:
                self._quiet -= 1

    def close(self) -> None:
        """Let the guardian go; if it is still armed it switches off first. May be called twice."""
        with self._lock:
            if self._closed:
                return
            if not self._armed:
                self._send({"do": "end"})
            self._closed = True
            self._armed = False
            self._channel.close()
            self._reserve.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                # An armed guardian that cannot confirm goes on trying, without us.
                self._process.wait(timeout=_ANSWER_S)
            if self._process.stdout is not None:
                self._process.stdout.close()

    def leave_to_the_parent(self) -> None:
        """Close the pipes in a forked child, so that the guardian sees the rig's end; send nothing from then on."""
        self._lock = threading.RLock()  # its owner may be a thread that does not exist here
        self._closed, self._armed = True, False
        self._channel.close()
        self._reserve.close()

    def _take_reserve(self, recipes: Iterable[SafeOff]) -> tuple[SafeOff, ...]:
        """Take what this process will need to switch off itself, should the guardian be gone."""
        wanted = tuple(recipes)
        if wanted != self._reserve.recipes:
            self._reserve.close()
            self._reserve = Reserve(wanted)
        return wanted

    def _after_a_gap(self, gap: Gap) -> None:
        """Switch off before anything else, unless that is what is being done or the guardian already has."""
        self._waiting_since_s = None  # the guardian may have slept as well
        what = gap.text if gap.host else f"the rig {gap.text}"
        if self._quiet or self._acted is not None:
            self._slept = self._slept or what
            return
        # One that takes a single client goes off over the connection that this process has.
        results = self._reserve.switch_off(but=[one for one in self._reserve.recipes if takes_one_client(one)])
        confirmed = bool(results) and all(result.confirmed for result in results)
        self._send({"do": "note", "reason": f"{what}; the rig switched off on waking", "confirmed": confirmed})
        raise RigSlept(what, _said_of(results) if results else "they go off now")

    def _what_is_wrong(self) -> str | None:
        if self._closed:
            return "has been let go"
        if self._process.poll() is not None:
            return f"has ended (status {self._process.returncode})"
        waiting_s = 0.0 if self._waiting_since_s is None else time.monotonic() - self._waiting_since_s
        return f"has not answered for {waiting_s:.0f} s" if waiting_s > _ANSWER_S else None

    def _send(self, message: Mapping[str, Any]) -> None:
        if self._closed or os.getpid() != self._pid:
            return  # a child that a library forked, without Python's hooks, says nothing either
        # A full or broken pipe is a guardian that is stuck or gone; ``_what_is_wrong`` is where that is noticed.
        with contextlib.suppress(OSError):
            self._channel.send(_line_of(message))

    def _take_replies(self) -> None:
        while not self._closed:
            try:
                part = os.read(self._output, 65536)
            except (BlockingIOError, ValueError):
                break
            if not part:
                break
            self._received += part
        *lines, self._received = self._received.split(b"\n")
        for line in lines:
            reply = json.loads(line)
            if "beat" in reply:
                self._answered = reply["beat"]
                self._waiting_since_s = None if self._answered == self._number else time.monotonic()
            else:
                if "acted" in reply:
                    self._acted = self._acted or reply["acted"]  # the first reason is the cause
                self._replies.append(reply)

    def _wait_for(self, names: tuple[str, ...], timeout_s: float) -> dict[str, Any] | None:
        give_up_s = time.monotonic() + timeout_s
        while True:
            self._take_replies()
            for index, reply in enumerate(self._replies):
                if any(name in reply for name in names):
                    return self._replies.pop(index)
            left_s = give_up_s - time.monotonic()
            if left_s <= 0 or self._closed or (self._process.poll() is not None and not self._more_to_read()):
                return None
            select.select([self._output], [], [], min(left_s, 0.25))

    def _more_to_read(self) -> bool:
        before = len(self._replies)
        self._take_replies()
        return len(self._replies) > before


def _line_of(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def _said_of(results: list[SafeOffResult]) -> str:
    if results and all(result.confirmed for result in results):
        return "the rig has switched the outputs off and the source confirms it"
    details = "; ".join(f"{result.resource}: {result.details}" for result in results)
    return f"the rig could NOT confirm that the outputs are off: {details}"
