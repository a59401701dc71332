"""A certification whose process is killed goes on with --resume: each point once, and the verdicts of a whole run."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from rig.records.data import ResultRecord, RunRecord
from rig.records.store import RunStore
from tests.acceptance.certified import ROOT, environment, read_last
from tests.waiting import comes_true

pytestmark = [pytest.mark.realtime]

_LONGEST_S = 1800.0


def certify(folder: Path, *options: str, bench: str = "emulated") -> list[str]:
    """The command that begins a certification in ``folder``; one that was killed before its record keeps its claim."""
    attempt = sum(1 for _ in folder.glob("out-*"))
    out = ("--bench", bench, "--out", str(folder / f"out-{attempt}"))
    common = (*out, "--records", str(folder / "r.sqlite"), "--suite", "certify")
    return [sys.executable, "-m", "pytest", "tests_hil/certification", "-q", *common, *options]


def resume(folder: Path) -> list[str]:
    """The command that goes on with it."""
    return [sys.executable, "-m", "rig.cli", "certify", "--resume", "last", "--records", str(folder / "r.sqlite")]


def start(folder: Path, command: list[str]) -> subprocess.Popen[str]:
    """Start a command of the rig."""
    return subprocess.Popen(
        command, cwd=ROOT, env=environment(folder / "state"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip


def is_in_its_second_point(folder: Path) -> bool:
    """Whether a load point is complete and another one has readings by now."""
    run = read_last(folder / "r.sqlite")
    if run is None:
        return False
    with RunStore.open_to_read(folder / "r.sqlite") as store:
        plan = store.plan_of(run.run_id)
    partial = [point for point in run.points if plan and point.step not in plan.complete and point.meter_readings]
    return plan is not None and bool(plan.complete) and bool(partial)


def verdicts(run: RunRecord) -> dict[tuple[object, ...], str]:
    """Outcome by what was judged; a key that is there twice is an error of its own.

    The condition of self-heating is the moment at which the error was furthest off: that one is measured.
    """
    found = [
        ((point.label, each.procedure, each.instance, each.quantity, each.phase, _condition(each)), each.outcome)
        for point in run.points
        for each in point.results
    ]
    assert len(dict(found)) == len(found), "each result is once in the record"
    return dict(found)


def _condition(result: ResultRecord) -> str:
    return "" if result.procedure == "self_heating" else result.condition


def test_a_killed_certification_goes_on_in_the_same_record(tmp_path):
    begun = start(tmp_path, certify(tmp_path, "--max-points", "3", "-k", "not energy"))
    assert comes_true(lambda: is_in_its_second_point(tmp_path), 90.0)
    begun.kill()
    begun.communicate()
    before = read_last(tmp_path / "r.sqlite")
    again = start(tmp_path, resume(tmp_path))
    said, _ = again.communicate(timeout=_LONGEST_S)
    run = read_last(tmp_path / "r.sqlite")
    assert again.returncode == 0, said
    assert (run.run_id, run.outcome, run.header.programme) == (before.run_id, "PASS", before.header.programme)
    assert "resumed after a gap of" in said
    assert verdicts(run)
    assert len({point.label for point in run.points}) == len(run.points) == 3
    assert any(entry.confirmed for entry in run.journal), "the guardian saw the outputs off after the kill"
    kept = {point.number for point in before.points}
    assert kept <= {point.number for point in (*run.points, *(each.point for each in run.set_aside))}
    assert {each.purpose for each in run.set_aside} == {"check", "superseded"}
    refused = start(tmp_path, resume(tmp_path))
    said, _ = refused.communicate(timeout=_LONGEST_S)
    assert (refused.returncode, "is finished" in said) == (11, True)


SHORT = ("emulated-laboratory", "--programme", str(ROOT / "benchmarks" / "short_programme.yaml"))
FULL = ("emulated-laboratory", "--programme", "full")


@pytest.mark.soak
@pytest.mark.parametrize(("what", "kills", "longest_s"), [(SHORT, 20, 40.0), (FULL, 3, 200.0)], ids=["short", "full"])
@pytest.mark.timeout(7200)
def test_random_kills_change_no_verdict(tmp_path, what, kills, longest_s):
    bench, *options = what
    chance = random.Random(4100)
    whole = tmp_path / "whole"
    done = start(whole, certify(whole, *options, bench=bench))
    said, _ = done.communicate(timeout=_LONGEST_S)
    assert done.returncode == 0, said
    reference = read_last(whole / "r.sqlite")
    killed = 0
    while killed < kills:  # a run that comes to its end between two kills is followed by another one
        folder = tmp_path / f"killed-{killed}"
        process = start(folder, certify(folder, *options, bench=bench))
        while (said := _said_within(process, chance.uniform(1.0, longest_s) if killed < kills else _LONGEST_S)) is None:
            process.kill()
            process.communicate()
            killed += 1
            has_begun = read_last(folder / "r.sqlite") is not None
            process = start(folder, resume(folder) if has_begun else certify(folder, *options, bench=bench))
        run = read_last(folder / "r.sqlite")
        assert verdicts(run) == verdicts(reference), said
        assert (run.outcome, run.exit_code) == (reference.outcome, reference.exit_code) == ("PASS", 0)
        assert {each.purpose for each in run.set_aside} <= {"check", "superseded"}


def _said_within(process: subprocess.Popen[str], timeout_s: float) -> str | None:
    """What a process printed, when it ends in that time; None where it goes on."""
    try:
        return process.communicate(timeout=timeout_s)[0]
    except subprocess.TimeoutExpired:
        return None
