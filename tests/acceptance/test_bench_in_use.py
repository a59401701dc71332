"""A bench that is in use by another run; what happens when one breaks is in tests/rig/safety/matrix."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment
from tests.waiting import wait_for

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(300)]


class RunningBench:
    """An emulated bench that the test keeps, with a bench file that names its endpoints: as a real one would be."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rig.emulation", "--json", *options],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.endpoints = json.loads(self.process.stdout.readline())
        self.file = folder / "bench.yaml"
        self.file.write_text(
            "schema: 1\nextends: emulated\nname: kept\nlaunch: null\n"
            "switch: null\ngenerator: null\ncounter: null\nclimate_probe: null\n"
            f"clock: {{kind: endpoint, endpoint: '{self.endpoints['clock']}'}}\n"
            f"source: {{resource: '{self.endpoints['source']}'}}\n"
            f"analyzer: {{resource: '{self.endpoints['analyzer']}'}}\n"
            f"bus: {{port: {self.endpoints['bus']}, listen_port: null}}\n"
            f"positions: [{{name: '1', mac: {self.endpoints['meters'][0]['mac']}, meter_type: s4100}}]\n"
        )

    def control(self, **question: object) -> dict:
        host, _, port = self.endpoints["control"].removeprefix("tcp://").partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(json.dumps(question).encode() + b"\n")
            return json.loads(connection.makefile().readline())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[RunningBench]:
    running = RunningBench(tmp_path)
    yield running
    running.close()


def test_a_second_run_on_a_bench_in_use_is_refused_and_the_first_goes_on(bench: RunningBench, tmp_path: Path) -> None:
    state = environment(tmp_path / "state")
    words = [sys.executable, "-m", "rig.cli"]
    first = subprocess.Popen(
        [
            *words, "certify", "--unprotected", "--bench", str(bench.file), "--max-points", "2",
            "--records", str(tmp_path / "r.sqlite"), "--out", str(tmp_path / "out"),
        ],
        cwd=ROOT, env=state, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    wait_for(lambda: bench.control(status=True)["output_on"], "the first run energising")
    second = subprocess.run(
        [
            *words, "eol", "--unprotected", "--bench", str(bench.file),
            "--records", str(tmp_path / "r2.sqlite"), "--out", str(tmp_path / "o2"),
        ],
        cwd=ROOT, env=state, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode == 12, second.stdout + second.stderr
    assert "is in use by" in second.stdout + second.stderr
    output, _ = first.communicate(timeout=120)
    assert first.returncode == 0, output
