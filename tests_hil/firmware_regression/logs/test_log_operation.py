"""Do the logs start, stop, empty and wrap when they are told to, all three together?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import allure
import pytest
from bacpypes3.primitivedata import Boolean, Unsigned

from drivers.meter.logs import LogPage, LogRecord
from meter_model.behaviour.operation_choices import (
    LogTargetChange,
    PurgeRecord,
    StopTimeReached,
    TimeChangeRecord,
    TotalCountOnPurge,
)
from rig.procedures import Inquiry
from rig.procedures.behaviour.time_bounds import Span
from tests_hil.firmware_regression.logs.trend_logs import (
    ALL,
    DISABLED,
    ENABLED,
    INTERVAL_S,
    PURGED,
    counted_at_rest,
    counts,
    enable,
    everywhere,
    in_future,
    logging,
    make_records,
    newest,
    purge,
    set_moment,
    set_target,
)

pytestmark = [allure.epic("Firmware regression"), allure.feature("Trend log operation")]

_ANY = 255
_NO_TIME = ((255, 255, 255, 255), (255, 255, 255, 255))
_DAY_S = 86400.0
_AHEAD_S = 30.0
_SIZE = 5760
_FULL_S = _SIZE * INTERVAL_S


def _after_purge(asked: Inquiry, total_before: int) -> tuple[int, int]:
    """What Record_Count and Total_Record_Count read after a purge, by the profile."""
    added = 1 if asked.profile.purge_record is PurgeRecord.COUNTED else 0
    kept = total_before if asked.profile.total_count_on_purge is TotalCountOnPurge.KEPT else 0
    return added, kept + added


def test_zero_written_to_one_record_count_empties_all_logs(clearing: Inquiry) -> None:
    """Record_Count is writable (manual page 21), common to the logs; what counts then is the profile's."""
    with logging(clearing, 0.0):
        make_records(clearing, 6)
        total = counts(clearing)[1]
        purge(clearing, 2)
        expected = _after_purge(clearing, total)
        for log in ALL:
            read = [clearing.properties.read("TL", log, name) for name in ("record-count", "total-record-count")]
            clearing.check(f"Record_Count, Total_Record_Count of TL{log}", expected, tuple(read))
            found = [record.value for record in clearing.meter.read_log(log)]
            clearing.check(f"records of TL{log}", [PURGED] * expected[0], found)


@pytest.mark.parametrize("value", [1, 5760])
def test_record_count_takes_nothing_but_zero(clearing: Inquiry, value: int) -> None:
    """Record_Count is written to empty the logs (the standard; writable by manual page 21)."""
    before = counts(clearing)[1]
    found = clearing.refusal(lambda: clearing.properties.write("TL", 1, "record-count", Unsigned(value)))
    clearing.check(f"Record_Count = {value}", "property, value-out-of-range", found)
    clearing.check("Total_Record_Count", f"at least {before}", counts(clearing)[1], counts(clearing)[1] >= before)


def test_length_of_the_subinterval_written_anew_empties_all_logs(clearing: Inquiry) -> None:
    """Record_Count is reset when AV11 is written (manual page 21), with the value that it has, too."""
    with logging(clearing, 90000.0):
        for value in (90000.0, 60000.0):
            make_records(clearing, 6)
            total = counts(clearing)[1]
            clearing.set_value(11, value)
            clearing.updates(3)
            expected = _after_purge(clearing, total)
            clearing.check(f"counts after AV11 = {value:g}", expected, counts(clearing))


def test_another_object_in_a_log_is_as_the_profile_says(clearing: Inquiry) -> None:
    """Log_DeviceObjectProperty is writable (manual page 21); whether that empties the logs is the profile's."""
    with logging(clearing, 0.0, targets=(2, 3, 19)):
        make_records(clearing, 6)
        count, total = counts(clearing)
        set_target(clearing, 3, 11)
        purges = clearing.profile.log_target_change is LogTargetChange.PURGES_ALL
        expected = _after_purge(clearing, total) if purges else (count, total)
        clearing.check("counts after TL3 logs AI11", expected, counts(clearing))


