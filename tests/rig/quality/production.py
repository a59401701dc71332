"""A production that never happened: many tests of units with known truth, written into a records database at once."""

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import insert

from rig.load_point import LoadPoint
from rig.records import tables
from rig.records._mapping import columns_of
from rig.records.store import RunStore

START = dt.datetime(2026, 12, 1, 6, 0, tzinfo=dt.UTC)
QUANTITIES = (("active_power", 70, "A"), ("active_power", 71, "B"), ("active_power", 72, "C"), ("voltage", 10, "A"))


@dataclass
class MadeTest:
    """One test of one unit. ``errors``: percent, by place in QUANTITIES; ``classes``: of its failed findings."""

    serial_number: str
    outcome: str = "PASS"
    classes: Sequence[str] = ()
    errors: Sequence[float] = ()
    position: str = "1"
    station: str = "line 1"
    lot: str = "L1"
    product: str = "S4100"
    kind: str = "eol"
    operator: str = "Mia"
    run: str = ""
    run_outcome: str = ""
    minutes: float = 0.0
    limit_pct: float = 0.5
    u_pct: float | None = 0.05
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))


def enter(path: Path, tests: Sequence[MadeTest]) -> RunStore:
    """Write tests into a database, those of one ``run`` as units of one run; returns its store."""
    store = RunStore.open(path)
    rows: dict[str, list[dict[str, object]]] = {"run": [], "unit": [], "finding": [], "point": [], "result": []}
    runs: dict[str, tuple[str, list[MadeTest]]] = {}
    for test in tests:
        runs.setdefault(test.run or test.uid, (str(uuid.uuid4()), []))[1].append(test)
    point_id = store_size(store)
    for run_id, units in runs.values():
        first = units[0]
        started = START + dt.timedelta(minutes=first.minutes)
        worst = first.run_outcome or max((unit.outcome for unit in units), key=_RANK.index)
        is_over = worst != "RUNNING"
        rows["run"].append(
            {
                "id": run_id, "kind": first.kind, "bench_name": "emulated", "bench_file_sha256": "00",
                "software_version": "0", "git_sha": None, "operator": first.operator, "station": first.station,
                "decision_rule": "", "retest_of": None, "simulated": True, "environment": {}, "started_utc": started,
                "finished_utc": started + dt.timedelta(minutes=1) if is_over else None,
                "outcome": worst if is_over else None, "exit_code": 0,
                "after_adjustment_of": None, "product": first.product or None, "lot": first.lot or None,
            }
        )  # fmt: skip
        point_id += 1
        at = LoadPoint(277.0, 100.0, 0.0)
        rows["point"].append(
            {
                "id": point_id, "run_id": run_id, "number": 1, "label": at.label, **columns_of(at),
                "started_utc": started, "finished_utc": started, "reason": "", "deviation": {}, "outcome": None,
            }
        )  # fmt: skip
        for number, unit in enumerate(units, 1):
            rows["unit"].append(
                {
                    "run_id": run_id, "number": number, "serial_number": unit.serial_number, "device_instance": number,
                    "model": "", "firmware": "", "application": "", "position": unit.position,
                    "scanned": unit.serial_number,
                }
            )  # fmt: skip
            rows["finding"] += [
                _finding(run_id, number, started, unit.outcome if place == 0 else "FAIL", name)
                for place, name in enumerate(unit.classes or ("",))
            ]
            rows["result"] += [_result(point_id, number, place, error, unit) for place, error in enumerate(unit.errors)]
    with store._database.writing() as connection:
        for name, table in (
            ("run", tables.RUN), ("unit", tables.UNIT), ("finding", tables.FINDING), ("point", tables.POINT),
            ("result", tables.RESULT),
        ):  # fmt: skip
            if rows[name]:
                connection.execute(insert(table), rows[name])
    return store


_RANK = ["NOT_JUDGED", "PASS", "COND_PASS", "INVALID", "COND_FAIL", "FAIL", "TERMINATED", "ERROR", "ABORTED"]


def store_size(store: RunStore) -> int:
    with store._reading() as connection:
        return connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM point").scalar() or 0


def _finding(run_id: str, number: int, time: dt.datetime, outcome: str, name: str) -> dict[str, object]:
    return {
        "run_id": run_id, "name": name or "identity", "expected": "", "found": "", "outcome": outcome,
        "unit_number": number, "cites": None, "time_utc": time, "failure_class": name or None,
    }  # fmt: skip


def _result(point_id: int, number: int, place: int, error: float, unit: MadeTest) -> dict[str, object]:
    quantity, instance, phase = QUANTITIES[place]
    return {
        "point_id": point_id, "procedure": "power_comparison", "instance": instance, "quantity": quantity,
        "phase": phase, "read_value": 100.0 + error, "expected_value": 100.0, "unit": "W",
        "outcome": "PASS" if abs(error) <= unit.limit_pct else "FAIL", "error_pct": error,
        "expanded_uncertainty_pct": unit.u_pct, "k": 2.0, "nu_eff": None, "n": 5, "limit_pct": unit.limit_pct,
        "guard_band_pct": 0.0, "decision_rule": "", "conformance_probability": None, "reason": "",
        "unit_number": number, "condition": None, "basis": None, "limit_verified": False,
        "failure_class": None,
    }  # fmt: skip


def production(units: int, seed: int = 1, *, sigma_pct: float = 0.08, mean_pct: float = 0.05) -> list[MadeTest]:
    """Two stations with four positions each, normal errors, one unit in twenty failing, half of these mended."""
    chance = random.Random(seed)
    tests = []
    for number in range(units):
        place = number % 8
        fails = chance.random() < 0.05
        errors = [chance.gauss(mean_pct, sigma_pct) for _ in QUANTITIES]
        test = MadeTest(
            f"0{4100000 + number}",
            "FAIL" if fails else "PASS",
            (chance.choice(("gain", "gain", "gain", "phase", "panel", "communication")),) if fails else (),
            errors,
            position=str(place % 4 + 1),
            station=f"line {place // 4 + 1}",
            lot=f"L{number // 125 + 1}",
            minutes=number * 2.0,
        )
        tests.append(test)
        if fails:
            mended = chance.random() < 0.5
            again = MadeTest(
                test.serial_number, "PASS" if mended else "FAIL", () if mended else test.classes, errors,
                position=test.position, station=test.station, lot=test.lot, minutes=number * 2.0 + 30.0,
            )  # fmt: skip
            tests.append(again)
    return tests
