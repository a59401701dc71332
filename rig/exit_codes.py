"""The exit codes of the rig, their order of precedence, and which error or outcome leads to which."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from drivers.errors import DriverError, RigError
from rig.errors import BenchBusy, BenchFault, BenchFileError, SafeStateNotConfirmed, UsageRefused
from rig.metrology.outcome import Outcome
from rig.safety.errors import SafetyInputOpen


class ExitCode(IntEnum):
    """What a command of the rig ends with (docs/reference/exit-codes.md); the highest takes precedence."""

    PASS = 0
    FAIL = 1
    STOPPED = 2
    RIG_ERROR = 10
    REFUSED = 11
    BUSY = 12
    NOT_SAFE = 13


_OF_ERROR: tuple[tuple[type[RigError], ExitCode], ...] = (
    (SafeStateNotConfirmed, ExitCode.NOT_SAFE),
    (BenchBusy, ExitCode.BUSY),
    (BenchFileError, ExitCode.REFUSED),
    (UsageRefused, ExitCode.REFUSED),
    (SafetyInputOpen, ExitCode.STOPPED),
    (BenchFault, ExitCode.RIG_ERROR),
    (DriverError, ExitCode.RIG_ERROR),
)

_OF_OUTCOME = {
    Outcome.PASS: ExitCode.PASS,
    Outcome.COND_PASS: ExitCode.PASS,
    Outcome.NOT_JUDGED: ExitCode.PASS,
    Outcome.SKIP: ExitCode.PASS,
    Outcome.FAIL: ExitCode.FAIL,
    Outcome.COND_FAIL: ExitCode.FAIL,
    Outcome.INVALID: ExitCode.RIG_ERROR,
    Outcome.INCONCLUSIVE: ExitCode.RIG_ERROR,
    Outcome.ERROR: ExitCode.RIG_ERROR,
    Outcome.TERMINATED: ExitCode.STOPPED,
    Outcome.ABORTED: ExitCode.NOT_SAFE,
}


def exit_code_of(error: RigError) -> ExitCode:
    """Return the exit code of the command that this error ends."""
    return next((code for kind, code in _OF_ERROR if isinstance(error, kind)), ExitCode.RIG_ERROR)


def exit_code_of_outcome(outcome: Outcome) -> ExitCode:
    """Return the exit code that one outcome, alone, would lead to."""
    return _OF_OUTCOME[outcome]


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the code that takes precedence: 13 > 12 > 11 > 10 > 2 > 1 > 0; PASS where there is none."""
    return max(codes, default=ExitCode.PASS)


def exit_code_of_run(codes: Iterable[ExitCode], outcomes: Iterable[Outcome]) -> ExitCode:
    """Return the exit code of a run from the ``codes`` of its errors and the ``outcomes`` of its results.

    Precedence: 13 > 12 > 11 > bench failure (10) or stopped (2) > FAIL (1) > INVALID and INCONCLUSIVE (10) > 0. A
    FAIL is not hidden by other results that say nothing.
    """
    judged = list(outcomes)
    code = worst([*codes, *(exit_code_of_outcome(one) for one in judged if not one.is_undecided)])
    return ExitCode.RIG_ERROR if code is ExitCode.PASS and any(one.is_undecided for one in judged) else code
