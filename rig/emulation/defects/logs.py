"""Seeded defects of the trend logs, of the Device's writable properties and of what a restart keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from meter_model.device.log_records import LogRecord
from meter_model.device.meter import ObjectAccessError
from rig.emulation.defects.behaviour import DefectiveMeter

_PRESENT_VALUE = "present-value"
_WILDCARD = 255
_LONG_AGO = ((2000, 1, 1, 6), (0, 0, 0, 0))


class _View:
    """A log whose records read otherwise."""

    def __init__(self, log: Any, change: Callable[[LogRecord], LogRecord]) -> None:
        self._log = log
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def records(self, first: int = 1, count: int | None = None) -> tuple[LogRecord, ...]:
        """Return records by position, changed."""
        return tuple(self._change(record) for record in self._log.records(first, count))


def _records(change: Callable[[LogRecord], LogRecord]) -> type[DefectiveMeter]:
    class RecordsOtherwise(DefectiveMeter):
        @property
        def trend_logs(self) -> Mapping[int, Any]:
            return {instance: _View(log, change) for instance, log in self._meter.trend_logs.items()}

    return RecordsOtherwise


def _status_lost(which: int) -> Callable[[LogRecord], LogRecord]:
    """A status record (0: log-disabled, 1: buffer-purged) has none of its bits."""

    def change(record: LogRecord) -> LogRecord:
        is_it = isinstance(record.value, tuple) and record.value[which]
        return replace(record, value=(False, False)) if is_it else record

    return change


def _doubled(record: LogRecord) -> LogRecord:
    return replace(record, value=2.0 * float(record.value)) if record.kind == "value" else record  # type: ignore[arg-type]


class _AllLogTheFirst(DefectiveMeter):
    """Every log has the records of TL1, for every setting of what it logs."""

    @property
    def trend_logs(self) -> Mapping[int, Any]:
        first = self._meter.trend_logs[1]
        return dict.fromkeys(self._meter.trend_logs, first)


def _swallowed(kind: str, prop: str) -> type[DefectiveMeter]:
    """A setting is acknowledged and reads back, and nothing follows from it."""

    class Swallows(DefectiveMeter):
        _shown: Any = None

        def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
            if (k, name) == (kind, prop):
                self._shown = value
            else:
                self._meter.write(k, n, name, value, index=index, priority=priority)

        def read(self, k: str, n: int, name: str, index: int | None = None) -> Any:
            value = self._meter.read(k, n, name, index)
            return self._shown if (k, name) == (kind, prop) and self._shown is not None else value

    return Swallows


def _unchecked(kind: str, prop: str) -> type[DefectiveMeter]:
    """A value that is out of range is acknowledged, and nothing is done with it."""

    class Unchecked(DefectiveMeter):
        def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
            try:
                self._meter.write(k, n, name, value, index=index, priority=priority)
            except ObjectAccessError as refusal:
                if (k, name, refusal.error_code) != (kind, prop, "value-out-of-range"):
                    raise

    return Unchecked


class _PurgesNothing(DefectiveMeter):
    """0 written to Record_Count is acknowledged, and the records stay."""

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        if (k, name) != ("TL", "record-count") or value != 0:
            self._meter.write(k, n, name, value, index=index, priority=priority)


class _PurgesWithInterval(DefectiveMeter):
    """A written AV11 that is the one in force leaves the records; any other empties the logs as it should."""

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        is_interval = (k, n, name) == ("AV", 11, _PRESENT_VALUE)
        if not is_interval or float(value) != self._meter.read("AV", 11, _PRESENT_VALUE):
            self._meter.write(k, n, name, value, index=index, priority=priority)


class _WildcardsCount(DefectiveMeter):
    """A Stop_Time with a wildcard in it reads back, and stops the logs."""

    _shown: Any = None

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        if (k, name) == ("TL", "stop-time"):
            fields = {field for part in value for field in part}
            self._shown = value if _WILDCARD in fields and len(fields) > 1 else None
            value = _LONG_AGO if self._shown is not None else value
        self._meter.write(k, n, name, value, index=index, priority=priority)

    def read(self, k: str, n: int, name: str, index: int | None = None) -> Any:
        value = self._meter.read(k, n, name, index)
        return self._shown if (k, name) == ("TL", "stop-time") and self._shown is not None else value


class _TotalCountStuck(DefectiveMeter):
    """Total_Record_Count never exceeds what it was first."""

    _first: int | None = None

    def read(self, k: str, n: int, name: str, index: int | None = None) -> Any:
        value: Any = self._meter.read(k, n, name, index)
        if (k, name) != ("TL", "total-record-count"):
            return value
        self._first = value if self._first is None else min(self._first, value)
        return self._first


class _NeverFull(DefectiveMeter):
    """Record_Count goes on counting where the buffer wraps."""

    def read(self, k: str, n: int, name: str, index: int | None = None) -> Any:
        value: Any = self._meter.read(k, n, name, index)
        if (k, name) == ("TL", "record-count") and value == self._meter.read(k, n, "buffer-size"):
            return self._meter.read(k, n, "total-record-count")
        return value


class _Forgetful(DefectiveMeter):
    """A restart sets the phase loss threshold and the Location back."""

    def reinitialize(self) -> None:
        self._meter.write("AV", 8, _PRESENT_VALUE, 10.0)
        self._meter.write("DE", self._meter.device_instance, "location", "Installed location not yet identified")
        self._meter.reinitialize()


class _RegistersForgotten(DefectiveMeter):
    """A restart clears the energy registers."""

    def reinitialize(self) -> None:
        self._meter.write("AV", 1, _PRESENT_VALUE, 30078)
        self._meter.reinitialize()


class _Coarse(DefectiveMeter):
    """Energies are shown in whole tenths, not with the resolution of a 32-bit float."""

    def read(self, k: str, n: int, name: str, index: int | None = None) -> Any:
        value: Any = self._meter.read(k, n, name, index)
        is_register = k == "AI" and name == _PRESENT_VALUE and (n < 11 or 31 <= n <= 54)
        return float(np.float32(np.floor(value * 10.0) / 10.0)) if is_register and np.isfinite(value) else value


class _ClockAhead(DefectiveMeter):
    """A synchronization sets the clock a minute ahead of what it says."""

    def synchronise_time(self, now: datetime) -> None:
        self._meter.synchronise_time(now + timedelta(minutes=1))


def _property(kind: str, prop: str, value: Any) -> type[DefectiveMeter]:
    class Reads(DefectiveMeter):
        def read(self, k: str, n: int, name: str, index: int | None = None) -> Any:
            found = self._meter.read(k, n, name, index)
            return value if (k, name) == (kind, prop) else found

    return Reads


def _not_written(prop: str) -> type[DefectiveMeter]:
    """A property of the Device is acknowledged, and keeps its value."""

    class Keeps(DefectiveMeter):
        def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
            if (k, name) != ("DE", prop):
                self._meter.write(k, n, name, value, index=index, priority=priority)

    return Keeps


class _InstanceUnchecked(DefectiveMeter):
    """An instance out of range is acknowledged, and nothing is done with it."""

    def write(self, k: str, n: int, name: str, value: Any, index: Any = None, priority: Any = None) -> None:
        try:
            self._meter.write(k, n, name, value, index=index, priority=priority)
        except ObjectAccessError:
            if (k, name) != ("DE", "object-identifier") or value[0] != "DE":
                raise


LOG_DEFECTS: dict[str, type[DefectiveMeter]] = {
    "clock-set-ahead": _ClockAhead,
    "device-instance-unchecked": _InstanceUnchecked,
    "energy-coarse": _Coarse,
    "location-not-written": _not_written("location"),
    "location-unchecked": _unchecked("DE", "location"),
    "log-all-the-first": _AllLogTheFirst,
    "log-buffer-size-wrong": _property("TL", "buffer-size", 5000),
    "log-disabled-unrecorded": _records(_status_lost(0)),
    "log-enable-ignored": _swallowed("TL", "log-enable"),
    "log-fault-unmarked": _records(lambda record: replace(record, is_faulty=False)),
    "log-never-full": _NeverFull,
    "log-purge-ignored": _PurgesNothing,
    "log-purged-unrecorded": _records(_status_lost(1)),
    "log-record-count-unchecked": _unchecked("TL", "record-count"),
    "log-same-interval-keeps": _PurgesWithInterval,
    "log-stamps-late": _records(lambda record: replace(record, date_time=record.date_time + timedelta(hours=1))),
    "log-start-time-ignored": _swallowed("TL", "start-time"),
    "log-stop-time-ignored": _swallowed("TL", "stop-time"),
    "log-stop-when-full-ignored": _swallowed("TL", "stop-when-full"),
    "log-total-count-stuck": _TotalCountStuck,
    "log-values-doubled": _records(_doubled),
    "log-wildcards-count": _WildcardsCount,
    "max-master-unchecked": _unchecked("DE", "max-master"),
    "restart-clears-energy": _RegistersForgotten,
    "restart-forgets": _Forgetful,
}
"""Every one of them by name."""
