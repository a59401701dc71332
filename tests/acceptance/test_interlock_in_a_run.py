"""Somebody opens the enclosure in mid-run: outputs off, what was measured is kept, the run is TERMINATED, exit 2."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last
from tests.waiting import wait_for

pytestmark = [pytest.mark.realtime, pytest.mark.soak, pytest.mark.timeout(300)]

BENCH = """\
schema: 1
extends: emulated
name: wired
safety_inputs: {interlock: {channel: 302, bit: 0}}
"""


def control(state: Path, **question: object) -> dict:
    """Ask the emulated bench of the run that is going on, past the rig."""
    endpoints = json.loads(next(state.glob("*.endpoints.json")).read_text())
    host, _, port = endpoints["control"].removeprefix("tcp://").partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(json.dumps(question).encode() + b"\n")
        return json.loads(connection.makefile().readline())


def test_opened_enclosure_ends_the_run_as_stopped_with_everything_off(tmp_path: Path) -> None:
    records, bench, state = tmp_path / "records.sqlite", tmp_path / "wired.yaml", tmp_path / "state"
    bench.write_text(BENCH)
    suite = subprocess.Popen(
        [
            sys.executable, "-m", "rig.cli", "certify", "--bench", str(bench),
            "--records", str(records), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=environment(state), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip

    def a_point_is_done() -> bool:
        run = read_last(records)
        return run is not None and any(point.finished_utc is not None for point in run.points)

    wait_for(a_point_is_done, "a finished load point")
    # Between two points the output may be off: then the next one is not energised, which is as good.
    assert control(state, interlock={"closed": False})["done"]
    output, _ = suite.communicate(timeout=120)

    assert suite.returncode == 2, output
    assert "the interlock open where the interlock closed was wanted" in output
    run = read_last(records)
    assert run is not None
    assert (run.exit_code, run.outcome) == (2, "TERMINATED")
    assert run.points[0].outcome in ("PASS", "COND_PASS"), "what had been measured is gone"
    kinds = [event.kind for event in run.events]
    steps = [event.text for event in run.events if event.kind == "energise"]
    assert [text.split(", ")[1].split(":")[0] for text in steps[:9]] == [
        "interlock", "identity", "checks", "output off", "current limit", "settings", "ramp", "rotation and frequency",
        "current channels",
    ]  # fmt: skip
    assert kinds.index("interlock") < kinds.index("energise"), "what is wired is recorded first"
    assert any("the interlock open where" in e.text for e in run.events if e.kind in ("interlock", "not-energised"))
    safe = [event for event in run.events if event.kind == "safe state"]
    assert safe[-1].data["confirmed"] is True
    assert "interlock: energised only with the interlock closed" in run.events[kinds.index("interlock")].text