@pytest.mark.bench_time(90)
def test_disabled_logs_record_nothing(clearing: Inquiry) -> None:
    """Log_Enable (manual page 21) of one log is that of all: FALSE records itself, and then nothing more."""
    with logging(clearing):
        enable(clearing, False, 2)
        clearing.check("Log_Enable", [False] * 3, everywhere(clearing, "log-enable"))
        stopped = counts(clearing)[1]
        clearing.check("the newest record", DISABLED, newest(clearing, 3))
        clearing.updates(2.5 * INTERVAL_S)
        clearing.check("Total_Record_Count 25 s later", stopped, counts(clearing)[1])
        _, enabled = clearing.timed(lambda: enable(clearing, True, 3))
        clearing.updates(1.5 * INTERVAL_S)
        records, read = clearing.timed(lambda: clearing.meter.read_log(1, stopped))
        clearing.check("the first record once enabled", ENABLED, records[0].value if records else "none")
        _check_values(clearing, records[1:], read.since(enabled))


@pytest.mark.bench_time(90)
def test_stop_time_that_has_come_stops_the_logs(clearing: Inquiry) -> None:
    """Stop_Time (manual page 21): recorded as log-disabled, nothing more; Log_Enable by the profile."""
    with logging(clearing):
        set_moment(clearing, "stop-time", in_future(clearing, 4.0), 2)
        clearing.updates(7)
        clearing.check("the newest record after Stop_Time", DISABLED, newest(clearing, 1))
        stopped = counts(clearing)[1]
        clearing.updates(2.2 * INTERVAL_S)
        clearing.check("Total_Record_Count 22 s later", stopped, counts(clearing)[1])
        stays = clearing.profile.stop_time_reached is StopTimeReached.LEAVES_ENABLE
        clearing.check("Log_Enable after Stop_Time", [stays] * 3, everywhere(clearing, "log-enable"))


@pytest.mark.bench_time(90)
def test_start_time_that_has_not_come_holds_the_logs(clearing: Inquiry) -> None:
    """Start_Time (manual page 21): nothing is recorded before it, and recording begins by itself."""
    with logging(clearing):
        start, asked_at = clearing.timed(lambda: in_future(clearing, _AHEAD_S))
        set_moment(clearing, "start-time", start, 3)
        held, last = counts(clearing)[1], newest(clearing, 2)
        clearing.updates(1.8 * INTERVAL_S)
        later, read = clearing.timed(lambda: counts(clearing)[1])
        clearing.in_time("before Start_Time", read.since(asked_at), _AHEAD_S - 1.0)
        clearing.check("the newest record", DISABLED, last)
        clearing.check("Total_Record_Count 18 s later", held, later)
        clearing.updates(_AHEAD_S)
        records, read = clearing.timed(lambda: clearing.meter.read_log(1, held))
        clearing.check("the first record after Start_Time", ENABLED, records[0].value if records else "none")
        passed = read.since(asked_at)
        _check_values(clearing, records[1:], Span(passed.least_s - _AHEAD_S, passed.most_s - _AHEAD_S))


def _check_values(asked: Inquiry, records: Sequence[LogRecord], passed: Span) -> None:
    """Check that the logs recorded values only, one each interval, in the time that has passed."""
    due = passed.ends_of(INTERVAL_S)
    kinds = [record.kind for record in records]
    good = set(kinds) <= {"value"} and len(kinds) in due
    asked.check(f"records in {passed}", f"{due[0]} to {due[-1]} values", kinds, good)


