"""Log records as read here against bacpypes3's codec, and what damaged ones do."""

import pytest
from bacpypes3.basetypes import DateTime, ErrorType, LogRecordLogDatum, LogStatus, StatusFlags
from bacpypes3.basetypes import LogRecord as BacnetLogRecord
from bacpypes3.constructeddata import SequenceOf
from bacpypes3.errors import RejectException
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import Date, Real, TagList, Time
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.meter.requests.log_records import LogItem, LogItems, RecordsInvalid

FLOATS = st.floats(width=32, allow_nan=False)
DATES = st.tuples(st.integers(0, 254), st.integers(1, 12), st.integers(1, 31), st.integers(1, 7))
TIMES = st.tuples(st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 99))
BITS = st.tuples(*[st.booleans()] * 4)

records = st.builds(
    LogItem,
    DATES,
    TIMES,
    *(st.none(),) * 3,
    flags=st.one_of(st.just(()), BITS),
).flatmap(
    lambda item: st.one_of(
        st.tuples(*[st.booleans()] * 3).map(  # bacpypes3 has the three bits of later revisions
            lambda bits: LogItem(item.date, item.time, status=bits, flags=item.flags)
        ),
        FLOATS.map(lambda value: LogItem(item.date, item.time, real=value, flags=item.flags)),
        FLOATS.map(lambda value: LogItem(item.date, item.time, time_change=value, flags=item.flags)),
        st.just(item),
    )
)


def tags_of(items):
    """The list as bacpypes3 encodes it; a record without a datum of ours has an error for one."""
    found = []
    for item in items:
        if item.status is not None:
            datum = LogRecordLogDatum(logStatus=LogStatus([int(bit) for bit in item.status]))
        elif item.real is not None:
            datum = LogRecordLogDatum(realValue=Real(item.real))
        elif item.time_change is not None:
            datum = LogRecordLogDatum(timeChange=Real(item.time_change))
        else:
            datum = LogRecordLogDatum(failure=ErrorType(errorClass="device", errorCode="other"))
        found.append(
            BacnetLogRecord(
                timestamp=DateTime(date=Date(item.date), time=Time(item.time)),
                logDatum=datum,
                statusFlags=StatusFlags([int(bit) for bit in item.flags]) if item.flags else None,
            )
        )
    return SequenceOf(BacnetLogRecord)(found).encode()


@settings(max_examples=20)
@given(st.lists(records, max_size=4))
def test_every_record_that_bacpypes3_encodes_is_read_back(items):
    tags = TagList.decode(PDUData(tags_of(items).encode().pduData))
    assert LogItems.decode(tags) == items
    assert len(tags) == 0


@settings(max_examples=20)
@given(st.lists(records, min_size=1, max_size=3), st.data())
def test_damaged_records_are_read_or_invalid_and_nothing_else_happens(items, data):
    octets = bytearray(tags_of(items).encode().pduData)
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        tags = TagList.decode(PDUData(octets[: data.draw(st.integers(1, len(octets)))]))
    except (RejectException, ValueError):
        return
    try:
        LogItems.decode(tags)
    except RecordsInvalid:
        return


def test_a_record_cut_short_is_invalid():
    octets = bytes(tags_of([LogItem((113, 1, 1, 2), (1, 2, 3, 4), real=1.5)]).encode().pduData)
    for end in (1, 6, 11, 12, 13, 18):
        with pytest.raises(RecordsInvalid):
            LogItems.decode(TagList.decode(PDUData(octets[:end])))
