"""Bench time of a certification against the time that is necessary, by procedure.

The necessary time is computed here, apart from the plan and its durations: from the ramp and the settling limits of the
bench file, the analyzer's update, the meter's update of a second (manual page 1), the ways up that
docs/explanation/safety.md asks for, the readings that docs/reference/certification-procedures.md asks for, the register
gates that the target U needs, and the durations that a standard states. The bench time is that of a real run: the
clock of the bench is read before and after each step.
Run: ``python -m benchmarks.certification_overhead [--programme full|short|FILE] [--bench NAME] [-k EXPRESSION]``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from rig.bench import BenchFile, load_bench
from rig.load_point import LoadPoint
from rig.plans import Plan, certification_plan, load_programme
from rig.plans.programme import PlannedTest

SPENT = "RIG_OVERHEAD_FILE"
"""Environment variable that names the file to which the run, with this module as a plugin, writes what it spent."""

METER_UPDATE_S = 1.0
UPDATES = 5
"""Updates of the meter that a measurement takes: type A with four degrees of freedom, and U of the emulated reference
is small against L/5 at that number."""

GATES, GATE_S = 5, 60.0
"""Gates of an energy register: five repeats, each so long that an edge of 0.02 s is 0.03 % of it."""

STILL_UPDATES = 3
LOOK_UPDATES = 6 + 1
"""Readings that show that a register stands still; those that show its step six times."""

RUNNING_EDGES = 2 * 5
EDGES_WITHIN_S = 0.1
STARTING_S, NO_LOAD_S = 120.0, 600.0
WARM_UP_S, HEATED_S, HEATED_EVERY_S = 3600.0, 3600.0, 600.0
"""Self-heating: an hour without current, an hour at Imax, looked at every ten minutes (IEC 62053-22:2003, recalled)."""

CLOCK_S = 600.0
DEMAND_INTERVALS = 2
"""The present demand is that of a constant load alone after the interval that was running and one whole."""


@dataclass(frozen=True)
class Necessary:
    """Necessary bench seconds on one bench."""

    bench: BenchFile

    @property
    def update_s(self) -> float:
        """Data update period of the analyzer, s."""
        assert self.bench.parts.analyzer is not None
        return self.bench.parts.analyzer.update_s

    @property
    def ramp_s(self) -> float:
        """From off to the voltage of a load point, s."""
        assert self.bench.parts.source is not None
        return self.bench.parts.source.ramp_s

    @property
    def fresh_s(self) -> float:
        """A data set that was begun after a moment: the running one ends, the next is waited for."""
        return 2.0 * self.update_s

    @property
    def settle_s(self) -> float:
        """Data sets in a row, the first begun after the change."""
        return self.fresh_s + (self.bench.parts.settling.sets - 1) * self.update_s

    def change_s(self, before: LoadPoint | None, after: LoadPoint) -> float:
        """From one load point to another: ramps, and a look at a tenth of a current that comes or more than doubles."""
        if before is None or self._through_off(before, after):
            down_s = 0.0 if before is None else self.ramp_s + self.fresh_s
            return down_s + self.ramp_s + 2.0 * self.fresh_s + (self.fresh_s if after.current_pct else 0.0)
        volts = max(abs(a - b) for a, b in zip(after.phase_voltages_v, before.phase_voltages_v, strict=True))
        slew_s = volts / max(after.phase_voltages_v) * self.ramp_s
        same = set(after.phases) <= set(before.phases) and 0.0 < after.current_pct <= 2.0 * before.current_pct
        return slew_s + (0.0 if same or not after.current_pct else self.fresh_s)

    @staticmethod
    def _through_off(before: LoadPoint, after: LoadPoint) -> bool:
        pairs = list(zip(before.phase_voltages_v, after.phase_voltages_v, strict=True))
        far = any(abs(a - b) > 0.15 * max(a, b) for a, b in pairs)
        return before.frequency_hz != after.frequency_hz or far

    def compared_s(self, updates: int = UPDATES) -> float:
        """A power comparison at a point that stands: settled, bracketed by a data set before and one after."""
        return self.settle_s + updates * METER_UPDATE_S + 2.0 * self.update_s

    def points_s(self, before: LoadPoint | None, points: Iterable[LoadPoint]) -> float:
        """Load points one after another."""
        total = 0.0
        for point in points:
            total += self.change_s(before, point) + self.compared_s()
            before = point
        return total

    def looked_s(self, point: LoadPoint) -> float:
        """A register's step seen under load, from another load."""
        idle = replace(point, current_pct=0.0)
        return self.change_s(idle, point) + self.settle_s + LOOK_UPDATES * METER_UPDATE_S

    def gated_s(self, point: LoadPoint, gates: int, gate_s: float) -> float:
        """Gates of current with the voltage on: seen to be off, still, on from a tenth, off, still."""
        idle = replace(point, current_pct=0.0)
        each_s = self.change_s(idle, point) + self.fresh_s + gate_s + self.fresh_s + STILL_UPDATES * METER_UPDATE_S
        return self.looked_s(point) + self.fresh_s + STILL_UPDATES * METER_UPDATE_S + gates * each_s

    def series_s(self, tests: Iterable[PlannedTest]) -> float:
        """A basis, what is compared with it, and the basis again."""
        found = list(tests)
        basis = found[0].points[0]
        return self.points_s(None, (basis, *dict.fromkeys(test.point for test in found), basis)) - 2.0 * self.ramp_s

    def in_chamber_s(self, tests: Iterable[PlannedTest]) -> float:
        """Each temperature, the reference one first and last: the chamber's rest, and its lag of 400 s on the way."""
        found = list(tests)
        chamber = self.bench.parts.chamber
        assert chamber is not None
        points = tuple(dict.fromkeys(test.points[0] for test in found))
        values = sorted({test.value for test in found if test.value is not None})
        course_c = [23.0, *values, 23.0]
        on_the_way_s = 0.0
        for old, new in itertools.pairwise(course_c):
            on_the_way_s += _CHAMBER_LAG_S * math.log(max(1.0, abs(new - old) / chamber.soak.within_k))
        return len(course_c) * (chamber.soak.for_s + self.points_s(points[-1], points)) + on_the_way_s

    def test_s(self, test: PlannedTest) -> float:
        """One planned test that shares nothing with others."""
        point = test.point
        enters_s = self.change_s(replace(point, current_pct=0.0), point)
        repeats = getattr(test.row, "repeats", UPDATES)
        power_s = UPDATES * METER_UPDATE_S + 2.0 * self.update_s
        match test.procedure:
            case "repeatability":
                return enters_s + self.compared_s(repeats)
            case "self_heating":
                looks = 1 + math.ceil(HEATED_S / HEATED_EVERY_S)
                return WARM_UP_S + enters_s + HEATED_S + self.compared_s() + 0.0 * looks
            case "starting":
                off_s = self.fresh_s + STILL_UPDATES * METER_UPDATE_S
                return self.looked_s(point) + off_s + enters_s + self.settle_s + STARTING_S
            case "no_load":
                return 2.0 * self.looked_s(replace(point, current_pct=100.0)) + self.fresh_s + NO_LOAD_S
            case "energy_running":
                edges_s = RUNNING_EDGES * METER_UPDATE_S
                return self.looked_s(point) + power_s + edges_s + self._line_s(test)
            case "dosage":
                return self.gated_s(point, 1, 0.0) + power_s + 6.0 * (10.0 + 3.0 * self.fresh_s)
            case "demand":
                return enters_s + self.settle_s + DEMAND_INTERVALS * 900.0
            case "clock":
                return enters_s + CLOCK_S
        raise ValueError(f"no necessary time for {test.procedure}")

    @staticmethod
    def _line_s(test: PlannedTest) -> float:
        """A line between edges known to 0.1 s: their part of the limit is a fifth of it at most."""
        limit_pct = getattr(test.row, "limit_pct", 2.0)
        return max(120.0, math.sqrt(2.0) * EDGES_WITHIN_S / (0.2 * limit_pct / 100.0))


