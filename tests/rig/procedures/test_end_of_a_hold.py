"""How the record of a load point that was held ends: as the page of outcomes says, for each kind of end."""

import contextlib
from types import SimpleNamespace

import pytest

from rig.cli.hold import closing
from rig.errors import BenchFault, SafeStateNotConfirmed
from rig.exit_codes import ExitCode
from rig.metrology.outcome import Outcome
from rig.run import run as _run
from rig.run.run import Run, RunOptions
from rig.safety.errors import OutputWrong

ENDS = [
    (None, Outcome.NOT_JUDGED, ExitCode.PASS),
    (OutputWrong("voltage A", "300 V", "120 V", "look"), Outcome.TERMINATED, ExitCode.RIG_ERROR),
    (BenchFault("the guardian is gone"), Outcome.TERMINATED, ExitCode.RIG_ERROR),
    (SafeStateNotConfirmed("the analyzer sees 120 V"), Outcome.ABORTED, ExitCode.NOT_SAFE),
    (KeyboardInterrupt(), Outcome.TERMINATED, ExitCode.STOPPED),
]


def held(monkeypatch, tmp_path, error, record):
    """Hold on a bench that does not open but for the record, and is ended by ``error``."""

    def opened(run, *_):
        run.record = record
        return SimpleNamespace(failure=None)

    monkeypatch.setattr(_run.Run, "_open", opened)
    run = Run(RunOptions("x", "hold", records=str(tmp_path / "r.sqlite")))
    with closing(run), run.opened(None):
        if error is not None:
            raise error


@pytest.mark.parametrize(("error", "outcome", "code"), ENDS, ids=lambda value: repr(value)[:30])
def test_the_end_of_a_hold_is_recorded_as_its_kind(monkeypatch, tmp_path, error, outcome, code):
    ends = []
    record = SimpleNamespace(finish=lambda *end: ends.append(end))
    with pytest.raises(type(error)) if error is not None else contextlib.nullcontext():
        held(monkeypatch, tmp_path, error, record)
    assert ends == [(str(outcome), int(code))]


def test_a_hold_that_had_no_record_yet_closes_none(monkeypatch, tmp_path):
    held(monkeypatch, tmp_path, None, None)
