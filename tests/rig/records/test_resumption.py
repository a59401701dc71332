"""A run that is killed at any moment and goes on: each step once in what counts, nothing that was recorded is lost."""

import math
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.load_point import LoadPoint
from rig.records.data import ResultRecord, RunHeader, UnitRecord
from rig.records.listing import PROCESS
from rig.records.resumption.reopening import ResumeRefused
from rig.records.resumption.stored_plan import PlannedItem, RunPlan, differences
from rig.records.store import RunStore

HEADER = RunHeader(kind="certify", bench_name="lab", bench_file_sha256="0", software_version="1")
POINTS = [LoadPoint(277.0, pct, 0.0) for pct in (1, 5, 100)]
ITEMS = (
    *(PlannedItem(f"load point {p.label}", f"{name}[{p.label}]") for p in POINTS for name in ("active", "volts")),
    PlannedItem("energy[AI2]", "energy[AI2]"),
)
PLAN = RunPlan(bench_path="/lab.yaml", options={"bench": "lab"}, plan={"a": 1}, items=ITEMS)
PROCESSES = {"pid": 1, "host": "here"}


class Killed(Exception):
    """The process was killed at this moment."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with RunStore.open(tmp_path_factory.mktemp("resumption") / "records.sqlite") as opened:
        yield opened


def result(outcome="PASS"):
    return ResultRecord(
        procedure="power_comparison", instance=11, quantity="active_power", phase="ABC", read_value=1.0,
        expected_value=1.0, unit="kW", outcome=outcome,
    )  # fmt: skip


def work(recorder, left, before_each):
    """Do what a session does with the items that are left; ``before_each`` recorded thing may raise Killed."""
    measured = {}
    for each in left:
        recorder.step = each.step
        if each.step not in measured:
            before_each()
            measured[each.step] = point = recorder.begin_point(POINTS[0])
            for _ in range(2):
                before_each()
                point.meter_reading({11: math.nan}, requested_monotonic_s=0.0, answered_monotonic_s=0.1)
            before_each()
            point.finish()
        before_each()
        measured[each.step].result(result())
        before_each()
        recorder.item_done(each.item)


def killed_after(moments):
    """Return what raises Killed when it was called ``moments`` times."""
    count = iter(range(moments))

    def tick():
        if next(count, None) is None:
            raise Killed

    return tick


def kill(store, recorder, moments):
    """Work until the process is killed after so many recorded things; whether it came to its end before."""
    try:
        work(recorder, store.plan_of(recorder.run_id).left, killed_after(moments))
    except Killed:
        store.close_abandoned(lambda _process: True)
        return False
    recorder.finish("PASS", 0)
    return True


@settings(max_examples=12)
@given(moments=st.lists(st.integers(min_value=0, max_value=45), max_size=4))
def test_each_step_counts_once_whenever_the_run_was_killed(store, moments):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    readings = 0
    for moment in [*moments, 1000]:
        if kill(store, recorder, moment):
            break
        seen = store.run(recorder.run_id)
        every = [*seen.points, *(each.point for each in seen.set_aside)]
        assert sum(len(point.meter_readings) for point in every) >= readings, "nothing recorded is lost"
        readings = sum(len(point.meter_readings) for point in every)
        recorder, _ = store.resume_run(recorder.run_id, PROCESSES)
    run, plan = store.run(recorder.run_id), store.plan_of(recorder.run_id)
    assert not plan.left
    assert sorted(point.step for point in run.points) == sorted({each.step for each in ITEMS})
    assert [len(point.results) for point in run.points] == [
        sum(each.step == point.step for each in ITEMS) for point in run.points
    ]
    assert all(each.purpose == "superseded" for each in run.set_aside)
    numbers = sorted(point.number for point in (*run.points, *(each.point for each in run.set_aside)))
    assert numbers == list(range(1, len(numbers) + 1))


def test_twenty_kills_at_the_first_moments_are_survived(store):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    for moment in range(20):
        assert not kill(store, recorder, moment % 7), "never far enough for the end"
        recorder, _ = store.resume_run(recorder.run_id, PROCESSES)
        if not store.plan_of(recorder.run_id).left:
            break
    work(recorder, store.plan_of(recorder.run_id).left, lambda: None)
    assert {point.step for point in store.run(recorder.run_id).points} == {each.step for each in ITEMS}


def test_what_counts_leaves_out_checks_and_partial_points(store):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    recorder.unit(UnitRecord(serial_number="1", device_instance=1))
    kill(store, recorder, 10)
    recorder, reopened = store.resume_run(recorder.run_id, PROCESSES)
    with recorder.checking("repeated"):
        check = recorder.begin_point(POINTS[0])
        check.result(result("FAIL"))
    listed = next(run for run in store.runs() if run.run_id == recorder.run_id)
    run = store.run(recorder.run_id)
    assert [each.purpose for each in run.set_aside] == ["superseded", "check"]
    assert len(run.points) == 1
    assert "FAIL" not in listed.counts
    assert "FAIL" not in {each.outcome for point in run.points for each in point.results}
    assert (reopened.units, recorder.unit(UnitRecord(serial_number="2", device_instance=2))) == (1, 2)


def test_one_process_alone_goes_on_with_a_run(store):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    with pytest.raises(ResumeRefused, match="another process"):
        store.resume_run(recorder.run_id, PROCESSES)
    recorder.finish("TERMINATED", 2)
    _, reopened = store.resume_run(recorder.run_id, PROCESSES)
    assert reopened.outcome == "TERMINATED"
    with pytest.raises(ResumeRefused, match="another process"):
        store.resume_run(recorder.run_id, PROCESSES)


def test_a_resumed_run_is_closed_by_its_last_process_only(store):
    recorder = store.begin_run(HEADER, plan=PLAN, process={"pid": 1})
    recorder.event("energise", "on")
    recorder.finish("ABORTED", 13)
    store.resume_run(recorder.run_id, {"pid": 2})
    assert recorder.run_id not in store.close_abandoned(lambda process: process["pid"] == 1)
    assert store.run(recorder.run_id).finished_utc is None
    assert store.close_abandoned(lambda process: process["pid"] == 2).count(recorder.run_id) == 1


@pytest.mark.parametrize(("later", "outcome"), [(False, "ABORTED"), (True, "TERMINATED")])
def test_the_journal_of_an_earlier_part_does_not_confirm_a_later_one(store, later, outcome):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    recorder.event("energise", "on")
    times = ["2026-01-01T12:00:00+00:00", *(["2099-01-01T12:00:00+00:00"] if later else [])]
    recorder.finish("TERMINATED", 2)
    store.resume_run(recorder.run_id, PROCESSES)
    store.fold_journal(
        {"id": f"{recorder.run_id}{time}", "run": recorder.run_id, "time": time, "confirmed": True} for time in times
    )
    assert store.run(recorder.run_id).outcome == outcome
    assert next(run for run in store.runs() if run.run_id == recorder.run_id).outcome == outcome
    store.close_abandoned(lambda _process: True)
    assert store.run(recorder.run_id).outcome == outcome


def test_a_run_without_a_plan_keeps_its_end(store):
    recorder = store.begin_run(HEADER)
    recorder.finish("TERMINATED", 2)
    assert store.plan_of(recorder.run_id) is None
    with sqlite3.connect(store.where) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("UPDATE run SET finished_utc = NULL, outcome = NULL, exit_code = NULL")


@pytest.mark.parametrize("table", ["run_plan", "item_done", "set_aside"])
def test_what_is_stored_for_a_resume_is_never_changed(store, table):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    recorder.item_done(ITEMS[0].item)
    with recorder.checking("repeated"):
        recorder.begin_point(POINTS[0])
    column = {"run_plan": "bench_path", "item_done": "item", "set_aside": "reason"}[table]
    with sqlite3.connect(store.where) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(f"UPDATE {table} SET {column} = ''")


def test_the_process_is_noted_with_the_beginning(store):
    recorder = store.begin_run(HEADER, plan=PLAN, process=PROCESSES)
    assert [event.kind for event in store.run(recorder.run_id).events] == [PROCESS]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"load point": {"x": {"limit %": 0.2}}}, []),
        ({"load point": {"x": {"limit %": 0.1}}}, ["load point x limit % is 0.1, was 0.2"]),
        ({"load point": {}}, ["load point x is not there any more"]),
        ({"load point": {"x": {"limit %": 0.2}}, "row": 1}, ["row is new"]),
        ({}, ["load point is not there any more"]),
    ],
)
def test_two_plans_differ_in_words(now, said):
    assert list(differences({"load point": {"x": {"limit %": 0.2}}}, now)) == said