_CHAMBER_LAG_S = 400.0
"""Time constant of the emulated chamber's air; of a real one from its data sheet."""


def necessary_s(bench: BenchFile, plan: Plan, wanted: Iterable[str]) -> dict[str, float]:
    """Return necessary seconds by procedure for the steps named in ``wanted``."""
    need, names = Necessary(bench), set(wanted)
    found: dict[str, float] = defaultdict(float)
    points = [point for point in plan.points if f"load point {point.label}" in names]
    found["load points"] = need.points_s(None, points)
    for point, item in plan.energy:
        if any(f"AI{item.instance}-{point.label}]" in name for name in names):
            found["energy registers"] += need.gated_s(point, GATES, GATE_S)
    series: dict[LoadPoint, list[PlannedTest]] = defaultdict(list)
    heated = []
    for test in plan.tests:
        if getattr(test.row, "influence", "") == "temperature":
            heated.append(test)
        elif len(set(test.points)) > 1:
            series[test.points[0]].append(test)
        elif "--allow-reset" not in test.condition and any(f"[{test.key}]" in name for name in names):
            found[test.procedure.replace("_", " ")] += need.test_s(test)
    for basis, tests in series.items():
        if f"series from {basis.label}" in names:
            found["differences and influences"] += need.series_s(tests)
    if "series of temperatures" in names and heated:
        found["temperature"] = need.in_chamber_s(heated)
    return dict(found)


