"""``rig runs``: a run that is being recorded is not called one that broke off."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from rig.bench.lock import noted, run_in_progress
from rig.cli import cli
from rig.records import RunHeader, RunStore
from rig.safety.state import HOLDER, Opening

HEADER = RunHeader(kind="certify", bench_name="lab", bench_file_sha256="00", software_version="0.1.0")


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))


def outcomes(records):
    result = CliRunner().invoke(cli, ["runs", "--records", str(records), "--json"], catch_exceptions=False)
    return {run["run_id"]: run["outcome"] for run in json.loads(result.stdout)}


def test_a_run_in_progress_is_running_and_one_that_broke_off_is_aborted(tmp_path):
    records = tmp_path / "records.sqlite"
    with RunStore.open(records) as store:
        broken, present = store.begin_run(HEADER).run_id, store.begin_run(HEADER).run_id
    with noted(Opening.begin("lab"), "rig certify") as opening:
        opening.name_run(present)
        assert outcomes(records) == {broken: "ABORTED", present: "RUNNING"}
    assert outcomes(records) == {broken: "ABORTED", present: "ABORTED"}


def test_the_note_of_a_process_that_was_killed_is_no_run_in_progress():
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    with noted(Opening.begin("lab")) as opening:
        opening.name_run("run-1")
        assert run_in_progress("run-1")
        assert not run_in_progress("run-2")
        opening.write(HOLDER, {**opening.note(HOLDER), "pid": int(gone.stdout)})
        assert not run_in_progress("run-1")
    assert os.getpid() != int(gone.stdout)
