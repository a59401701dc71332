"""What a run has found so far: outcomes and errors, the exit code and the verdict that they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from drivers.errors import RigError
from rig.errors import SafeStateNotConfirmed
from rig.exit_codes import ExitCode, exit_code_of, exit_code_of_run
from rig.metrology.outcome import Outcome, worst
from rig.safety.errors import SafetyInputOpen


@dataclass
class Tally:
    """Counts outcomes of results, and exit codes of errors."""

    outcomes: list[Outcome] = field(default_factory=list)
    codes: list[ExitCode] = field(default_factory=list)
    stopped_by: str | None = None
    """What ended the run before its end: an operator's stop, a bench that failed, or an unknown error."""

    def stop(self, reason: str) -> None:
        """Note what ended the run before its end; the first reason counts."""
        self.stopped_by = self.stopped_by or reason

    def note_error(self, error: BaseException) -> None:
        """Count an error that ended a test, its set-up, or the run; an unconfirmed safe state behind it counts too.

        One that a person at the bench caused ends the run.
        """
        if isinstance(error, BaseExceptionGroup):
            for one in error.exceptions:
                self.note_error(one)
            return
        if isinstance(error, SafetyInputOpen):
            self.stop(str(error))
        if any(isinstance(one, SafeStateNotConfirmed) for one in _with_what_was_before(error)):
            self.codes.append(ExitCode.NOT_SAFE)
        if isinstance(error, RigError):
            self.codes.append(exit_code_of(error))
        elif isinstance(error, AssertionError):
            self.codes.append(ExitCode.FAIL)
        elif isinstance(error, KeyboardInterrupt):
            self.codes.append(ExitCode.STOPPED)
        else:
            self.codes.append(ExitCode.RIG_ERROR)

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
        if not self.codes and all(outcome is Outcome.NOT_JUDGED for outcome in self.outcomes):
            return Outcome.NOT_JUDGED
        return Outcome.COND_PASS if Outcome.COND_PASS in self.outcomes else Outcome.PASS


def _with_what_was_before(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__
