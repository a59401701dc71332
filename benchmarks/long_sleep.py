"""How long the emulated bench takes over days of bench time, with the meter logging under a constant load.

A bench of its own is launched, a load applied, AV11 written, and ``clock.sleep`` asked for as a procedure would.
Meanwhile the meter is read over MS/TP: prints how long the sleep took, and the longest read. Run:
``python benchmarks/long_sleep.py [hours [interval_s]]``, by default 96 hours at 900 s and at 60 s.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from pathlib import Path

from bacpypes3.primitivedata import Real

from drivers.meter.properties import Properties
from rig.bench import Bench, open_bench
from rig.load_point import LoadPoint

HOUR_S = 3600.0
BENCH = """\
schema: 1
extends: emulated
name: long-sleep
launch: {extra_argv: ["--seed", "7"]}
"""


def main() -> None:
    """Print the figures."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 96.0
    intervals = [float(sys.argv[2])] if len(sys.argv) > 2 else [900.0, 60.0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long-sleep.yaml"
        path.write_text(BENCH)
        with open_bench(path) as bench:
            assert bench.supervisor is not None
            bench.supervisor.apply(LoadPoint(277.0, 50.0, -30.0))
            for interval_s in intervals:
                sleep(bench, hours, interval_s)


def sleep(bench: Bench, hours: float, interval_s: float) -> None:
    """Let ``hours`` pass with a log interval of ``interval_s``, and print how long that took."""
    meter = bench.positions[0].meter
    Properties(meter).write("AV", 11, "present-value", Real(interval_s * 100.0))
    bench.clock.sleep(5.0)
    longest_s, done = [0.0], threading.Event()

    def read() -> None:
        while not done.wait(0.2):
            began_s = time.perf_counter()
            meter.read_inputs([11])
            longest_s.append(time.perf_counter() - began_s)

    reader = threading.Thread(target=read)
    reader.start()
    before_s, began_s = bench.clock.now_s(), time.perf_counter()
    bench.clock.sleep(hours * HOUR_S)
    took_s = time.perf_counter() - began_s
    done.set()
    reader.join()
    passed_h = (bench.clock.now_s() - before_s) / HOUR_S
    total = Properties(meter).read("TL", 1, "total-record-count")
    print(
        f"{passed_h:.2f} h at {interval_s:g} s: {took_s:.2f} s, {len(longest_s) - 1} reads meanwhile, "
        f"the longest {max(longest_s):.3f} s; TL1 has had {total} records"
    )


if __name__ == "__main__":
    main()