def procedure_of(step: str) -> str:
    """Return the procedure of a step by its name in the record."""
    for start, name in (
        ("load point", "load points"),
        ("series of temperatures", "temperature"),
        ("series from", "differences and influences"),
        ("test_energy_registers", "energy registers"),
    ):
        if step.startswith(start):
            return name
    return step.partition("[")[2].partition("-")[0].removesuffix("]").replace("_", " ")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Write what one item of the run spent, in bench seconds, to the file that ``SPENT`` names."""
    from rig.pytest_plugin import run_session
    from rig.run.resuming.steps import planned_item

    run = run_session(item.config)

    def now_s() -> float | None:
        return None if run.meter is None else run.meter.bench.clock.now_s()

    began_s = now_s()
    done = yield
    ended_s = now_s()
    if began_s is not None and ended_s is not None:
        with Path(os.environ[SPENT]).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": planned_item(item).step, "from_s": began_s, "to_s": ended_s}) + "\n")
    return done


def spent_in(file: Path) -> tuple[dict[str, float], set[str], float]:
    """Return spent bench seconds by procedure, the steps, and all from the first item to the last."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    found: dict[str, float] = defaultdict(float)
    for line in lines:
        found[procedure_of(line["step"])] += line["to_s"] - line["from_s"]
    return dict(found), {line["step"] for line in lines}, lines[-1]["to_s"] - lines[0]["from_s"]


def run_certification(bench: str, programme: str, select: str, folder: Path) -> Path:
    """Certify with this module as a plugin; return the file of what was spent."""
    file = folder / "spent.jsonl"
    argv = [sys.executable, "-m", "pytest", "-p", "benchmarks.certification_overhead", "tests_hil/certification", "-q"]
    argv += ["--bench", bench, "--programme", programme, "--out", str(folder / "out")]
    argv += ["--records", str(folder / "records.sqlite"), *(["-k", select] if select else [])]
    environment = {**os.environ, SPENT: str(file), "RIG_STATE_DIR": str(folder / "state")}
    done = subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if not file.exists():
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    print(f"exit code {done.returncode} of the certification")
    return file


def main() -> None:
    """Certify once, and print spent and necessary bench seconds by procedure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programme", default="full")
    parser.add_argument("--bench", default="emulated-laboratory")
    parser.add_argument("-k", dest="select", default="")
    parser.add_argument("--keep", type=Path, default=None, help="folder that is kept; else a temporary one")
    parser.add_argument("--spent", type=Path, default=None, help="spent.jsonl of an earlier run; nothing is measured")
    chosen = parser.parse_args()
    bench = load_bench(chosen.bench)
    plan = certification_plan(bench, programme=load_programme(chosen.programme))
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        file = chosen.spent or run_certification(chosen.bench, chosen.programme, chosen.select, folder)
        spent, steps, in_all_s = spent_in(file)
    needed = necessary_s(bench, plan, steps)
    print(f"{'procedure':28} {'bench s':>10} {'necessary s':>12} {'ratio':>7}")
    for name, seconds in sorted(spent.items(), key=lambda each: -each[1]):
        need_s = needed.get(name, 0.0)
        ratio = f"{seconds / need_s:7.3f}" if need_s else "      -"
        print(f"{name:28} {seconds:10.0f} {need_s:12.0f} {ratio}")
    total_s = math.fsum(needed.values())
    print(f"{'in all, first item to last':28} {in_all_s:10.0f} {total_s:12.0f} {in_all_s / total_s:7.3f}")


if __name__ == "__main__":
    main()
