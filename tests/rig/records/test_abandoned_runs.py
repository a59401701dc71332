"""Runs whose process was killed: closed by a later command, by what was recorded and what the guardian wrote down."""

import os
import subprocess
import sys

import pytest

from rig.records.data import RunHeader
from rig.records.listing import PROCESS
from rig.records.store import RunStore
from rig.safety.guardian.process_identity import is_gone, this_process

HEADER = RunHeader(kind="certify", bench_name="lab", bench_file_sha256="0", software_version="1")


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as opened:
        yield opened


@pytest.fixture(scope="module")
def dead():
    """What a process that has ended said of itself."""
    code = "import json, rig.safety.guardian.process_identity as it; print(json.dumps(it.this_process(None)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout
    return __import__("json").loads(said)


def killed(store, process, *kinds, confirmed=None):
    recorder = store.begin_run(HEADER)
    recorder.event(PROCESS, "recorded by", data=process)
    for kind in kinds:
        recorder.event(kind, "120V")
    if confirmed is not None:
        entry = {"id": recorder.run_id, "run": recorder.run_id, "time": "2026-11-30T12:00:00Z", "confirmed": confirmed}
        store.fold_journal([entry])
    return recorder.run_id


@pytest.mark.parametrize(
    ("kinds", "confirmed", "outcome"),
    [
        ((), None, "TERMINATED"),
        (("configuration",), None, "TERMINATED"),
        (("energise",), None, "ABORTED"),
        (("energise", "energised"), False, "ABORTED"),
        (("energise", "energised", "applied"), True, "TERMINATED"),
        (("applied",), None, "ABORTED"),
        ((), False, "TERMINATED"),
    ],
)
def test_a_killed_run_is_closed_by_what_is_known_of_its_outputs(store, dead, kinds, confirmed, outcome):
    run_id = killed(store, dead, *kinds, confirmed=confirmed)
    before = store.run(run_id)
    assert (before.outcome, before.finished_utc) == (outcome, None), "reading shows it before anything is closed"
    assert store.runs()[0].outcome == outcome
    assert store.close_abandoned(is_gone) == (run_id,)
    closed = store.run(run_id)
    assert (closed.outcome, closed.finished_utc is None, closed.exit_code) == (outcome, False, None)
    assert closed.events[-1].kind == "closed"
    assert ("never on" in closed.events[-1].text) is not bool(set(kinds) - {"configuration"})
    assert store.close_abandoned(is_gone) == (), "once"


def test_a_run_in_progress_is_left_open(store, dead):
    going_on = killed(store, this_process(None), "energise")
    gone = killed(store, dead)
    assert store.close_abandoned(is_gone) == (gone,)
    assert store.run(going_on).finished_utc is None


@pytest.mark.parametrize("other", [{"host": "elsewhere"}, {"pid_space": "pid:[1]"}, {"pid": None, "host": ""}])
def test_a_run_of_another_host_or_container_is_left_open(store, dead, other):
    killed(store, {**dead, **other})
    assert store.close_abandoned(is_gone) == ()


def test_a_run_whose_guardian_is_still_at_work_is_left_open(dead):
    at_work = {name: value for name, value in this_process(os.getpid()).items() if name.startswith("guardian")}
    assert is_gone(dead)
    assert not is_gone({**dead, **at_work})


def test_a_run_of_an_earlier_version_is_aborted_as_before(store):
    recorder = store.begin_run(HEADER)
    assert store.run(recorder.run_id).outcome == "ABORTED"
    assert store.close_abandoned(is_gone) == ()
