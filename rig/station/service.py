"""The station service: one run at a time, started by a scan, stopped by a button, found again after a restart."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.errors import RigError
from rig.records.attempts.attempts import AttemptRecord
from rig.safety.state import read_json, write_json
from rig.station.event_tail import EventTail
from rig.station.outputs import OffWatch, is_off_by
from rig.station.panel_watch import PanelWatch
from rig.station.phase import Phase
from rig.station.run_process import RunProcess, last_line
from rig.station.run_socket import ask_run
from rig.station.run_view import RunView
from rig.station.scan import any_serial_number
from rig.station.settings import StationSettings

STATE_FILE = "station.json"
DURATIONS_FILE = "durations.json"
EVENTS_FILE = "events.jsonl"

TYPED = ("read_value", "scan")
"""Kinds of prompts whose answer is typed or scanned."""

_LEAST_SCAN = 8
"""Digits alone of this number or more are no value with a unit: a scanner was used while a value was asked for."""

_DOUBLE_READ_S = 2.0
_HANGS_S = 20.0


@dataclass(frozen=True)
class Message:
    """One sentence for the operator about the last entry; ``number`` counts them."""

    number: int
    is_good: bool
    text: str


@dataclass
class PresentRun:
    """The run that the station shows: its process, folder and what was scanned, by position."""

    process: RunProcess
    folder: Path
    scanned: dict[str, str]
    began_s: float
    view: RunView = field(default_factory=RunView)
    is_pausing: bool = False
    tail: EventTail = field(init=False)

    def __post_init__(self) -> None:
        self.tail = EventTail(self.folder / EVENTS_FILE)


class Station:
    """Starts, follows and stops runs. ``tick`` is called ten times a second; nothing here waits.

    What it shows it knows from the run's events and its process alone, so that a service that is started again shows
    the same. ``serial_number_of``: reads what was scanned, and raises RigError.
    ``note_attempt`` records what was scanned and became no run. ``panel``: of emulated meters. ``wall_s``: seconds
    since 1970.
    """

    def __init__(
        self,
        settings: StationSettings,
        *,
        serial_number_of: Callable[[str], str] = any_serial_number,
        note_attempt: Callable[[AttemptRecord], None] = lambda _attempt: None,
        panel: PanelWatch | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.panel = panel
        self._serial_number_of = serial_number_of
        self._note_attempt = note_attempt
        self.run: PresentRun | None = None
        self.filling: dict[str, str] = {}
        self.message = Message(0, True, "")
        self.off: OffWatch | None = None
        self._wall_s = wall_s
        self._scanned_s: dict[str, float] = {}
        self._next: dict[str, str] | None = None
        self._durations = dict(read_json(settings.folder / DURATIONS_FILE) or {})
        settings.folder.mkdir(parents=True, exist_ok=True)
        self._find_again()

    # --- what it shows

    @property
    def view(self) -> RunView:
        """What the events say of the present run; of none before the first."""
        return self.run.view if self.run is not None else RunView()

    @property
    def lives(self) -> bool:
        """Whether the process of a run lives."""
        return self.run is not None and self.run.process.lives

    @property
    def phase(self) -> Phase:
        """What the station does now."""
        lives, view = self.lives, self.view
        if self.off is not None and not self.off.is_confirmed(view, lives=lives):
            return Phase.NOT_STOPPED if self.off.is_late(view, lives=lives) else Phase.STOPPING
        if self.filling:
            return Phase.FILLING
        if self.run is None:
            return Phase.STOPPED if self.off is not None else Phase.IDLE
        if view.has_ended:
            return self._verdict
        if lives:
            return self._of_living(view)
        if self.off is None and _may_have_left_on(view):
            return Phase.STOPPING  # until the next round
        if self.was_stopped:
            return Phase.STOPPED
        return Phase.BROKEN if view.run_id else Phase.REFUSED

    def _of_living(self, view: RunView) -> Phase:
        if self.was_stopped:
            return Phase.STOPPING
        if view.is_paused:
            return Phase.PAUSED
        if view.prompt is not None:
            return Phase.PROMPT
        if self.run is not None and self.run.is_pausing:
            return Phase.PAUSING
        return Phase.RUNNING if view.events else Phase.STARTING

    @property
    def _verdict(self) -> Phase:
        if self.view.passed and not self.is_of_another_meter:
            return Phase.PASSED
        if self.view.failed:
            return Phase.FAILED
        return Phase.STOPPED if self.was_stopped else Phase.NO_VERDICT

    @property
    def is_of_another_meter(self) -> bool:
        """Whether the meter that was found has another serial number than the one that was scanned."""
        found = self.view.serial_number
        return bool(self.run and found and len(self.run.scanned) == 1 and found not in self.run.scanned.values())

    @property
    def was_stopped(self) -> bool:
        """Whether the operator has stopped this run."""
        return self.off is not None and self.off.by_operator

    @property
    def is_safe_to_open(self) -> bool:
        """Whether the analyzer has seen the outputs off, and nothing will switch them on before the next entry."""
        view = self.view
        waits = not self.lives or view.is_paused or view.has_ended
        seen = self.off.by_analyzer(view) if self.off is not None else view.off_by_analyzer
        return waits and seen and self.phase not in (Phase.STOPPING, Phase.NOT_STOPPED)

    @property
    def next_position(self) -> str | None:
        """The position whose serial number is scanned next; None where all have theirs."""
        return next((each for each in self.settings.used if each not in self.filling), None)

    @property
    def expected_s(self) -> float | None:
        """How long the last run of this product took that came to its end; None where there was none."""
        found = self._durations.get(self.settings.product or self.settings.bench)
        return float(found) if isinstance(found, int | float) else None

    @property
    def said_at_the_end(self) -> str:
        """Why a run did not begin or ended without verdict, in its own words."""
        if self.run is None:
            return ""
        return self.view.why or last_line(self.run.folder)

    # --- what the operator does

    def enter(self, text: str) -> bool:
        """Take what was scanned or typed: the answer to a prompt that asks for a value, else a serial number."""
        given = text.strip()
        if not given:
            return True  # the second half of CR LF
        prompt = self.view.prompt if self.lives else None
        if prompt is not None and str(prompt.get("kind")).lower() in TYPED:
            return self._answer_typed(prompt, given)
        try:
            serial_number = self._serial_number_of(text)
        except RigError as refused:
            return self._refuse(text.strip(), f"Not started: {refused}.")
        return self._take_serial_number(serial_number)

    def _answer_typed(self, prompt: Mapping[str, Any], given: str) -> bool:
        wants_number = str(prompt.get("kind")).lower() == "scan" or "SN" in str(prompt.get("screen", "")).split()
        if not wants_number and given.isdigit() and len(given) >= _LEAST_SCAN:
            return self._say(f"{given} looks like a scanned number. Type what the display shows.", good=False)
        return self.answer(str(prompt.get("prompt_id", "")), given, confirmed=True)

    def _take_serial_number(self, serial_number: str) -> bool:
        before_s, now_s = self._scanned_s.get(serial_number, 0.0), self._wall_s()
        self._scanned_s = {serial_number: now_s}
        if self.phase in (Phase.STOPPING, Phase.NOT_STOPPED):
            why = "Not started: the outputs are not confirmed off yet. Scan again afterwards."
            return self._refuse(serial_number, why)
        at_work = {} if self.run is None else self.run.scanned
        known = {*at_work.values(), *self.filling.values(), *(self._next or {}).values()}
        if serial_number in known and now_s - before_s < _DOUBLE_READ_S:
            return True  # the scanner has read it twice
        if self.lives and not self.view.has_ended:
            if serial_number in at_work.values():
                return self._say(f"{serial_number} is being tested already.", good=True)
            numbers = ", ".join(at_work.values())
            why = f"Station busy: {numbers} is being tested. Scan {serial_number} afterwards."
            return self._refuse(serial_number, why)
        if serial_number in self.filling.values() or (self._next and serial_number in self._next.values()):
            return self._say(f"{serial_number} is at a position already. Scan the next meter.", good=False)
        position = self.next_position
        if position is None:
            return self._say("All positions have a meter already.", good=False)
        if not self.filling:
            self.off = None
        self.filling[position] = serial_number
        if self.next_position is None:
            return self.start()
        return self._say(f"{serial_number} is at position {position}.", good=True)

    def _refuse(self, scanned: str, why: str) -> bool:
        station, product = self.settings.name, self.settings.product
        attempt = AttemptRecord(station=station, scanned=scanned[:200], reason=why, kind="eol", product=product)
        self._note_attempt(attempt)
        return self._say(why, good=False)

    def start(self) -> bool:
        """Start the run with what has been scanned; positions without a serial number are left out."""
        if not self.filling:
            return self._say("Scan a serial number first.", good=False)
        chosen, self.filling = self.filling, {}
        if self.lives:  # the process of the last run is about to end
            self._next = chosen
            return self._say("Starting as soon as the last run has closed its files.", good=True)
        return self._start(chosen)

    def clear(self) -> bool:
        """Forget the serial numbers that were scanned for a run that has not been started."""
        self.filling = {}
        return self._say("Cleared. Scan the first serial number.", good=True)

    def stop(self) -> None:
        """Switch the outputs off: end the run by SIGTERM, and have ``rig off`` do it too, at once."""
        self.filling, self._next = {}, None
        if self.off is not None and self.off.by_operator and not self._is_off:
            return  # asked for already, and on its way
        if self.run is not None:
            self.run.process.end()
        self.off = OffWatch(self._off_command, self._wall_s(), by_operator=True, wall_s=self._wall_s)
        self._note()
        self._say("Outputs off was asked for.", good=True)

    def answer(self, prompt_id: str, text: str, *, confirmed: bool) -> bool:
        """Hand an answer to the run; False where it does not take it."""
        return self._ask({"answer": {"prompt_id": prompt_id, "text": text, "confirmed": confirmed}}, "")

    def pause(self, *, paused: bool) -> bool:
        """Ask the run to switch off and wait, or to go on."""
        said = "Pause was asked for: outputs go off after the present step." if paused else "Going on."
        taken = self._ask({"pause": paused}, said)
        if taken and self.run is not None:
            self.run.is_pausing = paused
        return taken

    def _ask(self, request: Mapping[str, Any], said: str) -> bool:
        if not self.lives or not self.view.socket:
            return self._say("The run takes no answers now.", good=False)
        problem = ask_run(self.view.socket, request)
        return self._say(problem or said, good=not problem)

    # --- what happens by itself

    def tick(self) -> None:
        """Read new events, look after the process, and go on with what is under way."""
        if self.off is not None:
            self.off.look()
        if self.panel is not None:
            prompt = self.view.prompt if self.lives else None
            self.panel.look_at(None if prompt is None else str(prompt.get("position", "")))
        if self.run is None:
            return
        lives = self.run.process.lives  # before the events: after its end there are no more
        had_ended = self.run.view.has_ended
        for event in self.run.tail.new():
            self.run.view.take(event)
        if self.run.view.has_ended and not had_ended:
            self._learn_duration(self.run)
            self.message = Message(self.message.number + 1, True, "")
        if not lives:
            self._look_after_ended(self.run)
        elif self.was_stopped and self._is_off and self.off and self._wall_s() - self.off.asked_s > _HANGS_S:
            self.run.process.end(signal.SIGKILL)  # off is confirmed; a run that hangs would keep the station

    def _look_after_ended(self, run: PresentRun) -> None:
        if self.off is None and _may_have_left_on(run.view):
            self.off = OffWatch(self._off_command, self._wall_s(), by_operator=False, wall_s=self._wall_s)
        if self._next is not None:
            chosen, self._next = self._next, None
            self._start(chosen)

    @property
    def _is_off(self) -> bool:
        return self.off is not None and self.off.is_confirmed(self.view, lives=self.lives)

    @property
    def _off_command(self) -> tuple[str, ...]:
        return (*self.settings.off_command, "--bench", self.settings.bench)

    def _start(self, scanned: dict[str, str]) -> bool:
        began_s = self._wall_s()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(began_s)) + f"-{int(began_s * 1000) % 1000:03d}"
        folder = self.settings.folder.resolve() / "runs" / stamp
        try:
            folder.mkdir(parents=True)
            process = RunProcess.start(self._command(folder, scanned), folder)
        except OSError as error:
            return self._say(f"The run could not be started ({error.strerror}). Call the engineer.", good=False)
        self.run, self.off = PresentRun(process, folder, scanned, began_s), None
        self._note()
        what = next(iter(scanned.values())) if len(scanned) == 1 else f"{len(scanned)} meters"
        return self._say(f"{what}: started.", good=True)

    def _command(self, folder: Path, scanned: Mapping[str, str]) -> list[str]:
        chosen = self.settings
        words = [*chosen.run_command, "--bench", chosen.bench, "--out", str(folder), "--station", chosen.name]
        words += ["--records", chosen.records] if chosen.records else []
        words += ["--unprotected"] if chosen.unprotected else []
        if chosen.product:
            words += ["--product", chosen.product, "--operator-by", "station"]
            words += [word for at, number in scanned.items() for word in ("--serial-number", f"{at}={number}")]
            words += [word for at in chosen.positions if at not in scanned for word in ("--mask", at)]
            words += ["--lot", chosen.lot] if chosen.lot else []
        return words

    def _say(self, text: str, *, good: bool) -> bool:
        if text:
            self.message = Message(self.message.number + 1, good, text)
        return good

    # --- across restarts

    def _note(self) -> None:
        if self.run is None:
            return
        note = {
            **self.run.process.note,
            "folder": str(self.run.folder),
            "scanned": self.run.scanned,
            "began_s": self.run.began_s,
            "stop_s": self.off.asked_s if self.off is not None and self.off.by_operator else None,
        }
        try:
            write_json(self.settings.folder / STATE_FILE, note, to_disk=True)
        except OSError as error:
            self._say(f"The station's state cannot be written ({error.strerror}). Call the engineer.", good=False)

    def _find_again(self) -> None:
        """Take over the run that an earlier service started, whether it goes on or has ended."""
        note = read_json(self.settings.folder / STATE_FILE)
        if note is None or not isinstance(note.get("folder"), str) or not isinstance(note.get("scanned"), dict):
            return
        scanned = {str(at): str(number) for at, number in note["scanned"].items()}
        began_s = note.get("began_s")
        began_s = float(began_s) if isinstance(began_s, int | float) else 0.0
        self.run = PresentRun(RunProcess(note), Path(note["folder"]), scanned, began_s)
        for event in self.run.tail.new():
            self.run.view.take(event)
        stop_s = note.get("stop_s")
        if isinstance(stop_s, int | float):
            self.run.process.end()
            self.off = OffWatch(self._off_command, float(stop_s), by_operator=True, wall_s=self._wall_s)

    def _learn_duration(self, run: PresentRun) -> None:
        if not run.view.passed:
            return
        self._durations[self.settings.product or self.settings.bench] = round(self._wall_s() - run.began_s, 1)
        with contextlib.suppress(OSError):
            (self.settings.folder / DURATIONS_FILE).write_text(json.dumps(self._durations), encoding="utf-8")


def _may_have_left_on(view: RunView) -> bool:
    """Whether a run whose process has ended may have left outputs on; one that never began had another one's bench."""
    return (bool(view.run_id) or view.was_energised) and not is_off_by(view)
