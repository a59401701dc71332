"""The slots of the Trend_Logs: 5760 of them, oldest overwritten, numbered in the order of their making."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_model.device.log_records import BUFFER_SIZE, LogBuffer, LogRecord

START = datetime(2026, 11, 22, 12, 0, 0)


def filled(count: int) -> LogBuffer:
    """A buffer into which ``count`` values have gone, a second apart: 1, 2, 3 ... in log 1, negative in log 2."""
    buffer = LogBuffer()
    for number in range(1, count + 1):
        values = (float(number), float(-number), 0.5)
        buffer.add_values(START + timedelta(seconds=number), values, (False, number % 2 == 1, False))
    return buffer


def test_each_log_has_its_own_value_and_all_share_moment_and_number() -> None:
    buffer = filled(3)
    moments = [START + timedelta(seconds=number) for number in (1, 2, 3)]
    assert [each.value for each in buffer.records(1)] == [1.0, 2.0, 3.0]
    assert [each.value for each in buffer.records(2)] == [-1.0, -2.0, -3.0]
    assert [each.is_faulty for each in buffer.records(2)] == [True, False, True]
    for log in (1, 2, 3):
        assert [each.date_time for each in buffer.records(log)] == moments
        assert [each.sequence for each in buffer.records(log)] == [1, 2, 3]


def test_a_full_buffer_keeps_the_newest_5760_and_counts_on() -> None:
    buffer = filled(BUFFER_SIZE + 100)
    assert (buffer.count, buffer.total) == (5760, 5860)
    records = buffer.records(1)
    assert len(records) == 5760
    assert (records[0].sequence, records[0].value) == (101, 101.0)
    assert (records[-1].sequence, records[-1].value) == (5860, 5860.0)


@given(st.integers(-10, 30), st.integers(0, 30))
def test_a_part_of_the_records_is_that_part_of_all_records(first: int, count: int) -> None:
    buffer = filled(20)
    whole = buffer.records(1)
    assert buffer.records(1, first, count) == tuple(
        record for position, record in enumerate(whole, 1) if first <= position < first + count
    )


def test_a_sequence_number_is_found_where_its_record_is_and_nowhere_else() -> None:
    buffer = filled(BUFFER_SIZE + 2)
    assert buffer.position_of(3) == 1
    assert buffer.position_of(BUFFER_SIZE + 2) == BUFFER_SIZE
    assert [buffer.position_of(each) for each in (0, 1, 2, BUFFER_SIZE + 3, -1)] == [None] * 5
    assert LogBuffer().position_of(1) is None


def test_after_the_last_sequence_number_comes_one() -> None:
    buffer = LogBuffer()
    buffer.restore(b"", 2**32 - 2)
    for number in range(3):
        buffer.add_values(START, (float(number),) * 3, (False,) * 3)
    assert [each.sequence for each in buffer.records(1)] == [2**32 - 1, 1, 2]
    assert buffer.total == 2
    assert [buffer.position_of(each) for each in (2**32 - 2, 2**32 - 1, 1, 2, 3)] == [None, 1, 2, 3, None]


def test_values_are_single_precision_and_qnan_stays_qnan() -> None:
    buffer = LogBuffer()
    buffer.add_values(START, (0.1, math.nan, 1.0), (False,) * 3)
    value = buffer.records(1)[0].value
    assert isinstance(value, float)
    assert value == pytest.approx(0.1)
    assert value != 0.1
    unknown = buffer.records(2)[0].value
    assert isinstance(unknown, float)
    assert math.isnan(unknown)


def test_status_and_time_change_records_take_slots_of_their_own() -> None:
    buffer = LogBuffer()
    buffer.add_status(START, (False, True))
    buffer.add_status(START, (True, False))
    buffer.add_time_change(START, -3.5)
    assert buffer.records(3) == (
        LogRecord(1, START, "status", (False, True)),
        LogRecord(2, START, "status", (True, False)),
        LogRecord(3, START, "time-change", -3.5),
    )


def test_moments_are_kept_to_the_hundredth_of_a_second() -> None:
    buffer = LogBuffer()
    for microsecond in (4_999, 5_001, 994_999):
        buffer.add_values(START.replace(microsecond=microsecond), (0.0,) * 3, (False,) * 3)
    assert [each.date_time.microsecond for each in buffer.records(1)] == [0, 10_000, 990_000]


@given(st.sampled_from((0, 1, 7, BUFFER_SIZE - 1, BUFFER_SIZE, BUFFER_SIZE + 1, BUFFER_SIZE + 700)))
def test_what_is_stored_comes_back_as_it_was(count: int) -> None:
    buffer = filled(count)
    restored = LogBuffer()
    restored.restore(buffer.stored(), buffer.total)
    for log in (1, 2, 3):
        assert restored.records(log) == buffer.records(log)
    for each in (buffer, restored):
        each.add_status(START, (True, False))
    assert restored.records(1) == buffer.records(1)
