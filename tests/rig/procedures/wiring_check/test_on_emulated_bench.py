"""Wires that are wrong on the emulated bench, one after the other: each is named; a certification ends in 10."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from meter_model.configuration import Configuration
from rig.bench import open_bench
from rig.procedures.accuracy.readings import configuration_of
from rig.procedures.wiring_check.look import look
from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = pytest.mark.realtime

NAMED = {
    "ct-exchanged=AB": "ct_exchanged AB",
    "ct-reversed=C": "ct_reversed C",
    "voltage-exchanged=BC": "voltage_exchanged BC",
    "voltage-missing=B": "voltage_missing B",
    "rotation=BC": "phases_exchanged BC",
    "ct-ratio=3": "ct_ratio ",
    "pt-ratio=0.5": "voltage_ratio ",
}


def test_each_wiring_fault_is_named_and_mended_wires_are_right(tmp_path, monkeypatch):
    monkeypatch.setenv("RIG_STATE_DIR", str(tmp_path / "state"))
    with open_bench("emulated") as bench:
        nominal = bench.file.parts.nominal
        host, _, port = bench.launched.endpoints["control"].removeprefix("tcp://").partition(":")
        setup: Configuration = configuration_of(bench.positions[0].meter.read_configuration())
        with socket.create_connection((host, int(port)), timeout=10.0) as control, control.makefile("rw") as stream:

            def seen(faults: list[str]) -> set[str]:
                stream.write(json.dumps({"miswired": {"meter": 0, "faults": faults}}) + "\n")
                stream.flush()
                assert json.loads(stream.readline())["done"]
                diagnosis = look(bench, bench.positions[0], setup, nominal).diagnosis
                return {"; ".join(f"{f.kind} {f.where}" for f in each) for each in diagnosis.alternatives}

            assert {fault: seen([fault]) for fault in NAMED} == {fault: {name} for fault, name in NAMED.items()}
            assert seen([]) == {""}


def test_a_certification_on_wrong_wires_ends_in_10_without_a_verdict(tmp_path):
    bench = tmp_path / "reversed.yaml"
    bench.write_text(
        'schema: 1\nextends: emulated\nname: reversed\nlaunch: {extra_argv: ["--miswired", "ct-reversed=B"]}\n'
    )
    records = tmp_path / "records.sqlite"
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "certify", "--bench", str(bench), "--max-points", "1",
            "--out", str(tmp_path / "out"), "--records", str(records),
        ],
        cwd=ROOT, env=environment(tmp_path / "state"), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 10, done.stdout
    assert "wiring (bench or meter): the lead of CT input B looks reversed" in done.stdout
    run = read_last(records)
    assert [check.state for check in run.wiring_checks] == ["wrong"]
    assert [point for point in run.points if point.results] == []
    assert "wiring_checks" in (tmp_path / "out" / "results.json").read_text()
