"""Attempts that became no run are in the record, each with its reason, also where the process was killed."""

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from rig.records.attempts.attempts import KILLED, AttemptRecord
from rig.records.data import RunHeader, UnitRecord
from rig.records.store import RunStore

HEADER = RunHeader(kind="eol", bench_name="b", bench_file_sha256="0", software_version="0", station="s1")
TRIED = AttemptRecord(kind="eol", station="s1", operator="A. Volta", scanned="00123")


@pytest.fixture
def store(tmp_path):
    with RunStore.open(tmp_path / "records.sqlite") as opened:
        yield opened


def reasons(store):
    return [(each.scanned, each.reason, each.run_id) for each in store.attempts()]


def test_an_attempt_that_failed_is_listed_with_its_reason(store):
    key = store.begin_attempt(TRIED, {"pid": 1})
    assert reasons(store) == [("00123", "it is going on", None)]
    store.end_attempt(key, "the interlock is open")
    assert reasons(store) == [("00123", "the interlock is open", None)]
    store.end_attempt(key, "another reason")
    assert reasons(store) == [("00123", "the interlock is open", None)]


def test_an_attempt_that_became_a_run_with_a_meter_is_not_listed(store):
    run = store.begin_run(HEADER, attempt=store.begin_attempt(TRIED, {"pid": 1}))
    run.unit(UnitRecord(serial_number="00123", device_instance=1))
    run.finish("PASS", 0)
    assert reasons(store) == []


def test_a_run_that_ended_before_a_serial_number_was_known_is_listed(store):
    run = store.begin_run(HEADER, attempt=store.begin_attempt(TRIED, {"pid": 1}))
    assert reasons(store) == [], "it is going on"
    run.event("bench", "bench opened")
    run.event("ended by", "stopped by the operator", severity="error")
    run.finish("TERMINATED", 2)
    reason = "TERMINATED before a serial number was known: stopped by the operator"
    assert reasons(store) == [("00123", reason, run.run_id)]


def test_an_attempt_whose_process_was_killed_says_so(store):
    store.begin_attempt(TRIED, {"pid": 1})
    store.begin_attempt(TRIED, {"pid": 2})
    store.close_abandoned(lambda process: process["pid"] == 1)
    assert sorted(reasons(store)) == [("00123", "it is going on", None), ("00123", KILLED, None)]


def test_attempts_are_listed_the_newest_first_and_so_many(store):
    began = datetime(2026, 12, 1, tzinfo=UTC)
    for minute in (1, 3, 2):
        store.note_attempt(AttemptRecord(time_utc=began + timedelta(minutes=minute), reason=f"{minute}", scanned="1E5"))
    assert [reason for _, reason, _ in reasons(store)] == ["3", "2", "1"]
    assert [each.scanned for each in store.attempts(2)] == ["1E5", "1E5"]


def test_an_attempt_that_is_over_cannot_be_changed(store, tmp_path):
    store.note_attempt(AttemptRecord(reason="the bench is in use"))
    with sqlite3.connect(tmp_path / "records.sqlite") as connection:
        for change in ("UPDATE attempt SET reason = ''", "DELETE FROM attempt"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(change)
    connection.close()
