"""ReadRange (ASHRAE 135 clause 15.8): as many records of a Trend_Log as fit one answer, by position or sequence number.

By time is refused, as the OEM's manual of the sister meter E50H5 says (ZL0071, page 27). A record takes 22 octets with
the Status_Flags of what was logged and 19 to 20 without: 21 values fit 480 octets by position, 20 by sequence number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meter_model.device.log_records import LogRecord
from meter_model.device.trend_log import TrendLog
from rig.emulation.meter.application.errors import Refused
from rig.emulation.meter.application.tags import (
    AppTag,
    RejectReason,
    RequestRejected,
    TagReader,
    closing_tag,
    context_tag,
    opening_tag,
    real_octets,
    unsigned_octets,
)
from rig.emulation.meter.application.values import date_time_octets

_BY_POSITION, _BY_SEQUENCE, _BY_TIME = 3, 6, 7
_OUTDATED_BY_TIME = (4, 5)
_FIRST_ITEM, _LAST_ITEM, _MORE_ITEMS = 0x80, 0x40, 0x20
_FLAGS_UNUSED_BITS = 5
_SMALLEST_RECORD = 18
_FIRST_SEQUENCE_OCTETS = 5
_FRAME_OCTETS = 7
"""Result flags, item count, and the tags around the items."""
_LOG_STATUS, _REAL_VALUE, _TIME_CHANGE = 0, 2, 9


@dataclass(frozen=True, slots=True)
class Range:
    """What is wanted of a list: from ``reference`` on upward, or, where ``count`` is negative, up to ``reference``.

    ``reference`` is a position, or a sequence number where ``by_sequence``.
    """

    reference: int
    count: int
    by_sequence: bool = False


EVERYTHING = Range(1, 2**31 - 1)
"""What a request without a range asks for."""


def read_range(request: TagReader) -> Range:
    """Read the optional range at the end of a request; refuses a range by time."""
    if request.at_end:
        return EVERYTHING
    for number in (_BY_POSITION, _BY_SEQUENCE):
        if request.next_is_opening(number):
            request.opening(number)
            reference = request.application_integer(AppTag.UNSIGNED)
            count = request.application_integer(AppTag.SIGNED)
            request.closing(number)
            request.expect_end()
            if count == 0:
                raise RequestRejected(RejectReason.PARAMETER_OUT_OF_RANGE)
            return Range(reference, count, by_sequence=number == _BY_SEQUENCE)
    if any(request.next_is_opening(number) for number in (_BY_TIME, *_OUTDATED_BY_TIME)):
        raise Refused("services", "optional-functionality-not-supported")
    raise RequestRejected(RejectReason.INVALID_TAG)


def encode_log(log: TrendLog, wanted: Range, room: int) -> bytes:
    """Encode flags, count, records and first sequence number, ``room`` octets at most; records are in order of time.

    Where not all fit, those nearest to the reference are given, and the flag more-items is set.
    """
    first, last = _positions(log, wanted)
    if wanted.by_sequence:
        room -= _FIRST_SEQUENCE_OCTETS
    room -= _FRAME_OCTETS
    most = room // _SMALLEST_RECORD
    backward = wanted.count < 0
    begin = max(first, last - most + 1) if backward else first
    candidates = log.records(begin, min(last - begin + 1, most)) if first <= last else ()
    chosen: list[bytes] = []
    for record in reversed(candidates) if backward else candidates:
        octets = _record(record)
        if len(octets) > room:
            break
        room -= len(octets)
        chosen.append(octets)
    if backward:
        chosen.reverse()
        first_given, last_given = last - len(chosen) + 1, last
    else:
        first_given, last_given = first, first + len(chosen) - 1
    flags = 0
    if chosen:
        flags |= _FIRST_ITEM * (first_given == 1) | _LAST_ITEM * (last_given == log.record_count)
    if len(chosen) < last - first + 1:
        flags |= _MORE_ITEMS
    tail = b""
    if wanted.by_sequence and chosen:
        tail = context_tag(6, unsigned_octets(log.records(first_given, 1)[0].sequence))
    return _framed(flags, chosen) + tail


def encode_empty_list() -> bytes:
    """Encode the answer for a list without entries."""
    return _framed(0, [])


def _framed(flags: int, items: Sequence[bytes]) -> bytes:
    return (
        context_tag(3, bytes((_FLAGS_UNUSED_BITS, flags)))
        + context_tag(4, unsigned_octets(len(items)))
        + opening_tag(5)
        + b"".join(items)
        + closing_tag(5)
    )


def _positions(log: TrendLog, wanted: Range) -> tuple[int, int]:
    """First and last position wanted of those that are there; (1, 0) where the reference is none of them."""
    reference = log.position_of(wanted.reference) if wanted.by_sequence else wanted.reference
    if reference is None or not 1 <= reference <= log.record_count:
        return 1, 0
    if wanted.count > 0:
        return reference, min(log.record_count, reference + wanted.count - 1)
    return max(1, reference + wanted.count + 1), reference


def _record(record: LogRecord) -> bytes:
    stamp = opening_tag(0) + date_time_octets(record.date_time) + closing_tag(0)
    return stamp + opening_tag(1) + _datum(record)


def _datum(record: LogRecord) -> bytes:
    if isinstance(record.value, tuple):
        is_disabled, is_purged = record.value
        bits = bytes((6, is_disabled << 7 | is_purged << 6))
        return context_tag(_LOG_STATUS, bits) + closing_tag(1)
    if record.kind == "time-change":
        return context_tag(_TIME_CHANGE, real_octets(record.value)) + closing_tag(1)
    status_flags = bytes((4, record.is_faulty << 6))  # in-alarm, fault, overridden, out-of-service
    return context_tag(_REAL_VALUE, real_octets(record.value)) + closing_tag(1) + context_tag(2, status_flags)
