"""Trend logs of a meter: encode ReadRange by sequence number and decode its answer.

bacpypes3's ``read_range`` drops result flags, item count and first sequence number. Without these it is not known
whether there are more records.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bacpypes3.apdu import ReadRangeRequest
from bacpypes3.basetypes import PropertyIdentifier, Range, RangeBySequenceNumber
from bacpypes3.errors import InvalidTag
from bacpypes3.primitivedata import ObjectIdentifier

from drivers.meter.errors import AnswerNotUnderstood
from drivers.meter.requests.log_records import LogItem, LogItems, RecordsInvalid

PAGE_RECORDS = 20
"""Values with Status_Flags that fit one answer of 480 octets, asked for by sequence number."""

LAST_SEQUENCE = 2**32 - 1
"""After it comes 1 again."""

_BUFFER = "log-buffer"
PAGES_AHEAD = 8
"""Requests under way at once: enough that the bus never waits for the next to be made while a page is understood."""

_FIRST_YEAR = 1900
_CENTISECOND_US = 10_000


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record as the meter gave it; ``sequence`` is its number, 1 to 2**32 - 1.

    ``value`` of a value: a float (NaN for QNAN); of a status: (log-disabled, buffer-purged); of a time-change: seconds.
    ``is_faulty``: the logged input's Status_Flags said fault.
    """

    sequence: int
    date_time: datetime
    kind: Literal["value", "status", "time-change"]
    value: float | tuple[bool, bool]
    is_faulty: bool = False


class LogNotGiven(Exception):
    """The record of this sequence number is resident by the meter's own counts, and yet not given."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"record {sequence} is there by the meter's counts but is not given")


@dataclass(frozen=True, slots=True)
class LogPage:
    """One answer: ``records`` in order of time, and its result flags."""

    records: tuple[LogRecord, ...]
    first_item: bool
    last_item: bool
    more_items: bool


def page_request(instance: int, sequence: int, count: int = PAGE_RECORDS) -> Any:
    """Make the request for ``count`` records of TL ``instance`` from sequence number ``sequence`` on."""
    by_sequence = RangeBySequenceNumber(referenceSequenceNumber=sequence, count=count)
    return ReadRangeRequest(
        objectIdentifier=ObjectIdentifier(("trend-log", instance)),
        propertyIdentifier=PropertyIdentifier(_BUFFER),
        range=Range(bySequenceNumber=by_sequence),
    )


def page_of(address: int, answer: Any, what: str, *, first: int | None = None) -> LogPage:
    """Understand an answer; raises AnswerNotUnderstood where its parts do not fit each other.

    ``first``: what to number the records from where the answer gives no sequence number (a read by position).
    """
    try:
        items = answer.itemData.cast_out(LogItems)  # bacpypes3's SequenceOf(LogRecord) takes 12 ms a page
    except (RecordsInvalid, InvalidTag) as error:
        raise AnswerNotUnderstood(address, what, str(error)) from error
    numbered = first is not None or answer.firstSequenceNumber is not None
    if len(items) != answer.itemCount or (items and not numbered):
        raise AnswerNotUnderstood(address, what, f"{len(items)} records where {answer.itemCount} are announced")
    if first is None:
        first = int(answer.firstSequenceNumber) if items else 1
    records = tuple(_record(address, advanced(first, place), item, what) for place, item in enumerate(items))
    first_item, last_item, more_items = (bool(flag) for flag in answer.resultFlags)
    return LogPage(records, first_item, last_item, more_items)


def read_pages(
    counts: Callable[[], tuple[int, int]],
    pages: Callable[[Iterable[tuple[int, int]]], Generator[LogPage]],
    since: int,
) -> tuple[LogRecord, ...]:
    """Read all records after sequence number ``since`` (0: all there are), those that are made meanwhile not included.

    ``counts`` asks for (Record_Count, Total_Record_Count), ``pages`` for pages by (first sequence number, count); it is
    closed at the first page that is not full. What is overwritten while it is read is left out: the sequence numbers
    tell. Raises LogNotGiven.
    """
    count, total = counts()
    found: list[LogRecord] = []
    begin = _first_after(since, count, total)
    while begin is not None:
        asked = list(pages_from(begin, (total - begin) % LAST_SEQUENCE + 1))
        with contextlib.closing(pages(asked)) as answers:
            for page, (_, number) in zip(answers, asked, strict=True):
                found += page.records
                if len(page.records) < number:
                    break
            else:
                return tuple(found)
        now_there, newest = counts()
        following = _first_after(found[-1].sequence if found else since, now_there, newest)
        if following == begin:
            raise LogNotGiven(begin)
        begin = following
        if begin is not None and (total - begin) % LAST_SEQUENCE >= count:
            begin = None  # all that was to be read is read or gone
    return tuple(found)


def _first_after(since: int, count: int, total: int) -> int | None:
    """Return the first sequence number after ``since`` that is resident, None where there is none."""
    if not count or since == total:
        return None
    is_resident = since > 0 and (total - since) % LAST_SEQUENCE <= count
    return advanced(since, 1) if is_resident else advanced(total, 1 - count)


def advanced(sequence: int, by: int) -> int:
    """Return the sequence number ``by`` records after ``sequence``."""
    return (sequence - 1 + by) % LAST_SEQUENCE + 1


def pages_from(sequence: int, records: int) -> Iterator[tuple[int, int]]:
    """Divide ``records`` records from ``sequence`` on into (first sequence number, count) of pages that fit."""
    for done in range(0, records, PAGE_RECORDS):
        yield advanced(sequence, done), min(PAGE_RECORDS, records - done)


def moment_of(date: tuple[int, ...], time: tuple[int, ...]) -> datetime:
    """Return a BACnet date and time, four numbers each, as one moment; raises ValueError."""
    year, month, day, _ = date
    hour, minute, second, hundredths = time
    return datetime(year + _FIRST_YEAR, month, day, hour, minute, second, hundredths * _CENTISECOND_US)


def _record(address: int, sequence: int, item: LogItem, what: str) -> LogRecord:
    try:
        at = moment_of(item.date, item.time)
    except ValueError as error:
        raise AnswerNotUnderstood(address, what, f"record {sequence} has no valid date and time") from error
    if item.status is not None:
        bits = (*item.status, False, False)
        return LogRecord(sequence, at, "status", (bits[0], bits[1]))
    if item.time_change is not None:
        return LogRecord(sequence, at, "time-change", item.time_change)
    if item.real is not None:
        return LogRecord(sequence, at, "value", item.real, len(item.flags) > 1 and item.flags[1])
    raise AnswerNotUnderstood(address, what, f"record {sequence} is neither value, status nor time-change")
