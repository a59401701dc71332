"""One pytest session as a run of the rig: its folder, its outcome, its exit code."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.errors import RigError
from rig.errors import SafeStateNotConfirmed, UsageRefused
from rig.exit_codes import ExitCode, exit_code_of, exit_code_of_run
from rig.metrology.outcome import Outcome, worst
from rig.run.folder import claim, folder_for, release
from rig.safety.errors import SafetyInputOpen
from rig.safety.watch.alarm import LIVE

if TYPE_CHECKING:
    from drivers.meter import MeterBus


@dataclass
class RunOptions:
    """What the command line asks for."""

    bench: str
    out: Path | None
    records: str | None
    operator: str
    station: str
    allow_reset: bool
    max_points: int | None
    suite: str
    longest_h: float = 1.0
    unprotected: bool = False
    longest_gate_h: float = 1.0
    position: str | None = None
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The id that the record will have; folder names are unique by it."""


@dataclass
class RunSession:
    """Collects what the tests of one session found; the plugin turns it into exit code, record and reports."""

    options: RunOptions
    outcomes: list[Outcome] = field(default_factory=list)
    codes: list[ExitCode] = field(default_factory=list)
    finishers: list[Callable[[Outcome, ExitCode], None]] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    listeners: list[Callable[[str], None]] = field(default_factory=list)
    warn: Callable[[str], None] = lambda _line: None
    """Shows a line where nothing else listens, such as pytest's own reporter: only what must be seen at once."""
    stopped_by: str | None = None
    """What ended the run before its end: an operator's stop, a bench that failed, or an unknown error."""
    switch_off: Callable[[str], bool] = lambda _reason: False
    """Switches off at once where anything may be on, so that nothing more is energised; whether there was anything."""
    asks_a_meter: bool = False
    questions_in_all: int = 0
    """Questions that were collected, before any were left out."""
    cited: str = ""
    """The source that the question asked now cites, such as "manual page 22"."""
    run_id: str | None = None
    has_record: bool = False
    """Whether a record was begun, even where the run never came to its first measurement."""
    allure_folder: Path | None = None
    """Where the Allure results go, None where there are none."""
    bus: MeterBus | None = None
    """The bus of this run, from when it is open; a closed one still tells its last frames."""
    note_event: Callable[..., None] = lambda *_words: None
    """Adds an event (kind, text, severity, data) to the run's record, where there is one."""

    def __post_init__(self) -> None:
        self.started_utc = dt.datetime.now(dt.UTC)
        self.process_id = os.getpid()

    def refuse_other_process(self) -> None:
        """Raise UsageRefused in a process that a plugin forked: the bench, its record and its end are not here."""
        if os.getpid() != self.process_id:
            raise UsageRefused(
                "a bench is not opened in a process that was forked for one test, as by pytest --forked: its record "
                "and its end would be lost; leave that option out"
            )

    def out_folder(self) -> Path:
        """Return the folder of this run's files, made and claimed on first use; where --out names none, one of its own.

        Raises UsageRefused where it has another run in it, or cannot be written to.
        """
        if self.options.out is None:
            self.options.out = folder_for(self.started_utc, self.options.suite, self.options.run_id)
        claim(self.options.out, self.options.run_id)
        return self.options.out

    def give_folder_back(self) -> None:
        """Leave the folder to another run where this one never had a record."""
        if self.options.out is not None and not self.has_record:
            release(self.options.out, self.options.run_id)

    def say(self, line: str) -> None:
        """Report one line about what happens to every listener; a terminal that is gone does not end the run."""
        listeners = self.listeners or ([self.warn] if line.startswith(LIVE) else [])
        for listener in listeners:
            with contextlib.suppress(OSError, ValueError):
                listener(line)

    def note_outcome(self, outcome: Outcome) -> None:
        """Count one judged result."""
        self.outcomes.append(outcome)

    def note_error(self, error: BaseException) -> None:
        """Count an error that ended a test, its set-up, or the run; an unconfirmed safe state behind it counts too.

        One that a person at the bench caused ends the run.
        """
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                self.note_error(one)
            return
        if isinstance(error, SafetyInputOpen):
            self.stopped_by = self.stopped_by or str(error)
        if any(isinstance(one, SafeStateNotConfirmed) for one in _with_what_was_before(error)):
            self.codes.append(ExitCode.NOT_SAFE)
        if isinstance(error, RigError):
            self.codes.append(exit_code_of(error))
        elif isinstance(error, AssertionError):
            self.codes.append(ExitCode.FAIL)
        else:
            self.codes.append(ExitCode.RIG_ERROR)

    def note_failure(self, question: str, error: BaseException) -> None:
        """Record an error that ended a question without an answer, so that the report can say what needs attention."""
        text = str(error) or type(error).__name__
        with contextlib.suppress(RigError):  # the first error is the one reported; the record may be what failed
            self.note_event("error", text, "error", {"question": question})

    def end_early(self, reason: str) -> bool:
        """Switch off at once, where outputs may be on; whether they may have been. The run is over then."""
        try:
            may_have_been_on = self.switch_off(reason)
        except RigError as error:
            self.note_error(error)
            self.say(str(error))
            may_have_been_on = True
        if may_have_been_on:
            self.stopped_by = self.stopped_by or reason
        return may_have_been_on

    @property
    def is_hopeless(self) -> bool:
        """Whether asking on would only repeat itself: a refused bench or configuration, or one that never opened."""
        return self.asks_a_meter and (
            ExitCode.REFUSED in self.codes or ExitCode.BUSY in self.codes or (self.run_id is None and bool(self.codes))
        )

    def exit_code(self) -> ExitCode:
        """Return the exit code that all outcomes and errors so far lead to."""
        return exit_code_of_run(self.codes, self.outcomes)

    def outcome(self) -> Outcome:
        """Return the verdict of the whole run: the most severe thing that happened."""
        code = self.exit_code()
        if code is ExitCode.NOT_SAFE:
            return Outcome.ABORTED
        if self.stopped_by is not None:
            return Outcome.TERMINATED
        if code in (ExitCode.RIG_ERROR, ExitCode.BUSY, ExitCode.REFUSED):
            undecided = [outcome for outcome in self.outcomes if outcome.is_undecided]
            has_failed = bool(self.codes) or Outcome.ERROR in self.outcomes
            return Outcome.ERROR if has_failed or not undecided else worst(undecided)
        if code is ExitCode.FAIL:
            return Outcome.FAIL if Outcome.FAIL in self.outcomes or self.codes else Outcome.COND_FAIL
        if not self.outcomes and not self.codes:
            return Outcome.NOT_JUDGED
        return Outcome.COND_PASS if Outcome.COND_PASS in self.outcomes else Outcome.PASS

    def finish(self) -> ExitCode:
        """Close the run's record and write its reports; returns the exit code. Runs once the bench is closed."""
        code = self.exit_code()
        for finisher in self.finishers:
            try:
                finisher(self.outcome(), code)
            except (RigError, OSError) as error:
                # The outputs are off by now; a disk that is full must not hide which exit code the run has earned.
                self.note_error(error)
                self.say(f"the run's record or reports could not be finished: {error}")
        self.finishers.clear()
        return self.exit_code()


def _with_what_was_before(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__
