"""A golden unit out of control locks its station until it passes again; a steady one alarms as rarely as it says."""

import datetime as dt
import random
from pathlib import Path

import pytest

from rig.quality.golden.drift import BASELINE, FALSE_ALARM, drift_of
from rig.quality.golden.state import StationWord, golden_checks, state_of, station_state
from rig.records.production.measured import Measurement, Value
from tests.rig.quality.production import START, MadeTest, enter

OF = Measurement("power_comparison", "active_power", "100pct", 70, "A")


def reading(error: float, u: float | None = 0.1, limit: float | None = 0.5) -> Value:
    return Value(OF, "r", 1, START, error, u, limit, 0.0, "PASS")


def golden(
    errors, minutes: float, outcome: str = "PASS", position: str = "1", kind: str = "golden", **more
) -> MadeTest:
    classes = ("gain",) if outcome == "FAIL" else ()
    return MadeTest("G1", outcome, classes, errors, kind=kind, minutes=minutes, position=position, **more)


def history(count: int, seed: int = 1, sigma: float = 0.02) -> list[MadeTest]:
    chance = random.Random(seed)
    return [golden([chance.gauss(0.1, sigma) for _ in range(4)], 60.0 * place) for place in range(count)]


def at(minutes: float) -> dt.datetime:
    return START + dt.timedelta(minutes=minutes)


def test_a_steady_golden_unit_alarms_as_rarely_as_it_says():
    chance = random.Random(2)
    readings, checks = 40, 3000
    base = [[chance.gauss(0.0, 0.03) for _ in range(BASELINE)] for _ in range(readings)]
    alarms = 0
    for number in range(checks):
        if number % 100 == 0:  # the false-alarm rate is over baselines too
            base = [[chance.gauss(0.0, 0.03) for _ in range(BASELINE)] for _ in range(readings)]
        found = (drift_of(reading(chance.gauss(0.0, 0.03), limit=0.0), "1", each, readings) for each in base)
        alarms += any(drift is not None and drift.is_out for drift in found)
    assert alarms / checks < 3.0 * FALSE_ALARM + 0.005


def test_a_drift_beyond_the_uncertainty_is_found_at_the_second_check():
    found = drift_of(reading(0.3), "1", [0.1], 1)
    assert found.is_out
    assert not drift_of(reading(0.2), "1", [0.1], 1).is_out


def test_a_drift_that_changes_no_verdict_is_no_alarm():
    still = [0.1] * BASELINE
    assert not drift_of(reading(0.1249, limit=0.5), "1", still, 1).is_out
    assert drift_of(reading(0.1251, limit=0.5), "1", still, 1).is_out


def test_the_first_reading_has_nothing_to_be_judged_by():
    assert drift_of(reading(5.0), "1", [], 1) is None


def test_a_station_without_any_check_is_due(tmp_path: Path):
    with enter(tmp_path / "r.db", [MadeTest("7", "PASS")]) as store:
        state = station_state(store, "line 1", at(10))
    assert (state.word, state.may_test) == (StationWord.DUE, False)
    assert "golden unit" in state.why


def test_a_check_holds_for_its_hours_and_is_due_after(tmp_path: Path):
    with enter(tmp_path / "r.db", history(10)) as store:
        assert station_state(store, "line 1", at(600)).may_test
        assert station_state(store, "line 1", at(540 + 12 * 60 + 1)).word is StationWord.DUE
        assert station_state(store, "line 1", at(600), positions=("1", "2")).word is StationWord.DUE
        assert station_state(store, "another", at(600)).word is StationWord.DUE


def test_a_drift_locks_the_station_until_a_golden_unit_passes(tmp_path: Path):
    good = [0.1, 0.1, 0.1, 0.1]
    tests = [*history(10), golden([0.1, 0.1, 0.1, 0.35], 600)]
    with enter(tmp_path / "r.db", tests) as store:
        state = station_state(store, "line 1", at(601))
        assert state.word is StationWord.LOCKED
        assert "voltage A" in state.why
        assert "is locked" in state.why
        assert not state.may_test
    spoiled = [golden(good, 602, "ERROR"), golden(good, 603, run_outcome="ABORTED"), MadeTest("7", "PASS", minutes=604)]
    with enter(tmp_path / "r.db", spoiled) as store:
        assert station_state(store, "line 1", at(610)).word is StationWord.LOCKED
    with enter(tmp_path / "r.db", [golden(good, 620)]) as store:
        assert station_state(store, "line 1", at(621)).may_test


def test_a_golden_unit_that_fails_locks_the_station(tmp_path: Path):
    with enter(tmp_path / "r.db", [*history(3), golden([0.1] * 4, 300, "FAIL")]) as store:
        state = station_state(store, "line 1", at(301))
    assert state.word is StationWord.LOCKED
    assert "failed" in state.why


def test_readings_out_of_control_never_become_part_of_the_history(tmp_path: Path):
    tests = [*history(8), *(golden([0.5] * 4, 600.0 + place) for place in range(20))]
    with enter(tmp_path / "r.db", tests) as store:
        checks = golden_checks(store, "line 1")
    assert [check.in_control for check in checks] == [True] * 8 + [False] * 20


def test_a_slow_drift_does_not_carry_its_limits_along(tmp_path: Path):
    creeping = [golden([0.1 + 0.005 * place] * 4, 3000.0 + place) for place in range(60)]
    with enter(tmp_path / "r.db", [*history(BASELINE), *creeping]) as store:
        checks = golden_checks(store, "line 1")
    assert all(check.in_control for check in checks[: BASELINE + 3])
    assert not checks[-1].in_control


def test_positions_have_their_own_history_and_lock_the_station(tmp_path: Path):
    tests = [
        *(golden([0.1] * 4, float(place), position="1") for place in range(6)),
        *(golden([0.4] * 4, 10.0 + place, position="2") for place in range(6)),
        golden([0.4] * 4, 20.0, position="1"),
    ]
    with enter(tmp_path / "r.db", tests) as store:
        state = station_state(store, "line 1", at(21))
        assert state.word is StationWord.LOCKED
        assert "position 1" in state.why
        assert station_state(store, "line 1", at(21), positions=("2",)).may_test


def test_a_production_run_of_a_named_golden_unit_is_a_check(tmp_path: Path):
    tests = [golden([0.1] * 4, float(place), kind="eol") for place in range(3)]
    with enter(tmp_path / "r.db", tests) as store:
        assert not golden_checks(store, "line 1")
        assert len(golden_checks(store, "line 1", ("G1",))) == 3


@pytest.mark.parametrize("checks", [(), ("none",)])
def test_the_state_without_checks_needs_no_database(checks):
    assert state_of("s", (), at(0)).word is StationWord.DUE
