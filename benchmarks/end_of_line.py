"""Bench time of the end-of-line sequence, scan to verdict, with full ramps and without an operator: 1 and 8 positions.

Run ``python -m benchmarks.end_of_line [--positions 1 8] [--product s4100-480]``. The emulated bench keeps bench time
1:1 with wall time while it exchanges anything, so that a busy host makes both figures longer.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from rig.records.data import RunRecord
from rig.records.store import RunStore

BENCHES = {1: "emulated-eol", 8: "emulated-eol-8"}
LONGEST_S = 60.0
LARGEST_RATIO = 1.5


def serial_number(number: int) -> str:
    """Return that of an emulated meter with seed 1."""
    generator = np.random.default_rng([1, 0x20, number])
    generator.integers(2**31)
    return str(generator.integers(10**9, 10**10))


def end_of_line(positions: int, product: str, folder: Path) -> tuple[RunRecord, float]:
    """Test as many units; returns the record and the wall seconds of the whole command."""
    scans = [f"--serial-number={n}={serial_number(n)}" for n in range(1, positions + 1)]
    records = folder / f"{positions}.sqlite"
    began_s = time.monotonic()
    done = subprocess.run(
        [
            sys.executable, "-m", "rig.cli", "eol", "--product", product, "--bench", BENCHES[positions], *scans,
            "--operator-by", "none", "--records", str(records), "--out", str(folder / f"out-{positions}"),
        ],
        env=os.environ | {"RIG_STATE_DIR": str(folder / "state")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    took_s = time.monotonic() - began_s
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode} at {positions} positions:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    with RunStore.open(records) as store:
        return store.run("last"), took_s


def bench_time_s(run: RunRecord) -> float:
    """Return the bench seconds from scan to verdict that the run recorded."""
    return next(float(str(each.data["bench_time_s"])) for each in run.events if each.kind == "bench time")


def main() -> None:
    """Print a line for each number of positions, and how many times the time of one they take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--positions", type=int, nargs="+", choices=sorted(BENCHES), default=sorted(BENCHES))
    parser.add_argument("--product", default="s4100-480")
    chosen = parser.parse_args()
    found: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for count in chosen.positions:
            run, wall_s = end_of_line(count, chosen.product, Path(folder))
            found[count] = bench_time_s(run)
            words = "position " if count == 1 else "positions"
            print(
                f"{count} {words}: {found[count]:5.1f} s of bench time, scan to verdict ({run.outcome}); "
                f"{wall_s:5.1f} s of wall time for the command; load average {os.getloadavg()[0]:.1f}"
            )
    if 1 in found:
        print(f"one position: {found[1]:.1f} s, wanted less than {LONGEST_S:g} s")
    if 1 in found and 8 in found:
        ratio = found[8] / found[1]
        print(f"eight positions take {ratio:.2f} times as long as one, wanted less than {LARGEST_RATIO:g}")


if __name__ == "__main__":
    main()
