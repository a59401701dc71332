"""Many stations record units and send them to one PostgreSQL server: what a run waits for, and whether all arrives.

    python -m benchmarks.stations_to_one_database [--stations 20] [--seconds 300] [--times 10] [--server URL]

A line has a unit a minute at each station; ``--times`` 10 is ten of them. A unit has the rows of an EOL run of one
meter (about 550 in 125 transactions). Each station is a process that records, and a process that sends. Without
``--server`` one is started, with durable settings. Ends with 1 where a unit was not recorded, or the counts differ.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, func, select

from drivers.errors import RigError
from rig.load_point import LoadPoint
from rig.records._database import url_of
from rig.records.data import BudgetComponent, FindingRecord, InstrumentRecord, ResultRecord, RunHeader, UnitRecord
from rig.records.outbox.rows import TABLES
from rig.records.outbox.sender import Sender
from rig.records.store import RunStore

LINE_UNIT_S = 60.0
"""A line has one unit at each station in this time, seconds."""

_POINTS, _READINGS, _RESULTS, _BUDGET = 6, 5, 9, 7
_HEADER = RunHeader(kind="eol", bench_name="line", bench_file_sha256="00" * 32, software_version="0.1.0")
_RESULT = ResultRecord(
    procedure="power_comparison", instance=11, quantity="active_power", phase="ABC", read_value=83.1,
    expected_value=83.0, unit="kW", outcome="PASS", error_pct=0.12, expanded_uncertainty_pct=0.03, n=5, limit_pct=0.2,
    decision_rule="simple",
    components=(BudgetComponent(name="reference power", standard_uncertainty_pct=0.01),) * _BUDGET,
)  # fmt: skip
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured: units and rows, what a recording call took (seconds), and how long the rest took to arrive."""

    units: int
    planned: int
    late_s: float
    rows: int
    arrived: int
    doubled_or_lost: int
    typical_s: float
    hundredth_s: float
    longest_s: float
    drained_s: float

    @property
    def is_whole(self) -> bool:
        """Whether every unit was recorded, and every row is on the server once."""
        return self.units == self.planned and self.rows == self.arrived and not self.doubled_or_lost

    def __str__(self) -> str:
        took = f"{1e3 * self.typical_s:.1f} ms (1 % over {1e3 * self.hundredth_s:.0f} ms"
        return (
            f"{self.units} of {self.planned} units recorded, none begun more than {self.late_s:.2f} s after its time; "
            f"{self.rows} rows, {self.arrived} on the server, {self.doubled_or_lost} tables differ; "
            f"a recording call took {took}, longest {1e3 * self.longest_s:.0f} ms); "
            f"all was there {self.drained_s:.1f} s after the end"
        )


def measure(folder: Path, server: str, *, stations: int, seconds: float, times: float) -> Found:
    """Record at all stations for so long, at ``times`` a line's rate, and wait until the senders are through."""
    RunStore.open(server).close()
    paths = [folder / f"station-{number:02}.sqlite" for number in range(stations)]
    for path in paths:
        RunStore.open(path).close()
    over, results = _FORK.Event(), _FORK.Queue()
    senders = [_FORK.Process(target=_send, args=(path, server, over), daemon=True) for path in paths]
    began = time.monotonic() + 1.0
    every_s = LINE_UNIT_S / times
    recorders = [
        _FORK.Process(target=_record, args=(path, number, began, seconds, every_s, stations, results), daemon=True)
        for number, path in enumerate(paths)
    ]
    for process in (*senders, *recorders):
        process.start()
    recorded = [results.get(timeout=seconds + 300) for _ in recorders]
    ended = time.monotonic()
    over.set()
    for process in (*recorders, *senders):
        process.join(timeout=300)
    drained_s = time.monotonic() - ended
    here = [_counts(path) for path in paths]
    there = _counts(server)
    differ = [name for name in TABLES if sum(each[name] for each in here) != there[name]]
    calls = sorted(call for _, _, each in recorded for call in each)
    return Found(
        units=sum(units for units, _, _ in recorded),
        planned=sum(len(_times(number, seconds, every_s, stations)) for number in range(stations)),
        late_s=max(late for _, late, _ in recorded),
        rows=sum(sum(each.values()) for each in here),
        arrived=sum(there.values()),
        doubled_or_lost=len(differ),
        typical_s=statistics.median(calls),
        hundredth_s=calls[int(0.99 * len(calls))],
        longest_s=calls[-1],
        drained_s=drained_s,
    )


