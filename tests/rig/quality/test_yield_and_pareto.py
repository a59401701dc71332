"""Yield counts units, not tests; a unit's first complete test is its first pass, and each failed unit has one class."""

import datetime as dt
import itertools
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.quality.numbers.proportion import Proportion
from rig.quality.yields import group_key, pareto, shift_name, units_of, yield_of, yields_by
from rig.records.production.selection import Selection
from rig.records.production.units import FAILED, PASSED, UnitTest
from rig.records.units.outcomes import classes_of, unit_outcome
from tests.rig.quality.production import START, MadeTest, enter, production

OUTCOMES = ("PASS", "COND_PASS", "FAIL", "COND_FAIL", "INVALID", "ERROR", "ABORTED", "TERMINATED")


def unit_test(serial: str, outcome: str, minute: int = 0, classes: tuple[str, ...] = (), **more: str) -> UnitTest:
    named = {"product": "S4100", "lot": "", "station": "", "position": "", "bench_name": "", "operator": ""} | more
    started = START + dt.timedelta(minutes=minute)
    return UnitTest(
        run_id=f"{minute:06}{serial}", unit_number=1, serial_number=serial, started_utc=started, outcome=outcome,
        classes=classes, **named,
    )  # fmt: skip


histories = st.lists(
    st.tuples(st.sampled_from(["01", "1", "1E5", "100000"]), st.sampled_from(OUTCOMES)), max_size=30
).map(lambda tests: [unit_test(serial, outcome, minute) for minute, (serial, outcome) in enumerate(tests)])


@given(histories)
def test_a_unit_counts_once_however_often_it_is_tested(tests):
    units = units_of(tests)
    found = yield_of(units)
    tested = {test.serial_number for test in tests if test.outcome in PASSED + FAILED}
    assert found.first_pass.of == found.final.of == len(tested) == len(units)
    assert found.tests + found.incomplete <= len(tests)


@given(histories, st.integers(0, 29), st.sampled_from(["ERROR", "INVALID", "ABORTED"]))
def test_a_test_that_says_nothing_of_the_unit_changes_no_yield(tests, place, outcome):
    more = [*tests, unit_test("01", outcome, place)]
    assert yield_of(units_of(tests)).first_pass == yield_of(units_of(more)).first_pass
    assert yield_of(units_of(tests)).final == yield_of(units_of(more)).final


@given(histories)
def test_retests_change_the_final_yield_and_never_the_first_pass(tests):
    before = yield_of(units_of(tests))
    after = yield_of(units_of([*tests, *(unit_test(t.serial_number, "PASS", 100) for t in tests if t.is_complete)]))
    assert after.first_pass == before.first_pass
    assert after.final.count == after.final.of


@given(histories)
def test_each_failed_unit_is_in_the_pareto_once(tests):
    lines = pareto(units_of(tests))
    failed = {t.serial_number for t in tests if t.outcome in FAILED}
    assert sum(line.units for line in lines) == len(failed)
    assert not lines or lines[-1].cumulative == pytest.approx(1.0)


def test_serial_numbers_that_are_equal_as_numbers_are_different_units():
    tests = [
        unit_test("01", "FAIL", 0),
        unit_test("1", "PASS", 1),
        unit_test("1E5", "PASS"),
        unit_test("100000", "FAIL"),
    ]
    assert yield_of(units_of(tests)).first_pass == Proportion(2, 4)


def test_one_serial_number_of_two_products_is_two_units():
    tests = [unit_test("7", "FAIL", 0, product="A"), unit_test("7", "PASS", 1, product="B")]
    assert yield_of(units_of(tests)).first_pass == Proportion(1, 2)


def test_a_unit_tested_at_two_stations_counts_at_the_first():
    tests = [unit_test("7", "FAIL", 0, station="one"), unit_test("7", "PASS", 1, station="two")]
    (line,) = yields_by(units_of(tests), group_key("station", dt.UTC))
    assert (line.name, line.first_pass.count, line.final.count) == ("one", 0, 1)


def test_the_first_class_of_the_first_failure_is_counted():
    tests = [
        unit_test("7", "FAIL", 0, ("phase", "gain")),
        unit_test("7", "FAIL", 1, ("panel",)),
        unit_test("8", "FAIL", 2),
    ]
    assert {line.failure_class: line.units for line in pareto(units_of(tests))} == {"phase": 1, "other": 1}


