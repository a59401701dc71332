"""The exit code tells the most important thing that happened."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import InstrumentLost
from rig.errors import BenchBusy, BenchFileError, LimitExceeded, SafeStateNotConfirmed
from rig.exit_codes import ExitCode, exit_code_of, exit_code_of_outcome, exit_code_of_run, worst
from rig.metrology.outcome import Outcome
from rig.safety.errors import SafetyInputOpen, StepFailed


@given(st.lists(st.sampled_from(list(ExitCode)), min_size=1))
def test_the_higher_code_always_wins(codes: list[ExitCode]) -> None:
    assert worst(codes) == max(codes)


@pytest.mark.parametrize(
    ("codes", "outcomes", "code"),
    [
        ([], ["FAIL", "INCONCLUSIVE", "INVALID", "PASS"], 1),
        ([], ["COND_FAIL", "INVALID"], 1),
        ([], ["INCONCLUSIVE", "PASS"], 10),
        ([], ["INVALID", "COND_PASS"], 10),
        ([2], ["FAIL", "INVALID"], 2),
        ([2], ["INCONCLUSIVE"], 2),
        ([10], ["FAIL"], 10),
        ([10, 2], ["FAIL"], 10),
        ([1], ["INCONCLUSIVE"], 1),
        ([11], ["FAIL"], 11),
        ([12, 11], ["FAIL"], 12),
        ([13, 12, 10, 2], ["FAIL", "ERROR"], 13),
        ([], ["ERROR", "FAIL"], 10),
        ([], ["NOT_JUDGED", "SKIP"], 0),
    ],
)
def test_a_run_ends_by_the_documented_precedence(codes: list[int], outcomes: list[str], code: int) -> None:
    assert exit_code_of_run([ExitCode(each) for each in codes], [Outcome(each) for each in outcomes]) == code


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


def test_every_outcome_has_an_exit_code_and_only_meter_verdicts_give_1() -> None:
    codes = {outcome: exit_code_of_outcome(outcome) for outcome in Outcome}
    assert {outcome for outcome, code in codes.items() if code is ExitCode.FAIL} == {Outcome.FAIL, Outcome.COND_FAIL}
    assert codes[Outcome.INCONCLUSIVE] is ExitCode.RIG_ERROR
    assert codes[Outcome.COND_PASS] is ExitCode.PASS
