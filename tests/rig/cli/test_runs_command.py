"""``rig runs``: a run that is being recorded is not called one that broke off."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from rig.bench.lock import noted
from rig.cli import cli
from rig.load_point import LoadPoint
from rig.records.data import ResultRecord, RunHeader
from rig.records.store import RunStore
from rig.reports.coverage import is_partial as is_partial_run
from rig.safety.state import HOLDER, Opening, run_in_progress

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


@pytest.mark.parametrize(
    ("programme", "is_partial"),
    [
        ({"load points": (2, 2)}, False),
        ({"load points": (3, 3)}, True),  # stopped after two of three
        ({"load points": (2, 90)}, True),
        ({"load points": (2, 2), "energy registers": (2, 2)}, True),
    ],
)
def test_the_list_calls_partial_what_the_report_does(tmp_path, programme, is_partial):
    records = tmp_path / "records.sqlite"
    result = ResultRecord(
        procedure="power_comparison", instance=11, quantity="active_power", phase="ABC", read_value=1.0,
        expected_value=1.0, unit="kW", outcome="PASS", n=5, decision_rule="simple",
    )  # fmt: skip
    with RunStore.open(records) as store:
        recorder = store.begin_run(dataclasses.replace(HEADER, programme=programme))
        for angle_deg in (0.0, -60.0):
            recorder.begin_point(LoadPoint(277.0, 5.0, angle_deg)).result(result)
        recorder.finish("PASS", 0)
        run, (summary,) = store.run(recorder.run_id), store.runs()
    assert is_partial_run(run) is is_partial_run(summary) is is_partial
    shown = CliRunner().invoke(cli, ["runs", "--records", str(records)], catch_exceptions=False).stdout
    assert ("  partial" in shown) is is_partial
