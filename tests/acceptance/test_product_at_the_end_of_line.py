"""The sequence of a product on the emulated bench: each unit comes out by itself, and in its class."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from rig.bench import load_bench
from rig.golden.state import note_proven
from rig.metrology.outcome import Outcome
from rig.products import FailureClass
from rig.records.data import RunRecord
from rig.records.units.outcomes import classes_of, unit_outcome
from rig.reports.end_of_line import position_results
from tests.acceptance.certified import ROOT, environment, read_last

pytestmark = [pytest.mark.realtime, pytest.mark.timeout(240)]

SEEDED = {
    "phase-b-current-gain=+0.5%": FailureClass.GAIN,
    "phase-c-voltage-gain=-0.5%": FailureClass.VOLTAGE,
    "phase-a-current-phase=+0.3deg": FailureClass.PHASE,
    "ct-exchanged=AC": FailureClass.EXCHANGED,
    "ct-reversed=B": FailureClass.REVERSED,
    "ct-missing=C": FailureClass.MISSING_PHASE,
    "voltage-missing=B": FailureClass.MISSING_PHASE,
    "ct-ratio=3": FailureClass.CT_MODE,
    "import-register-dead": FailureClass.ENERGY,
    "net-counts-both": FailureClass.ENERGY,
    "quadrants-swapped": FailureClass.DIRECTION,
    "time-sync-ignored": FailureClass.CLOCK,
    "rtc-flag-stuck": FailureClass.CLOCK,
    "energy-reset-ignored": FailureClass.SHIPPING_STATE,
    "vendor-wrong": FailureClass.IDENTITY,
    "panel-wrong-password-taken": FailureClass.PANEL,
}
"""Defects of one unit by the class that they are counted by; those of the terminals are at the first position only."""

AT_THE_FIRST = {
    "alarm-contact-stuck": FailureClass.ALARM_CONTACT,
    "pulse-opening-counted": FailureClass.PULSE_INPUT,
}


def serial_number(number: int) -> str:
    """Of an emulated meter with seed 1."""
    generator = np.random.default_rng([1, 0x20, number])
    generator.integers(2**31)
    return str(generator.integers(10**9, 10**10))


def end_of_line(tmp_path: Path, seeded: list[str], *more: str) -> tuple[int, RunRecord, str]:
    """Test one unit for each text: its defect or wiring fault, or nothing."""
    count = len(seeded)
    argv = ["--meters", str(count)]
    for number, text in enumerate(seeded, start=1):
        if text:
            name, equals, value = text.partition("=")
            is_wire = name.startswith(("ct-", "voltage-")) and name not in ("ct-input-short", "voltage-dip")
            option = "--miswired" if is_wire else "--defect"
            argv += [option, f"{name}@{number}{equals}{value}"]
    bus = [
        f'  - {{name: "{n}", mac: 1, meter_type: s4100, bus: {{port: "${{launch.buses[{n - 1}]}}"}}}}'
        for n in range(2, count + 1)
    ]
    path = tmp_path / "line.yaml"
    path.write_text(
        "schema: 1\nextends: emulated-eol\nname: line\n"
        f"launch:\n  extra_argv: {json.dumps(argv)}\n  ready_timeout_s: 60\n"
        'positions:\n  - {name: "1", mac: 1, meter_type: s4100}\n' + "\n".join(bus) + "\n"
    )  # fmt: skip
    state = environment(tmp_path / "state")
    prove(path, tmp_path / "state", count)
    scans = [f"--serial-number={n}={serial_number(n)}" for n in range(1, count + 1)]
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "eol", "--product", "s4100-480", "--bench", str(path), *scans,
            "--records", str(tmp_path / "records.sqlite"), "--out", str(tmp_path / "out"), *more,
        ],
        cwd=ROOT, env=state, capture_output=True, text=True, timeout=220, check=False,
    )  # fmt: skip
    run = read_last(tmp_path / "records.sqlite")
    assert run is not None, done.stdout + done.stderr
    return done.returncode, run, done.stdout + done.stderr


def prove(path: Path, state: Path, count: int) -> None:
    """Note for each position that a golden unit has proven its wires."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RIG_STATE_DIR", str(state))
        bench = load_bench(path)
        for number in range(1, count + 1):
            note_proven(bench, str(number), "golden", "run")


def test_each_unit_comes_out_by_itself_in_its_class(tmp_path: Path) -> None:
    code, run, said = end_of_line(tmp_path, ["", "ct-reversed=B"])
    assert code == 1, said
    assert [unit_outcome(run, n) for n in (1, 2)] == [Outcome.PASS, Outcome.FAIL], said
    assert classes_of(run, 2)[0] is FailureClass.REVERSED
    assert "position 1  " in said
    assert "position 2  8366342396  FAIL: a channel reversed" in said
    assert [each.word for each in position_results(run)] == ["PASS", "FAIL"]
    assert run.header.product == "S4100-480-1V"
    assert {each.scanned for each in run.units} == {serial_number(n) for n in (1, 2)}
    shipped = {each.name: each.value for each in run.configuration_after if each.unit_number == 1}
    assert (shipped["AV2"], shipped["AV3"], shipped["AV4"], shipped["AV6"]) == (40, 100, 1, 480)
    names = {each.name for each in run.findings if each.unit_number == 1}
    assert {"shipping.AI78", "shipping.AI81", "pulse-input.counts", "alarm-contact.at-load"} <= names
    (took,) = [each for each in run.events if each.kind == "bench time"]
    assert float(str(took.data["bench_time_s"])) > 20.0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_each_seeded_defect_is_caught_in_its_class(tmp_path: Path) -> None:
    wrong = []
    names = list(SEEDED)
    batches = [
        [first, *names[place : place + 2]]
        for place, first in zip(range(0, len(names), 2), [*AT_THE_FIRST, *[""] * 20], strict=False)
    ]
    for number, batch in enumerate(batches):
        folder = tmp_path / str(number)
        folder.mkdir()
        _, run, said = end_of_line(folder, batch, "--operator-by", "panel")
        for place, name in enumerate(batch, start=1):
            expected = (SEEDED | AT_THE_FIRST).get(name)
            found = classes_of(run, place)
            if (found[0] if found else None) is not expected:
                wrong.append(f"{name or 'none'}: {found}, expected {expected}\n{said[-1500:]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.soak
def test_unit_that_disturbs_all_fails_and_the_others_pass(tmp_path: Path) -> None:
    """A short circuit at one CT input: found by taking units out, and the others are measured to the end."""
    _, run, said = end_of_line(tmp_path, ["", "ct-input-short=100%", ""], "--operator-by", "panel")
    assert [unit_outcome(run, number) for number in (1, 2, 3)] == [Outcome.PASS, Outcome.FAIL, Outcome.PASS], said
    (finding,) = [each for each in run.findings if each.name == "common stimulus"]
    assert finding.unit_number == 2
    assert len(run.points) == 2
    assert run.set_aside == (), "it kept the bench from energising: no load point was begun"
