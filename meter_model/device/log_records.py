"""The memory of the Trend_Logs: 5760 slots that the three logs fill in unison, oldest overwritten (manual page 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

BUFFER_SIZE = 5760
"""Records that each log holds."""

LOG_COUNT = 3

LogKind = Literal["value", "status", "time-change"]

LogStatus = tuple[bool, bool]
"""(log-disabled, buffer-purged): the two bits of BACnetLogStatus in protocol revision 4."""

_LAST_SEQUENCE = 2**32 - 1
_EPOCH = datetime(1900, 1, 1)
_CENTISECOND = timedelta(milliseconds=10)
_KINDS: tuple[LogKind, ...] = ("value", "status", "time-change")
_SLOT = np.dtype([("at_cs", "<u8"), ("kind", "u1"), ("fault", "u1", (LOG_COUNT,)), ("value", "<f4", (LOG_COUNT,))])


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One record of one log.

    ``sequence``: 1 to 2**32 - 1, what Total_Record_Count was when it was made. ``date_time``: of the meter's clock,
    in whole 1/100 s. ``value``: the logged float32 (NaN for QNAN), a ``LogStatus``, or the seconds that the clock was
    set ahead by. ``is_faulty``: the logged input was not reliable.
    """

    sequence: int
    date_time: datetime
    kind: LogKind
    value: float | LogStatus
    is_faulty: bool = False


class LogBuffer:
    """Slots that all three logs share: moment and kind in common, a value for each log."""

    def __init__(self) -> None:
        self._slots = np.zeros(BUFFER_SIZE, dtype=_SLOT)
        self._newest = -1
        self.count = 0
        self.total = 0

    def add_values(self, at: datetime, values: tuple[float, ...], faults: tuple[bool, ...]) -> None:
        """Add a value for each log."""
        self._add(at, 0, values, faults)

    def add_status(self, at: datetime, status: LogStatus) -> None:
        """Add a status record to each log."""
        bits = float(status[0] | status[1] << 1)
        self._add(at, 1, (bits,) * LOG_COUNT, (False,) * LOG_COUNT)

    def add_time_change(self, at: datetime, seconds: float) -> None:
        """Add a time-change record to each log."""
        self._add(at, 2, (seconds,) * LOG_COUNT, (False,) * LOG_COUNT)

    def purge(self, reset_total: bool) -> None:
        """Delete every record; with ``reset_total`` restart the sequence numbers too."""
        self.count = 0
        if reset_total:
            self.total = 0

    def records(self, log: int, first: int = 1, count: int | None = None) -> tuple[LogRecord, ...]:
        """Return records of log 1 to 3 by position, 1 the oldest, in order of time.

        Positions that do not exist are left out; ``count`` None means all from ``first`` on.
        """
        last = self.count if count is None else min(self.count, first + count - 1)
        return tuple(self._record(log - 1, position) for position in range(max(first, 1), last + 1))

    def sequence_of(self, position: int) -> int:
        """Return the sequence number of the record at a position from 1 to ``count``."""
        number = self.total - self.count + position
        return number if number > 0 else number + _LAST_SEQUENCE

    def position_of(self, sequence: int) -> int | None:
        """Return where the record of a sequence number is, None when it is not resident."""
        if not self.count:
            return None
        behind = (self.total - sequence) % _LAST_SEQUENCE
        return self.count - behind if behind < self.count and 1 <= sequence <= _LAST_SEQUENCE else None

    def stored(self) -> bytes:
        """Return the resident records, oldest first, as they lie in non-volatile memory."""
        return self._slots[self._indices(1, self.count)].tobytes()

    def restore(self, octets: bytes, total: int) -> None:
        """Take over what ``stored`` gave, and the count of all records ever made."""
        kept = np.frombuffer(octets, dtype=_SLOT)
        self._slots[: kept.size] = kept
        self.count = int(kept.size)
        self._newest = self.count - 1
        self.total = total

    def _add(self, at: datetime, kind: int, values: tuple[float, ...], faults: tuple[bool, ...]) -> None:
        self._newest = (self._newest + 1) % BUFFER_SIZE
        self._slots[self._newest] = ((at - _EPOCH + _CENTISECOND / 2) // _CENTISECOND, kind, faults, values)
        self.count = min(self.count + 1, BUFFER_SIZE)
        self.total = self.total % _LAST_SEQUENCE + 1

    def _record(self, column: int, position: int) -> LogRecord:
        slot = self._slots[(self._newest - self.count + position) % BUFFER_SIZE]
        kind = _KINDS[int(slot["kind"])]
        number = float(slot["value"][column])
        value: float | LogStatus = number
        if kind == "status":
            value = (bool(int(number) & 1), bool(int(number) & 2))
        date_time = _EPOCH + int(slot["at_cs"]) * _CENTISECOND
        return LogRecord(self.sequence_of(position), date_time, kind, value, bool(slot["fault"][column]))

    def _indices(self, first: int, last: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return (self._newest - self.count + np.arange(first, last + 1)) % BUFFER_SIZE
