"""The exit code tells the most important thing that happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import InstrumentLost
from rig.errors import BenchBusy, BenchFileError, LimitExceeded, SafeStateNotConfirmed
from rig.exit_codes import ExitCode, exit_code_of, exit_code_of_outcome, worst
from rig.metrology.outcome import Outcome
from rig.safety.errors import SafetyInputOpen, StepFailed


@given(st.lists(st.sampled_from(list(ExitCode)), min_size=1))
def test_the_higher_code_always_wins(codes: list[ExitCode]) -> None:
    assert worst(codes) == max(codes)


def test_nothing_that_happened_is_a_pass() -> None:
    assert worst([]) is ExitCode.PASS


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SafeStateNotConfirmed("x"), 13),
        (BenchBusy("b", "somebody"), 12),
        (BenchFileError("f", 3, "x"), 11),
        (LimitExceeded("voltage", 500, 347, "V", "x"), 11),
        (InstrumentLost("r", "x"), 10),
        (StepFailed("ramp", "x", "y", "z"), 10),
        (SafetyInputOpen("the interlock open", "the interlock closed"), 2),
    ],
)
def test_each_error_ends_the_command_with_its_documented_code(error: Exception, code: int) -> None:
    assert exit_code_of(error) == code


def test_every_outcome_has_an_exit_code_and_only_verdicts_of_the_meter_give_one() -> None:
    codes = {outcome: exit_code_of_outcome(outcome) for outcome in Outcome}
    assert {outcome for outcome, code in codes.items() if code is ExitCode.FAIL} == {Outcome.FAIL, Outcome.COND_FAIL}
    assert codes[Outcome.INCONCLUSIVE] is ExitCode.RIG_ERROR
    assert codes[Outcome.COND_PASS] is ExitCode.PASS