def _times(number: int, seconds: float, every_s: float, stations: int) -> list[float]:
    """Return when a station begins its units, seconds from the beginning; the stations take turns."""
    first = every_s * number / stations
    return [first + every_s * unit for unit in range(int((seconds - first) // every_s) + 1)]


def _record(path: Path, number: int, began: float, seconds: float, every_s: float, stations: int, results: Any) -> None:
    calls: list[float] = []
    late_s, units = 0.0, 0
    with RunStore.open(path) as store:
        for unit, at_s in enumerate(_times(number, seconds, every_s, stations)):
            time.sleep(max(0.0, began + at_s - time.monotonic()))
            late_s = max(late_s, time.monotonic() - began - at_s)
            _record_unit(store, f"{number:02}{unit:06}", f"station {number}", calls)
            units += 1
    results.put((units, late_s, calls))


def _record_unit(store: RunStore, serial_number: str, station: str, calls: list[float]) -> None:
    """Record one unit as an EOL run does; ``calls`` gets the time that each recording call took."""

    @contextmanager
    def timed() -> Iterator[None]:
        began = time.perf_counter()
        yield
        calls.append(time.perf_counter() - began)

    with timed():
        run = store.begin_run(replace(_HEADER, station=station))
    for role in ("source", "analyzer", "switch", "generator", "counter", "climate"):
        with timed():
            run.instrument(InstrumentRecord(role=role, identity="EMULATED,1,2,3"))
    with timed():
        run.unit(UnitRecord(serial_number=serial_number, device_instance=1))
    with timed():
        run.configuration_before(dict.fromkeys(range(1, 14), 1.0))
    for _ in range(_POINTS):
        with timed():
            point = run.begin_point(LoadPoint(277.0, 5.0, 0.0))
        for name in ("energise", "energised", "settled"):
            with timed():
                run.event(name, "277V-5pct-PF1-ABC", data={"volts": [277.0] * 3})
        for reading in range(_READINGS):
            with timed():
                point.reference_reading({"elements": [{"u_v": 277.0, "i_a": 5.0}] * 3}, monotonic_s=0.0)
            with timed():
                values = {instance: float(reading) for instance in range(1, 84)}
                point.meter_reading(values, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
        with timed():
            point.measurement("power_comparison", {"ranges": [300.0, 5.0]})
        with timed():
            point.results([_RESULT] * _RESULTS)
        with timed():
            point.finish()
    for name in ("identity.serial-number", "identity.firmware", "configuration", "clock", "shipping-state"):
        with timed():
            run.finding(FindingRecord(name=name, expected="1", found="1", outcome="PASS"))
    with timed():
        run.finish("PASS", 0)


def _send(path: Path, server: str, over: Any) -> None:
    with Sender(path, server) as sender:
        while True:
            is_over = over.is_set()
            try:
                sender.send()
            except RigError as error:
                print(f"{path.name}: {error}", flush=True)
                is_over = False
            if is_over:
                return
            over.wait(1.0)


def _counts(url_or_path: str | Path) -> dict[str, int]:
    engine = create_engine(url_of(url_or_path))
    with engine.connect() as connection:
        found = {
            name: connection.scalar(select(func.count(table.c.uid.distinct()))) or 0 for name, table in TABLES.items()
        }
        for name, table in TABLES.items():
            assert connection.scalar(select(func.count()).select_from(table)) == found[name], f"{name} has doubled rows"
    engine.dispose()
    return found


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--times", type=float, default=10.0)
    parser.add_argument("--server", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rates = {"stations": asked.stations, "seconds": asked.seconds, "times": asked.times}
        if asked.server:
            found = measure(Path(folder), asked.server, **rates)
        else:
            from tests.postgres_server import running

            with running(is_durable=True) as server:
                found = measure(Path(folder), server.new_database(), **rates)
    print(found)
    return 0 if found.is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
