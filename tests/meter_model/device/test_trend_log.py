"""The Trend_Logs: when they record, what empties and stops them, what they share (manual pages 5, 21, 24)."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest

from meter_model.behaviour.operation_choices import (
    LogTargetChange,
    PurgeRecord,
    RecordsAfterPowerLoss,
    StartTimeAfterPowerLoss,
    StopTimeReached,
    TimeChangeRecord,
    TotalCountOnPurge,
)
from meter_model.behaviour.profile import DEFAULT, BehaviourProfile
from meter_model.device.clock import BacnetDateTime, RealTimeClock
from meter_model.device.trend_log import TrendLogs
from meter_model.objects.access import ObjectAccessError

NOW = datetime(2026, 11, 22, 12, 0, 0)
VALUES = tuple(float(instance) for instance in range(1, 84))
RELIABILITY = (0,) * 83
ANY = 255
DISABLED, ENABLED, PURGED = (True, False), (False, False), (False, True)


class Bench:
    """Logs and their clock; ``record`` lets a sub-interval of 10 s end ``times`` times."""

    def __init__(self, profile: BehaviourProfile = DEFAULT) -> None:
        self.clock = RealTimeClock()
        self.clock.set(NOW)
        self.logs = TrendLogs(profile, self.clock)

    def record(self, times: int = 1) -> None:
        for _ in range(times):
            self.clock.advance(10.0)
            self.logs.record(VALUES, RELIABILITY)

    def kinds(self) -> list[object]:
        """What is in TL1, oldest first: numbers for values, (log-disabled, buffer-purged) for status."""
        return [each.value for each in self.logs.records(1)]


def at(moment: datetime) -> BacnetDateTime:
    date = (moment.year, moment.month, moment.day, moment.isoweekday())
    return date, (moment.hour, moment.minute, moment.second, moment.microsecond // 10_000)


def refused(logs: TrendLogs, name: str, value: object) -> tuple[str, str]:
    with pytest.raises(ObjectAccessError) as refusal:
        logs.write(1, name, value)
    return refusal.value.error_class, refusal.value.error_code


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_logging_begins_at_once_and_each_log_records_its_own_input(bench: Bench) -> None:
    bench.record(2)
    assert [[each.value for each in bench.logs.records(log)] for log in (1, 2, 3)] == [[2.0] * 2, [3.0] * 2, [19.0] * 2]
    assert [each.date_time for each in bench.logs.records(1)] == [NOW + timedelta(seconds=s) for s in (10, 20)]
    assert [bench.logs.read(2, name) for name in ("record-count", "total-record-count", "buffer-size")] == [2, 2, 5760]


def test_a_record_says_when_its_input_was_not_reliable(bench: Bench) -> None:
    reliability = tuple(7 if instance == 3 else 0 for instance in range(1, 84))
    bench.logs.record((math.nan,) * 83, reliability)
    assert [bench.logs.records(log)[0].is_faulty for log in (1, 2, 3)] == [False, True, False]


def test_a_full_log_wraps_over_its_oldest_records(bench: Bench) -> None:
    bench.record(5761)
    assert (bench.logs.record_count, bench.logs.total_record_count) == (5760, 5761)
    assert bench.logs.records(1)[0].sequence == 2
    assert bench.logs.read(1, "log-enable") is True


def test_stop_when_full_keeps_the_last_slot_for_the_stopped_record(bench: Bench) -> None:
    bench.logs.write(2, "stop-when-full", True)
    bench.record(6000)
    assert (bench.logs.record_count, bench.logs.total_record_count) == (5760, 5760)
    assert bench.logs.read(1, "log-enable") is False
    assert bench.kinds()[-2:] == [2.0, DISABLED]


@pytest.mark.parametrize("count", [5757, 5758])
def test_stop_when_full_log_loses_no_record_to_clock_or_enable_records(bench: Bench, count: int) -> None:
    bench.logs.write(1, "stop-when-full", True)
    bench.record(count)
    bench.logs.time_changed(NOW)
    bench.logs.write(1, "log-enable", False)
    bench.record(2)
    assert bench.logs.records(1)[0].sequence == 1
    assert bench.logs.record_count == bench.logs.total_record_count == min(count + 2, 5760)


def test_full_stop_when_full_log_cannot_be_enabled_until_it_is_emptied(bench: Bench) -> None:
    bench.logs.write(1, "stop-when-full", True)
    bench.record(5759)
    assert refused(bench.logs, "log-enable", True) == ("object", "log-buffer-full")
    bench.logs.write(3, "record-count", 0)
    bench.logs.write(1, "log-enable", True)
    bench.record()
    assert bench.kinds() == [PURGED, ENABLED, 2.0]


def test_full_log_set_to_stop_when_full_drops_its_oldest_record(bench: Bench) -> None:
    bench.record(5760)
    bench.logs.write(1, "stop-when-full", True)
    assert bench.logs.read(1, "log-enable") is False
    assert (bench.logs.record_count, bench.logs.records(1)[0].sequence) == (5760, 2)
    assert bench.kinds()[-1] == DISABLED


def test_zero_to_the_record_count_of_one_empties_all_three(bench: Bench) -> None:
    bench.record(5)
    bench.logs.write(2, "record-count", 0)
    for log in (1, 2, 3):
        assert [(each.sequence, each.kind, each.value) for each in bench.logs.records(log)] == [(1, "status", PURGED)]
    for value, code in ((1, "value-out-of-range"), (0.5, "invalid-data-type"), ("0", "invalid-data-type")):
        assert refused(bench.logs, "record-count", value) == ("property", code)


@pytest.mark.parametrize(
    ("purge_record", "total_on_purge", "count", "total"),
    [
        (PurgeRecord.COUNTED, TotalCountOnPurge.RESET, 1, 1),
        (PurgeRecord.ABSENT, TotalCountOnPurge.RESET, 0, 0),
        (PurgeRecord.COUNTED, TotalCountOnPurge.KEPT, 1, 6),
        (PurgeRecord.ABSENT, TotalCountOnPurge.KEPT, 0, 5),
    ],
)
def test_what_is_counted_after_emptying_is_the_profiles_choice(
    purge_record: PurgeRecord, total_on_purge: TotalCountOnPurge, count: int, total: int
) -> None:
    bench = Bench(BehaviourProfile(purge_record=purge_record, total_count_on_purge=total_on_purge))
    bench.record(5)
    bench.logs.write(1, "record-count", 0)
    assert (bench.logs.read(1, "record-count"), bench.logs.read(1, "total-record-count")) == (count, total)


def test_disabling_and_enabling_is_recorded_once_each_and_in_all_three(bench: Bench) -> None:
    for wanted in (False, False, True, True):
        bench.logs.write(3, "log-enable", wanted)
        bench.record()
    assert bench.kinds() == [DISABLED, ENABLED, 2.0, 2.0]
    assert [each.value for each in bench.logs.records(2)][:2] == [DISABLED, ENABLED]


def test_nothing_is_recorded_before_start_time_nor_from_stop_time_on(bench: Bench) -> None:
    bench.logs.write(1, "start-time", at(NOW + timedelta(seconds=20)))
    bench.logs.write(1, "stop-time", at(NOW + timedelta(seconds=40)))
    bench.record(6)
    assert bench.kinds() == [DISABLED, ENABLED, 2.0, 2.0, DISABLED]
    assert [each.date_time for each in bench.logs.records(1) if each.kind == "value"] == [
        NOW + timedelta(seconds=seconds) for seconds in (20, 30)
    ]
    assert bench.logs.read(1, "log-enable") is True


def test_stop_time_clears_log_enable_where_the_profile_says_so() -> None:
    bench = Bench(BehaviourProfile(stop_time_reached=StopTimeReached.CLEARS_ENABLE))
    bench.logs.write(1, "stop-time", at(NOW + timedelta(seconds=15)))
    bench.record(2)
    assert bench.logs.read(2, "log-enable") is False


@pytest.mark.parametrize("field", range(8))
@pytest.mark.parametrize("name", ["start-time", "stop-time"])
def test_a_time_with_a_wildcard_in_any_field_counts_for_nothing(bench: Bench, name: str, field: int) -> None:
    late = NOW + timedelta(days=1) if name == "start-time" else NOW - timedelta(days=1)
    fields = [each for part in at(late) for each in part]
    fields[field] = ANY
    written = (tuple(fields[:4]), tuple(fields[4:]))
    bench.logs.write(1, name, written)
    assert bench.logs.read(3, name) == written
    bench.record()
    assert bench.kinds() == [2.0]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (((2026, 13, 1, 1), (0, 0, 0, 0)), "value-out-of-range"),
        (((2026, 2, 29, 7), (0, 0, 0, 0)), "value-out-of-range"),
        (((2026, 1, 1, 8), (0, 0, 0, 0)), "value-out-of-range"),
        (((2026, 1, 1, 4), (24, 0, 0, 0)), "value-out-of-range"),
        (((2026, 1, 1, 4), (0, 0, 0, 100)), "value-out-of-range"),
        (((2026, 1, 1), (0, 0, 0, 0)), "invalid-data-type"),
        ("2026-01-01", "invalid-data-type"),
    ],
)
def test_a_time_that_does_not_exist_is_refused(bench: Bench, value: object, code: str) -> None:
    before = bench.logs.read(1, "start-time")
    assert refused(bench.logs, "start-time", value) == ("property", code)
    assert bench.logs.read(1, "start-time") == before


def test_the_29th_of_february_of_any_year_may_be_written(bench: Bench) -> None:
    bench.logs.write(1, "stop-time", ((ANY, 2, 29, ANY), (ANY, ANY, ANY, ANY)))
    assert bench.logs.read(1, "stop-time") == ((ANY, 2, 29, ANY), (ANY, ANY, ANY, ANY))


def test_a_running_log_notes_by_how_much_the_clock_was_set(bench: Bench) -> None:
    before = bench.clock.now
    bench.clock.set(NOW + timedelta(seconds=90))
    bench.logs.time_changed(before)
    (record,) = bench.logs.records(3)
    assert (record.kind, record.value, record.date_time) == ("time-change", 90.0, NOW + timedelta(seconds=90))


def test_clock_change_leaves_no_record_in_a_stopped_log_or_by_profile() -> None:
    for bench in (Bench(), Bench(BehaviourProfile(time_change_record=TimeChangeRecord.ABSENT))):
        if bench.logs._profile is DEFAULT:
            bench.logs.write(1, "log-enable", False)
        count = bench.logs.record_count
        bench.logs.time_changed(NOW - timedelta(seconds=5))
        assert bench.logs.record_count == count


def test_another_input_empties_the_logs_or_not_as_the_profile_says(bench: Bench) -> None:
    keeping = Bench(BehaviourProfile(log_target_change=LogTargetChange.KEEPS_RECORDS))
    for each in (bench, keeping):
        each.record()
        each.logs.write(1, "log-device-object-property", ("AI", 75, 85))
        each.record()
    assert bench.kinds() == [PURGED, 75.0]
    assert keeping.kinds() == [2.0, 75.0]
    bench.logs.write(1, "log-device-object-property", ("AI", 75, 85))
    assert bench.kinds() == [PURGED, 75.0], "the same input again changes nothing"


def powered_down_and_up(bench: Bench) -> TrendLogs:
    settings, records = bench.logs.stored()
    clock = RealTimeClock()
    logs = TrendLogs(bench.logs._profile, clock)
    logs.restore(settings, records)
    return logs


def test_records_and_settings_survive_power_loss_with_their_old_stamps(bench: Bench) -> None:
    bench.logs.write(1, "log-device-object-property", ("AI", 11, 85))
    bench.logs.write(1, "stop-when-full", True)
    bench.record(3)
    logs = powered_down_and_up(bench)
    assert logs.records(1) == bench.logs.records(1)
    assert logs.total_record_count == bench.logs.total_record_count
    assert logs.read(2, "stop-when-full") is True
    assert logs.read(1, "log-device-object-property") == ("AI", 11, 85)


def test_the_profile_may_lose_the_records_with_the_power() -> None:
    bench = Bench(BehaviourProfile(records_after_power_loss=RecordsAfterPowerLoss.CLEARED))
    bench.record(3)
    logs = powered_down_and_up(bench)
    assert (logs.record_count, logs.total_record_count) == (0, 0)


@pytest.mark.parametrize(
    ("choice", "resumes"), [(StartTimeAfterPowerLoss.KEPT, False), (StartTimeAfterPowerLoss.DEFAULT, True)]
)
def test_start_time_of_today_holds_logs_after_the_clock_fell_back_to_2000(
    choice: StartTimeAfterPowerLoss, resumes: bool
) -> None:
    bench = Bench(BehaviourProfile(start_time_after_power_loss=choice))
    bench.logs.write(1, "start-time", at(NOW))
    bench.record()
    logs = powered_down_and_up(bench)
    count = logs.record_count
    logs.record(VALUES, RELIABILITY)
    assert (logs.record_count > count) is resumes