@pytest.mark.bench_time(90)
@pytest.mark.parametrize("field", ["all", "minute"])
def test_stop_time_with_a_wildcard_stops_nothing(clearing: Inquiry, field: str) -> None:
    """Stop_Time is ignored if any field is a wildcard (the OEM's sister manuals; manual page 31 is lost)."""
    with logging(clearing):
        past = in_future(clearing, -_DAY_S)
        moment = _NO_TIME if field == "all" else (past[0], (past[1][0], _ANY, *past[1][2:]))
        set_moment(clearing, "stop-time", moment)
        clearing.check("Stop_Time", [moment] * 3, everywhere(clearing, "stop-time"))
        total, first = clearing.timed(lambda: counts(clearing)[1])
        clearing.updates(2.5 * INTERVAL_S)
        records, read = clearing.timed(lambda: clearing.meter.read_log(1, total))
        _check_values(clearing, records, read.since(first))
        set_moment(clearing, "stop-time", past)
        clearing.check("without a wildcard", DISABLED, newest(clearing, 1))


def test_time_synchronization_is_recorded_as_the_profile_says(clearing: Inquiry) -> None:
    """A change of the clock (manual page 22) leaves a time-change record, or none (profile); stamps follow it."""
    with logging(clearing):
        total = counts(clearing)[1]
        now, read = clearing.timed(clearing.meter.read_time)
        most_s = clearing.set_clock(now + timedelta(hours=1)).since(read).most_s + 1.0
        try:
            clearing.updates(1.2 * INTERVAL_S)
            records = clearing.meter.read_log(1, total)
            changes: list[Any] = [record.value for record in records if record.kind == "time-change"]
            if clearing.profile.time_change_record is TimeChangeRecord.RECORDED:
                good = len(changes) == 1 and 3600.0 - most_s <= changes[0] <= 3601.0
                clearing.check("time-change records", f"one of 3600 s, at most {most_s:.1f} s less", changes, good)
            else:
                clearing.check("time-change records", [], changes)
            stamped = [record.date_time for record in records if record.kind == "value"]
            good = bool(stamped) and stamped[-1] - now >= timedelta(hours=1)
            clearing.check("stamps of values", "an hour later", [f"{each:%T}" for each in stamped], good)
        finally:
            clearing.meter.set_time(clearing.meter.read_time() - timedelta(hours=1))
            clearing.meter.read_time()


@pytest.mark.bench_time(_FULL_S + 900.0)
def test_full_logs_stop_or_wrap_as_they_are_set(clearing: Inquiry) -> None:
    """5760 records (manual page 5): Stop_When_Full keeps the last slot for log-disabled; else the oldest goes."""
    with logging(clearing):
        clearing.properties.write("TL", 2, "stop-when-full", Boolean(True))
        clearing.rest(_FULL_S + 5.0 * INTERVAL_S)
        count, total = counts(clearing)
        clearing.check("Record_Count, stopped when full", _SIZE, count)
        clearing.check("Log_Enable then", [False] * 3, everywhere(clearing, "log-enable"))
        last = clearing.properties.log_by_position(3, count, -2).records
        clearing.check("the last two records", ["value", "status"], [record.kind for record in last])
        clearing.check("the very last", DISABLED, last[-1].value)
        found = clearing.refusal(lambda: enable(clearing, True))
        clearing.check("enabling full logs that stop when full", "an error", found, found != "accepted")
        clearing.properties.write("TL", 1, "stop-when-full", Boolean(False))
        _, enabled = clearing.timed(lambda: enable(clearing, True))
        clearing.updates(2.5 * INTERVAL_S)

        def look() -> tuple[LogPage, LogPage]:
            newest_number = counts(clearing)[1]
            first, second = (clearing.properties.log_by_sequence(1, newest_number - _SIZE + n, 1) for n in (0, 1))
            return first, second

        ((overwritten, oldest), (count, latest)), read = clearing.timed(lambda: counted_at_rest(clearing, look))
        gone = overwritten.records
        clearing.check("Record_Count once wrapped", _SIZE, count)
        due = read.since(enabled).ends_of(INTERVAL_S)
        expected = f"{total + 1 + due[0]} to {total + 1 + due[-1]}"
        clearing.check("Total_Record_Count", expected, latest, latest - total - 1 in due)
        clearing.check("the record that was overwritten", (), gone)
        clearing.check("the oldest there is", (1, True), (len(oldest.records), oldest.first_item))
