"""A run that is stopped while its bench is opened: its record is closed, and says that the outputs were never on."""

import alembic.command  # noqa: F401  # a session in this process forgets its modules; this one registers names once
import pytest

from rig.records.store import RunStore
from rig.run.folder import claim

pytest_plugins = ["pytester"]

QUESTION = """
import contextlib
from types import SimpleNamespace
import pytest
import rig.run.run
from fixtures.bench import bench_file, meter_run, run_store
from rig.errors import BenchFault
from rig.safety.signals import StopRequested

@contextlib.contextmanager
def opened(*_, **__):
    {before}
    yield SimpleNamespace(simulated=True, guardian=None)

def begin(*_, **__):
    raise {error}

@pytest.fixture(scope="session", autouse=True)
def no_bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rig.run.run, "open_bench", opened)
        patch.setattr(rig.run.run, "begin", begin)
        yield

def test_one(meter_run):
    pass

def test_two(meter_run):
    pass
"""


@pytest.mark.parametrize(
    ("error", "code", "outcome"),
    [
        ('StopRequested("SIGTERM")', 2, "TERMINATED"),
        ('BenchFault("no meter")', 10, "TERMINATED"),
    ],
)
def test_the_record_of_an_interrupted_start_is_closed(pytester, error, code, outcome):
    pytester.makepyfile(test_question=QUESTION.format(before="pass", error=error))
    result = pytester.runpytest_inprocess("-p", "rig.pytest_plugin", "--out", "out", "--records", "r.sqlite")
    assert result.ret == code
    with RunStore.open(pytester.path / "r.sqlite") as store:
        (run,) = store.runs()
    assert (run.outcome, run.exit_code) == (outcome, code)
    assert run.finished_utc is not None
    assert (pytester.path / "out" / "results.json").exists()


def test_a_run_that_never_had_a_record_leaves_its_folder_free(pytester):
    question = QUESTION.format(before="raise BenchFault('busy')", error="SystemError")
    pytester.makepyfile(test_question=question)
    result = pytester.runpytest_inprocess("-p", "rig.pytest_plugin", "--out", "out", "--records", "r.sqlite")
    assert result.ret == 10
    left = pytester.path / "out"
    assert [each.name for each in left.iterdir()] == ["events.jsonl"], "what a station reads of why it did not begin"
    claim(left, "another run")


def test_a_folder_with_a_run_in_it_is_refused_before_anything_is_opened(pytester):
    pytester.makepyfile(test_question=QUESTION.format(before="raise SystemError('was opened')", error="SystemError"))
    (pytester.path / "out").mkdir()
    (pytester.path / "out" / "results.json").write_text("{}")
    result = pytester.runpytest_inprocess("-p", "rig.pytest_plugin", "--out", "out", "--records", "r.sqlite")
    assert result.ret == 11
    assert "has a run in it already" in result.stdout.str()
