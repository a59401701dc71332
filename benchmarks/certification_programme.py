"""A whole programme of certification on good emulated meters: wall time, outcomes, and U/L by quantity.

Each seed is another unit, with errors of its own inside its class. A verdict is a fact about a meter: results that
repeat one fact count once (``rig.records.verdicts``). What the bench cannot do is left out by the plan.
Run: ``python -m benchmarks.certification_programme [--programme full|FILE] [--bench NAME] [--seeds N]``.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import yaml

from rig.bench import load_bench
from rig.bench.schema.bench import WiringPart
from rig.records.data import ResultRecord, RunRecord
from rig.records.listing import RunSummary
from rig.records.store import RunStore
from rig.records.verdicts import of_verdicts

GOOD = ("PASS", "COND_PASS")
RATIO_LIMITS = {"active_power": 1 / 5, "active_energy": 1 / 5}
OTHER_RATIO_LIMIT = 1 / 3


def bench_of_unit(folder: Path, bench: str, seed: int, ct_secondary: int) -> Path:
    """Write a bench file of the emulated unit that is drawn with ``seed``; ``ct_secondary``: 1 for 1 V, 3 for 1/3 V."""
    launch = load_bench(bench).parts.launch
    assert launch is not None, "an emulated bench"
    more = [*launch.extra_argv, "--seed", str(seed)]
    content: dict[str, object] = {"schema": 1, "extends": bench, "name": f"{bench}-{seed}-{ct_secondary}"}
    if ct_secondary == 3:
        more += ["--ct-secondary", "3"]
        content["wiring"] = {"ct": {"secondary_v": 0.333333}}
    content["launch"] = {"extra_argv": more}
    path = folder / (f"unit-{seed}.yaml" if ct_secondary == 1 else f"unit-{seed}-third-volt.yaml")
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def certify(folder: Path, bench: Path, programme: str) -> tuple[float, int]:
    """Certify the meter of ``bench``; returns wall seconds and the exit code."""
    began = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "certify", "--bench", str(bench), "--programme", programme,
            "--records", str(folder / "records.sqlite"), "--out", str(folder / bench.stem),
        ],
        env={**os.environ, "RIG_STATE_DIR": str(folder / "state")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    if done.returncode not in (0, 1):
        print(done.stdout[-2000:], file=sys.stderr)
    return time.monotonic() - began, done.returncode


def runs_of(database: Path) -> tuple[tuple[RunSummary, ...], list[RunRecord]]:
    """Read all runs of a database: their lines in the list, and each whole."""
    with RunStore.open(database) as store:
        summaries = store.runs()
        return summaries, [store.run(summary.run_id) for summary in summaries]


def judged_of(run: RunRecord) -> list[ResultRecord]:
    """Return the results that have a limit."""
    return [result for point in run.points for result in point.results if result.outcome != "NOT_JUDGED"]


def secondary_v_of(run: RunRecord) -> float:
    """Return the rated secondary volts of the transducer that a run simulated."""
    wiring = WiringPart.model_validate(run.header.judged_with["wiring"])
    return round(wiring.ct.secondary_v, 3)


def ratios(runs: Iterable[RunRecord]) -> dict[str, list[float]]:
    """Return U/L of every judged result by quantity."""
    found: dict[str, list[float]] = defaultdict(list)
    for result in (each for run in runs for each in judged_of(run)):
        ratio = result.uncertainty_ratio
        if ratio is not None:
            found[result.quantity].append(ratio)
    return found


def main() -> None:
    """Certify one unit after another and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programme", default="full")
    parser.add_argument("--bench", default="emulated-laboratory")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--ct-secondary", type=int, choices=(1, 3), nargs="+", default=[1], help="1: 1 V, 3: 1/3 V")
    parser.add_argument("--keep", type=Path, default=None, help="folder that is kept; else a temporary one")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        seeds = range(chosen.first_seed, chosen.first_seed + chosen.seeds)
        for seed, ct_secondary in itertools.product(seeds, chosen.ct_secondary):
            bench = bench_of_unit(folder, chosen.bench, seed, ct_secondary)
            wall_s, code = certify(folder, bench, chosen.programme)
            print(f"unit {seed}: {wall_s / 60.0:.1f} min of wall time, exit code {code}", flush=True)
        summaries, runs = runs_of(folder / "records.sqlite")
    outcomes = Counter(result.outcome for run in runs for result in judged_of(run))
    procedures = Counter(result.procedure for run in runs for result in judged_of(run))
    verdicts = sum((Counter(of_verdicts(summary.counts)) for summary in summaries), Counter[str]())
    print(f"results: {dict(outcomes)}; by procedure: {dict(procedures)}")
    print(f"verdicts: {dict(verdicts)}, {100.0 * verdicts['PASS'] / max(1, verdicts.total()):.1f} % PASS")
    for secondary_v in sorted({secondary_v_of(run) for run in runs}, reverse=True):
        print(f"transducer of {secondary_v:g} V:")
        of_transducer = [run for run in runs if secondary_v_of(run) == secondary_v]
        for quantity, values in sorted(ratios(of_transducer).items()):
            most = RATIO_LIMITS.get(quantity, OTHER_RATIO_LIMIT)
            print(f"  {quantity}: median U/L {statistics.median(values):.3f} (at most {most:.3f}), n = {len(values)}")
    for point, result in ((p, r) for run in runs for p in run.points for r in p.results):
        if result.outcome not in (*GOOD, "NOT_JUDGED"):
            print(f"  {result.outcome}: {result.procedure} AI{result.instance} at {point.label}: {result.reason}")


if __name__ == "__main__":
    main()
