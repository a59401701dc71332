"""How the record of a load point that was held ends: as the page of outcomes says, for each kind of end."""

from types import SimpleNamespace

import pytest

from rig.errors import BenchFault, SafeStateNotConfirmed
from rig.exit_codes import ExitCode
from rig.metrology.outcome import Outcome
from rig.procedures.hold import close_record
from rig.safety.errors import OutputWrong

ENDS = [
    (None, Outcome.NOT_JUDGED, ExitCode.PASS),
    (OutputWrong("voltage A", "300 V", "120 V", "look"), Outcome.TERMINATED, ExitCode.RIG_ERROR),
    (BenchFault("the guardian is gone"), Outcome.TERMINATED, ExitCode.RIG_ERROR),
    (SafeStateNotConfirmed("the analyzer sees 120 V"), Outcome.ABORTED, ExitCode.NOT_SAFE),
    (KeyboardInterrupt(), Outcome.TERMINATED, ExitCode.STOPPED),
]


@pytest.mark.parametrize(("error", "outcome", "code"), ENDS, ids=lambda value: repr(value)[:30])
def test_the_end_of_a_hold_is_recorded_as_its_kind(error, outcome, code):
    ends = []
    close_record(SimpleNamespace(recorder=SimpleNamespace(finish=lambda *end: ends.append(end))), error)
    assert ends == [(outcome, code)]


def test_a_hold_that_had_no_record_yet_closes_none():
    close_record(SimpleNamespace(recorder=None), None)
