"""``rig regress`` of twenty good meters beside two busy processes: none fails, and next to nothing is left open.

Run by ``make soak``, and resumed: each run's result is a line of ``build/soak/good_meters.jsonl`` (``tests.campaign``).
Its short form in ``make test`` is one good meter of ``test_regression_suite``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.certified import ROOT, environment, read_last
from tests.campaign import busy, kept

pytestmark = [pytest.mark.realtime, pytest.mark.alone, pytest.mark.soak, pytest.mark.timeout(3600)]

CAMPAIGN = "good_meters"
SEEDS = range(1, 21)
MOST_OPEN = 0.02
"""Part of all answers that may be INVALID, each with the bench's lateness as its reason."""

_BENCH = """\
schema: 1
extends: emulated
name: good meter
launch: {{extra_argv: ["--seed", "{seed}"]}}
"""


def asked(seed: int, folder: Path) -> dict[str, object]:
    """Ask one good meter everything; returns exit code, answers by outcome, and those that are not PASS or SKIP."""
    bench = folder / "good.yaml"
    bench.write_text(_BENCH.format(seed=seed), encoding="utf-8")
    with busy(2):
        done = subprocess.run(
            [
                sys.executable, "-m", "rig.cli", "regress", "--allow-reset", "--json", "--bench", str(bench),
                "--records", str(folder / "records.sqlite"), "--out", str(folder / "out"),
            ],
            cwd=ROOT, env=environment(folder / "state"), capture_output=True, text=True, timeout=3000, check=False,
        )  # fmt: skip
    run = read_last(folder / "records.sqlite")
    assert run is not None, done.stdout[-3000:] + done.stderr[-3000:]
    wrong = [f"{each.outcome}: {each.name}: {each.found}" for each in run.findings if each.outcome not in _GOOD]
    wrong += [f"{each.kind}: {each.text}" for each in run.events if each.kind == "bench failed"]
    outcomes = Counter(each.outcome for each in run.findings)
    return {"exit_code": done.returncode, "outcome": run.outcome, "answers": outcomes, "wrong": wrong}


_GOOD = ("PASS", "SKIP")


@pytest.mark.parametrize("seed", SEEDS)
def test_a_good_meter_does_not_fail_beside_two_busy_processes(seed: int, tmp_path: Path) -> None:
    result = kept(CAMPAIGN, (seed,), lambda: asked(seed, tmp_path))
    assert result["answers"].get("FAIL", 0) == 0, json.dumps(result, indent=1)
    assert result["answers"]["PASS"] > 500


def test_next_to_no_answer_of_good_meters_is_left_open(tmp_path: Path) -> None:
    answers: Counter[str] = Counter()
    for seed in SEEDS:
        answers.update(kept(CAMPAIGN, (seed,), lambda seed=seed: asked(seed, tmp_path))["answers"])
    assert answers["INVALID"] + answers["ERROR"] <= MOST_OPEN * answers.total(), answers
