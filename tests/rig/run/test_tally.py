"""The verdict of a run from its outcomes and errors."""

from __future__ import annotations

import pytest

from rig.errors import WiringWrong
from rig.exit_codes import ExitCode
from rig.metrology.outcome import Outcome
from rig.run.tally import Tally


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([], Outcome.NOT_JUDGED),
        ([Outcome.NOT_JUDGED, Outcome.NOT_JUDGED], Outcome.NOT_JUDGED),
        ([Outcome.NOT_JUDGED, Outcome.PASS], Outcome.PASS),
        ([Outcome.NOT_JUDGED, Outcome.FAIL], Outcome.FAIL),
    ],
)
def test_what_was_not_judged_makes_no_pass(outcomes, verdict):
    assert Tally(outcomes=outcomes).outcome() is verdict


def test_a_wrong_wire_is_an_error_of_the_bench_and_no_fail():
    tally = Tally()
    tally.note_error(WiringWrong("CT input B looks reversed"))
    assert (tally.exit_code(), tally.outcome()) == (ExitCode.RIG_ERROR, Outcome.ERROR)
