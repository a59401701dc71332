"""The three Trend_Logs: settings in common but for what each logs, and when they record.

Source: the manual's pages 5, 21 and 24; its page 31 is lost, and the OEM's sister manuals have it (E51H5 ZL0109-0C and
E51H2A/H5A ZL0123-0D, pages 30 and 31). Log_Interval is AV11 and belongs to the configuration; the meter writes it
through, and calls ``record`` at the end of each sub-interval of demand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from meter_model.behaviour.operation_choices import (
    LogTargetChange,
    PurgeRecord,
    RecordsAfterPowerLoss,
    StartTimeAfterPowerLoss,
    StopTimeReached,
    TimeChangeRecord,
    TotalCountOnPurge,
)
from meter_model.behaviour.profile import BehaviourProfile
from meter_model.device.clock import BacnetDateTime, RealTimeClock, checked_date_time, moment
from meter_model.device.log_records import BUFFER_SIZE, LOG_COUNT, LogBuffer, LogRecord
from meter_model.objects.access import ObjectAccessError, checked_bool, checked_unsigned, property_error
from meter_model.objects.points import point

PRESENT_VALUE = 85
"""Property number of Present_Value, the only property that may be logged."""

_ANY: BacnetDateTime = ((255, 255, 255, 255), (255, 255, 255, 255))
_START: BacnetDateTime = ((2000, 1, 1, 6), (0, 0, 0, 0))
_LAST_LOGGABLE = 75
_TARGETS = (2, 3, 19)
_DISABLED, _ENABLED, _PURGED = (True, False), (False, False), (False, True)


class TrendLogs:
    """Properties of TL1 to TL3 (values are as ``S4100.read`` returns them) and the records behind them."""

    def __init__(self, profile: BehaviourProfile, clock: RealTimeClock) -> None:
        self._profile = profile
        self._clock = clock
        self._buffer = LogBuffer()
        self._is_enabled = True
        self._stop_when_full = False
        self._start: BacnetDateTime = _START
        self._stop: BacnetDateTime = _ANY
        self._targets = list(_TARGETS)
        self._was_active = self._is_active()

    @property
    def targets(self) -> tuple[int, ...]:
        """Instance of the Analog Input that each log records."""
        return tuple(self._targets)

    def records(self, instance: int, first: int = 1, count: int | None = None) -> tuple[LogRecord, ...]:
        """Return records of TL1 to TL3 by position, 1 the oldest, in order; positions beyond are left out."""
        return self._buffer.records(instance, first, count)

    @property
    def record_count(self) -> int:
        """Record_Count: records that can be read."""
        return self._buffer.count

    @property
    def total_record_count(self) -> int:
        """Total_Record_Count, the sequence number of the newest record."""
        return self._buffer.total

    def position_of(self, sequence: int) -> int | None:
        """Return the position of a sequence number, None when its record is not resident."""
        return self._buffer.position_of(sequence)

    def read(self, instance: int, name: str) -> object:
        """Return one property, or raise unknown-property; the buffer itself is for ReadRange only."""
        entry = point("TL", instance)
        match name:
            case "object-identifier":
                return ("TL", instance)
            case "object-name":
                return entry.name
            case "object-type":
                return entry.object_type
            case "description":
                return entry.description
            case "log-enable":
                return self._is_enabled
            case "start-time":
                return self._start
            case "stop-time":
                return self._stop
            case "log-device-object-property":
                return ("AI", self._targets[instance - 1], PRESENT_VALUE)
            case "stop-when-full":
                return self._stop_when_full
            case "buffer-size":
                return BUFFER_SIZE
            case "log-buffer":
                raise property_error("read-access-denied")
            case "record-count":
                return self._buffer.count
            case "total-record-count":
                return self._buffer.total
            case "event-state":
                return 0
        raise property_error("unknown-property")

    def write(self, instance: int, name: str, value: object) -> None:
        """Write one property as the PICS allows, or raise why not."""
        match name:
            case "log-enable":
                self._write_enable(checked_bool(value))
            case "stop-when-full":
                self._stop_when_full = checked_bool(value)  # full already: the record of that replaces the oldest
            case "start-time":
                self._start = checked_date_time(value)
            case "stop-time":
                self._stop = checked_date_time(value)
            case "record-count":
                checked_unsigned(value, 0, 0)
                self.purge()
            case "log-device-object-property":
                self._write_target(instance, _checked_target(value))
            case "log-buffer":
                raise property_error("write-access-denied")
            case _:
                self.read(instance, name)
                raise property_error("write-access-denied")
        self.follow_time()

    def purge(self) -> None:
        """Empty all three logs, as 0 written to Record_Count and any write of AV11 does."""
        self._buffer.purge(self._profile.total_count_on_purge is TotalCountOnPurge.RESET)
        if self._profile.purge_record is PurgeRecord.COUNTED:
            self._buffer.add_status(self._clock.now, _PURGED)

    def follow_time(self) -> None:
        """Note that logging has begun or ended: by a write, a full buffer, or Start_Time or Stop_Time that has come."""
        self._note_activity()
        if self._is_enabled and self._is_to_stop():
            self._is_enabled = False  # the last slot says so
            self._note_activity()

    def until_change_s(self) -> float:
        """Return how many seconds are left until Start_Time or Stop_Time comes, infinity where neither will."""
        now = self._clock.now
        moments = (moment(self._start), moment(self._stop))
        return min(((each - now).total_seconds() for each in moments if each and each > now), default=math.inf)

    def record(self, values: Sequence[float], reliability: Sequence[int]) -> None:
        """Record the logged inputs of an update (index 0 is AI1), if the logs are running."""
        self.follow_time()
        if not self._was_active:
            return
        places = [target - 1 for target in self._targets]
        logged = tuple(values[place] for place in places)
        self._buffer.add_values(self._clock.now, logged, tuple(reliability[place] != 0 for place in places))
        self.follow_time()

    def time_changed(self, before: datetime) -> None:
        """Note that the clock has been set, ``before`` being what it read until then."""
        is_recorded = self._profile.time_change_record is TimeChangeRecord.RECORDED
        if is_recorded and self._was_active:
            self._buffer.add_time_change(self._clock.now, (self._clock.now - before).total_seconds())
        self.follow_time()

    def stored(self) -> tuple[dict[str, Any], bytes]:
        """Return what non-volatile memory holds: settings, and the records as octets."""
        settings = {
            "is_enabled": self._is_enabled,
            "stop_when_full": self._stop_when_full,
            "start": self._start,
            "stop": self._stop,
            "targets": self._targets,
            "total": self._buffer.total,
        }
        return settings, self._buffer.stored()

    def restore(self, settings: dict[str, Any], records: bytes) -> None:
        """Power up with what ``stored`` gave."""
        self._is_enabled = settings["is_enabled"]
        self._stop_when_full = settings["stop_when_full"]
        self._start, self._stop = (_as_date_time(settings[name]) for name in ("start", "stop"))
        self._targets = list(settings["targets"])
        self._buffer = LogBuffer()
        self._buffer.restore(records, settings["total"])
        self.power_up()

    def power_up(self) -> None:
        """Begin again after a loss of control power, with a clock that has been set back."""
        if self._profile.records_after_power_loss is RecordsAfterPowerLoss.CLEARED:
            self._buffer = LogBuffer()
        if self._profile.start_time_after_power_loss is StartTimeAfterPowerLoss.DEFAULT:
            self._start, self._stop = _START, _ANY
        self._was_active = self._is_active()

    def _is_active(self) -> bool:
        """Whether what ends now is recorded; a Start_Time or Stop_Time with a wildcard counts for nothing."""
        now, start, stop = self._clock.now, moment(self._start), moment(self._stop)
        return self._is_enabled and (start is None or start <= now) and (stop is None or now < stop)

    def _is_to_stop(self) -> bool:
        return self._stop_when_full and self._buffer.count >= BUFFER_SIZE - 1

    def _note_activity(self) -> None:
        is_active = self._is_active()
        if is_active == self._was_active:
            return
        self._was_active = is_active
        self._buffer.add_status(self._clock.now, _ENABLED if is_active else _DISABLED)
        stop = moment(self._stop)
        has_stopped = stop is not None and self._clock.now >= stop
        if has_stopped and self._profile.stop_time_reached is StopTimeReached.CLEARS_ENABLE:
            self._is_enabled = False

    def _write_enable(self, wanted: bool) -> None:
        if wanted and not self._is_enabled and self._is_to_stop():
            raise ObjectAccessError("object", "log-buffer-full")
        self._is_enabled = wanted

    def _write_target(self, instance: int, target: int) -> None:
        if target == self._targets[instance - 1]:
            return
        self._targets[instance - 1] = target
        if self._profile.log_target_change is LogTargetChange.PURGES_ALL:
            self.purge()


class TrendLog:
    """One of the three logs, to read records from."""

    def __init__(self, logs: TrendLogs, instance: int) -> None:
        self._logs = logs
        self.instance = instance

    @property
    def record_count(self) -> int:
        """Records that can be read."""
        return self._logs.record_count

    @property
    def total_record_count(self) -> int:
        """Sequence number of the newest record."""
        return self._logs.total_record_count

    def records(self, first: int = 1, count: int | None = None) -> tuple[LogRecord, ...]:
        """Return records by position, 1 the oldest; positions beyond are left out, ``count`` None is all from there."""
        return self._logs.records(self.instance, first, count)

    def position_of(self, sequence: int) -> int | None:
        """Return the position of a sequence number, None when its record is not resident."""
        return self._logs.position_of(sequence)


def views(logs: TrendLogs) -> dict[int, TrendLog]:
    """Return TL1 to TL3 by instance."""
    return {instance: TrendLog(logs, instance) for instance in range(1, LOG_COUNT + 1)}


def _checked_target(value: object) -> int:
    if not isinstance(value, tuple) or len(value) != 3:
        raise property_error("invalid-data-type")
    kind, instance, number = value
    if kind != "AI" or number != PRESENT_VALUE or not 1 <= instance <= _LAST_LOGGABLE:
        raise property_error("value-out-of-range")
    return int(instance)


def _as_date_time(stored: Sequence[Sequence[int]]) -> BacnetDateTime:
    (year, month, day, weekday), (hour, minute, second, hundredths) = stored
    return (year, month, day, weekday), (hour, minute, second, hundredths)
