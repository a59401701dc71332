"""The events of a run on the emulated bench, typed and in order; and its log, with lines of all processes."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rig.records.store import RunStore

ROOT = Path(__file__).resolve().parents[3]
CONFTEST = """
import json
from rig.pytest_plugin import run_session
from rig.run.events import Event

SEEN = []

def refuse(event):
    raise ZeroDivisionError(type(event).__name__)

def pytest_configure(config):
    events = run_session(config).events
    events.subscribe(Event, refuse)
    events.subscribe(Event, lambda event: SEEN.append(type(event).__name__))

def pytest_unconfigure():
    open("seen.json", "w").write(json.dumps(SEEN))
"""
QUESTION = """
from rig.load_point import LoadPoint

def test_one_point(meter_run):
    measured = meter_run.measure(LoadPoint(277.0, 100.0, -60.0))
    meter_run.note("samples", "5", str(len(measured.samples)), "PASS")
"""
IN_ORDER = [
    "QuestionBegan", "ProcessLaunched", "BusOpened", "Stated", "RunBegan", "MeterFound", "PointBegan", "EnergiseStep",
    "Energised", "PointMeasured", "QuestionAnswered", "SwitchedOff", "FileWritten", "RunEnded",
]  # fmt: skip
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ([\w-]+)\[\d+\] (DEBUG|INFO|WARNING|ERROR) [\w.]+: .*")

pytestmark = pytest.mark.realtime


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of a pytest run with the question above, on the emulated bench."""
    folder = tmp_path_factory.mktemp("run")
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_question.py").write_text(QUESTION)
    words = [
        "-p",
        "rig.pytest_plugin",
        "-p",
        "fixtures.bench",
        "--rootdir",
        ".",
        "--out",
        "out",
        "--log-level",
        "debug",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, "--records", "r.sqlite", "test_question.py"],
        cwd=folder, capture_output=True, text=True, timeout=150, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_events_come_typed_and_in_order(folder):
    seen = json.loads((folder / "seen.json").read_text())
    firsts = [seen.index(name) for name in IN_ORDER]
    assert firsts == sorted(firsts), seen
    assert seen.count("EnergiseStep") == 10
    assert seen.count("SwitchedOff") == 1
    assert seen[-1] == "RunEnded"


def test_subscriber_that_raises_ends_neither_run_nor_record(folder):
    with RunStore.open(folder / "r.sqlite") as store:
        run = store.run(store.runs()[0].run_id)
    assert (run.outcome, run.exit_code) == ("PASS", 0)
    kinds = [event.kind for event in run.events]
    assert kinds.count("energise") == 10
    assert {"log", "process", "energised", "safe state", "bus"} <= set(kinds)
    assert "ZeroDivisionError: Energised" in (folder / "out" / "run.log").read_text()


def test_log_has_whole_lines_of_every_process(folder):
    lines = [line for line in (folder / "out" / "run.log").read_text().splitlines() if not line.startswith("    ")]
    matches = [LINE.fullmatch(line) for line in lines]
    assert all(matches), [line for line, match in zip(lines, matches, strict=True) if match is None]
    assert {match[1] for match in matches} == {"rig", "guardian", "mstp-port", "hub", "emulation"}
    said = "\n".join(lines)
    for words in ("armed: 1 sources", "disarmed", "SOCKET: connected", "MS/TP port open as MAC 0", "RunEnded: "):
        assert words in said