def test_a_time_before_the_first_shift_belongs_to_the_night_before():
    starts = (6, 14, 22)
    assert shift_name(dt.datetime(2026, 12, 1, 5, 59, tzinfo=dt.UTC), dt.UTC, starts) == "2026-11-30 22:00"
    assert shift_name(dt.datetime(2026, 12, 1, 14, 0, tzinfo=dt.UTC), dt.UTC, starts) == "2026-12-01 14:00"


@given(st.integers(1, 40), st.floats(0.0, 1.0))
def test_the_interval_of_a_proportion_holds_the_proportion(of, share):
    found = Proportion(round(share * of), of)
    low, high = found.interval
    assert 0.0 <= low <= found.count / of <= high <= 1.0


def test_the_interval_of_a_yield_covers_the_truth_as_often_as_it_says():
    chance = random.Random(7)
    truth, covered = 0.95, 0
    for _ in range(400):
        low, high = Proportion(sum(chance.random() < truth for _ in range(200)), 200).interval
        covered += low <= truth <= high
    assert covered >= 0.93 * 400  # 95 % or more by construction; four standard deviations below would be 0.906


# --- from a database


def test_units_of_one_run_have_their_own_outcomes(tmp_path: Path):
    units = [MadeTest("1", "PASS", run="r"), MadeTest("2", "FAIL", ("gain",), run="r"), MadeTest("3", "ERROR", run="r")]
    with enter(tmp_path / "r.db", units) as store:
        assert [test.outcome for test in store.unit_tests(Selection())] == ["PASS", "FAIL", "ERROR"]


@pytest.mark.parametrize(
    ("run_outcome", "expected"),
    [("ERROR", "ERROR"), ("ABORTED", "ABORTED"), ("TERMINATED", "TERMINATED"), ("RUNNING", "ABORTED")],
)
def test_what_stopped_a_whole_run_counts_against_each_unit(tmp_path: Path, run_outcome: str, expected: str):
    units = [MadeTest("1", "PASS", run="r", run_outcome=run_outcome), MadeTest("2", "PASS", run="r")]
    with enter(tmp_path / "r.db", units) as store:
        assert [test.outcome for test in store.unit_tests(Selection())] == [expected, expected]


def test_a_retest_before_the_window_makes_the_later_test_no_first_pass(tmp_path: Path):
    tests = [MadeTest("1", "FAIL", minutes=0), MadeTest("1", "PASS", minutes=100), MadeTest("2", "PASS", minutes=101)]
    chosen = Selection(since_utc=START + dt.timedelta(minutes=50))
    with enter(tmp_path / "r.db", tests) as store:
        found = yield_of(units_of(store.unit_tests(chosen, whole_units=True), chosen))
    assert found.first_pass == Proportion(1, 1)


def test_the_yield_of_500_units_is_the_known_one_and_takes_no_time(tmp_path: Path):
    tests = production(500)
    with enter(tmp_path / "r.db", tests) as store:
        began = time.monotonic()
        found = store.unit_tests(Selection(), whole_units=True)
        values = store.values(Selection())
        took = time.monotonic() - began
    units = units_of(found)
    assert yield_of(units).first_pass.count == sum(t.outcome == "PASS" for t in tests[:1]) + sum(
        later.outcome == "PASS" and earlier.serial_number != later.serial_number
        for earlier, later in itertools.pairwise(tests)
    )
    assert len(values) == 4 * len(tests)
    assert took < 60.0


def test_outcomes_in_bulk_are_those_of_each_run_alone(tmp_path: Path):
    chance = random.Random(4)
    outcomes = ("PASS", "PASS", "FAIL", "COND_FAIL", "ERROR", "INVALID", "NOT_JUDGED")
    made = [
        MadeTest(
            f"{run}{number}",
            chance.choice(outcomes),
            chance.choice(((), ("gain",), ("phase", "wiring"), ("", "gain"), ("no such class",))),
            errors=chance.choice(((), (0.1,), (0.1, 0.9))),
            run=str(run),
            run_outcome=whole,
        )
        for run in range(60)
        for whole in [chance.choice(("", "", "PASS", "FAIL", "ERROR", "INVALID", "TERMINATED"))]
        for number in range(chance.randint(1, 3))
    ]
    with enter(tmp_path / "r.db", made) as store:
        found = store.unit_tests(Selection())
        records = {run_id: store.run(run_id) for run_id in {test.run_id for test in found}}
    assert len(found) == len(made)
    for test in found:
        assert test.outcome == unit_outcome(records[test.run_id], test.unit_number)
        assert test.classes == classes_of(records[test.run_id], test.unit_number)
